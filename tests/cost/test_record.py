"""Levels reconcile with what is on record: the hour of a chip with rents, a gigawatt with an analyst's."""

from dataclasses import replace

import pytest

from lcot.cost.bill import price
from lcot.cost.power import cooled
from lcot.cost.reading import Reading
from lcot.facts import catalog
from lcot.units import HOUR
from tests.cost.conftest import SERVED, TRAFFIC

# USD per W, all in: Morgan Stanley Greater China Semiconductors of 2026-05-08, as relayed (source `gigawatt` of a site)
GIGAWATT = {"dgx-h100": 23.0, "dgx-b200": 24.0, "gb300-nvl72": 33.0, "vr200-nvl72": 41.0}
BUSY = replace(SERVED, power=None, rate=4.5, capacity=10.0)  # 45 % used, power from the nameplate


@pytest.mark.parametrize("name", ["dgx-h100", "hgx-h200", "dgx-b200", "gb200-nvl72", "mi355x-8"])
def test_the_hour_of_a_chip_lies_between_an_owners_cost_and_the_rent_on_demand(name):
    system, site = catalog.system(name), catalog.site("us-colocation")
    hour = price(system, BUSY, TRAFFIC, site).total * HOUR / system.count
    owner = system.facts["other.owner_tco"]
    assert 0.95 * owner.value * HOUR < hour
    rents = [fact for key, fact in system.facts.items() if key in ("rent.on_demand", "rent.reserved") and fact.value]
    assert hour < max(fact.value for fact in rents) * HOUR


@pytest.mark.parametrize("name", sorted(GIGAWATT))
def test_the_capital_of_a_gigawatt(name):
    """Racks agree to a fifth; modules are on record at the prices of small orders, so servers stand above."""
    system, site = catalog.system(name), catalog.site("us-owned")
    bill = price(system, BUSY, TRAFFIC, site)
    machines = Reading().number(system.facts, "power.max") * cooled(system, site, Reading())
    drawn = system.facts.number("power.all_in") if system.facts.has("power.all_in") else machines
    per_watt = sum(bill.capital.values()) / drawn
    assert 0.9 * GIGAWATT[name] < per_watt < (1.2 if "nvl72" in name else 1.75) * GIGAWATT[name]
