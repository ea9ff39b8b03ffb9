from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.cost.bill import price
from lcot.cost.finance import capital_recovery, levelling
from lcot.errors import MissingFact, UnknownName
from lcot.facts import catalog
from lcot.facts.types import Fact, Facts
from lcot.serving.types import Traffic
from lcot.units import HOUR, YEAR
from tests.cost.conftest import SERVED, TRAFFIC, make_site, make_system

SITES = ("us-colocation", "us-owned", "nordic", "gulf", "china")


def bill(system=None, served=SERVED, traffic=TRAFFIC, site=None, **rest):
    return price(system or make_system(), served, traffic, site or make_site(), **rest)


def test_every_line_by_hand():
    lines = {name: rate * YEAR for name, rate in bill().lines.items()}
    factor = 0.2504564545  # 8 %, 5 years
    assert lines["accelerator"] == pytest.approx(180e3 * factor, rel=1e-9)
    assert lines["server"] == pytest.approx(120e3 * factor, rel=1e-9)
    assert lines["network"] == pytest.approx(30e3 * factor, rel=1e-9)
    assert lines["facility"] == pytest.approx(10 * 200 * 12)  # 10 kW at 200 USD/(kW*month)
    assert lines["energy"] == pytest.approx(6 * 1.2 * 8760 * 0.10)
    assert lines["support"] == pytest.approx(0.03 * 330e3)
    assert lines["spares"] == pytest.approx(0.02 * 180e3)
    machines = lines["accelerator"] + lines["server"] + lines["network"]
    assert lines["staff"] == pytest.approx(0.05 * machines)
    assert lines["software"] == pytest.approx(0.01 * machines)


def test_the_cost_of_a_token_by_hand():
    made = bill()
    assert made.cost["bottleneck_seconds"].blended == pytest.approx(made.total / (4.0 * 1500), rel=1e-12)
    assert made.tokens == {"input": 4000.0, "cached_input": 0.0, "output": 2000.0}
    assert made.capital["accelerator"] == pytest.approx(180e3)
    assert made.site_power == pytest.approx(7200.0)


def test_chip_system_and_site_reconcile():
    one, many = bill(), bill(served=replace(SERVED, systems=7.0, rate=28.0, capacity=56.0, power=42e3))
    for name in one.lines:
        assert many.lines[name] == pytest.approx(7 * one.lines[name], rel=1e-12)
    assert many.cost["bottleneck_seconds"].output == pytest.approx(one.cost["bottleneck_seconds"].output, rel=1e-12)


def test_own_building():
    site = make_site(facility__rent=None, facility__capital=10.0, facility__premium=0.1, facility__upkeep=0.03 / YEAR)
    made = bill(site=site)
    assert made.lines["facility"] * YEAR == pytest.approx(110e3 * (capital_recovery(0.06, 20) + 0.03))
    assert made.capital["facility"] == pytest.approx(110e3)


def test_rent_is_whole_systems():
    made = bill(basis="rent")
    assert set(made.lines) == {"rent", "staff", "software"}
    assert made.lines["rent"] * HOUR == pytest.approx(8 * 2.5)
    with pytest.raises(MissingFact, match=r"box\.rent\.spot"):
        bill(basis="rent", term="spot")


def test_rent_equal_to_the_levelised_cost_gives_the_same_cost():
    owned = bill(site=make_site(operations__staff=0.0, operations__software=0.0))
    system = make_system(**{"rent.reserved": owned.total / 8})
    rented = bill(
        system, site=make_site(operations__staff=0.0, operations__software=0.0), basis="rent", term="reserved"
    )
    assert rented.cost["bottleneck_seconds"].output == pytest.approx(owned.cost["bottleneck_seconds"].output, rel=1e-12)


def test_missing_price_is_named():
    with pytest.raises(MissingFact, match=r"box\.price"):
        bill(make_system(price=None))


def test_unknown_basis_and_term():
    with pytest.raises(UnknownName, match="own"):
        bill(basis="owns")
    with pytest.raises(UnknownName, match="on_demand"):
        bill(basis="rent", term="on-demand")


def test_partner_is_bought_too():
    system = make_system()
    object.__setattr__(system, "pairs_with", "other")
    both = bill(system, partner=make_system(price=600e3))
    alone = bill()
    assert both.capital["accelerator"] == pytest.approx(3 * alone.capital["accelerator"])
    assert both.lines["energy"] == pytest.approx(alone.lines["energy"])  # power of a pair, once known, is of both
    assert both.tokens == alone.tokens
    unknown = replace(SERVED, power=None)
    nameplates = bill(system, partner=make_system(price=600e3), served=unknown)
    assert nameplates.lines["energy"] == pytest.approx(2 * bill(served=unknown).lines["energy"])


def test_power_unknown_to_the_step_time_comes_from_the_nameplate():
    made = bill(served=replace(SERVED, power=None))
    assert made.site_power == pytest.approx(10e3 * (0.25 + 0.75 * 0.5) * 1.2)


def test_availability_and_growth():
    assert bill(site=make_site(availability=0.9)).tokens["output"] == pytest.approx(1800.0)
    site = make_site(growth__software=0.2 / YEAR, growth__degradation=0.05 / YEAR)
    assert bill(site=site).tokens["output"] == pytest.approx(2000.0)  # a load that is asked for does not grow
    full = Traffic(1000.0, 500.0, rate=None)
    factor = levelling(0.08, 1.2 * 0.95 - 1, 5)
    assert bill(site=site, traffic=full).tokens["output"] == pytest.approx(2000.0 * factor)
    assert factor > 1


def test_halving_the_load_doubles_the_capital_of_a_token():
    half = bill(served=replace(SERVED, rate=2.0))
    assert half.lines["accelerator"] / half.tokens["output"] == pytest.approx(
        2 * bill().lines["accelerator"] / bill().tokens["output"], rel=1e-12
    )


@settings(max_examples=50)
@given(st.floats(0.1, 10.0), st.sampled_from(["electricity.price", "pue", "finance.discount_rate", "facility.rent"]))
def test_dearer_is_never_cheaper(factor, key):
    site = make_site()
    other = replace(site, facts=site.facts.with_values({key: site.facts.number(key) * factor}))
    change = bill(site=other).total - bill(site=site).total
    assert change >= 0 if factor >= 1 else change <= 0


@settings(max_examples=50)
@given(st.floats(0.1, 10.0))
def test_cost_is_linear_in_the_price(factor):
    def cost(amount):
        return bill(make_system(price=amount)).cost["bottleneck_seconds"].blended

    expected = cost(0.0) + factor * (cost(1e6) - cost(0.0))
    assert cost(factor * 1e6) == pytest.approx(expected, rel=1e-9)


def test_arrays_follow_the_floats():
    prices = np.array([1e5, 2e5, 3e5])
    made = bill(make_system(price=prices), site=make_site(electricity__price=np.array([0.1, 0.2, 0.3]) / 3.6e6))
    third = bill(make_system(price=3e5), site=make_site(electricity__price=0.3 / 3.6e6))
    assert made.cost["bottleneck_seconds"].output[2] == pytest.approx(
        third.cost["bottleneck_seconds"].output, rel=1e-14
    )


def test_declared_estimates_are_named():
    site = make_site()
    guessed = {**site.facts.items_by_key, "operations.staff": Fact("operations.staff", 0.05, "1", kind="estimate")}
    made = bill(site=replace(site, facts=Facts("here", guessed)))
    assert made.estimates == ("here.operations.staff",)
    assert "box.price" in made.used


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("basis", ["own", "rent"])
def test_shipped_sites_price_a_server(name, basis):
    made = bill(site=catalog.site(name), basis=basis)
    assert made.total > 0
    assert all(rate >= 0 for rate in made.lines.values())
    assert f"{name}.operations.staff" in made.estimates
    hourly = made.total / 8 * HOUR
    assert 1.0 < hourly < 4.0  # USD per chip-hour of an eight-GPU server of 300,000 USD
