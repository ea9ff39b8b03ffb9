"""Scales, ticks, labels."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import InputError
from lcot.report.charts.marks import alike, bounds, clean, dodge, dollars, ticks


def test_clean_keeps_rows_that_have_numbers() -> None:
    rows = [{"value": 1.0}, {"value": None}, {"value": math.nan}, {"value": "2"}, {}, {"value": True}]
    assert clean(rows, ("value",), "cost") == [{"value": 1.0}]


def test_clean_says_so_where_nothing_is_left() -> None:
    with pytest.raises(InputError, match="no cost to draw"):
        clean([{"value": None}], ("value",), "cost")


def test_bounds_leave_room_and_refuse_nothing() -> None:
    low, high = bounds([1.0, 100.0, 0.0])
    assert low == pytest.approx(100**-0.06)
    assert high == pytest.approx(100 * 100**0.06)
    with pytest.raises(InputError):
        bounds([0.0, -1.0])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 1000, [0.1, 1, 10, 100, 1000]),
        (0.2, 11, [0.2, 0.5, 1, 2, 5, 10]),
        (1, 5, [1, 1.5, 2, 3, 4, 5]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


@given(st.floats(1e-6, 1e6), st.floats(1.3, 1e6))
def test_ticks_lie_within(low: float, ratio: float) -> None:
    found = ticks(low, low * ratio)
    assert found == sorted(set(found))
    assert all(low * (1 - 1e-5) <= tick <= low * ratio * (1 + 1e-5) for tick in found)


def test_dodge_leaves_what_is_far_apart() -> None:
    assert dodge([10.0, 50.0, 90.0], 15, 0, 100) == [10.0, 50.0, 90.0]


def test_dodge_hand_worked() -> None:
    assert dodge([50.0, 52.0], 16, 0, 100) == [43.0, 59.0]
    assert dodge([0.0, 1.0], 10, 0, 100) == [0.0, 10.0]


@given(st.lists(st.floats(0, 400), min_size=1, max_size=12))
def test_dodged_labels_do_not_touch_and_keep_their_order(positions: list[float]) -> None:
    placed = dodge(positions, 15, 0, 400)
    ordered = sorted(range(len(positions)), key=lambda i: positions[i])
    assert all(placed[b] - placed[a] >= 15 - 1e-6 for a, b in pairwise(ordered))
    assert min(placed) >= -1e-6
    assert max(placed) <= 400 + 1e-6


def test_dollars() -> None:
    assert [dollars(v) for v in (0.0123, 0.3, 1.9, -0.5, 12345)] == ["$0.012", "$0.30", "$1.90", "-$0.50", "$12,345"]
    assert alike([0.121, 0.034, -0.009]) == ["$0.121", "$0.034", "-$0.009"]
    assert alike([0.0, 0.0]) == ["$0.00", "$0.00"]
