"""Steps of whole deployments on GPUs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import DomainError, Infeasible, MissingFact, UnknownName
from lcot.facts.types import Engine, Facts
from lcot.steptime.attention import decode
from lcot.steptime.estimate import estimate
from lcot.steptime.load import load_of
from lcot.steptime.types import Speculation, Step
from lcot.workload.architecture import Block, FeedForward
from lcot.workload.sharding import Ranks
from tests.steptime.gpus import ENGINE, GQA, SYSTEM, deployment, engine_facts, model
from tests.steptime.machines import facts, with_constant, with_fact

DECODE = Step(decode_sequences=16.0, decode_context=16 * 2000.0)
PROMPT = Step(prefill_tokens=4000.0, prefill_pairs=8e6, prefill_sequences=1.0)


def seconds(step: Step, **layout: object) -> float:
    return float(estimate(deployment(**layout)).latency(step).total)


def test_launches_and_host_by_hand() -> None:
    """Four layers: 2 norms, rotary, activation (4 small kernels), 4 products, attention; ends: 2 small, 1 product."""
    fixed = estimate(deployment()).latency(DECODE).fixed
    assert fixed == pytest.approx(4 * (4 * 1e-6 + 4 * 1e-6 + 4e-6) + 3e-6 + 1e-3 + 16e-6)


def test_prompts_wait_for_the_host_where_the_device_has_less_to_do() -> None:
    """Four layers with experts at 1 ms each: round corner between 4 ms of issuing and the time on the device."""
    issuing = Engine("toy-engine", "Toy engine", "gpu", "1", engine_facts(host__experts=1e-3))
    mixture = model(8)
    short = Step(prefill_tokens=16.0, prefill_pairs=128.0, prefill_sequences=1.0)
    for step, longer in ((short, True), (PROMPT, True), (DECODE, False)):
        without = estimate(deployment(mixture)).latency(step)
        found = estimate(deployment(mixture, engine=issuing)).latency(step)
        host = 1e-3 + 1e-6 * (float(step.decode_sequences) + float(step.prefill_sequences))
        device = float(without.total) - host
        wanted = host + (np.hypot(device, 4e-3) if longer else device)
        assert found.total == pytest.approx(wanted)
    dense = estimate(deployment(engine=issuing)).latency(short).total
    assert dense == pytest.approx(float(estimate(deployment()).latency(short).total))
    plain = Engine("toy-engine", "Toy engine", "gpu", "1", engine_facts(host__experts=1e-3, host__dense=0.5e-3))
    host, device = 1e-3 + 1e-6, float(dense) - 1e-3 - 1e-6
    assert estimate(deployment(engine=plain)).latency(short).total == pytest.approx(host + np.hypot(device, 2e-3))
    mixed = estimate(deployment(mixture, engine=plain)).latency(short).total
    assert mixed == pytest.approx(float(estimate(deployment(mixture, engine=issuing)).latency(short).total))


def test_weights_are_read_once_a_step() -> None:
    one = estimate(deployment()).latency(Step(1.0, 100.0))
    weights = 4 * (800 * 1200 + 800 * 800 + 3 * 800 * 1000) + 800 * 10_000
    assert one.memory == pytest.approx(2 * weights / 0.5e12, rel=0.02)


def test_a_step_is_monotone_in_its_work() -> None:
    steps = estimate(deployment())
    batch = np.array([1.0, 8.0, 64.0, 512.0])
    times = steps.latency(Step(batch, batch * 1000.0)).total
    assert (np.diff(times) > 0).all()
    assert (np.diff(steps.latency(Step(8.0, np.array([1e3, 1e4, 1e5]))).total) > 0).all()


def test_arrays_equal_points() -> None:
    steps = estimate(deployment(model(8), tensor=2, expert=2))
    batch, context = np.meshgrid([1.0, 7.0, 90.0], [100.0, 3000.0])
    grid = steps.latency(Step(batch, batch * context)).total
    for i, j in np.ndindex(grid.shape):
        point = steps.latency(Step(batch[i, j], batch[i, j] * context[i, j])).total
        assert grid[i, j] == pytest.approx(float(point), rel=1e-12)


def test_nothing_takes_no_time() -> None:
    assert estimate(deployment()).latency(Step()).total == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("layout", [{}, {"tensor": 4}, {"data": 4}, {"pipeline": 2}], ids=str)
@pytest.mark.parametrize("step", [DECODE, PROMPT], ids=["decode", "prompt"])
def test_more_bandwidth_is_never_slower(layout: dict[str, int], step: Step) -> None:
    plan = deployment(**layout)
    for key in ("memory.hbm.bandwidth", "peak.bf16", "fabric.scale_up.bandwidth"):
        quick = estimate(with_fact(plan, key, 2.0)).latency(step).total
        assert quick <= estimate(plan).latency(step).total
    assert estimate(with_constant(plan, "gemm.floor", 2.0)).latency(step).total > estimate(plan).latency(step).total


def test_tensor_parallel_halves_the_reading_and_adds_the_network() -> None:
    one, two = (estimate(deployment(tensor=n)).latency(DECODE) for n in (1, 2))
    assert two.memory == pytest.approx(one.memory / 2, rel=0.1)
    assert one.network == 0.0
    message = 2 * 16 * 800
    expected = 4 * 2 * (4e-6 + message / 5e10) + 10e-6 + 0.5 * 2 * 16 * 10_000 / 1e11
    assert two.network == pytest.approx(expected)


def test_a_mixture_adds_up_shared_and_routed_once() -> None:
    alone, shared = (estimate(deployment(model(8, shared=n), tensor=2)).latency(DECODE).network for n in (0, 500))
    assert shared == pytest.approx(alone)


def test_data_parallel_attention_sends_tokens_to_their_experts() -> None:
    spread = estimate(deployment(model(8), data=8, expert=8)).latency(DECODE)
    assert spread.network >= 4 * 2 * 10e-6


def test_a_prompt_is_not_cut_over_data_ranks() -> None:
    load = load_of(PROMPT, Ranks(data=4), 0, engine_facts())
    assert load.prefill == 4000.0
    many = load_of(replace(PROMPT, prefill_sequences=4.0), Ranks(data=4), 0, engine_facts(data__imbalance=0.1))
    assert many.prefill == pytest.approx(1100.0)


def test_pipeline_stages_overlap() -> None:
    steps = estimate(deployment(pipeline=2))
    assert steps.stages == 2
    latency, interval = steps.latency(DECODE), steps.interval(DECODE)
    assert float(interval.total) < float(latency.total)
    assert latency.network == pytest.approx(10e-6 + 2 * 800 * 16 / 1e11)


def test_pipeline_beyond_the_domain_goes_over_the_outer_links() -> None:
    inside = estimate(deployment(tensor=4, pipeline=2)).latency(DECODE).network
    beyond = estimate(deployment(tensor=8, pipeline=2)).latency(DECODE).network
    assert beyond > inside


def test_messages_beyond_the_domain_hide_behind_products() -> None:
    layout = {"data": 16, "expert": 16}
    plain = estimate(deployment(model(16), **layout)).latency(Step(512.0, 512.0 * 500))
    told = {**ENGINE.facts.items_by_key, **facts("e", exchange__hidden=1.0, experts__share__wide=0.5)}
    steps = estimate(deployment(model(16), **layout, engine=replace(ENGINE, facts=Facts("e", told))))
    hiding = steps.latency(Step(512.0, 512.0 * 500))
    # the products of the other half hide what they last; attention and the host hide nothing
    mixing = 4 * float(decode(GQA, 8, 2, "bf16", 32.0, 32.0 * 500, 1.0, SYSTEM.chip, ENGINE.facts).total)
    host = 1e-3 + 32e-6
    own = float(plain.total - plain.network) - mixing - host
    assert hiding.network == pytest.approx((own**2 + float(plain.network) ** 2) ** 0.5 - own)
    assert float(hiding.total - hiding.network) == pytest.approx(float(plain.total - plain.network))
    # inside one domain nothing is hidden
    near = {"data": 8, "expert": 8}
    same = estimate(deployment(model(16), **near, engine=replace(ENGINE, facts=Facts("e", told)))).latency(DECODE)
    assert same == estimate(deployment(model(16), **near)).latency(DECODE)


def test_speculation_verifies_and_drafts() -> None:
    layer = FeedForward(1000)
    drafting = replace(model(), prediction_layers=1, prediction=(Block(1, GQA, layer),))
    plain = float(estimate(deployment(drafting)).latency(DECODE).total)
    two = Speculation("mtp", 2, 1.8)
    more = float(estimate(deployment(drafting, speculation=two)).latency(DECODE).total)
    assert plain < more < 2 * plain + 1e-3
    without = estimate(deployment(speculation=two))
    assert "drafting" in without.notes[0]
    with pytest.raises(DomainError, match="speculation method"):
        estimate(deployment(speculation=Speculation("magic", 2, 1.8)))


def test_power_lies_between_idle_and_the_limit() -> None:
    steps = estimate(deployment(tensor=2))
    assert steps.idle_power == pytest.approx(2 * (100 + 500))
    assert float(steps.idle_power) < float(steps.power(DECODE)) < 2 * (1000 + 500)


@pytest.mark.parametrize(
    ("layout", "error"),
    [
        ({"tensor": 3, "expert": 2, "expert_tensor": 2}, DomainError),
        ({"pipeline": 5}, DomainError),
        ({"system": replace(SYSTEM, chip=replace(SYSTEM.chip, family="quantum"))}, UnknownName),
        ({"engine": replace(ENGINE, family="wafer")}, DomainError),
        ({"speculation": Speculation("mtp", 1, 3.0)}, DomainError),
        ({"engine": replace(ENGINE, facts=Facts("empty", {}))}, MissingFact),
    ],
    ids=["experts", "pipeline", "family", "engine", "acceptance", "constants"],
)
def test_bad_deployments_are_refused(layout: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        estimate(deployment(model(8), **layout))


def test_what_does_not_fit_is_infeasible() -> None:
    with pytest.raises(Infeasible):
        estimate(deployment(model(layers=20_000)))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([1, 2, 4, 8]), st.floats(1, 500), st.floats(1, 1e5))
def test_breakdown_adds_up(tensor: int, batch: float, context: float) -> None:
    step = estimate(deployment(tensor=tensor)).latency(Step(batch, batch * context))
    parts = [float(part) for part in (step.compute, step.memory, step.network, step.fixed)]
    assert min(parts) >= 0.0
    assert float(step.total) == pytest.approx(sum(parts))


def test_what_was_not_fitted_is_said() -> None:
    assert "declared estimates" in estimate(deployment()).notes[0]
    known = replace(ENGINE, facts=Facts("e", {**ENGINE.facts.items_by_key, **facts("e", fitted__on="toy other")}))
    assert estimate(deployment(engine=known)).notes == ()
    elsewhere = replace(ENGINE, facts=Facts("e", {**ENGINE.facts.items_by_key, **facts("e", fitted__on="other")}))
    assert "Toy is extrapolated" in estimate(deployment(engine=elsewhere)).notes[0]
