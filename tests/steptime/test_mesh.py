"""Meshes and tori, by hand, against measured points, and by their physics."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import DomainError, Infeasible, UnknownName
from lcot.facts import catalog
from lcot.steptime.mesh import all_reduce, copies_of_heads, hops, mesh, padded
from lcot.steptime.types import Deployment, Precision, Step
from lcot.workload import models
from tests.steptime.machines import BF16, decode, engine, model, prompt, system, with_constant, with_fact

TOY = system("mesh", ("sram", "gddr"), ("link",), 8, peak__bf16=1e13, memory__gddr__capacity=1e9,
             memory__gddr__bandwidth=1e12, fabric__link__bandwidth=1e10, fabric__link__topology="ring")  # fmt: skip
CONSTANTS = {
    "memory__attainable": 0.5, "compute__attainable": 0.1, "operator__latency": 1e-6, "step__latency": 1e-4,
    "hop__latency": 2e-6, "collective__attainable": 0.5,
}  # fmt: skip
ENGINE = engine("mesh", **CONSTANTS)
PLAN = Deployment(TOY, model(), ENGINE, BF16, tensor=2)
BLOCK = Precision("bfp8", "bfp4", "bfp8", "fp8", "fp8", "bfp8", "bfp4", "fp8")


def tenstorrent(name: str, system: str, chips: int) -> Deployment:
    return Deployment(catalog.system(system), models.model(name), catalog.engine("tt-metal"), BLOCK, tensor=chips)


def time(deployment: Deployment, step: Step | None = None) -> float:
    return float(mesh(deployment).latency(decode() if step is None else step).total)


def test_hand_worked_token():
    # 58 MB over 2 chips of half of 1 TB/s: 58 us, more than 58 MFLOP over 2 TFLOP/s. 4 sums over a ring of 2: 2 hops of
    # 2 us and 2 kB at 5 GB/s, 0.4 us. 16 operators of 1 us and 100 us a step.
    assert all_reduce(2000.0, 2, "ring", 2e-6, 5e9) == pytest.approx(4.4e-6)
    assert time(PLAN) == pytest.approx(58e-6 + 4 * 4.4e-6 + 16e-6 + 100e-6)


def test_hand_worked_hops():
    assert hops("ring", 1) == hops("torus2d", 1) == 0
    assert hops("ring", 8) == hops("mesh2d", 8) == 14
    assert hops("torus2d", 16) == pytest.approx(8)  # four each way there and back on two axes of four
    assert hops("torus3d", 64) == pytest.approx(12)
    assert hops("switch", 72) == 2
    with pytest.raises(UnknownName, match="torus2d"):
        hops("torus", 4)


def test_padded_context():
    assert padded(3 * 600.0, 3.0, True) == 3 * 1024
    assert padded(3 * 600.0, 3.0, False) == 1800
    np.testing.assert_allclose(padded(np.array([0.0, 128.0, 129.0]), np.array([0.0, 1.0, 1.0]), True), [0, 128, 256])


@pytest.mark.parametrize(
    ("heads", "ranks", "copies"),
    [(8, 24, 3.0), (8, 32, 4.0), (32, 24, 1.5), (32, 32, 1.0), (40, 24, 1.2), (40, 32, 1.6), (32, 16, 1.0)],
)
def test_copies_of_heads(heads, ranks, copies):
    # 32 heads on 24 cores are padded to 48, two on each; 8 heads are repeated three times, one on each
    assert copies_of_heads(heads, ranks) == pytest.approx(copies)


def test_whole_heads_are_read_and_held():
    # 2 chips of 3 parts hold whole heads: more is read and fewer tokens are held, by the same factor
    plain = replace(PLAN, engine=engine("mesh", **CONSTANTS))
    whole = replace(PLAN, engine=engine("mesh", cache__ranks=3.0, **CONSTANTS))
    heads = plain.model.blocks[0].attention.kv_heads
    copies = copies_of_heads(heads, 6)
    assert copies > 1.0
    assert time(whole, decode(4.0, 100.0)) == pytest.approx(time(plain, decode(4.0, copies * 100.0)))
    assert mesh(whole).kv_capacity == pytest.approx(mesh(plain).kv_capacity / copies)


def test_measured_speed_on_tenstorrent():
    # tt-metal tt_transformers/PERF.md at 040a27c125, performance mode: Llama 3.1 70B on 8 chips 16.6 tokens/s a user,
    # on a Galaxy of 32 12.7; Llama 3.1 8B on one chip 28.3 and on two 44.2
    for name, machine, chips, measured in (
        ("llama-3.1-70b", "t3000", 8, 16.6), ("llama-3.1-70b", "galaxy-wh", 32, 12.7),
        ("llama-3.1-8b", "n150-card", 1, 28.3), ("llama-3.1-8b", "n300-card", 2, 44.2),
    ):  # fmt: skip
        assert 1 / time(tenstorrent(name, machine, chips), decode(1.0, 128.0)) == pytest.approx(measured, rel=0.25)


def test_measured_time_per_token_on_trainium():
    # AWS Neuron SDK benchmarks (Neuron 2.18), trn1.32xlarge, Llama 2 70B in bf16, one sequence, 1024 in and 1024 out:
    # 26.04 ms
    plan = Deployment(catalog.system("trn1-32xl"), models.model("llama-2-70b"), catalog.engine("neuron"), BF16, 16)
    assert time(plan, decode(1.0, 1536.0)) == pytest.approx(26.04e-3, rel=0.15)


def test_measured_time_per_token_on_tpu():
    # tpu-recipes, Llama 3.3 70B on TPU v6e-8, 64 requests of 1000 in and 1000 out: 25.35 ms, with their prompts
    plan = Deployment(catalog.system("tpu-v6e-pod"), models.model("llama-3.3-70b"), catalog.engine("tpu-vllm"), BF16, 8)
    plain = time(plan, decode(64.0, 1500.0))
    mixed = time(plan, Step(64.0, 64 * 1500.0, 1000.0, 5e5, 1.0))
    assert plain + 0.064 * (mixed - plain) == pytest.approx(25.35e-3, rel=0.15)


def test_the_chip_is_asked_for_its_hop_before_the_engine():
    chip = TOY.chip
    items = {**chip.facts.items_by_key, "fabric.link.latency": replace(chip.facts["peak.bf16"], value=3e-6)}
    known = replace(TOY, chip=replace(chip, facts=replace(chip.facts, items_by_key=items)))
    assert time(replace(PLAN, system=known)) - time(PLAN) == pytest.approx(4 * 2 * 1e-6)


def test_limits():
    with pytest.raises(Infeasible, match="needs 5 chips"):
        mesh(tenstorrent("llama-3.1-70b", "t3000", 2))
    with pytest.raises(DomainError, match="data"):
        mesh(replace(PLAN, data=2))
    assert mesh(tenstorrent("llama-3.1-8b", "t3000", 8)).max_sequences == 32


def test_pipeline_of_groups():
    # two groups of 2 chips: one layer each, half of the time to the next step, and 2 kB at 10 GB/s between them
    steps = mesh(replace(PLAN, pipeline=2))
    assert steps.stages == 2
    assert float(steps.latency(decode()).total) == pytest.approx(time(PLAN) + 2e-7)
    assert float(steps.interval(decode()).total) == pytest.approx((time(PLAN) + 2e-7) / 2)
    assert steps.kv_capacity > 1.9 * mesh(PLAN).kv_capacity


def test_prompts_start_their_own_operators():
    slow = with_constant(tenstorrent("llama-3.1-8b", "n150-card", 1), "prefill.operator.latency", 2.0)
    plan = tenstorrent("llama-3.1-8b", "n150-card", 1)
    assert time(slow, prompt(128.0)) > time(plan, prompt(128.0))
    assert time(slow) == time(plan)


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(["memory.gddr.bandwidth", "fabric.link.bandwidth", "peak.bf16"]), factor=st.floats(1.0, 10.0),
    batch=st.floats(1.0, 1e4),
)  # fmt: skip
def test_more_bandwidth_is_never_slower(key, factor, batch):
    assert time(with_fact(PLAN, key, factor), decode(batch)) <= time(PLAN, decode(batch)) * (1 + 1e-12)


@given(st.sampled_from(["ring", "mesh2d", "torus2d", "torus3d", "switch"]), st.integers(1, 500), st.integers(0, 500))
def test_more_chips_are_never_fewer_hops(topology, chips, more):
    assert hops(topology, chips + more) >= hops(topology, chips)


def test_arrays_equal_their_elements():
    batch = np.array([1.0, 50.0, 3000.0])
    steps = mesh(PLAN)
    whole = steps.latency(Step(batch, batch * 100)).total
    assert [float(steps.latency(Step(b, b * 100)).total) for b in batch] == pytest.approx(list(whole))
