"""On what the cost of a token depends: a double whose elasticities are known, and the words."""

from dataclasses import replace

import pytest

from lcot.choice import uncertainty
from lcot.choice.dependence import Dependence, dependence, representative, sentence
from lcot.choice.types import Entry
from tests.choice.double import estimate, make_deployment, make_question


@pytest.fixture(autouse=True)
def _toy_step_time(monkeypatch):
    monkeypatch.setattr(uncertainty, "estimate", estimate)


def test_price_and_power_share_the_cost():
    """All lines of the bill follow the price, or the power that is provided, or that is drawn (none of it a fact)."""
    question = make_question(wide=False)
    question = replace(question, traffic=replace(question.traffic, rate=None))
    found = dependence(make_deployment("a", wide=False), None, question)
    assert found.elasticity["price"] + found.elasticity["power"] == pytest.approx(0.96, abs=0.04)
    assert 0 < found.elasticity["memory bandwidth"] < 1
    assert found.twice["price"] == pytest.approx(found.elasticity["price"] / 2, rel=0.02)  # the bill is linear in it
    assert found.assumed_price is None


def test_an_assumed_price_is_used_and_told():
    deployment, question = make_deployment("a", wide=False), make_question(wide=False)
    cheap, dear = (dependence(deployment, price, question) for price in (100e3, 600e3))
    assert cheap.assumed_price == 100e3
    assert dear.cost > cheap.cost
    assert dear.elasticity["price"] > cheap.elasticity["price"]


def test_a_family_without_plans_has_no_representative():
    system = make_deployment("a").system
    assert representative([Entry(system, "infeasible")]) is None
    assert representative([Entry(system, "unpriced", break_even_price=1e5)]) is None


def test_sentence():
    one = Dependence("gpu", "box", "tp8", 1e-6, None, {"memory bandwidth": 0.5, "power": 0.04}, {})
    assert sentence(one) == (
        "gpu (box): memory bandwidth strongly (0.50), data movement between chips: nothing on record, "
        "power hardly (0.04)"
    )
