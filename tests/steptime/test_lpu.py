"""Language processing units, by hand, against a measured point, and beside GPUs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import DomainError, Infeasible, InputError, MissingFact, UnknownName
from lcot.facts import catalog
from lcot.steptime.lpu import all_reduce, dependent, lpu, sums_between_chips
from lcot.steptime.types import Deployment, Precision, Speculation, Step
from lcot.workload import models
from lcot.workload.operators import operators
from tests.steptime.machines import BF16, decode, engine, model, prompt, system, with_constant, with_fact

TOY = system(
    "lpu", ("sram",), ("link",), 4, peak__bf16=1e12, memory__sram__capacity=50e6, memory__sram__bandwidth=1e12,
    fabric__link__latency=1e-6, fabric__link__bandwidth=1e9,
)  # fmt: skip
ENGINE = engine(
    "lpu", operator__latency=2e-6, memory__attainable=0.5, compute__attainable=1.0, collective__attainable=0.5
)
PLAN = Deployment(TOY, model(), ENGINE, BF16, tensor=2, pipeline=2)
INT8 = Precision("int8", "int8", "bf16", "int8", "int8", head="int8")


def groq(**changes) -> Deployment:
    plan = Deployment(
        catalog.system("groqrack-llama70b"), models.model("llama-2-70b"), catalog.engine("groq"), INT8, 8, pipeline=72
    )
    return replace(plan, **changes)


def lpx(**changes) -> Deployment:
    form = Precision("fp8", "fp8", "fp8", "fp8", "fp8", head="fp8")
    plan = Deployment(
        catalog.system("lpx-rack"), models.model("llama-3.1-70b"), catalog.engine("lpx"), form, 16, pipeline=16
    )
    return replace(plan, **changes)


def gpus() -> Deployment:
    form = Precision("fp8", "fp8", "fp8", "fp8", "fp8")
    return Deployment(catalog.system("hgx-h200"), models.model("llama-3.1-70b"), catalog.engine("generic"), form, 8)


def time(deployment: Deployment, step: Step | None = None) -> float:
    return float(lpu(deployment).latency(decode() if step is None else step).total)


def test_hand_worked_token():
    # reads: 58 MB over 2 chips of 0.5 TB/s: 58 us, one stage after the other; products: 58 MFLOP over 2 TFLOP/s: less.
    # operators in line: 2 layers x (4 products... qkv, mixing, out, up, down, 2 norms) = 14, a norm, the output: 16 of
    # 2 us. sums: 4 of 2 (1 us + half of 2 kB at 0.5 GB/s = 2 us) = 24 us; one hand-over of 1 us + 4 us.
    found = operators(model(), BF16)
    assert dependent(found) == 16
    assert sums_between_chips(found, 2) == 4
    assert sums_between_chips(found, 1) == 0
    assert all_reduce(2000.0, 2, 1e-6, 0.5e9) == pytest.approx(6e-6)
    assert time(PLAN) == pytest.approx(58e-6 + 32e-6 + 24e-6 + 5e-6)


def test_a_prompt_travels_in_pieces():
    # two stages of one layer each: four pieces of 8 tokens take the way of one piece and three visits to a stage, which
    # is half of the way; the machine takes the next prompt when the slowest stage has seen all four
    constants = {
        "operator__latency": 2e-6,
        "memory__attainable": 0.5,
        "compute__attainable": 1.0,
        "collective__attainable": 0.5,
    }
    cut = replace(PLAN, engine=engine("lpu", prefill__chunk=8.0, **constants))
    piece = Step(prefill_tokens=8.0, prefill_pairs=128.0, prefill_sequences=0.25)
    whole = Step(prefill_tokens=32.0, prefill_pairs=512.0, prefill_sequences=1.0)
    one = time(PLAN, piece)
    assert time(cut, whole) == pytest.approx(one * (1.0 + 3.0 / 2.0))
    assert float(lpu(cut).interval(whole).total) == pytest.approx(4.0 * one / 2.0)
    assert time(cut, whole) < time(PLAN, whole)
    assert time(cut) == pytest.approx(time(PLAN))  # a token needs no cutting


def test_measured_time_per_token_of_llama_2_70b():
    # Anyscale LLMPerf leaderboard raw data, groq_70b.json of 2024-01-10: median 3.742 ms, mean 3.941; 550 in, 150 out
    assert time(groq(), decode(1.0, 625.0)) == pytest.approx(3.742e-3, rel=0.10)


def test_as_many_chips_as_were_used():
    # "568 to 576 chips" for 70B, stated by the vendor in 2024
    with pytest.raises(Infeasible, match="needs 316 chips"):
        lpu(groq(pipeline=30))
    assert lpu(groq()).kv_capacity > 4096


def test_pipeline():
    steps = lpu(PLAN)
    assert steps.stages == 2
    assert float(steps.interval(decode()).total) == pytest.approx(time(PLAN) / 2)
    assert lpu(replace(PLAN, pipeline=5)).stages == 2  # no more stages than layers


def test_bad_layouts():
    with pytest.raises(DomainError, match="data"):
        lpu(replace(PLAN, data=2))
    with pytest.raises(UnknownName, match=r"decod"):
        lpu(replace(PLAN, mode="decods"))
    for mode in ("afd", "draft"):
        with pytest.raises(InputError, match="paired"):
            lpu(replace(lpx(), mode=mode, draft=models.model("llama-3.1-8b"), speculation=Speculation("draft", 3, 2.0)))


def test_unknown_power_is_named():
    with pytest.raises(MissingFact, match="lpx-rack"):
        lpu(lpx()).power(decode())


def test_full_decode_keeps_the_chips_free_of_prompts():
    both = lpu(lpx(mode="decode", paired=gpus()))
    alone = lpu(lpx())
    assert float(both.latency(decode()).total) == pytest.approx(float(alone.latency(decode()).total))
    assert float(both.latency(prompt(8000.0)).total) > 0


def test_attention_and_feed_forward_apart():
    apart = lpu(lpx(mode="afd", paired=gpus()))
    step = decode(8.0)
    assert apart.stages == 2
    assert float(apart.interval(step).total) < float(apart.latency(step).total)
    slow = lpu(with_constant(lpx(mode="afd", paired=gpus()), "pair.latency", 2.0))
    gained = float(slow.latency(step).total) - float(apart.latency(step).total)
    assert gained == pytest.approx(2 * 80 * 5e-6)  # two ways in each of 80 layers, 5 us more each
    assert apart.kv_capacity > lpu(lpx()).kv_capacity  # the cache is in the GPUs' memory


def test_draft_and_verify():
    spoken = Speculation("draft", 4, 3.0)
    both = lpu(lpx(mode="draft", paired=gpus(), draft=models.model("llama-3.1-8b"), speculation=spoken))
    small = lpu(replace(lpx(), model=models.model("llama-3.1-8b")))
    assert float(both.latency(decode()).total) > 4 * float(small.latency(decode()).total)


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(["memory.sram.bandwidth", "fabric.link.bandwidth", "peak.bf16"]), factor=st.floats(1.0, 10.0),
    batch=st.floats(1.0, 1e4),
)  # fmt: skip
def test_more_bandwidth_is_never_slower(key, factor, batch):
    assert time(with_fact(PLAN, key, factor), decode(batch)) <= time(PLAN, decode(batch)) * (1 + 1e-12)


@given(st.floats(1.0, 10.0))
@settings(max_examples=20, deadline=None)
def test_slower_hops_are_never_faster(factor):
    assert time(with_fact(PLAN, "fabric.link.latency", factor)) >= time(PLAN)


def test_arrays_equal_their_elements():
    batch = np.array([1.0, 50.0, 3000.0])
    steps = lpu(PLAN)
    whole = steps.latency(Step(batch, batch * 100)).total
    assert [float(steps.latency(Step(b, b * 100)).total) for b in batch] == pytest.approx(list(whole))
