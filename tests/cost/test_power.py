from __future__ import annotations

import pytest

from lcot.cost.power import average_power, cooled, provided_power
from lcot.cost.reading import Reading
from lcot.errors import MissingFact
from tests.cost.conftest import facts, make_site, make_system


def without(system, *keys):
    left = {k: v for k, v in system.facts.items_by_key.items() if k not in keys}
    object.__setattr__(system, "facts", type(system.facts)(system.id, left))
    return system


def test_average_power_by_hand():
    assert average_power(10e3, 0.25, 0.5) == pytest.approx(6250.0)
    assert average_power(10e3, 0.25, 0.0) == pytest.approx(2500.0)
    assert average_power(10e3, 0.25, 1.0) == pytest.approx(10e3)


def test_nameplate_first():
    assert provided_power(make_system(), make_site(), Reading()) == 10e3


def test_all_in_power_is_never_multiplied_by_pue():
    system = without(make_system(**{"power.all_in": 15e3}), "power.max")
    it = provided_power(system, make_site(), Reading())
    assert it * cooled(system, make_site(), Reading()) == pytest.approx(15e3)


def test_typical_then_chips():
    assert provided_power(without(make_system(**{"power.typical": 8e3}), "power.max"), make_site(), Reading()) == 8e3
    reading = Reading()
    chips = provided_power(without(make_system(), "power.max"), make_site(), reading)
    assert chips == pytest.approx(8 * 700 * 1.8)
    assert "here.power.system_over_chips" in reading.used


def test_tdp_of_a_whole_system_is_not_scaled_up():
    system = without(make_system(), "power.max")
    object.__setattr__(system.chip, "facts", facts("chip", {"power.tdp": 23e3}, {"power.tdp": "system"}))
    object.__setattr__(system, "count", 1)
    assert provided_power(system, make_site(), Reading()) == 23e3


def test_no_power_is_named():
    system = without(make_system(), "power.max")
    object.__setattr__(system.chip, "facts", facts("chip", {}))
    with pytest.raises(MissingFact, match=r"box\.power\.max"):
        provided_power(system, make_site(), Reading())


def test_liquid_cooling_has_its_own_pue():
    site = make_site(pue__liquid=1.1)
    assert cooled(make_system(cooling="direct liquid"), site, Reading()) == 1.1
    assert cooled(make_system(cooling="air"), site, Reading()) == 1.2
    assert cooled(make_system(cooling="liquid"), make_site(), Reading()) == 1.2
