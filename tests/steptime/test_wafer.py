"""Wafers, by hand, against a measured point, and by their physics."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import Infeasible
from lcot.facts import catalog
from lcot.steptime.cycles import cycle_time
from lcot.steptime.table_time import table_time
from lcot.steptime.tables import tables
from lcot.steptime.types import Deployment, Step
from lcot.steptime.wafer import block_side, chain_time, elements_moved, sums_over_blocks, wafer
from lcot.workload import models
from lcot.workload.operators import operators
from tests.steptime.machines import BF16, decode, engine, model, prompt, system, with_constant, with_fact

TOY = system(
    "wafer", ("sram",), ("mesh", "io"), 1, cores=20_000.0, peak__bf16=1e15, memory__sram__capacity=1e9,
    memory__sram__bandwidth=1e15, fabric__mesh__latency=1e-9, fabric__io__latency=1e-6, fabric__io__bandwidth=1e11,
)  # fmt: skip
ENGINE = engine("wafer", mesh__cycles_per_hop=3.5, compute__attainable=1.0, memory__attainable=1.0)
PLAN = Deployment(TOY, model(), ENGINE, BF16)


def cs3(name: str = "llama-3.1-8b", wafers: int = 1) -> Deployment:
    return Deployment(catalog.system("cs-3"), models.model(name), catalog.engine("cerebras"), BF16, pipeline=wafers)


def time(deployment: Deployment, step: Step | None = None) -> float:
    return float(wafer(deployment).latency(decode() if step is None else step).total)


def test_hand_worked_token():
    # 50.01 MB of weights in 900 MB: 25 MB a layer, 1/36 of 20,000 cores: a block of 23.57 x 23.57; with the cache a
    # layer has half of the wafer: 100 x 100. Of 20 sums 6 are of attention: 14 x 2 x 23.57 x 3.5 ns + 6 x 2 x 100 x
    # 3.5 ns = 6.51 us. Words of one token: 16e3 elements a layer of 2 B in words of 4 B over 23.57 columns, 1 ns each:
    # 339 ns, longer than 58 MFLOP at 1 PFLOP/s or 58 MB at 1 PB/s; once for each block. The way in is 1 us and 2 kB
    # at 100 GB/s.
    assert chain_time(20, 100.0, 1e-9, 3.5) == pytest.approx(14e-6)
    assert sum(elements_moved(op) for op in operators(model(), BF16)) == 2 * (4000 + 2000 + 5000 + 5000)
    weights = (25e6 + 5 * 1000) * 2.0
    inner = np.sqrt(20_000 * weights / 2 / 0.9e9)
    assert inner == pytest.approx(23.57, abs=0.01)
    chain = (14 * 2 * inner + 6 * 2 * 100) * 3.5e-9
    words = 16_000 * 2 / 4 / inner * 1e-9
    assert time(PLAN) == pytest.approx(chain + 2 * words + 1e-6 + 2e-8)


def test_hand_worked_blocks():
    assert block_side(900_000, 1 / 32) == pytest.approx(167.7, abs=0.1)
    assert block_side(900_000, 4 / 80) == pytest.approx(212.1, abs=0.1)
    assert block_side(900_000, 100 / 80) == pytest.approx(948.7, abs=0.1)  # no block is larger than a wafer


def test_tables_for_the_kernel_follow_the_formula():
    steps = wafer(cs3())
    table = tables(steps, 64, 2048, 8192)
    batch = np.array([1.0, 8.0, 64.0])
    zero = np.zeros(3)
    read = table_time(table, batch, batch * 1000.0, zero, zero, zero)
    np.testing.assert_allclose(read, cycle_time(steps, Step(batch, batch * 1000.0)), rtol=5e-3)


def test_experts_have_blocks_of_their_own():
    # 8 experts of 8e6 weights, 16 MB: the rest of a layer is 4e6 + 8e3 and its share of the output and norms
    found = operators(model(experts=8), BF16)
    total = (2 * (4e6 + 8 * 8e6 + 8e3) + 1e6 + 5e3) * 2.0
    spans = sums_over_blocks(found, total, 2, 0.9e9, 20_000.0)
    assert [count for count, _ in spans] == [12, 4, 2]  # 2 norms, qkv, output, router: 5 a layer; a norm, the output
    assert spans[1][1] == pytest.approx(np.sqrt(20_000 * 16e6 / 0.9e9))
    assert spans[2][1] == pytest.approx(np.sqrt(20_000 * total / 2 / 0.9e9))
    assert spans[0][1] < spans[2][1]


def test_measured_speed_of_llama_on_cs3():
    # Artificial Analysis, quoted on 2024-09-10 by sambanova.ai/blog/sn40l-chip-best-inference-solution, table 1:
    # Llama 3.1 8B 1,837 and 70B 445 tokens/s for one user, 16 bits
    assert 1 / time(cs3()) == pytest.approx(1837, rel=0.10)
    assert 1 / time(cs3("llama-3.1-70b", 4)) == pytest.approx(445, rel=0.10)


def test_latency_counts_and_bandwidth_does_not():
    plain = time(cs3())
    assert time(with_fact(cs3(), "fabric.scale_up.latency", 0.5)) < 0.6 * plain
    assert time(with_fact(cs3(), "memory.sram.bandwidth", 2.0)) == pytest.approx(plain, rel=1e-3)


def test_wafers_needed():
    # "70B models fit on as few as four systems" (The Register, August 2024)
    with pytest.raises(Infeasible, match="needs 4 wafers"):
        wafer(cs3("llama-3.1-70b", 3))
    assert wafer(cs3("llama-3.1-70b", 4)).kv_capacity > 0


def test_more_wafers_hold_more_context():
    held = [float(wafer(cs3(wafers=n)).kv_capacity) for n in (1, 2, 4, 8)]
    assert held == sorted(held)
    assert held[0] == pytest.approx((0.9 * 44e9 - 16.06e9) / 131072, rel=0.01)  # 128 KiB of cache a token


def test_blocks_work_at_the_same_time():
    steps = wafer(cs3())
    assert steps.stages == 32
    assert float(steps.interval(decode()).total) < float(steps.latency(decode()).total) / 32
    one, many = float(steps.interval(prompt(1000.0)).total), float(steps.interval(prompt(2000.0)).total)
    assert many > 1.9 * one


def test_power_and_idle():
    steps = wafer(cs3(wafers=2))
    assert steps.power(decode()) == pytest.approx(2 * 15e3)
    assert steps.idle_power == pytest.approx(2 * 15e3 * 0.5)


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(["fabric.mesh.latency", "fabric.io.latency"]), factor=st.floats(1.0, 10.0),
    batch=st.floats(1.0, 1e4),
)  # fmt: skip
def test_slower_hops_are_never_faster(key, factor, batch):
    assert time(with_fact(PLAN, key, factor), decode(batch)) >= time(PLAN, decode(batch)) * (1 - 1e-12)


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(["memory.sram.bandwidth", "peak.bf16", "fabric.io.bandwidth"]), factor=st.floats(1.0, 10.0),
    batch=st.floats(1.0, 1e4),
)  # fmt: skip
def test_more_bandwidth_is_never_slower(key, factor, batch):
    assert time(with_fact(PLAN, key, factor), decode(batch)) <= time(PLAN, decode(batch)) * (1 + 1e-12)


def test_more_cycles_are_slower():
    assert time(with_constant(PLAN, "mesh.cycles_per_hop", 2.0)) > time(PLAN)


def test_arrays_equal_their_elements():
    batch = np.array([1.0, 50.0, 3000.0])
    steps = wafer(PLAN)
    whole = steps.latency(Step(batch, batch * 100)).total
    assert [float(steps.latency(Step(b, b * 100)).total) for b in batch] == pytest.approx(list(whole))


def test_drawn_facts_make_arrays():
    chip = TOY.chip
    drawn = chip.facts.with_values({"fabric.mesh.latency": np.array([1e-9, 2e-9])})
    total = wafer(replace(PLAN, system=replace(TOY, chip=replace(chip, facts=drawn)))).latency(decode()).total
    assert total[0] == pytest.approx(time(PLAN))
    assert total[1] > total[0]
