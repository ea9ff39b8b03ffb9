"""Offers come from the same search and bills as any comparison."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.search import entry
from lcot.facts import catalog
from lcot.market.offers import offers, on_sale, question_of
from lcot.market.types import Scenario


@pytest.fixture(scope="module")
def small(base: Scenario) -> Scenario:
    """Chat with one model on two vendors."""
    chat = next(s for s in base.segments if s.id == "chat")
    some = tuple(
        replace(v, systems=systems)
        for v in base.vendors
        for id, systems in (("nvidia", {"dgx-b200": 2025}), ("sambanova", {"sambarack-sn40l-16": 2024}))
        if v.id == id
    )
    return replace(base, segments=(replace(chat, models={"gpt-oss-120b": 1.0}),), vendors=some)


def test_the_cost_is_that_of_the_search(small: Scenario) -> None:
    """Around the cost at the stated facts, and the identity holds; a system without a price is left out and says so."""
    found = offers(small, 16, 1)
    parts = found.parts["chat"]["dgx-b200"]
    question = question_of(small, small.segments[0], "gpt-oss-120b", (catalog.system("dgx-b200"),))
    plan = entry(question, on_sale(catalog.system("dgx-b200"))).plan
    assert plan is not None
    assert plan.bill is not None
    stated = float(plan.bill.cost["bottleneck_seconds"].blended)
    assert 0.5 * stated < float(np.median(parts.cost)) < 2.0 * stated
    assert parts.cost == pytest.approx(parts.chip_hour / 3600 / parts.throughput / parts.utilisation)
    assert found.price["dgx-b200"].mean() == pytest.approx(40_000, rel=0.1)
    assert "price" in found.left_out["sambarack-sn40l-16"]
    again = offers(small, 16, 1)
    assert np.array_equal(again.parts["chat"]["dgx-b200"].cost, parts.cost)
