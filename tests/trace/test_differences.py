"""What makes two costs differ adds up to the difference, by line and by fact."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.candidate import plan as plan_of
from lcot.errors import MissingFact
from lcot.facts import catalog
from lcot.trace.differences import ORDERS, difference_of, even, orders, steps_along
from tests.trace.questions import ASKED, asked, best

H200 = ASKED[0]
B200 = ("dgx-b200", *H200[1:])
CS3 = ("cs-3", "llama-3.3-70b", 20.0, 0.0, "own")


def test_both_lists_add_up_to_the_difference():
    found = difference_of(best(*H200), asked(*H200), best(*B200), asked(*B200))
    gap = found.costs[0] - found.costs[1]
    assert found.costs[0] == best(*H200).bill.cost["bottleneck_seconds"].blended
    for parts in (found.lines, found.facts):
        assert sum(part.dollars for part in parts) == pytest.approx(gap, rel=1e-12)
    facts = {part.name: part.dollars for part in found.facts}
    assert facts["memory.hbm.bandwidth"] > 0  # the first is the slower
    assert facts["price"] < 0  # and the cheaper


def test_only_what_differs_makes_a_difference():
    question, plan = asked(*H200), best(*H200)
    site = catalog.site("us-colocation")
    twice = {"electricity.price": 2 * site.facts.number("electricity.price")}
    dear = replace(site, facts=site.facts.with_values(twice))
    other = replace(question, site=dear)
    found = difference_of(plan, question, plan_of(plan.deployment, other), other)
    named = {part.name: part.dollars for part in found.facts}
    energy = next(part for part in found.lines if part.name == "energy of a chip")
    assert next(iter(named)) == "us-colocation.electricity.price"
    assert named["us-colocation.electricity.price"] == pytest.approx(found.costs[0] - found.costs[1], rel=0.02)
    assert energy.second == pytest.approx(2 * energy.first, rel=1e-9)


def test_two_families_differ_by_line_only():
    found = difference_of(best(*H200), asked(*H200), best(*CS3), asked(*CS3))
    assert found.facts == ()
    assert "families" in found.why_not
    assert sum(part.dollars for part in found.lines) == pytest.approx(found.costs[0] - found.costs[1], rel=1e-12)


def test_the_other_way_round_is_the_negative_by_line():
    one = difference_of(best(*H200), asked(*H200), best(*B200), asked(*B200))
    other = difference_of(best(*B200), asked(*B200), best(*H200), asked(*H200))
    lines = {part.name: part.dollars for part in other.lines}
    assert all(part.dollars == pytest.approx(-lines[part.name]) for part in one.lines)


def test_three_factors_by_hand():
    # 2 x 3 x 5 against 1 x 3 x 4: the second factor does not change, the others share 30 - 12 over both orders
    assert (2 - 1) * even(3, 3, 5, 4) == pytest.approx(13.5)
    assert (5 - 4) * even(2, 1, 3, 3) == pytest.approx(4.5)
    assert 13.5 + 4.5 == 30 - 12


def test_orders_come_with_their_reverse():
    found = orders(5, 1)
    assert len(found) == 2 * ORDERS
    assert all(np.array_equal(found[i], found[i + 1][::-1]) for i in range(0, len(found), 2))
    assert np.array_equal(steps_along(np.array([1, 0])), [[0, 0], [0, 1], [1, 1]])


def test_a_cost_that_is_not_known_has_no_difference():
    plan = replace(best(*H200), bill=None, unpriced="hgx-h200.price")
    with pytest.raises(MissingFact, match="price"):
        difference_of(plan, asked(*H200), best(*B200), asked(*B200))
