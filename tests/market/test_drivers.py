"""Which assumptions move the answer."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.drivers import ENDS, SEARCHED, drivers, groups, watch
from lcot.market.offers import Offers
from lcot.market.types import Drivers, Outlook, Posterior, Scenario

FITTED = Posterior("choice.price_sensitivity", "1", (0.5, 2.0, 6.0), (1.0, 1.5, 2.5), 8)


@pytest.fixture(scope="module")
def found(base: Scenario, offers: Offers) -> Drivers:
    """On made-up costs."""
    return drivers(base, offers, (FITTED,))


def test_years_of_a_series_move_as_one_and_searched_facts_do_not(base: Scenario) -> None:
    """Power is one assumption; lengths of requests and prices of systems are in the vendors' costs."""
    made = groups(base)
    assert made["cap.power"] == ["cap.power.2025", "cap.power.2026", "cap.power.2027", "cap.power.2030"]
    assert not any(key.startswith(SEARCHED) for key in made)
    assert "learning.error" not in made
    assert ENDS == (0.1, 0.9)


def test_more_power_and_more_demand_serve_more_tokens_and_dear_chips_make_dear_tokens(found: Drivers) -> None:
    """Signs, and which of them are declared estimates."""
    rows = {row.key: row for row in found.rows}
    tokens = next(key for key in found.stated if key.startswith("tokens served"))
    cost = next(key for key in found.stated if key.startswith("cost of a token"))
    for key in ("cap.power", "tokens"):
        low, high = rows[key].ends[tokens]
        assert low < high
    cheap, dear = rows["costs of nvidia"].ends[cost]
    assert cheap < dear
    assert rows["tokens"].estimate
    assert not rows["compute.growth"].estimate


def test_the_strongest_comes_first(found: Drivers) -> None:
    """By the distance between the ends."""
    for name in found.stated:
        spans = [abs(row.ends[name][1] - row.ends[name][0]) for row in found.ranked(name)]
        assert spans == sorted(spans, reverse=True)
        assert spans[0] > 0


def test_what_is_watched_is_read_off_the_outlook(outlook: Outlook) -> None:
    """Cost and shares of 2028, tokens of 2030."""
    found, units = watch(outlook)
    assert found["inference share of compute, 2028"] == pytest.approx(outlook.inference_share()[3])
    assert found["tokens served, 2030"] == pytest.approx(outlook.tokens[:, -1].sum(axis=0))
    assert set(units) == set(found)
    assert np.all(found["challengers' share of compute added, 2028"] < 0.2)
