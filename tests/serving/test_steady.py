"""Whole systems, and the batch at which a fleet runs."""

import numpy as np
import pytest

from lcot.errors import DomainError, Infeasible
from lcot.serving.steady import steady
from lcot.serving.types import Target, Traffic

from .test_curve import steps


def test_systems_are_bought_whole():
    # at 10 ms a step 50 tokens/s a user is met by any batch that the cache holds
    served = steady(steps(), Traffic(1000, 500, rate=0.1), Target(speed=50))
    assert served.systems == 1
    assert served.copies == 1
    assert served.utilisation < 0.1
    busier = steady(steps(), Traffic(1000, 500, rate=1000.0), Target(speed=50))
    assert busier.systems == np.ceil(1000 / (served.capacity))
    assert 0.9 < busier.utilisation <= 1


def test_littles_law():
    served = steady(steps(), Traffic(1000, 500, rate=3.0), Target(speed=50))
    assert served.batch * served.copies == pytest.approx(3.0 * 500 * served.time_per_output_token, rel=1e-3)


def test_below_one_sequence_the_copy_idles():
    served = steady(steps(), Traffic(1000, 500, rate=0.02), Target())
    share = 0.02 * 500 * served.time_per_output_token
    assert served.batch == pytest.approx(share, rel=1e-4)
    # a request takes 500 steps of 10 ms and a prompt of 10 ms
    assert served.power == pytest.approx(200 + 800 * 0.02 * (500 * 0.01 + 0.01), rel=1e-2)


def test_long_prompts_with_short_outputs_need_one_system_at_a_low_rate():
    # a prompt of 30000 takes 0.3 s; one sequence that always decodes its two tokens would never leave time for more
    traffic, target = Traffic(30_000, 2, rate=0.5), Target(time_to_first_token=0.5)
    served = steady(steps(), traffic, target)
    assert served.systems == 1
    assert served.batch < 0.05
    # queue with one server: 15 % of the time taken by pieces of 8192 that last 92 ms with the token beside them
    assert 0.3 < served.time_to_first_token < 0.4
    with pytest.raises(Infeasible):
        steady(steps(), traffic, Target(time_to_first_token=0.25))


def test_without_a_rate_the_load_factor_applies():
    served = steady(steps(), Traffic(1000, 500), Target(speed=50), load_factor=0.45)
    assert served.utilisation == pytest.approx(0.45)


@pytest.mark.parametrize("traffic", [Traffic(0, 500, 1.0), Traffic(1000, -1, 1.0), Traffic(1000, 500, 0.0)])
def test_lengths_and_rates_are_positive(traffic):
    with pytest.raises(DomainError):
        steady(steps(), traffic, Target())


def test_context_is_a_limit():
    with pytest.raises(Infeasible, match="exceeds the context"):
        steady(steps(kv=1e9), Traffic(2e6, 500, 1.0), Target())
