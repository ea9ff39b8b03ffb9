"""Made-up traffic has the rate, spread and structure asked for, and is the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.errors import DomainError
from lcot.serving.synthetic import agents, arrivals, closed_loop, lengths, open_loop, scaled


@pytest.mark.parametrize("burstiness", [0.5, 1.0, 3.0])
def test_rate_and_burstiness(burstiness):
    gaps = np.diff(arrivals(4.0, 200_000, burstiness))
    assert 1 / gaps.mean() == pytest.approx(4.0, rel=0.03)
    assert gaps.std() / gaps.mean() == pytest.approx(burstiness, rel=0.03)


def test_daily_swing():
    times = arrivals(2.0, 500_000, swing=0.8)
    hour = (times % 86400) // 3600
    assert np.all(np.diff(times) >= 0)
    assert np.mean(hour == 12) / np.mean(hour == 0) == pytest.approx(1.8 / 0.2, rel=0.2)


def test_lengths():
    assert lengths(500, 3).tolist() == [500] * 3
    drawn = lengths(500, 200_000, 0.7)
    assert drawn.mean() == pytest.approx(500, rel=0.01)
    assert drawn.std() / drawn.mean() == pytest.approx(0.7, rel=0.02)


def test_empirical_pairs_stay_together():
    made = open_loop(1.0, 1000, [10, 20], [1, 2])
    assert np.array_equal(made.input_tokens, 10 * made.output_tokens)


def test_same_seed_same_traffic():
    assert np.array_equal(arrivals(1.0, 100, seed=3), arrivals(1.0, 100, seed=3))
    assert not np.array_equal(arrivals(1.0, 100, seed=3), arrivals(1.0, 100, seed=4))


def test_agents_repeat_what_was_said():
    made = agents(1.0, 2, 3, 256, 64, 128, think=1.0, shared_tokens=128, block=64)
    assert made.input_tokens.tolist() == [256, 448, 640] * 2
    assert made.successor.tolist() == [1, 2, -1, 4, 5, -1]
    start, h = made.hash_start, made.hashes
    first, second = h[start[0] : start[1]], h[start[1] : start[2]]
    assert np.array_equal(second[: len(first)], first)  # a turn begins with the prompt and answer before it
    other = h[start[3] : start[4]]
    assert np.array_equal(first[:2], other[:2])
    assert not set(first[2:]) & set(other[2:])


def test_closed_loop_and_scaling():
    assert closed_loop(3, 9, [5], [6]).concurrency == 3
    assert np.allclose(scaled(open_loop(1.0, 50, [5], [6]), 2.0).arrival * 2, open_loop(1.0, 50, [5], [6]).arrival)


def test_bad_traffic_is_refused():
    with pytest.raises(DomainError):
        arrivals(0.0, 5)
    with pytest.raises(DomainError):
        arrivals(1.0, 5, swing=2.0)
    with pytest.raises(DomainError):
        lengths(0.5, 5)
    with pytest.raises(DomainError):
        open_loop(1.0, 5, [1, 2], [1])
    with pytest.raises(DomainError):
        agents(1.0, 1, 1, 10, 1, 1, 0.0, shared_tokens=20)
    with pytest.raises(DomainError):
        scaled(open_loop(1.0, 5, [1], [1]), 0.0)
