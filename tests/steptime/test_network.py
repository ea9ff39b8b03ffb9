"""Collectives by size, ranks and level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.steptime.network import Group, all_gather, all_reduce, exchange, forward, group, send
from tests.steptime.gpus import CHIP, engine_facts

E = engine_facts()
EIGHT = Group(8, 1, 1e11, 1.0)


def test_groups_by_level() -> None:
    assert group(CHIP, 4) == Group(4, 1, 1e11, 1.0)
    assert group(CHIP, 16) == Group(8, 2, 1e11, 1e10)
    assert group(CHIP, 4, stride=8) == Group(1, 4, 1.0, 1e10)


def test_all_reduce_takes_the_quickest_way() -> None:
    small, middle, large = 1000.0, 1e6, 1e9
    assert all_reduce(small, EIGHT, E) == pytest.approx(4e-6 + 7 * small / 5e10)
    assert all_reduce(middle, EIGHT, E) == pytest.approx(16e-6 + 1.75 * middle / 1e11)
    assert all_reduce(3e5, EIGHT, E) == pytest.approx(8e-6 + 1.75 * 3e5 / 5e10)
    assert all_reduce(large, EIGHT, E) == pytest.approx(16e-6 + 1.75 * large / 1e11)


def test_all_reduce_over_two_domains_adds_the_outer_part() -> None:
    two = Group(8, 2, 1e11, 1e10)
    inside = all_reduce(1e6, EIGHT, E)
    assert all_reduce(1e6, two, E) == pytest.approx(inside + 2 * 20e-6 + 1.0 * (1e6 / 8) / 5e9)


def test_one_rank_says_nothing() -> None:
    for collective in (all_reduce, all_gather, exchange):
        assert collective(1e6, Group(1, 1, 1.0, 1.0), E) == 0.0


def test_all_gather_and_exchange_by_hand() -> None:
    assert all_gather(1e6, EIGHT, E) == pytest.approx(10e-6 + 7 / 8 * 1e6 / 1e11)
    assert exchange(1e6, EIGHT, E) == pytest.approx(10e-6 + 1e6 / 5e10)
    wide = Group(8, 2, 1e11, 1e10)
    assert exchange(1e6, wide, E) == pytest.approx(30e-6 + 8 / 15 * 1e6 / 5e9)


def test_forwarded_messages_by_hand() -> None:
    wide = Group(8, 2, 1e11, 1e10)
    # both legs at once, two floors; the outer links at half of their rate, or at the share of their own
    assert forward(1e6, 1e5, wide, E) == pytest.approx(2 * 30e-6 + max(1e6 / 5e10, 1e5 / 5e9))
    assert forward(1e6, 1e6, wide, engine_facts(exchange__fraction__outer=0.8)) == pytest.approx(60e-6 + 1e6 / 8e9)
    assert forward(0.0, 0.0, wide, E) == 0.0


def test_send_by_hand() -> None:
    assert send(1e6, CHIP, across=False, engine=E) == pytest.approx(10e-6 + 1e6 / 1e11)
    assert send(1e6, CHIP, across=True, engine=E) == pytest.approx(10e-6 + 1e6 / 5e9)


@given(st.lists(st.floats(1, 1e9), min_size=2, max_size=2))
def test_larger_messages_are_never_quicker(sizes: list[float]) -> None:
    low, high = all_reduce(np.array(sorted(sizes)), EIGHT, E)
    assert low <= high * (1 + 1e-12)
