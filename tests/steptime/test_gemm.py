"""Matrix products against shape and format."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import MissingFact
from lcot.facts.types import Facts
from lcot.steptime.gemm import attainable, elementwise, gemm
from tests.steptime.gpus import CHIP, engine_facts
from tests.steptime.machines import facts


def test_by_hand() -> None:
    step = gemm(100.0, 1000, 2000, "bf16", "bf16", CHIP, engine_facts())
    arithmetic = 2 * 100 * 1000 * 2000 / 0.5e15  # 0.8 us
    traffic = 2 * (1000 * 2000 + 100 * 2000 + 100 * 1000) / 0.5e12  # 9.2 us
    assert step.total == pytest.approx(1e-6 + (arithmetic**2 + traffic**2) ** 0.5)


def test_narrow_activations_are_quantised_first() -> None:
    step = gemm(100.0, 1000, 2000, "fp8", "fp8", CHIP, engine_facts())
    width = 1 + 4 / 128
    arithmetic = 2 * 100 * 1000 * 2000 / 1e15
    traffic = (1000 * 2000 + width * 100 * 2000 + 2 * 100 * 1000) / 0.5e12
    quantised = 100 * 2000 * (2 + width) / 0.5e12
    assert step.total == pytest.approx(3e-6 + quantised + (arithmetic**2 + traffic**2) ** 0.5)


def test_weights_alone_in_four_bits_shrink_the_traffic_not_the_arithmetic() -> None:
    wide = gemm(1.0, 10_000, 10_000, "bf16", "bf16", CHIP, engine_facts())
    narrow = gemm(1.0, 10_000, 10_000, "int4", "bf16", CHIP, engine_facts())
    assert narrow.memory / wide.memory == pytest.approx(4.125 / 16, rel=0.01)
    many = gemm(1e6, 10_000, 10_000, "int4", "bf16", CHIP, engine_facts())
    assert many.total == pytest.approx(gemm(1e6, 10_000, 10_000, "bf16", "bf16", CHIP, engine_facts()).total, rel=0.01)


def test_the_last_wave_costs_its_walk_along_the_inner_dimension() -> None:
    slow = gemm(1e5, 1e4, 4096, "bf16", "bf16", CHIP, engine_facts(gemm__loop=1e-6))
    quick = gemm(1e5, 1e4, 4096, "bf16", "bf16", CHIP, engine_facts())
    assert slow.total - quick.total == pytest.approx(4096e-6, rel=0.06)


def test_no_tokens_no_time() -> None:
    assert gemm(0.0, 1000, 1000, "bf16", "bf16", CHIP, engine_facts()).total == 0.0


def test_a_chip_cannot_beat_its_best_measured_product() -> None:
    known = replace(CHIP, facts=Facts("toy", {**CHIP.facts.items_by_key, **facts("toy", achievable__bf16=0.4)}))
    assert attainable(known, engine_facts(), "bf16") == 0.4
    assert attainable(CHIP, engine_facts(), "bf16") == 0.5


def test_a_format_without_a_peak_is_a_missing_fact() -> None:
    with pytest.raises(MissingFact, match=r"peak\.int8"):
        gemm(1.0, 10, 10, "int8", "int8", CHIP, engine_facts(gemm__fraction__int8=0.5))


@given(st.floats(1, 1e5), st.floats(1, 1e5))
def test_more_tokens_are_never_quicker(few: float, many: float) -> None:
    low, high = sorted((few, many))
    times = gemm(np.array([low, high]), 4096, 4096, "fp8", "fp8", CHIP, engine_facts()).total
    assert times[0] <= times[1] * (1 + 1e-12)


def test_elementwise_by_hand() -> None:
    assert elementwise(10.0, 1000, 2, CHIP, engine_facts()).total == pytest.approx(2e-6 + 2 * 1000 * 10 / 0.5e12)
