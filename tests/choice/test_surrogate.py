from __future__ import annotations

import numpy as np
import pytest

from lcot.choice.surrogate import Surrogate, bracket, surrogate
from lcot.errors import DomainError


def queue(intensity):
    """Mean time in a queue with one server that is full at an intensity of 1."""
    return {"time": 1.0 / (1.0 - intensity)} if intensity < 1.0 else None


def power_law(intensity):
    return {"time": 3.0 * intensity**0.5}


def test_by_hand():
    made = Surrogate(np.array([1.0, 4.0]), {"time": np.array([2.0, 8.0])}, 0.0, 2)
    assert made.at("time", 1.0, 2.0) == pytest.approx(4.0)  # half way in the logarithm
    assert made.at("time", 2.0, 1.0) == pytest.approx(8.0)  # the same life, twice as slow
    assert made.at("time", 1.0, 9.0) == pytest.approx(8.0)  # held beyond the runs


def test_power_laws_are_exact():
    made = surrogate(power_law, 2.0)
    factor, load = np.random.default_rng(1).uniform(0.5, 1.0, (2, 100))
    assert made.at("time", factor, load) == pytest.approx(factor * 3.0 * (factor * load) ** 0.5, rel=1e-12)
    assert made.error < 1e-12
    assert made.runs == 24


def test_the_error_of_bends_is_reported():
    made = surrogate(queue, 0.95)
    loads = np.linspace(0.05, 0.95, 500)
    real = np.abs(np.log(made.at("time", 1.0, loads) * (1.0 - loads))).max()
    assert 0 < made.error < 0.2
    assert real < 1.5 * made.error


def test_runs_stop_where_the_copy_does_not_keep_up():
    made = surrogate(queue, 30.0)
    assert 0.85 < made.intensities[-1] < 1.0
    assert 16 <= made.runs <= 30
    assert len(made.intensities) == 20
    assert bracket(queue, 0.1, 0.5) == 0.5


def test_the_highest_load_within_a_limit():
    made = surrogate(queue, 0.95)
    most = made.most({"time": 4.0}, np.array([1.0, 2.0, 3.9, 8.0]))
    assert most[:2] == pytest.approx([0.75, 0.25], rel=0.06)  # f / (1 - f l) = 4
    assert 0 < most[2] < 0.02
    assert most[3] == 0.0  # one request alone takes 8 s
    assert made.most({}, 2.0) == pytest.approx(0.95 / 2)


def test_refusals():
    assert surrogate(lambda _: None, 1.0) is None
    with pytest.raises(DomainError, match="top"):
        surrogate(power_law, 0.0)
    with pytest.raises(DomainError, match="time"):
        surrogate(lambda _: {"time": 0.0}, 1.0)
