"""Figures of a run, from numbers that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from lcot.errors import DomainError, Infeasible, MissingFact, UnknownName
from lcot.facts import catalog
from lcot.serving.policy import PRESETS, preset, starting
from lcot.serving.simulation import Ready, prepared, simulate_deployment, simulate_ready
from lcot.serving.size import size, thinned
from lcot.serving.spread import Digest, spread, spread_of_counts
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Policy, Requests, Target
from lcot.steptime.types import Breakdown, Speculation, StepTime


def copy_of(step=0.01, per_token=1e-4, capacity=1e6, state=0.0, chips=2, in_system=8):
    """Decode steps alike, prompts by their tokens; 100 W doing nothing, 300 W at work."""

    def latency(s):
        return Breakdown(step + per_token * s.prefill_tokens + 0.0 * s.decode_context, 0.0, 0.0, 0.0)

    deployment = SimpleNamespace(
        model=SimpleNamespace(max_context=4096), speculation=Speculation(), chips=chips,
        system=SimpleNamespace(count=in_system), data=1,
    )  # fmt: skip
    watts = lambda s: 300.0 + 0.0 * np.asarray(s.decode_sequences)  # noqa: E731
    return StepTime(deployment, latency, latency, watts, 100.0, capacity, state)


RULES = Policy(max_sequences=32, max_batched_tokens=1024)


def ready(steps, policy=RULES, prefill=None):
    """Copies that do all the work, or a pool of each kind."""
    chosen, table = prepared(steps, policy)
    if prefill is None:
        return Ready(steps, chosen, table)
    return Ready(
        replace(steps, prefill=prefill), replace(chosen, prefill_replicas=1), table, prepared(prefill, chosen)[1]
    )


def test_hand_worked_figures():
    # one request every 10 s: prompt of 500 tokens in 10 + 50 ms, then 100 tokens at 10 ms
    requests = Requests(np.arange(10) * 10.0, np.full(10, 500), np.full(10, 101))
    seen = simulate_deployment(copy_of(), requests, RULES, Target(speed=50.0, time_to_first_token=0.1))
    assert seen.first_token.p50 == pytest.approx(0.06)
    assert seen.per_token.p99 == pytest.approx(0.01)
    assert seen.end_to_end.mean == pytest.approx(1.06)
    assert seen.between_tokens.p50 == pytest.approx(0.01, rel=0.02)
    assert seen.duration == pytest.approx(91.06)
    assert seen.utilisation == pytest.approx(10 * 1.06 / 91.06)
    assert seen.power == pytest.approx((300 * 10.6 + 100 * (91.06 - 10.6)) / 91.06)
    assert seen.within_target == 1.0
    assert seen.goodput == seen.rate == pytest.approx(10 / 91.06)
    assert seen.output_rate == pytest.approx(1010 / 91.06)
    assert (seen.copies, seen.systems) == (1, 1)


def test_target_missed_is_no_goodput():
    requests = Requests(np.arange(4) * 10.0, np.array([500, 900, 500, 900]), np.full(4, 11))
    seen = simulate_deployment(copy_of(), requests, RULES, Target(time_to_first_token=0.08))
    assert seen.within_target == 0.5
    assert simulate_deployment(copy_of(), requests, RULES, Target(speed=101.0)).within_target == 0.0


def test_rows(tmp_path):
    requests = Requests(np.zeros(3), np.array([10, 5000, 20]), np.array([2, 2, 2]))
    seen = simulate_deployment(copy_of(), requests, RULES)
    seen.write_rows(tmp_path / "rows.parquet")
    rows = pl.read_parquet(tmp_path / "rows.parquet")
    assert rows.columns == [
        *("request", "replica", "arrival", "input_tokens", "cached_tokens", "output_tokens"),
        *("first_token", "finish", "status", "reason"),
    ]
    assert rows["status"].to_list() == ["finished", "rejected", "finished"]
    assert rows["reason"][1] == "longer than the model's context"
    assert rows["finish"][1] is None
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


def test_timeline_adds_up():
    requests = Requests(np.arange(50) * 0.3, np.full(50, 500), np.full(50, 101))
    seen = simulate_deployment(copy_of(), requests, RULES)
    line = seen.timeline()
    width = seen.outcome.bin_width
    assert line["output_tokens"].sum() * width == pytest.approx(50 * 101)
    assert line["input_tokens"].sum() * width == pytest.approx(50 * 500)
    stay = np.sum(seen.outcome.finish - seen.outcome.arrival)
    assert (line["running"] + line["waiting"]).sum() * width == pytest.approx(stay)
    assert line["kv_tokens"].max() <= 1e6


def test_more_copies_share_the_load():
    requests = open_loop(20.0, 2000, [500], [101])
    one = simulate_deployment(copy_of(), requests, RULES)
    four = simulate_deployment(copy_of(), requests, replace(RULES, replicas=4))
    assert four.end_to_end.mean < one.end_to_end.mean
    assert (four.copies, four.systems) == (4, 1)
    assert np.bincount(four.outcome.replica).tolist() == [500] * 4


def test_pools_by_hand():
    # prompts of 500 tokens take 10 + 50 ms on a copy of 4 chips; 100 more tokens take 10 ms each on one of 2 chips
    requests = Requests(np.arange(10) * 10.0, np.full(10, 500), np.full(10, 101))
    seen = simulate_ready(ready(copy_of(), prefill=copy_of(chips=4)), requests)
    assert seen.first_token.p50 == pytest.approx(0.06)
    assert seen.per_token.p50 == pytest.approx(0.01)
    assert (seen.copies, seen.prefill_copies, seen.systems) == (1, 1, 1)
    assert seen.prefill_utilisation == pytest.approx(10 * 0.06 / 91.06)
    assert seen.utilisation == pytest.approx(10 * 1.0 / 91.06)
    assert seen.power == pytest.approx((300 * 10.6 + 100 * (2 * 91.06 - 10.6)) / 91.06)


def test_state_takes_room():
    requests = Requests(np.zeros(1), np.array([10]), np.array([2]))
    with pytest.raises(Infeasible, match="KV cache"):
        simulate_deployment(copy_of(capacity=100.0, state=90.0), requests, RULES)


def test_size_by_hand():
    # A copy decodes at most 32 at a time: 32 / (101 tokens x 10 ms), prompts nearly free: some 31 requests/s.
    fleet = size(ready(copy_of(per_token=1e-9)), open_loop(200.0, 20_000, [500], [101]), Target(), spares=0.5)
    assert 6 <= fleet.copies <= 8
    assert fleet.limit == "rate"
    assert fleet.chips == 2 * fleet.copies
    assert fleet.systems == -(-fleet.chips // 8)
    assert fleet.spares == int(np.ceil(fleet.systems * 0.5))


def test_size_grows_with_headroom_and_target():
    load = open_loop(100.0, 10_000, [500], [101])
    plain = size(ready(copy_of()), load, Target(time_to_first_token=1.0))
    more = size(ready(copy_of()), load, Target(time_to_first_token=1.0), headroom=0.5)
    faster = size(ready(copy_of()), load, Target(speed=60.0, time_to_first_token=1.0))
    assert more.copies > plain.copies
    assert faster.copies > plain.copies
    assert faster.limit == "speed"
    assert plain.within_target >= 0.95


def test_size_of_pools_by_hand():
    # A prompt takes 60 ms on a copy of its own, so 40 requests/s keep 2.4 of them at work; a copy that decodes ends
    # 32 requests a second, so 1.25 are at work: 3 and 2 at the least, some more for bursts.
    copies = ready(copy_of(), prefill=copy_of(chips=4))
    fleet = size(copies, open_loop(40.0, 8000, [500], [101]), Target(time_to_first_token=1.0), prompts=3.0)
    assert 3 <= fleet.prefill_copies <= 5
    assert 2 <= fleet.copies <= 3
    assert fleet.chips == 2 * fleet.copies + 4 * fleet.prefill_copies
    assert fleet.systems == -(-fleet.chips // 8)
    assert fleet.groups * fleet.one_group.copies == fleet.copies
    assert fleet.groups * fleet.one_group.prefill_copies == fleet.prefill_copies
    more = size(copies, open_loop(40.0, 8000, [500], [101]), Target(time_to_first_token=0.1), prompts=3.0)
    assert more.prefill_copies > fleet.prefill_copies
    assert more.limit in ("time to first token", "rate")


def test_size_says_what_would_do():
    load = open_loop(10.0, 2000, [500], [101])
    with pytest.raises(Infeasible, match=r"a speed of 100 tokens/s \(asked: 200\)") as refused:
        size(ready(copy_of()), load, Target(speed=200.0))
    assert refused.value.limit == "speed"
    with pytest.raises(Infeasible, match=r"time to first token of 0\.06 s"):
        size(ready(copy_of()), load, Target(time_to_first_token=0.01))
    with pytest.raises(Infeasible, match="more chips per copy"):
        size(ready(copy_of(capacity=300.0)), load, Target())
    with pytest.raises(DomainError):
        size(ready(copy_of()), load, Target(), attainment=0.0)


def test_thinned_takes_turns():
    load = open_loop(10.0, 10, np.arange(1, 11), np.arange(1, 11))
    parts = [thinned(load, 3, i) for i in range(3)]
    assert sum(len(part) for part in parts) == 10
    np.testing.assert_array_equal(parts[1].arrival, load.arrival[1::3])


def test_starting_values_go_by_device_and_version():
    def limits(engine: str, system: str) -> tuple[int, int]:
        rules = starting(catalog.engine(engine), catalog.system(system).chip)
        return rules.max_batched_tokens, rules.max_sequences

    assert limits("vllm", "dgx-h100") == (8192, 1024)
    assert limits("vllm", "hgx-a100") == (2048, 256)  # 80 GiB, but an A100
    assert limits("vllm", "l40s-8") == (2048, 256)  # 48 GB
    assert limits("vllm", "dgx-b200") == (16384, 1024)  # 179 GiB, from version 0.28 on
    assert limits("vllm-2025", "dgx-b200") == (8192, 1024)  # below 0.14
    assert limits("sglang", "hgx-a100") == (8192, 1024)
    assert limits("sglang", "l40s-8") == (4096, 1024)
    assert limits("sglang", "dgx-b200") == (16384, 1024)
    assert limits("tpu-vllm", "tpu-v6e-8") == (2048, 256)  # facts of the engine
    assert limits("trtllm", "l40s-8") == (8192, 2048)
    assert limits("groq", "groqnode") == (8192, 1024)


def test_presets():
    assert preset("trtllm").reserve == 1.0
    assert all(policy.source.startswith("https://") for policy in PRESETS.values())
    with pytest.raises(UnknownName, match="vllm"):
        preset("vlm")


def test_spreads_agree():
    values = np.random.default_rng(1).lognormal(-3, 1, 100_000)
    exact, digest = spread(values), Digest()
    digest.add(values[:50_000])
    digest.add(values[50_000:])
    for name in ("mean", "p50", "p90", "p95", "p99"):
        assert getattr(digest.spread(), name) == pytest.approx(getattr(exact, name), rel=0.012)
    assert np.isnan(spread(np.array([np.nan])).mean)
    # ten values in 1 to 2, ten in 2 to 4: the median is 2, the mean 2.25
    counted = spread_of_counts(np.array([10, 10]), np.array([1.0, 2.0, 4.0]))
    assert (counted.mean, counted.p50) == (2.25, 2.0)


def test_a_load_beyond_the_copies_is_said_to_be():
    requests = Requests(np.arange(400) * 0.01, np.full(400, 2000), np.full(400, 300))
    run = simulate_deployment(copy_of(), requests, RULES)
    assert any(note.startswith("overloaded: ") for note in run.notes)
    calm = simulate_deployment(copy_of(), replace(requests, arrival=requests.arrival * 1000), RULES)
    assert not any(note.startswith("overloaded: ") for note in calm.notes)


def test_a_run_without_a_fact_on_power_has_its_latencies():
    def unknown(_):
        raise MissingFact("box", "power")

    steps = replace(copy_of(), power=unknown)
    run = simulate_deployment(steps, Requests(np.arange(4.0), np.full(4, 100), np.full(4, 10)), RULES)
    assert run.finished == 4
    assert np.isnan(run.power)
    assert "no watts: no sourced value for box.power" in run.notes
