"""The batch that meets the target, against numbers worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import Infeasible
from lcot.serving.capacity import capacity, interpolate, reach
from lcot.serving.curve import batches, curve
from lcot.serving.types import Target, Traffic

from .test_curve import steps


def test_speed_limits_the_batch():
    # 10 ms + 0.1 us x 1250 tokens a sequence: 20 ms at 80 sequences, less what prompts add
    points = curve(steps(per_context=1e-7, per_prompt_token=0.0), Traffic(1000, 500), batches(700))
    even, limit = capacity(points, Target(speed=50), burstiness=0.0)
    assert limit == "speed"
    assert even == pytest.approx(80, rel=5e-3)
    mean, _ = capacity(points, Target(speed=50))
    assert mean + 1.2816 * np.sqrt(mean) == pytest.approx(even)


def test_other_limits_are_named():
    points = curve(steps(per_context=1e-7), Traffic(1000, 500), batches(700))
    assert capacity(points, Target())[1] == "batch limit"
    assert capacity(points, Target(time_to_first_token=0.03))[1] == "time to first token"
    assert capacity(curve(steps(kv=50_000), Traffic(1000, 500), batches(700)), Target())[1] == "KV cache"


@pytest.mark.parametrize(
    ("target", "limit"),
    [(Target(speed=1000), "speed"), (Target(time_to_first_token=1e-6), "time to first token")],
)
def test_impossible_targets_say_what_is_reached(target, limit):
    points = curve(steps(), Traffic(1000, 500), batches(8))
    with pytest.raises(Infeasible) as error:
        capacity(points, target)
    assert error.value.limit == limit


def test_no_room_for_one():
    with pytest.raises(Infeasible, match="KV cache"):
        capacity(curve(steps(kv=100), Traffic(1000, 500), batches(4)), Target())


def test_a_draw_that_fails_is_not_a_number():
    many = curve(steps(fixed=np.array([0.01, 0.02])), Traffic(1000, 500), batches(64)[:, None])
    mean, _ = capacity(many, Target(speed=60))
    assert mean[0] > 1
    assert np.isnan(mean[1])  # 20 ms a step never reaches 60 tokens/s


@given(st.floats(0.011, 0.2), st.floats(1.01, 3))
def test_a_slower_target_never_serves_fewer(limit, factor):
    points = curve(steps(per_context=1e-7), Traffic(1000, 500), batches(700))
    tight, loose = (capacity(points, Target(speed=1 / t))[0] for t in (limit, limit * factor))
    assert loose >= tight * (1 - 1e-12)


def test_reach_reads_between_points():
    batch, times = np.array([1.0, 10.0, 100.0]), np.array([1.0, 10.0, 100.0])
    assert reach(30.0, times, batch) == pytest.approx(30.0)
    assert reach(np.inf, times, batch) == 100
    assert np.isnan(reach(0.5, times, batch))


def test_interpolate_matches_numpy():
    xs = np.array([1.0, 2.0, 4.0])
    ys = np.array([10.0, 20.0, 0.0])
    for x in (0.0, 1.5, 3.0, 9.0):
        expected = np.interp(x, xs, ys)
        assert interpolate(x, xs, ys) == pytest.approx(expected)
        two = interpolate(np.array([x, x]), np.stack([xs, xs], 1), np.stack([ys, ys], 1))
        np.testing.assert_allclose(two, expected)
