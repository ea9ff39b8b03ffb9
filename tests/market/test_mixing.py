"""A system over several models."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.mixing import cheaper, mixed
from lcot.market.types import Parts


def parts(hour: float, rate: float, use: float = 0.5, speed: float = 50.0) -> Parts:
    """One draw, in which the cost follows from the rest."""
    one = np.ones(1)
    return Parts(hour * one, rate * one, use * one, hour / 3600 / rate / use * one, speed * one, 900 * one, one)


def test_chip_seconds_add_up_by_hand() -> None:
    """Half the tokens at 1,000 a second, half at 3,000: 1,500; the cost is the mean of the costs."""
    one, other = parts(3.6, 1000.0), parts(3.6, 3000.0)
    found = mixed({"a": 0.5, "b": 0.5}, {"a": one, "b": other}, {"a": 1.0, "b": 1.0})
    assert found.throughput == pytest.approx([1500.0])
    assert found.cost == pytest.approx((one.cost + other.cost) / 2)
    assert found.cost == pytest.approx(found.chip_hour / 3600 / found.throughput / found.utilisation)
    assert found.speed == pytest.approx([50.0])


def test_a_system_that_serves_one_model_is_taken_at_its_advantage_there() -> None:
    """The model that it lacks costs three times as much on the usual system: twice its own cost over the mix."""
    one = parts(3.6, 1000.0)
    found = mixed({"a": 0.5, "b": 0.5}, {"a": one}, {"a": 1.0, "b": 3.0})
    assert found.cost == pytest.approx(2.0 * one.cost)
    assert found.throughput == pytest.approx([500.0])


def test_the_cheaper_is_taken_draw_by_draw() -> None:
    """With all that belongs to it."""
    one, other = parts(2.0, 1000.0), parts(4.0, 1000.0)
    assert cheaper(other, one).chip_hour == pytest.approx([2.0])
