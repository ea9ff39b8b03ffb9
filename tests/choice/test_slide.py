"""A slider's answers are those of a fresh question."""

from dataclasses import replace

import pytest

from lcot.choice.compare import blended, compare
from lcot.choice.slide import best_somewhere, prepare, slid
from lcot.cost.types import Bill
from tests.choice.test_compare import question

SYSTEMS = ("hgx-h200", "mi355x-8", "cs-3", "biren-106m", "vr200-nvl72")


@pytest.fixture(scope="module")
def prepared():
    return prepare(question(SYSTEMS))


@pytest.mark.parametrize(("speed", "rate"), [(20.0, 5.0), (50.0, 20.0), (80.0, 60.0), (None, None)])
def test_as_a_fresh_search(prepared, speed, rate):
    asked = question(SYSTEMS)
    asked = replace(
        asked, draws=0, target=replace(asked.target, speed=speed), traffic=replace(asked.traffic, rate=rate)
    )
    moved, fresh = slid(prepared, asked), compare(asked, finalists=0)
    assert [(e.system.id, e.status) for e in moved.entries] == [(e.system.id, e.status) for e in fresh.entries]
    for one, other in zip(moved.by_status("ranked"), fresh.by_status("ranked"), strict=True):
        assert blended(one) == pytest.approx(blended(other), rel=0.02)
        assert one.front is not None
    assert moved.verdict.split(" under ")[0] == fresh.verdict.split(" under ")[0]


def test_another_basis_prices_the_same_layouts(prepared):
    asked = replace(question(SYSTEMS), draws=0, basis="rent")
    item = slid(prepared, asked).by_status("ranked")[0]
    assert isinstance(item.plan.bill, Bill)
    assert "rent" in item.plan.bill.lines


def test_what_no_layout_reaches_is_infeasible(prepared):
    asked = question(SYSTEMS)
    asked = replace(asked, draws=0, target=replace(asked.target, speed=1e5))
    found = {e.system.id: e for e in slid(prepared, asked).entries}
    assert found["hgx-h200"].status == "infeasible"
    assert "asked" in found["hgx-h200"].reason
    assert found["biren-106m"].status == "missing_fact"


def test_few_plans_are_all_kept(prepared):
    few = list(prepared.layouts["hgx-h200"])[:2]
    assert best_somewhere(few) == tuple(few)
