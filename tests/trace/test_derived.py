"""Numbers of every verb in cells: the same as the verbs', and the same again when computed from the leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.cell import Cell, evaluate, stacked
from lcot.cost.cashflow import by_year
from lcot.errors import UnknownName
from lcot.market.companies import company, ids
from lcot.market.value_worth import worth
from lcot.report.billed import as_dict
from lcot.trace.derived import of_company, of_market, of_plan
from lcot.trace.leaves import Given, Held, leaf
from lcot.trace.numbers import facts_under
from lcot.trace.plans import trace
from lcot.units import HOUR
from tests.trace.questions import asked, best

OWN = ("hgx-h200", "llama-3.3-70b", 20.0, 0.0, "own")
RENT = (*OWN[:4], "rent")


def plan_of(what):
    return of_plan(trace(best(*what), asked(*what)), asked(*what), "bill")


def test_what_follows_from_a_bill_is_what_the_bill_says():
    question = asked(*OWN)
    found, bill = plan_of(OWN), as_dict(best(*OWN), question)
    follows, years = bill["follows"], bill["by_year"]
    stated = {
        "short-run marginal cost": follows["marginal_cost"] / 1e6,
        "first-year price": follows["first_year_price"] / 1e6,
        "rent that costs the same": follows["rent_that_costs_the_same"] / HOUR,
        "cost of a chip": bill["levels"][0]["usd_per_hour"] / HOUR,
        "paid in year 0": years["paid"][0],
        "paid in year 5": years["paid"][5],
        "tokens in year 3": years["mtok"][3] * 1e6,
    }
    for name, value in stated.items():
        assert found.number(name).value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("what", [OWN, RENT])
def test_every_number_comes_again_from_its_leaves_and_has_a_unit(what):
    found = plan_of(what)
    for name, cell in found.numbers.items():
        assert evaluate([cell])[0] == pytest.approx(cell.value, rel=1e-12), name
        assert np.isscalar(cell.value) or np.ndim(cell.value) == 0
    assert found.main == "blended"
    with pytest.raises(UnknownName, match="cost of a chip"):
        found.number("costs of chips")


def test_a_year_moves_with_the_price_as_the_function_does():
    found, question, plan = plan_of(OWN), asked(*OWN), best(*OWN)
    paid = found.number("paid in year 0")
    price = next(one for one in facts_under([paid]) if one.name == "hgx-h200.price")
    twice = evaluate([paid], {price: 2.0 * price.value})[0]
    system = plan.deployment.system
    dearer = replace(system, facts=system.facts.with_values({"price": 2.0 * system.facts.number("price")}))
    moved = by_year(plan.bill, dearer, float(plan.served.systems), question.traffic, question.site)
    assert twice == pytest.approx(moved.purchases["accelerator"][0] + moved.purchases["server"][0]
                                  + moved.purchases["network"][0], rel=1e-9)  # fmt: skip


@pytest.mark.parametrize("name", ids("companies"))
def test_a_company_is_worth_what_its_verb_says(name):
    one = company(name)
    found, stated = of_company(one), worth(one, draws=0).stated
    for link in ("equity", "revenue", "gross margin", "net income", "interim", "exit"):
        wanted = float(getattr(stated, link.replace(" ", "_")))
        assert found.number(link).value == pytest.approx(wanted, rel=1e-12)
        assert evaluate([found.number(link)])[0] == pytest.approx(wanted, rel=1e-12)
    facts = facts_under([found.number("equity")])
    assert facts
    assert all(isinstance(cell.origin, Given) and cell.origin.fact.sources for cell in facts)
    assert found.number("gross margin").unit == "1"


def test_results_of_a_market_are_held_and_costs_follow_from_factors():
    hour, rate = leaf(7.2, Held("price of a chip-hour", "USD", "x")), leaf(1000.0, Held("throughput", "token/s", "x"))
    found = of_market({"cost": hour / (HOUR * rate)}, {"Power, 2027": (9.0, "GW")}, "64 draws, seed 1", "base")
    assert found.number("cost").value == pytest.approx(2e-6)
    held = found.number("Power, 2027")
    assert (held.value, held.operation) == (9.0, "")
    assert "seed 1" in held.origin.why


def test_numbers_side_by_side_keep_the_trace():
    one = Cell(2.0)
    made = stacked([one, 0.0, one * 3.0])
    np.testing.assert_array_equal(made.value, [2.0, 0.0, 6.0])
    np.testing.assert_array_equal(evaluate([made], {one: 5.0})[0], [5.0, 0.0, 15.0])
    np.testing.assert_array_equal(stacked([1.0, np.array([2.0, 3.0])]), [[1.0, 1.0], [2.0, 3.0]])
