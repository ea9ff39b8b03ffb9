"""Prompts apart: groups, waits, and the split of chips between both pools."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.serving.pools import Pool, mixes

ONE = Pool(
    chips=2, group=1.0, seconds=0.1, fresh_seconds=0.1, more_seconds=0.1, single=0.1, moving=0.0, waits=0.05,
    variation=1.0, power=None, idle_power=0.0,
)  # fmt: skip
FOUR = replace(ONE, group=4.0, seconds=0.25)  # 0.05 s for each prompt more


def test_one_prompt_at_a_time_waits_as_equal_services_do():
    # r = 5/s, T = 0.1 s: rho = 0.5, W = rho T / 2 (1 - rho) = 0.05 s
    assert ONE.wait(5.0, 1.0) == pytest.approx(0.05)
    # allowed 0.05 s: u = 2 x 0.05 / 0.1 = 1, rho = (sqrt(5) - 1) / 2 = 0.618
    assert ONE.capacity(1.0) == pytest.approx(6.18034)


def test_a_group_is_what_arrives_during_one():
    # r = 12/s: g = 12 x (0.1 - 0.05) / (1 - 12 x 0.05) = 1.5, T = 0.125 s, at work 12 x 0.125 / 1.5 = all the time;
    # rho = 12 x 0.25 / 4 = 0.75: W = 0.025 + 0.125 / 2 + 0.25 / 8 x 0.75^2 / 0.25
    assert FOUR.wait(12.0, 1.0) == pytest.approx(0.025 + 0.0625 + 0.03125 * 0.5625 / 0.25)


@settings(max_examples=300)
@given(
    group=st.sampled_from([1.0, 8.0, 128.0]), seconds=st.floats(1e-3, 30.0), share=st.floats(1e-5, 1.0),
    variation=st.sampled_from([0.0, 0.5, 1.0, 3.0]), rate=st.floats(1e-3, 1e4),
)  # fmt: skip
def test_copies_are_the_fewest_that_compute_the_prompts(
    group: float, seconds: float, share: float, variation: float, rate: float
):
    one = replace(ONE, group=group, seconds=seconds, waits=seconds * share, variation=variation)
    copies = float(one.copies_for(rate))
    assert one.capacity(copies) >= rate
    assert copies == 1.0 or one.capacity(copies - 1.0) < rate * (1.0 + 1e-8)


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
