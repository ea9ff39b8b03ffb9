from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.cost.bill import price
from lcot.cost.cashflow import by_year, cash_flow
from lcot.cost.finance import Component, present_value, present_worth
from lcot.errors import DomainError
from lcot.units import YEAR
from tests.cost.conftest import SERVED, TRAFFIC, make_site, make_system


@pytest.mark.parametrize("years", [1, 4, 5, 12, 15])
def test_cash_flow_has_the_value_of_the_level_costs(years):
    parts = (Component("a", 100.0, 5, 0.08, 0.1), Component("b", 50.0, 15, 0.08))
    flow = cash_flow(parts, 7.0, years)
    value = flow[0] + present_value(flow[1:], 0.08)
    level = 7.0 + sum(part.yearly for part in parts)
    assert value == pytest.approx(level * present_worth(0.08, years), rel=1e-12)
    assert flow.shape == (years + 1,)
    assert flow[0] == 150.0


def test_cash_flow_replaces_and_returns():
    flow = cash_flow((Component("a", 100.0, 2, 0.0, 0.25),), 0.0, 4)
    assert flow.tolist() == [100.0, 0.0, 75.0, 0.0, -25.0]


def test_cash_flow_takes_arrays():
    flow = cash_flow((Component("a", np.array([100.0, 200.0]), 5, 0.08),), 1.0, 5)
    assert flow.shape == (6, 2)
    assert flow[0].tolist() == [100.0, 200.0]


def test_cash_flow_refuses_broken_lives():
    with pytest.raises(DomainError, match="life of a"):
        cash_flow((Component("a", 1.0, 2.5, 0.1),), 0.0, 5)
    with pytest.raises(DomainError, match="years"):
        cash_flow((), 0.0, 0)


@pytest.mark.parametrize("basis", ["own", "rent"])
@pytest.mark.parametrize("rate", [4.0, None])
@pytest.mark.parametrize("building", [False, True])
def test_years_have_the_value_of_the_bill(basis, rate, building):
    own = {"facility__rent": None, "facility__capital": 10.0, "facility__premium": 0.1, "facility__upkeep": 0.03 / YEAR}
    site = make_site(
        growth__software=0.1 / YEAR, finance__facility_rate=0.08 / YEAR, life__server=3 * YEAR, capital__salvage=0.1,
        **(own if building else {}),
    )  # fmt: skip
    traffic = replace(TRAFFIC, rate=rate)
    bill = price(make_system(), SERVED, traffic, site, basis)
    years = by_year(bill, make_system(), 1.0, traffic, site)
    value = years.paid[0] + present_value(years.paid[1:], 0.08)
    sold = present_value(years.tokens[1:], 0.08)
    assert value / sold == pytest.approx(bill.cost["bottleneck_seconds"].blended, rel=1e-9)
    assert value == pytest.approx(bill.total * YEAR * present_worth(0.08, 5), rel=1e-9)


def test_years_by_hand():
    bill = price(make_system(), SERVED, TRAFFIC, make_site())
    years = by_year(bill, make_system(), 1.0, TRAFFIC, make_site())
    assert years.purchases["accelerator"].tolist() == [180e3, 0, 0, 0, 0, 0]
    assert years.purchases["network"][0] == pytest.approx(30e3)
    assert years.running["energy"][3] == pytest.approx(6e3 * 1.2 * 8760 * 0.10 / 1e3)
    assert set(years.running) == {"facility", "energy", "support", "spares", "staff", "software"}
    assert years.tokens.tolist() == pytest.approx([0.0, *[6000 * YEAR] * 5])
    assert years.tokens[5] == years.tokens[1]


def test_years_take_whole_lives():
    site = make_site(life__accelerator=4.5 * YEAR)
    with pytest.raises(DomainError, match="whole number of years"):
        by_year(price(make_system(), SERVED, TRAFFIC, site), make_system(), 1.0, TRAFFIC, site)
