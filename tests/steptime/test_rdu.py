"""Reconfigurable dataflow units, by hand, against a measured point, and by their physics."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import DomainError, Infeasible, MissingFact
from lcot.facts import catalog
from lcot.steptime.rdu import busiest, rdu, switch_time
from lcot.steptime.types import Deployment, Speculation, Step
from lcot.workload import models
from lcot.workload.formats import native, supported
from tests.steptime.machines import BF16, decode, engine, model, prompt, system, with_constant, with_fact

TOY = system("rdu", ("sram", "hbm", "ddr"), (), 16, peak__bf16=1e13, memory__hbm__capacity=1e9,
             memory__hbm__bandwidth=1e12, memory__ddr__bandwidth=1e11)  # fmt: skip
ENGINE = engine("rdu", memory__attainable=0.5, compute__attainable=0.1, layer__latency=1e-5, sequence__latency=1e-6)
PLAN = Deployment(TOY, model(), ENGINE, BF16, tensor=2)


def sn40l(name: str, sockets: int = 8) -> Deployment:
    system, engine = catalog.system("sambarack-sn40l-16"), catalog.engine("sambaflow")
    return Deployment(system, models.model(name), engine, BF16, tensor=sockets)


def time(deployment: Deployment, step: Step | None = None) -> float:
    return float(rdu(deployment).latency(decode() if step is None else step).total)


def test_hand_worked_token():
    # 58 MB over 2 sockets of half of 1 TB/s: 58 us; 58 MFLOP over 2 TFLOP/s: 29 us, hidden; 2 layers of 10 + 1 us
    assert time(PLAN) == pytest.approx(58e-6 + 22e-6)


def test_switching_models():
    # 140 GB of 70B in 16 bits over 16 sockets of 125 GB/s: 70 ms
    chip = catalog.chip("sn40l")
    assert switch_time(140e9, chip, 16, "ddr") == pytest.approx(0.07)
    with pytest.raises(MissingFact):
        switch_time(140e9, catalog.chip("sn50"), 16, "ddr")


def test_measured_batch_of_llama_3_8b():
    # LLM-Inference-Bench (Argonne), Plots/All_results.csv: 8 SN40L, one sequence of 1,024 in and 1,024 out at 1,292.7
    # tokens/s in and out; and 16 of them at 9,249.8
    for batch, measured in ((1.0, 1292.7), (16.0, 9249.8)):
        plan = sn40l("llama-3-8b")
        first = time(plan, Step(0.0, 0.0, batch * 1024, batch * 1024**2 / 2, batch))
        total = first + 1023 * time(plan, decode(batch, 1536.0))
        assert batch * 2048 / total == pytest.approx(measured, rel=0.15)


def test_measured_batch_of_llama_3_70b():
    # the same source: 172.2 tokens/s
    plan = sn40l("llama-3-70b")
    total = time(plan, prompt(1024.0)) + 1023 * time(plan, decode(1.0, 1536.0))
    assert 2048 / total == pytest.approx(172.2, rel=0.20)


def test_sockets_needed():
    with pytest.raises(Infeasible, match="needs 3 sockets"):
        rdu(sn40l("llama-3-70b", 2))


def test_every_layer_is_shared():
    with pytest.raises(DomainError, match="pipeline"):
        rdu(replace(PLAN, pipeline=2))


def test_an_estimated_bandwidth_is_said():
    assert any("estimate" in note for note in rdu(sn40l("llama-3-8b")).notes)


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(["memory.hbm.bandwidth", "peak.bf16"]), factor=st.floats(1.0, 10.0), batch=st.floats(1.0, 1e4)
)
def test_more_bandwidth_is_never_slower(key, factor, batch):
    assert time(with_fact(PLAN, key, factor), decode(batch)) <= time(PLAN, decode(batch)) * (1 + 1e-12)


@settings(max_examples=30, deadline=None)
@given(key=st.sampled_from(["layer.latency", "sequence.latency"]), factor=st.floats(1.0, 10.0))
def test_higher_fixed_costs_are_never_faster(key, factor):
    assert time(with_constant(PLAN, key, factor)) >= time(PLAN)


def test_arrays_equal_their_elements():
    batch = np.array([1.0, 50.0, 3000.0])
    steps = rdu(PLAN)
    whole = steps.latency(Step(batch, batch * 100)).total
    assert [float(steps.latency(Step(b, b * 100)).total) for b in batch] == pytest.approx(list(whole))


def test_the_busiest_of_two_sockets():
    # one expert each, touched with probability 0.5: 0 on both with 1/4, else 1
    assert float(busiest(1, 0.5, 2)) == pytest.approx(0.75)
    assert float(busiest(16, 1.0, 16)) == pytest.approx(16.0)
    assert float(busiest(16, 0.0, 16)) == pytest.approx(0.0, abs=1e-9)
    assert np.all(np.diff(busiest(16, np.linspace(0.01, 0.99, 20), 16)) > 0)


def test_experts_on_one_socket_wait_for_the_busiest():
    # two of four experts of 4 MB on 2 sockets: share 1/2, the busiest of 2 x 2 holds 1.375 of the mean of 1
    plan = replace(PLAN, model=model(experts=4))
    placed = engine("rdu", memory__attainable=0.5, compute__attainable=0.1, layer__latency=1e-5,
                    sequence__latency=1e-6, experts__whole=1.0)  # fmt: skip
    whole = replace(plan, engine=placed)
    most = float(busiest(2, 0.5, 2))
    assert most == pytest.approx(1.375)
    extra = 2 * (2 * most - 4 * 0.5) * 16e6 / (2 * 0.5e12)  # 2 layers, experts of 2 x 1000 x 4000 x 2 bytes
    assert time(whole) - time(plan) == pytest.approx(extra)


def test_a_speed_told_in_a_talk_that_nothing_was_fitted_to():
    # SambaNova at SC 2025: DeepSeek-R1 at 198 tokens/s for a user on 16 sockets
    system, engine = catalog.system("sambarack-sn40l-16"), catalog.engine("sambaflow")
    r1 = models.model("deepseek-r1")
    plan = Deployment(system, r1, engine, native(r1, supported(system.chip)), tensor=16)
    assert 1.0 / time(plan, decode(1.0, 1000.0)) == pytest.approx(198, rel=0.15)


def test_a_drafting_model_adds_its_tokens():
    small = model(layers=1, width=1000)
    both = replace(PLAN, draft=small, speculation=Speculation("draft", 3, 2.0))
    alone = replace(PLAN, speculation=Speculation("", 3, 2.0))
    draft = time(replace(PLAN, model=small))
    assert time(both) == pytest.approx(time(alone) + 3 * draft)
    assert time(both, prompt(100.0)) == pytest.approx(time(alone, prompt(100.0)))
