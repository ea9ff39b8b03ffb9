"""What turns a claim that a run of the market tests: facts changed as told, and the market solved again with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from lcot.errors import UnknownName
from lcot.market import claims_turns
from lcot.market.claims import claim
from lcot.market.claims_model import with_market
from lcot.market.claims_reading import Reading
from lcot.market.claims_turns import COSTS, turns, with_change, with_costs
from lcot.market.scenario import scenario

START = scenario("goldman")


def test_a_fact_at_an_exact_value_and_facts_multiplied():
    changed = with_change(START, "tokens.2026", 5.0, 1.0, "Ptok/month")
    fact = changed.facts["tokens.2026"]
    assert fact.low == fact.value == fact.high
    assert fact.value == pytest.approx(START.facts.number("tokens.2026") / 3)
    wider = with_change(START, "growth.training.*", None, 2.0, "1")
    for key in ("growth.training.2026", "growth.training.2030"):
        assert wider.facts[key].value == pytest.approx(2 * START.facts[key].value)
        assert wider.facts[key].high == pytest.approx(2 * START.facts[key].high)
    assert wider.facts["elasticity"] == START.facts["elasticity"]
    with pytest.raises(UnknownName, match=r"tokens\.2026"):
        with_change(START, "tokens.2062", 5.0, 1.0, "1")


@pytest.mark.parametrize("name", ["C6", "C7", "C8"])
def test_the_changes_on_file_are_of_facts_that_there_are(name):
    changes = claim(name).changes
    assert changes
    for change in changes:
        assert change.values or change.times
        if not change.key.startswith(COSTS):
            with_change(START, change.key, None, 1.0, "1")
        for key in change.besides:
            with_change(START, key, None, 1.0, "1")


def read(share: float) -> Reading:
    """A run in which inference has this share of compute."""
    flat = np.full((3, 4), share)
    return Reading(
        "made up", (2026, 2028, 2030), ("nvidia",), flat, flat, flat[None], flat[None], flat[None], flat[None]
    )


def test_the_first_change_that_turns_is_told_and_was_run(monkeypatch):
    ran = []

    def solved(changed, found, draws, seed, *, drawn):
        assert drawn == "fitted"
        ran.append(changed.facts.number("growth.training.2026"))
        return SimpleNamespace(share=0.7 if ran[-1] < 1.5 else 0.5)

    monkeypatch.setattr(claims_turns, "solved", solved)
    monkeypatch.setattr(claims_turns, "fitted", lambda *_: SimpleNamespace(drawn="fitted"))
    monkeypatch.setattr(claims_turns, "reading", lambda outlook: read(outlook.share))
    one = with_market(claim("C7"), read(0.4))
    found = turns([one], START, None, 4, 2026)["C7"]
    # 1.6 gives a half: it turns the second test (more than half); 0.7 times 2.2 is 1.54, which gives it too
    assert [(f.key, f.after, f.unit) for f in found] == [
        ("growth.training.2026", 1.6, "1"),
        ("growth.training.*", 0.7, "times"),
    ]
    assert all(f.run == "market" and f.holds_after and not f.holds_before for f in found)
    assert "0% becomes 100%" in found[-1].note
    assert len(ran) == 2


def test_a_vendor_made_dearer_costs_more_and_delivers_the_same(offers):
    found = with_costs(START, offers, "amd", 1.5)
    for segment, of in offers.parts.items():
        for id, p in of.items():
            times = 1.5 if id in ("mi300x-8", "mi355x-8", "helios") else 1.0
            new = found.parts[segment][id]
            assert new.cost == pytest.approx(times * p.cost)
            assert new.chip_hour / 3600 / new.throughput / new.utilisation == pytest.approx(new.cost)
    assert found.price["helios"] == pytest.approx(1.5 * offers.price["helios"])
    with pytest.raises(UnknownName, match="amd"):
        with_costs(START, offers, "adm", 1.5)
