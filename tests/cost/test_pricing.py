from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.cost.bill import price
from lcot.cost.finance import levelling
from lcot.cost.pricing import break_even_price, first_year_price, marginal_cost, priced_at
from lcot.units import HOUR, YEAR
from tests.cost.conftest import SERVED, TRAFFIC, make_site, make_system


def blended(system, basis="own"):
    return price(system, SERVED, TRAFFIC, make_site(), basis).cost["bottleneck_seconds"].blended


def test_break_even_price_returns_the_price():
    target = blended(make_system())
    found = break_even_price(target, make_system(price=None), SERVED, TRAFFIC, make_site())
    assert found == pytest.approx(300e3, rel=1e-9)


def test_break_even_price_makes_the_costs_equal():
    found = break_even_price(2e-6, make_system(), SERVED, TRAFFIC, make_site())
    assert blended(priced_at(make_system(), found)) == pytest.approx(2e-6, rel=1e-9)


def test_break_even_rent():
    found = break_even_price(blended(make_system(), "rent"), make_system(), SERVED, TRAFFIC, make_site(), "rent")
    assert found * HOUR == pytest.approx(2.5, rel=1e-9)


def test_break_even_is_negative_where_a_gift_would_be_too_dear():
    assert break_even_price(1e-9, make_system(), SERVED, TRAFFIC, make_site()) < 0


def test_break_even_of_draws():
    found = break_even_price(np.array([2e-6, 3e-6]), make_system(), SERVED, TRAFFIC, make_site())
    assert found.shape == (2,)
    assert found[1] > found[0]


def test_first_year_price():
    bill = price(make_system(), SERVED, TRAFFIC, make_site())
    level = bill.cost["bottleneck_seconds"].blended
    assert first_year_price(bill, make_site(), TRAFFIC) == pytest.approx(level / levelling(0.08, -0.3, 5))
    assert first_year_price(bill, make_site(market__price_decline=0.0), TRAFFIC) == pytest.approx(level)
    assert first_year_price(bill, make_site(), TRAFFIC) > level


def test_first_year_price_of_a_full_fleet_that_gets_faster():
    """By the years: what is sold each year, at a price that falls, pays for the level costs."""
    full = replace(TRAFFIC, rate=None)
    site = make_site(growth__software=0.2 / YEAR, growth__degradation=0.05 / YEAR)
    bill = price(make_system(), SERVED, full, site)
    years = np.arange(5)
    sold = 4.0 * 1500 * YEAR * (1.2 * 0.95) ** years
    worth = 1.08 ** -(years + 1.0)
    first = float(bill.total) * YEAR * worth.sum() / (sold * 0.7**years * worth).sum()
    assert first_year_price(bill, site, full) == pytest.approx(first, rel=1e-12)


def test_marginal_cost_is_the_energy():
    bill = price(make_system(), SERVED, TRAFFIC, make_site())
    assert marginal_cost(bill) == pytest.approx(bill.lines["energy"] / 6000)
    assert marginal_cost(bill) < bill.cost["bottleneck_seconds"].blended
