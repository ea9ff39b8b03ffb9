"""Runs that are kept: the same facts are not searched twice, other facts are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lcot.facts.types import Facts
from lcot.market.offers import Offers
from lcot.market.scenario import scenario
from lcot.market.types import Parts
from lcot.report import market_store
from lcot.report.market_store import COSTED, kept, mark, offers_of

BASE = scenario("goldman")


def other(key: str) -> Any:
    """The scenario with another value of one fact."""
    items = dict(BASE.facts.items_by_key)
    items[key] = replace(items[key], value=items[key].value * 2)
    return replace(BASE, facts=Facts(BASE.facts.owner, items))


def test_costs_rest_on_segments_and_assumed_prices_alone() -> None:
    """Demand and caps change a run, not the search; a speed changes both."""
    assert mark(BASE) != mark(other("tokens.2030"))
    assert mark(BASE, COSTED) == mark(other("tokens.2030"), COSTED)
    assert mark(BASE, COSTED) != mark(other("segment.chat.speed"), COSTED)
    assert mark(BASE, COSTED) != mark(other("assumed.tpu_v7_4.price"), COSTED)


def test_a_search_is_kept_and_comes_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Infinite costs and NaN included; another seed is searched anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one = np.array([1.0 / 3.0, np.inf, np.nan])
    ran: list[int] = []

    def offers(start: Any, draws: int, seed: int, progress: Any) -> Offers:
        ran.append(seed)
        return Offers({"chat": {"cs-3": Parts(*[one] * 7)}}, {"cs-3": one}, {}, {"a": "why"}, ("b",))

    monkeypatch.setattr(market_store, "offers", offers)
    first, second = offers_of(BASE, 3, 1), offers_of(BASE, 3, 1)
    assert ran == [1]
    for found in (first, second):
        assert np.array_equal(found.parts["chat"]["cs-3"].cost, one, equal_nan=True)
        assert np.array_equal(found.price["cs-3"], one, equal_nan=True)
        assert (found.left_out, found.estimates) == ({"a": "why"}, ("b",))
        assert "cs-3" in found.systems
    offers_of(BASE, 3, 2)
    assert ran == [1, 2]


def test_what_cannot_be_kept_is_made_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder should be."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert kept("x", 1, 1, lambda: 5) == 5
