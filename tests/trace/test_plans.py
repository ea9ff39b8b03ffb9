"""A traced plan is the plan: the same functions on cells give the same numbers, also when inputs move."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.cell import Cell, evaluate, in_order, value_of
from lcot.choice.finalists import eased
from lcot.choice.search import plans
from lcot.serving.types import Target
from lcot.trace.leaves import Given, Held
from lcot.trace.numbers import numbers
from lcot.trace.plans import computed, operating, trace
from tests.trace.questions import ASKED, asked, best

KINDS = ("input", "cached_input", "output", "blended")


@pytest.fixture(scope="module", params=ASKED, ids=lambda what: f"{what[0]}-{what[1]}")
def traced(request):
    return trace(best(*request.param), asked(*request.param)), asked(*request.param)


def moved(facts, changes):
    """The facts times some factors."""
    known = {key: factor for key, factor in changes.items() if facts.has(key)}
    return facts.with_values({key: facts.number(key) * factor for key, factor in known.items()})


def test_cells_give_the_numbers_of_floats(traced):
    one, _ = traced
    for method, cost in one.plan.bill.cost.items():
        for kind in KINDS:
            found = getattr(one.bill.cost[method], kind)
            assert value_of(found) == pytest.approx(getattr(cost, kind), rel=1e-12)
    for name in ("systems", "copies", "rate", "capacity", "time_per_output_token", "power", "batch"):
        assert value_of(getattr(one.served, name)) == pytest.approx(getattr(one.plan.served, name), rel=1e-12)
    assert isinstance(one.bill.cost["bottleneck_seconds"].blended, Cell)


def test_the_tree_gives_the_number_again(traced):
    results = list(numbers(traced[0]).values())
    for cell, value in zip(results, evaluate(results), strict=True):
        assert value == pytest.approx(cell.value, rel=1e-12, nan_ok=True)


def test_other_facts_move_the_tree_as_they_move_the_functions(traced):
    one, question = traced
    changes = {"price": 1.3, "rent.on_demand": 0.8, "electricity.price": 2.0, "finance.discount_rate": 1.5, "pue": 1.1}
    changes |= {f"memory.{tier}.bandwidth": 1.07 for tier in ("hbm", "sram", "dram")} | {"peak.bf16": 0.9}
    d, plan = one.plan.deployment, one.plan
    chip = replace(d.system.chip, facts=moved(d.system.chip.facts, changes))
    system = replace(d.system, chip=chip, facts=moved(d.system.facts, changes))
    paired = replace(d.paired, system=system) if d.paired is not None else None
    batches, mean = operating(plan)
    site = replace(question.site, facts=moved(question.site.facts, changes))
    own, changed = replace(d, system=system, paired=paired), replace(question, site=site)
    _, _, bill = computed(own, changed, question.traffic, batches, mean, plan.served.limit)
    owners = {system.id: system.facts, chip.id: chip.facts, site.id: site.facts}
    results = [getattr(one.bill.cost["bottleneck_seconds"], kind) for kind in KINDS]
    leaves = [cell for cell in in_order(r for r in results if isinstance(r, Cell)) if isinstance(cell.origin, Given)]
    new = {c: owners[c.origin.owner].number(c.origin.fact.key) for c in leaves if c.origin.owner in owners}
    for kind, cell in zip(KINDS, results, strict=True):
        wanted = getattr(bill.cost["bottleneck_seconds"], kind)
        assert evaluate([cell], new)[0] == pytest.approx(wanted, rel=1e-12)
    assert bill.cost["bottleneck_seconds"].blended != pytest.approx(value_of(results[-1]), rel=1e-3)


def test_leaves_are_facts_what_was_asked_and_what_is_held_with_its_reason(traced):
    one, question = traced
    leaves = [c for c in in_order(numbers(one).values()) if not c.operation]
    assert all(c.origin is not None for c in leaves)
    held = [c.origin for c in leaves if isinstance(c.origin, Held)]
    assert all(h.why for h in held)
    searched = next(h for h in held if h.name == "capacity batch")
    assert f"seed {question.seed}" in searched.why
    assert "inputs " in searched.why


def test_another_fact_is_another_hash():
    what = ASKED[0]
    question, plan = asked(*what), best(*what)
    site = replace(question.site, facts=moved(question.site.facts, {"pue": 1.01}))

    def mark(question):
        cells = in_order([trace(plan, question).bill.cost["bottleneck_seconds"].blended])
        return next(c.origin.why for c in cells if c.name == "capacity batch")[-12:]

    assert mark(question) == mark(question)
    assert mark(question) != mark(replace(question, site=site))


def test_batches_lie_about_the_operating_points():
    what = ASKED[0]
    plan = best(*what)
    batches, mean = operating(plan)
    assert batches[0] <= mean <= batches[-1]
    assert set(batches) <= set(np.asarray(plan.points.batch))


APART = ("hgx-h200", "llama-3.3-70b", 20.0, 0.0, "own")


@pytest.mark.parametrize("limit", ["speed", "time to first token"])
def test_a_plan_that_the_event_kernel_eased_is_traced_as_eased(limit):
    question = replace(asked(*APART), target=Target(50.0, 2.0))
    plan = next(p for p in plans(question, question.systems[0])[0] if p.pool is not None)
    less = eased(eased(plan, question, limit), question, limit)
    assert float(less.served.capacity) != float(plan.served.capacity)
    found = trace(less, question)
    assert found.bill.cost["bottleneck_seconds"].blended.value == pytest.approx(
        less.bill.cost["bottleneck_seconds"].blended, rel=1e-12
    )
    assert value_of(found.served.capacity) == pytest.approx(float(less.served.capacity), rel=1e-12)
