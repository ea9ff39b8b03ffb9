"""The rounded corner, sums and shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.facts.types import Chip
from lcot.steptime.roofline import main_tier, plus, roofline, some, times
from lcot.steptime.types import Breakdown
from tests.steptime.gpus import CHIP

SECONDS = st.floats(1e-9, 10.0)


def test_three_four_five() -> None:
    step = roofline(3.0, 4.0, 1.0)
    assert step.total == pytest.approx(6.0)
    assert (step.compute, step.memory, step.fixed) == pytest.approx((9 / 5, 16 / 5, 1.0))


@given(SECONDS, SECONDS)
def test_time_is_between_the_sharp_corner_and_the_sum(compute: float, memory: float) -> None:
    total = roofline(compute, memory).total
    assert max(compute, memory) * (1 - 1e-9) <= total <= (compute + memory) * (1 + 1e-9)


def test_nothing_to_do_takes_no_time() -> None:
    assert roofline(np.zeros(3), np.zeros(3)).total == pytest.approx(np.zeros(3))


def test_sums_and_multiples() -> None:
    one = Breakdown(1.0, 2.0, 3.0, 4.0)
    assert plus(one, times(one, 2.0)) == Breakdown(3.0, 6.0, 9.0, 12.0)


def test_fixed_costs_begin_with_the_first_item() -> None:
    assert some(np.array([0.0, 0.5, 1.0, 7.0])) == pytest.approx([0.0, 0.5, 1.0, 1.0])


def test_weights_live_in_the_memory_beside_the_sram() -> None:
    stacked = Chip("s", "S", "nobody", "gpu", ("sram", "hbm", "ddr"), (), CHIP.facts)
    assert main_tier(stacked) == "hbm"
    assert main_tier(Chip("s", "S", "nobody", "wafer", ("sram",), (), CHIP.facts)) == "sram"
