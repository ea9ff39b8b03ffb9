"""The kernel against the plain simulator: every request, every rule, exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.errors import DomainError, InputError
from lcot.serving.arrays import FINE
from lcot.serving.replay import Replay, _chunks, simulate
from lcot.serving.types import Policy, Requests
from lcot.steptime.types import StepTable

UNIT = 2.0**-12  # s: all times of the exact tests are multiples of a power of two


def random_table(draw, sequences, capacity, dyadic=True, pipelines=True):
    """Step times that bend in the context, the tokens and the sequences."""

    def part(low, high, size=None, scale=1.0):
        values = draw.integers(low, high, size) if dyadic else draw.uniform(low, high, size)
        return values * scale

    segments = int(draw.integers(1, 4))
    decode = np.zeros((sequences + 1, segments, 3))
    for d in range(sequences + 1):
        edge, value = 0.0, float(part(64, 96)) * UNIT + d * UNIT
        for j in range(segments):
            slope = float(part(0, 8, scale=UNIT / 64))
            decode[d, j] = (edge, value, slope)
            step = float(draw.integers(1, 9) * 16 * max(d, 1))
            value += slope * step
            edge += step
    tokens = np.concatenate([[0.0], np.cumsum(part(0, 4, 300, UNIT / 4))])
    # C / D and Q / P are not dyadic, so their axes are flat where sums must be exact
    bent = [bool(draw.integers(0, 2)) and not (dyadic and axis in (1, 3)) for axis in range(5)]
    grid = tuple(np.array([0.0, 8.0, 16.0, 32.0]) if b else np.array([1.0]) for b in bent)
    rest = np.asarray(part(0, 8, tuple(len(axis) for axis in grid), UNIT))
    bend = float(draw.integers(100, 3000))
    slope = float(part(0, 8, scale=UNIT / 256))
    prompt = np.array([[[0.0, 0.0, slope], [bend, slope * bend, 2 * slope]]])
    table = StepTable(decode, tokens, prompt, np.array([1.0]), rest, grid, capacity, int(draw.integers(1, 3)))
    stages = int(draw.choice([1, 1, 2])) if dyadic else int(draw.integers(1, 6))
    if not pipelines or stages == 1:
        return table
    return replace(table, slots=random_table(draw, sequences, capacity, dyadic, pipelines=False), stages=stages)


def random_policy(draw, sequences, hashed, dyadic=True):
    acceptance = float(draw.choice([1.0, 1.0, 1.5, 2.25] if dyadic else [1.0, round(1.7 * FINE) / FINE]))
    return Policy(
        batching=str(draw.choice(["mixed", "prefill_first"])),
        chunked=bool(draw.integers(0, 4)),
        max_sequences=int(draw.integers(1, sequences + 1)),
        max_batched_tokens=int(draw.choice([24, 64, 256])),
        reserve=float(draw.choice([0.0, 0.0, 0.5, 1.0])),
        receive_interval=int(draw.choice([1, 1, 3, 7])),
        stream_interval=int(draw.choice([1, 1, 4])),
        block=int(draw.choice([1, 4, 8])),
        prefix_cache=hashed,
        acceptance_length=acceptance,
        replicas=int(draw.choice([1, 1, 2, 3])),
        routing=str(draw.choice(["round_robin", "least_loaded", "session"])),
        prefill_replicas=int(draw.choice([0, 0, 0, 1, 2])),
        transfer_latency=float(draw.integers(0, 50)) * UNIT,
        transfer_per_token=float(draw.integers(0, 4)) * UNIT / 8,
        before=float(draw.choice([0.0, 5 * UNIT])),
        after=float(draw.choice([0.0, 3 * UNIT])),
        max_context=int(draw.choice([150, 10**6, 10**6])),
    )


def random_requests(draw, count, capacity, dyadic=True):
    kind = draw.choice(["open", "closed", "sessions"])
    inputs = draw.integers(1, max(2, int(capacity * draw.choice([0.3, 0.7]))), count)
    outputs = draw.integers(1, draw.choice([3, 40, 90]), count)
    gap = int(draw.choice([1, 200, 3000]))
    gaps = draw.integers(0, gap + 1, count) if dyadic else draw.uniform(0, gap, count)
    arrival = np.cumsum(gaps) * UNIT
    extra: dict = {}
    if kind != "open":
        extra["think"] = (draw.integers(0, 3, count) if dyadic else draw.uniform(0, 3, count)) * 100 * UNIT
    extra["session"] = draw.integers(0, 5, count)
    if kind == "closed":
        extra["concurrency"] = int(draw.integers(1, 12))
    if kind == "sessions":
        successor, last = np.full(count, -1), {}
        for i, session in enumerate(extra["session"]):
            if session in last:
                successor[last[session]] = i
            last[session] = i
        extra["successor"] = successor
    hashed = bool(draw.integers(0, 2))
    if hashed:
        lists = []
        for i in range(count):
            blocks = (inputs[i] + draw.choice([0, outputs[i]])) // 8 + 1
            shared = int(draw.integers(0, blocks + 1))
            group = int(draw.integers(0, 3)) * 1000
            lists.append([group + b for b in range(shared)] + [10**6 * (i + 1) + b for b in range(blocks - shared)])
        extra["hashes"] = np.array([h for one in lists for h in one], np.int64)
        extra["hash_start"] = np.concatenate([[0], np.cumsum([len(one) for one in lists])])
        extra["hash_block"] = 8
    return Requests(arrival, inputs, outputs, **extra), hashed


def random_case(seed, dyadic=True):
    draw = np.random.default_rng(seed)
    sequences = int(draw.choice([1, 3, 12]))
    capacity = int(draw.choice([96, 160, 400]))
    requests, hashed = random_requests(draw, int(draw.integers(1, 40)), capacity, dyadic)
    policy = random_policy(draw, sequences, hashed, dyadic)
    table = random_table(draw, sequences, capacity, dyadic)
    prefill = random_table(draw, sequences, capacity, dyadic) if policy.prefill_replicas else None
    if prefill is not None and prefill.tokens_per_sequence != table.tokens_per_sequence:
        prefill = None
    return table, requests, policy, prefill


def compare(outcome, expected):
    for name, mine in (
        ("reason", outcome.reason),
        ("preemptions", outcome.preemptions),
        ("cached", outcome.cached_tokens),
        ("arrival", outcome.arrival),
        ("engine_first", outcome.engine_first_token),
        ("first", outcome.first_token),
        ("finish", outcome.finish),
        ("replica", outcome.replica),
    ):
        np.testing.assert_array_equal(mine, expected[name], err_msg=name)


@pytest.mark.parametrize("block", range(10))
def test_kernel_and_plain_simulator_agree_exactly(plain, block):
    for seed in range(block * 30, block * 30 + 30):
        table, requests, policy, prefill = random_case(seed)
        expected, copies = plain.oracle(table, requests, policy, prefill)
        assert all(copy.most_used <= copy.capacity for copy in copies)
        outcome = simulate(table, requests, policy, prefill)
        try:
            compare(outcome, expected)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {policy}\n{error}") from None


def test_real_numbers_agree_but_for_rounding(plain):
    """Sums in another order differ in the last digits; a tie within them may go either way, and is counted."""
    apart = 0
    for seed in range(1000, 1120):
        table, requests, policy, prefill = random_case(seed, dyadic=False)
        expected, _ = plain.oracle(table, requests, policy, prefill)
        outcome = simulate(table, requests, policy, prefill)
        assert np.array_equal(outcome.reason, expected["reason"])
        close = np.allclose(outcome.finish, expected["finish"], rtol=1e-9, atol=1e-9, equal_nan=True)
        apart += not close
    assert apart == 0


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_nothing_is_lost(seed):
    table, requests, policy, prefill = random_case(seed)
    outcome = simulate(table, requests, policy, prefill)
    assert np.array_equal(outcome.request, np.arange(len(requests)))
    done = ~outcome.rejected
    assert np.all(np.isfinite(outcome.finish[done]))
    assert np.all(np.isnan(outcome.finish[~done]))
    assert np.all((outcome.reason > 0) == outcome.rejected)
    first, engine = outcome.first_token[done], outcome.engine_first_token[done]
    assert np.all(outcome.arrival[done] <= engine)
    assert np.all(engine <= first + 1e-12)
    assert np.all(first <= outcome.finish[done])
    assert np.all(outcome.cached_tokens[done] < outcome.input_tokens[done])
    if policy.acceptance_length == 1:
        assert outcome.interval_counts.sum() == np.sum(outcome.output_tokens[done] - 1)
    work = outcome.decode_use[:, :, 0].sum() + outcome.prompt_use[:, :, 0].sum()
    assert work == pytest.approx(outcome.busy.sum(), abs=1e-12)
    assert np.sum(outcome.timeline[:, 3]) == pytest.approx(outcome.busy.sum())


def test_fed_in_parts_is_the_same():
    for seed in range(2000, 2040):
        draw = np.random.default_rng(seed)
        requests, hashed = random_requests(draw, 40, 160)
        if requests.concurrency or requests.successor is not None:
            continue
        policy, table = random_policy(draw, 12, hashed), random_table(draw, 12, 160)
        whole = simulate(table, requests, policy)
        run, found = Replay(table, policy, None, requests.hash_block), []
        for part, last in _chunks(requests, 7):
            found += [rows.copy() for rows in run.feed(part, last)]
        rows = np.concatenate(found)
        again = run.outcome(rows[np.argsort(rows["request"])])
        for name in ("finish", "first_token", "cached_tokens", "replica", "interval_counts", "busy"):
            np.testing.assert_array_equal(getattr(again, name), getattr(whole, name), err_msg=f"{seed} {name}")


def test_saved_and_loaded_run_goes_on(tmp_path):
    draw = np.random.default_rng(5)
    requests = Requests(np.cumsum(draw.integers(0, 300, 60)) * UNIT, draw.integers(1, 90, 60), draw.integers(1, 40, 60))
    table, policy = random_table(draw, 12, 400), Policy(max_sequences=12, max_batched_tokens=64, block=4)
    whole = simulate(table, requests, policy)
    parts = list(_chunks(requests, 20))
    first, found = Replay(table, policy), []
    found += [rows.copy() for rows in first.feed(*parts[0])]
    first.save(tmp_path / "state.npz")
    second = Replay(table, policy)
    second.load(tmp_path / "state.npz")
    for part, last in parts[1:]:
        found += [rows.copy() for rows in second.feed(part, last)]
    rows = np.concatenate(found)
    np.testing.assert_array_equal(rows["finish"][np.argsort(rows["request"])], whole.finish)
    with pytest.raises(InputError, match="another policy"):
        Replay(table, Policy(max_sequences=3, max_batched_tokens=64)).load(tmp_path / "state.npz")


def flat(seconds=0.01, per_token=0.0, sequences=64, capacity=1e6):
    """Every decode step alike; prompts cost their tokens."""
    decode = np.zeros((sequences + 1, 1, 3))
    decode[1:, 0, 1] = seconds
    tokens = np.maximum(np.arange(2001) - sequences, 0) * per_token
    return StepTable(
        decode, tokens, np.zeros((1, 1, 3)), np.ones(1), np.zeros((1,) * 5), (np.zeros(1),) * 5, capacity
    )  # fmt: skip


def test_hand_worked_run():
    # decode steps of 1 s; prompts of 100 tokens beside them take no longer than (164 - 64) * 0.02 = 2 s alone:
    # the curve counts tokens above 64, so 100 tokens alone take 0.72 s and beside one sequence 0.74 s more.
    table = flat(1.0, 0.02)
    requests = Requests(np.array([0.0, 2.0]), np.array([100, 100]), np.array([3, 2]))
    outcome = simulate(table, requests, Policy(max_sequences=4, max_batched_tokens=1000))
    # 0: prompt to 0.72; decodes 0.72-1.72, 1.72-2.72; it ends at 2.72. 1: arrives at 2, prompt 2.72-3.44, ends 4.44.
    np.testing.assert_allclose(outcome.engine_first_token, [0.72, 3.44])
    np.testing.assert_allclose(outcome.finish, [2.72, 4.44])


def test_low_load_meets_the_closed_form():
    table = flat(0.01, 1e-4)
    requests = Requests(np.arange(20) * 1000.0, np.full(20, 500), np.full(20, 101))
    outcome = simulate(table, requests, Policy(max_sequences=8, max_batched_tokens=1024))
    np.testing.assert_allclose(outcome.first_token - outcome.arrival, (500 - 64) * 1e-4, rtol=1e-9)
    np.testing.assert_allclose(outcome.finish - outcome.first_token, 100 * 0.01, rtol=1e-9)


def test_saturation_meets_the_capacity_bound():
    # 64 sequences, 0.01 s a step, no time for prompts: 64 / (100 * 0.01) = 64 requests/s, less the ends of the run
    outcome = simulate(
        flat(),
        Requests(np.zeros(6400), np.full(6400, 10), np.full(6400, 101)),
        Policy(max_sequences=64, max_batched_tokens=2000),
    )
    assert 6400 / outcome.finish.max() == pytest.approx(64.0, rel=1e-6)


def test_one_server_meets_queueing_theory():
    """One sequence at a time is an M/G/1 queue: the wait is Pollaczek and Khinchine's."""
    draw = np.random.default_rng(3)
    count, step = 400_000, 0.01
    outputs = draw.integers(1, 100, count)
    service = (outputs - 1) * step
    rate = 0.7 / service.mean()
    requests = Requests(np.cumsum(draw.exponential(1 / rate, count)), np.full(count, 10), outputs)
    # a prompt of 10 tokens takes 1 ns here, so service is the decode steps
    outcome = simulate(flat(step, 0.0, 1), requests, Policy(max_sequences=1, max_batched_tokens=100))
    wait = float(np.mean(outcome.finish - outcome.arrival - service))
    theory = rate * np.mean(service**2) / (2 * (1 - rate * service.mean()))
    assert wait == pytest.approx(theory, rel=0.03)


def test_closed_loop_obeys_littles_law():
    draw = np.random.default_rng(4)
    requests = Requests(
        np.zeros(20_000),
        draw.integers(1, 50, 20_000),
        draw.integers(2, 80, 20_000),
        draw.exponential(0.5, 20_000),
        concurrency=40,
    )
    outcome = simulate(flat(), requests, Policy(max_sequences=16, max_batched_tokens=2000))
    response = np.mean(outcome.finish - outcome.arrival)
    rate = 20_000 / outcome.finish.max()
    assert rate * (response + 0.5) == pytest.approx(40, rel=0.02)


def test_bad_policies_are_refused():
    requests = Requests(np.zeros(1), np.ones(1, np.int64), np.ones(1, np.int64))
    for bad in (
        {"max_sequences": 0},
        {"max_sequences": 10_000},
        {"batching": "sometimes"},
        {"routing": "random"},
        {"acceptance_length": 0.5},
        {"prefix_cache": True},
    ):
        with pytest.raises(DomainError):
            simulate(flat(), requests, Policy(**({"max_sequences": 4} | bad)))
    with pytest.raises(DomainError, match="output_tokens"):
        simulate(flat(), Requests(np.zeros(1), np.ones(1, np.int64), np.zeros(1, np.int64)), Policy(max_sequences=4))
