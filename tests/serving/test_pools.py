"""Prompts apart: groups, waits, and the split of chips between both pools."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.serving.pools import Pool, curve_of, mixes, pool_of
from lcot.serving.steady import steady
from lcot.serving.types import Target, Traffic
from lcot.steptime.types import Breakdown, Step, StepTime
from tests.serving.test_curve import steps

ONE = Pool(
    chips=2, group=1.0, seconds=0.1, fresh_seconds=0.1, more_seconds=0.1, single=0.1, moving=0.0, waits=0.05,
    variation=1.0, power=None, idle_power=0.0,
)  # fmt: skip
FOUR = replace(ONE, group=4.0, seconds=0.25)  # 0.05 s for each prompt more


@pytest.fixture(autouse=True)
def no_time_to_move(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lcot.serving.pools.transfer", lambda deployment: (0.0, 0.0))


def toy() -> StepTime:
    made = steps()
    made.deployment.data = 2  # type: ignore[misc]

    def latency(step: Step) -> Breakdown:
        whole = made.latency(step)
        return replace(whole, fixed=whole.fixed + 0.0 * (step.prefill_tokens + step.decode_sequences))

    return replace(made, latency=latency)


def both() -> StepTime:
    return replace(toy(), prefill=toy())


def test_one_prompt_at_a_time_waits_as_equal_services_do():
    # r = 5/s, T = 0.1 s: rho = 0.5, W = rho T / 2 (1 - rho) = 0.05 s
    assert ONE.wait(5.0, 1.0) == pytest.approx(0.05)
    # allowed 0.05 s: u = 2 x 0.05 / 0.1 = 1, rho = (sqrt(5) - 1) / 2 = 0.618
    assert ONE.capacity(1.0) == pytest.approx(6.18034)


def test_a_group_is_what_arrives_during_one():
    # r = 12/s: g = 12 x (0.1 - 0.05) / (1 - 12 x 0.05) = 1.5, T = 0.125 s, at work 12 x 0.125 / 1.5 = all the time;
    # rho = 12 x 0.25 / 4 = 0.75: W = 0.025 + 0.125 / 2 + 0.25 / 8 x 0.75^2 / 0.25
    assert FOUR.wait(12.0, 1.0) == pytest.approx(0.025 + 0.0625 + 0.03125 * 0.5625 / 0.25)


@given(st.floats(0.1, 500.0), st.sampled_from([ONE, FOUR]))
def test_copies_are_the_fewest_that_compute_the_prompts(rate: float, pool: Pool):
    copies = float(pool.copies_for(rate))
    assert pool.capacity(copies) >= rate * (1 - 1e-9)
    assert copies == 1.0 or pool.capacity(copies - 1.0) < rate


def test_chips_are_split_so_that_both_deliver_the_most():
    # 16 chips, decoding copies of 4 chips at 9/s, prompts on copies of 2 chips
    every = [(min(((16 - 2 * n) // 4) * 9.0, float(ONE.capacity(float(n)))), n) for n in range(1, 8)]
    copies, prompts, rate = mixes(16.0, 4, 9.0, ONE)
    assert (rate, prompts) == max(every, key=lambda pair: (pair[0], -pair[1]))
    assert copies == (16 - 2 * prompts) // 4


@given(st.floats(1.0, 200.0), st.integers(2, 8).map(lambda n: 8.0 * n))
def test_no_split_is_far_better_than_the_one_found(rate: float, chips: float):
    best = max(min(((chips - 2 * n) // 4) * rate, float(ONE.capacity(float(n)))) for n in range(1, int(chips // 2) - 1))
    assert float(mixes(chips, 4, rate, ONE)[2]) >= 0.999 * best


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
