"""The question answered end to end, on real systems."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.compare import blended, compare, expected, export_limit
from lcot.choice.search import entry
from lcot.choice.types import Question
from lcot.cost.pricing import priced_at
from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.serving.types import Target, Traffic
from lcot.workload.models import model

SPINE = ("hgx-h200", "gb200-nvl72", "mi355x-8", "cs-3", "galaxy-wh")


def question(systems=SPINE, rate=20.0, speed=50.0, draws=0, **changes) -> Question:
    asked = Question(
        model=model("llama-3.3-70b"),
        systems=tuple(catalog.system(s) for s in systems),
        traffic=Traffic(1000, 500, rate),
        target=Target(speed),
        site=catalog.site("us-colocation"),
        draws=draws,
        available_by="2026-11-22",
    )
    return replace(asked, **changes)


@pytest.fixture(scope="module")
def answer():
    return compare(question(draws=64))


def test_every_system_has_its_place(answer):
    assert sorted(e.system.id for e in answer.entries) == sorted(SPINE)
    for item in answer.entries:
        assert item.status in ("ranked", "unpriced", "announced", "missing_fact", "infeasible")
        assert item.reason or item.status == "ranked"


def test_ranked_by_the_median_of_the_draws(answer):
    order = [expected(e) for e in answer.by_status("ranked")]
    assert order == sorted(order)
    assert sum(e.spread.probability_cheapest for e in answer.by_status("ranked")) == pytest.approx(1.0)
    for item in answer.by_status("ranked"):
        assert item.spread.p10 <= item.spread.p50 <= item.spread.p90


def test_verdict_names_its_terms(answer):
    best = answer.by_status("ranked")[0]
    for part in (best.system.name, "requests/s", "own", "utilisation", "weights", best.confidence.capitalize()):
        assert part in answer.verdict


def test_the_bill_adds_up(answer):
    for item in answer.by_status("ranked"):
        bill = item.plan.bill
        cost, tokens = bill.cost["bottleneck_seconds"], bill.tokens
        paid = (
            cost.input * tokens["input"] + cost.cached_input * tokens["cached_input"] + cost.output * tokens["output"]
        )
        assert paid == pytest.approx(float(bill.total), rel=1e-12)
        assert blended(item) == pytest.approx(float(bill.total) / sum(map(float, tokens.values())), rel=1e-12)


def test_systems_are_paid_for_when_idle():
    small, large = (compare(question(("gb200-nvl72",), rate)).entries[0] for rate in (1.0, 10.0))
    assert small.plan.served.systems == large.plan.served.systems == 1
    assert blended(small) > 5 * blended(large)


def test_announced_systems_never_win():
    answer = compare(question(("vr200-nvl72", "hgx-h200")))
    assert [e.system.id for e in answer.by_status("announced")] == ["vr200-nvl72"]
    assert "H200" in answer.verdict
    later = compare(question(("vr200-nvl72", "hgx-h200"), available_by="2027-12-31"))
    assert later.by_status("announced")[0].system.id == "vr200-nvl72"  # announced until it ships


def test_cost_is_linear_in_the_price():
    system = catalog.system("hgx-h200")
    costs = [
        blended(entry(replace(question(), systems=()), priced_at(system, price))) for price in (100e3, 200e3, 300e3)
    ]
    assert costs[2] - costs[1] == pytest.approx(costs[1] - costs[0], rel=1e-9)


def test_break_even_price_breaks_even():
    answer = compare(question(("hgx-h200", "mi300x-8")))
    unpriced = answer.by_status("unpriced")[0]
    again = entry(answer.question, priced_at(unpriced.system, unpriced.break_even_price))
    best = answer.by_status("ranked")[0]
    plan = next(p for p in [again.plan] if p is not None)
    assert float(plan.bill.cost["bottleneck_seconds"].blended) <= blended(best) * (1 + 1e-9)


def test_without_a_rate_the_site_says_how_full():
    item = compare(question(("hgx-h200",), rate=None)).entries[0]
    factor = catalog.site("us-colocation").facts.number("load_factor")
    assert item.plan.served.utilisation == pytest.approx(factor)


def test_impossible_speed_says_what_limits():
    item = compare(question(("hgx-h200",), speed=1e5)).entries[0]
    assert item.status == "infeasible"
    assert "tokens/s a user alone" in item.reason


def test_rent_is_another_first_line():
    own, rent = (compare(question(("hgx-h200",), basis=basis)).entries[0] for basis in ("own", "rent"))
    assert own.plan.deployment.label == rent.plan.deployment.label
    assert set(own.plan.bill.lines) != set(rent.plan.bill.lines)


def test_same_seed_same_answer():
    first, second = (compare(question(("hgx-h200", "mi355x-8"), draws=32)) for _ in range(2))
    for a, b in zip(first.entries, second.entries, strict=True):
        assert a.spread == b.spread


def test_front_is_undominated(answer):
    for item in answer.by_status("ranked"):
        speed, cost, *_ = item.front.T
        assert (np.diff(speed) > 0).all()
        assert (np.diff(cost) > 0).all()


def test_unknown_engine_is_named():
    with pytest.raises(UnknownName, match="vllm"):
        compare(question(("hgx-h200",), engine="vlm"))


def test_draws_do_not_depend_on_the_workers(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    from lcot.choice.ranges import Sampling

    asked = question(("hgx-h200", "mi355x-8"), draws=600)
    here = compare(asked, finalists=0)
    with ThreadPoolExecutor(2) as pool:
        there = compare(asked, finalists=0, sampling=Sampling(pool, tmp_path))
    again = compare(asked, finalists=0, sampling=Sampling(folder=tmp_path))  # from what was kept
    for a, b, c in zip(here.entries, there.entries, again.entries, strict=True):
        assert a.spread == b.spread == c.spread


def test_export_limits_are_told_where_they_hold():
    b200, gaudi, china = catalog.system("dgx-b200"), catalog.system("gaudi3-ubb"), catalog.site("china")
    assert "denial" in export_limit(b200, china)
    assert export_limit(b200, catalog.site("us-owned")) == ""
    assert export_limit(gaudi, china) == ""
    asked = Question(model("llama-3.3-70b"), (b200, gaudi), Traffic(1000.0, 500.0, 20.0), Target(50.0), china, draws=0)
    found = compare(asked, finalists=0).verdict
    assert ("Export limit on it there" in found) == found.startswith(b200.name)
