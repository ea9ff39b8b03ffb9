"""Vintages and their retirement."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.stock import Vintage, capacity, retire, total


def vintage(year: int, running: float, bound: float = 0.0) -> Vintage:
    """Ten chips that serve three units each."""
    one = np.ones((1, 1, 1))
    return Vintage(year, 10 * one, 3 * one, running * one, 500 * one, 2 * one, bound * one)


def test_capacity_and_totals_by_hand() -> None:
    """Two vintages of ten chips: 60 units, 10 kW, 40 H100 equivalents."""
    stock = [vintage(2024, 1.0), vintage(2025, 1.0)]
    assert capacity(stock) == pytest.approx(np.array([[60.0]]))
    assert total(stock, "power").item() == pytest.approx(10_000)
    assert total(stock, "compute").item() == pytest.approx(40)
    assert total(stock, "chips").item() == pytest.approx(20)


def test_chips_retire_by_age() -> None:
    """At five years, not before."""
    stock = [vintage(2023, 1.0), vintage(2024, 1.0)]
    left, gone = retire(stock, 2028, np.array([5.0]), None)
    assert gone.item() == 10.0
    assert [v.chips.item() for v in left] == [0.0, 10.0]


def test_chips_retire_when_running_them_costs_more_than_new_ones() -> None:
    """A running cost of 5 against a price of 4, and of 3."""
    stock = [vintage(2025, 5.0), vintage(2026, 3.0)]
    left, gone = retire(stock, 2027, np.array([5.0]), np.array([[[4.0]]]))
    assert gone.item() == 10.0
    assert [v.chips.item() for v in left] == [0.0, 10.0]


def test_what_a_contract_binds_stays_until_it_is_too_old() -> None:
    """Of ten chips that cost too much to run four are bound; at five years all go."""
    stock = [vintage(2025, 5.0, 4.0)]
    left, gone = retire(stock, 2027, np.array([5.0]), np.array([[[4.0]]]))
    assert (gone.item(), left[0].chips.item()) == (6.0, 4.0)
    left, gone = retire(left, 2030, np.array([5.0]), np.array([[[4.0]]]))
    assert (gone.item(), left[0].chips.item()) == (4.0, 0.0)
