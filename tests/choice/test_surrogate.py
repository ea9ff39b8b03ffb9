from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lcot.choice.surrogate import interpolate, surrogate
from lcot.errors import DomainError


def power_law(factor, load):
    return {"time": 3.0 * factor**1.5 / load**0.5}


def queue(factor, load):
    """Mean time in a queue with one server that is half busy as predicted."""
    return {"time": factor / (1.0 - 0.5 * factor * load)}


def test_by_hand():
    ends, values = np.array([1.0, 4.0]), np.array([[1.0, 4.0], [16.0, 64.0]])
    assert interpolate(ends, ends, values, 2.0, 1.0) == pytest.approx(4.0)  # half way in the logarithm
    assert interpolate(ends, ends, values, 2.0, 2.0) == pytest.approx(8.0)


def test_runs_are_met_and_power_laws_are_exact():
    made = surrogate(power_law, (0.5, 2.0))
    assert made.values["time"].shape == (6, 4)
    assert made.at("time", made.factors[2], made.loads[1]) == pytest.approx(made.values["time"][2, 1], rel=1e-12)
    draws = np.random.default_rng(1).uniform(0.5, 1.5, (2, 100))
    assert made.at("time", *draws) == pytest.approx(power_law(*draws)["time"], rel=1e-12)
    assert made.error["time"] < 1e-12


def test_the_error_of_bends_is_reported():
    made = surrogate(queue, (0.7, 1.2), (0.5, 1.2))
    draws = np.random.default_rng(1).uniform([[0.7], [0.5]], [[1.2], [1.2]], (2, 500))
    real = np.abs(np.log(made.at("time", *draws) / queue(*draws)["time"])).max()
    assert 0 < made.error["time"] < 0.1
    assert real < 2 * made.error["time"]


def test_held_beyond_the_runs():
    made = surrogate(power_law, (0.5, 2.0))
    assert made.at("time", 9.0) == pytest.approx(made.at("time", 2.0))


def test_no_more_than_32_runs_on_any_executor():
    calls = []

    def counted(factor, load):
        calls.append((factor, load))
        return power_law(factor, load)

    with ThreadPoolExecutor(2) as pool:
        made = surrogate(counted, (0.5, 2.0), executor=pool)
    assert 16 <= len(calls) <= 32
    assert (made.values["time"] == surrogate(power_law, (0.5, 2.0)).values["time"]).all()


def test_refusals():
    with pytest.raises(DomainError, match="factors"):
        surrogate(power_law, (2.0, 0.5))
    with pytest.raises(DomainError, match="time"):
        surrogate(lambda factor, load: {"time": 0.0}, (0.5, 2.0))
