"""Watts of a chip and its host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lcot.steptime.power import chip_watts, host_watts, idle
from lcot.steptime.types import Breakdown
from tests.steptime.gpus import SYSTEM, engine_facts
from tests.steptime.machines import facts

E = engine_facts()


def test_shares_of_the_power_limit() -> None:
    assert idle(SYSTEM, E) == 100.0
    assert chip_watts(Breakdown(1.0, 0.0, 0.0, 0.0), SYSTEM, E) == pytest.approx(1000.0)
    assert chip_watts(Breakdown(0.0, 1.0, 0.0, 0.0), SYSTEM, E) == pytest.approx(100 + 0.6 * 900)
    assert chip_watts(Breakdown(1.0, 1.0, 1.0, 1.0), SYSTEM, E) == pytest.approx(100 + 900 * 2.3 / 4)


def test_measured_idle_and_host_stand_above_the_shares() -> None:
    chip = replace(SYSTEM.chip, facts=facts("toy", power__idle=80.0, power__tdp=1000.0))
    assert idle(replace(SYSTEM, chip=chip), E) == 80.0
    assert host_watts(SYSTEM, E) == 500.0
    assert host_watts(replace(SYSTEM, facts=facts("toys", host__power=2000.0)), E) == 250.0
