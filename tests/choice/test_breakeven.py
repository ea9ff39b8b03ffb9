from __future__ import annotations

import math

import pytest

from lcot.choice import breakeven
from lcot.choice.breakeven import changed, costs_along, flips
from lcot.errors import DomainError, UnknownName
from tests.choice.double import make_deployment, make_question


def test_crossing_by_hand():
    found = flips(lambda x: {"flat": 10.0, "steep": x}, 1.0, 100.0)
    assert len(found) == 1
    assert found[0].value == pytest.approx(10.0, rel=1e-4)
    assert (found[0].before, found[0].after) == ("steep", "flat")
    assert found[0].cost == pytest.approx(10.0, rel=1e-3)


def test_jumps_and_several_changes():
    def costs(x):
        return {"step": 1.0 if x < 7.0 else 3.0, "flat": 2.0, "late": 4.0 if x < 50.0 else 0.5}

    found = flips(costs, 1.0, 100.0)
    assert [(f.before, f.after) for f in found] == [("step", "flat"), ("flat", "late")]
    assert [f.value for f in found] == pytest.approx([7.0, 50.0], rel=1e-4)


def test_nothing_serves_any_more():
    found = flips(lambda x: {"a": 1.0 if x < 5 else math.inf, "b": math.inf}, 1.0, 10.0)
    assert [(f.before, f.after) for f in found] == [("a", "")]
    assert flips(lambda x: {"a": 1.0, "b": 2.0}, 1.0, 10.0) == []


def test_ends_must_be_in_order():
    with pytest.raises(DomainError, match="low"):
        flips(lambda x: {}, 0.0, 1.0)


def test_what_changes():
    question, system = make_question(), make_deployment("a").system
    assert changed(question, [system], "rate", 7.0)[0].traffic.rate == 7.0
    assert changed(question, [system], "speed", 90.0)[0].target.speed == 90.0
    assert changed(question, [system], "tariff", 1e-8)[0].site.facts.number("electricity.price") == 1e-8
    assert changed(question, [system], "price", 5e5)[1][0].facts.number("price") == 5e5
    with pytest.raises(UnknownName, match="tariff"):
        changed(question, [system], "tarif", 1.0)
    with pytest.raises(UnknownName, match="tariff"):
        costs_along(question, [system], "tarif")


def test_equal_systems_flip_where_their_prices_meet(monkeypatch):
    from lcot.choice.uncertainty import cost_of
    from tests.choice import double

    monkeypatch.setattr("lcot.choice.uncertainty.estimate", double.estimate)

    def best(question, system):
        deployment = breakeven.replace(make_deployment(system.id), system=system)
        return float(cost_of(deployment, question))

    monkeypatch.setattr(breakeven, "best_cost", best)
    pair = [make_deployment("a").system, make_deployment("b", price=330e3).system]
    found = flips(costs_along(make_question(), pair, "price"), 1e5, 1e6)
    assert [(f.before, f.after) for f in found] == [("a", "b")]
    assert found[0].value == pytest.approx(330e3, rel=1e-4)
