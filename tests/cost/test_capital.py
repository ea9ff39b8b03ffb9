from __future__ import annotations

import numpy as np
import pytest

from lcot.cost.capital import SCOPES, components, facility, stated_price, system_price
from lcot.cost.reading import Reading
from lcot.errors import DomainError, MissingFact
from lcot.facts.keys import PRICE_SCOPES
from tests.cost.conftest import facts, make_site, make_system


def test_every_scope_of_a_price_is_known():
    assert set(PRICE_SCOPES) == set(SCOPES)


@pytest.mark.parametrize(
    ("scope", "whole"),
    [
        ("modules", 500e3),
        ("chip", 500e3),
        ("card", 600e3),
        ("bom", 300e3 / 0.9),
        ("server", 300e3),
        ("rack", 300e3),
        ("system", 300e3),
    ],
)
def test_what_a_price_includes(scope, whole):
    assert system_price(make_system(scope), make_site(), Reading()) == pytest.approx(whole)


def test_components_add_up_to_the_price_and_the_network():
    parts = {p.name: p for p in components(make_system(), make_site(), Reading())}
    assert parts["accelerator"].price == pytest.approx(180e3)
    assert parts["server"].price == pytest.approx(120e3)
    assert parts["network"].price == pytest.approx(30e3)
    assert parts["accelerator"].life == pytest.approx(5.0)
    assert parts["accelerator"].rate == pytest.approx(0.08)


def test_modules_leave_the_accelerators_at_their_price():
    parts = {p.name: p for p in components(make_system("modules"), make_site(), Reading())}
    assert parts["accelerator"].price == pytest.approx(300e3)
    assert parts["server"].price == pytest.approx(200e3)


def test_a_known_network_stands_above_the_share():
    system = make_system(**{"network.price": 12e3})
    parts = {p.name: p.price for p in components(system, make_site(), Reading())}
    assert parts["network"] == 12e3


def test_chip_price_where_the_system_has_none():
    system = make_system(price=None)
    with pytest.raises(MissingFact, match=r"box\.price"):
        stated_price(system)
    object.__setattr__(system.chip, "facts", facts("chip", {"price": 30e3}, {"price": "chip"}))
    assert system_price(system, make_site(), Reading()) == pytest.approx(400e3)


def test_a_price_must_say_what_it_includes():
    with pytest.raises(DomainError, match="scope"):
        system_price(make_system(""), make_site(), Reading())


def test_facility_by_hand():
    site = make_site(facility__capital=10.0, facility__premium=0.1)
    part = facility(10e3, site, Reading())
    assert part.price == pytest.approx(110e3)
    assert part.life == pytest.approx(20.0)
    assert part.rate == pytest.approx(0.06)


def test_prices_may_be_arrays():
    parts = components(make_system(price=np.array([1e5, 2e5])), make_site(), Reading())
    assert parts[0].price.tolist() == pytest.approx([6e4, 1.2e5])
