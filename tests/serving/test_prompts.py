"""Copies that only decode beside copies that only compute prompts."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.serving.prompts import curve_of, pool_of
from lcot.serving.steady import steady
from lcot.serving.types import Target, Traffic
from lcot.steptime.types import Breakdown, Step, StepTime
from tests.serving.test_curve import steps


@pytest.fixture(autouse=True)
def no_time_to_move(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lcot.serving.prompts.transfer", lambda deployment: (0.0, 0.0))


def toy() -> StepTime:
    made = steps()
    made.deployment.data = 2  # type: ignore[misc]

    def latency(step: Step) -> Breakdown:
        whole = made.latency(step)
        return replace(whole, fixed=whole.fixed + 0.0 * (step.prefill_tokens + step.decode_sequences))

    return replace(made, latency=latency)


def both() -> StepTime:
    return replace(toy(), prefill=toy())


def test_no_decode_step_carries_a_prompt():
    traffic = Traffic(1000, 500)
    points, pool = curve_of(both(), traffic, Target(), np.array([8.0]))
    mixed, none = curve_of(steps(), traffic, Target(), np.array([8.0]))
    assert none is None
    assert points.time_per_output_token[0] < mixed.time_per_output_token[0]
    assert pool is not None
    assert points.time_to_first_token[0] >= pool.alone


def test_a_first_token_asked_too_soon_leaves_nothing():
    pool = pool_of(toy(), Traffic(1000, 500), Target(time_to_first_token=1e-6))
    assert np.isnan(pool.waits)


def test_the_fleet_holds_both_pools():
    served = steady(both(), Traffic(1000, 500, rate=50.0), Target(speed=20))
    one = both().deployment
    assert served.prefill_copies >= 1
    assert served.capacity >= 50.0
    used = served.copies * one.chips + served.prefill_copies * one.chips
    assert used <= served.systems * one.system.count
