"""Buying tokens beside serving them: sums by hand, and a real system."""

from dataclasses import replace

import pytest

from lcot.choice.hosts import Ours, break_even, delivered, each, margins, ours
from lcot.choice.search import entry
from lcot.choice.types import Question
from lcot.cost.api import Offer
from lcot.cost.bill import price
from lcot.facts import catalog
from lcot.serving.types import Target, Traffic
from lcot.workload.models import model
from tests.cost.conftest import SERVED, TRAFFIC, make_site, make_system

OFFER = Offer("host", "model", 1e-6, 0.25e-6, 4e-6, "2026-11-01", "list 1")  # 0.003 USD for 1000 in and 500 out


def question(*systems):
    traffic, site = Traffic(1000.0, 500.0, 5.0), catalog.site("us-colocation")
    return Question(model("llama-3.3-70b"), tuple(map(catalog.system, systems)), traffic, Target(50.0), site)


def one_of(cost, rate, name="box", family="gpu"):
    """A system whose full fleet costs so many USD/s and delivers so many requests/s."""
    system = make_system()
    system = replace(system, id=name, chip=replace(system.chip, family=family))
    bill = price(system, replace(SERVED, rate=rate), TRAFFIC, make_site())
    bill = replace(bill, lines={"all": cost})
    return Ours(system, "own", bill, None, (bill,))


def test_a_fleet_pays_from_the_load_at_which_the_host_costs_as_much():
    load, found = break_even([one_of(0.006, 4.0), one_of(0.009, 100.0, "big")], OFFER, TRAFFIC)
    assert load == pytest.approx(2.0)  # 0.006 USD/s at 0.003 USD a request
    assert found.system.id == "box"


def test_a_fleet_that_cannot_deliver_so_much_never_pays():
    load, found = break_even([one_of(0.015, 4.0), one_of(0.03, 100.0, "big")], OFFER, TRAFFIC)
    assert (load, found.system.id) == (pytest.approx(10.0), "big")
    assert break_even([one_of(0.015, 4.0)], OFFER, TRAFFIC) is None


def test_margins_by_architecture():
    some = [one_of(0.006, 4.0), one_of(0.006, 3.0, "other"), one_of(0.012, 2.0, "wafer", "wafer")]
    found = margins(some, replace(OFFER, system="wafer"), TRAFFIC)
    assert found["gpu"] == (pytest.approx(0.5), "box")
    assert found["wafer"] == found["own silicon"] == (pytest.approx(-1.0), "wafer")


def test_a_real_system_at_three_loads():
    asked = question("dgx-h100")
    found = ours(asked, ("own", "rent"))
    (own,), (rent,) = found["own"], found["rent"]
    plan = entry(asked, asked.systems[0]).plan
    assert own.asked is not None
    assert each(own.asked, asked.traffic) == pytest.approx(
        float(plan.bill.cost["bottleneck_seconds"].blended) * 1500, rel=0.011
    )
    assert delivered(own.asked, asked.traffic) == pytest.approx(5.0 * 0.98)
    assert each(rent.scale, asked.traffic) > each(own.scale, asked.traffic)
    for fleet in own.fleets:
        assert each(fleet, asked.traffic) < each(own.scale, asked.traffic)  # full, not 45 % full


def test_systems_without_a_price_or_off_sale_are_left_out():
    asked = replace(question("mi300x-8", "vr200-nvl72"), available_by="2026-11-22")
    assert ours(asked, ("own",)) == {"own": []}
