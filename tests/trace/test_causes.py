"""What a token's chip-seconds go into, and the facts behind it."""

from __future__ import annotations

import pytest

from lcot.trace.causes import CAUSES, behind_cause, behind_line, shares
from lcot.trace.differences import difference_of
from tests.trace.questions import ASKED, asked, best

GPU, WAFER = ASKED[0], ASKED[4]


@pytest.mark.parametrize("what", ASKED)
def test_shares_add_up(what):
    found = shares(best(*what), asked(*what))
    assert set(found) == set(CAUSES)
    assert sum(found.values()) == pytest.approx(1.0)
    assert all(share >= 0.0 for share in found.values())


def test_hand_worked_shares(monkeypatch):
    # decode steps of 8 ms memory and 2 ms launches take 3 s of a request, prompts of 1 ms computing take 1 s
    from lcot.steptime.types import Breakdown
    from lcot.trace import causes

    plan = best(*GPU)
    monkeypatch.setattr(causes, "decoding", lambda plan, question: Breakdown(0.0, 8e-3, 0.0, 2e-3))
    monkeypatch.setattr(causes, "prompting", lambda plan, question: Breakdown(1e-3, 0.0, 0.0, 0.0))
    from dataclasses import replace

    served = replace(plan.served, decode_seconds=3.0, prefill_seconds=1.0, cached_seconds=0.0)
    found = causes.shares(replace(plan, served=served), asked(*GPU))
    assert found == pytest.approx({"memory": 0.6, "compute": 0.25, "network": 0.0, "fixed": 0.15})


def test_facts_of_both_families_stand_behind_a_cause():
    first, second = best(*GPU), best(*WAFER)
    (memory,) = behind_cause("memory", first, second)
    assert memory.name == "memory.hbm.bandwidth / memory.sram.bandwidth"
    assert (memory.first, memory.second) == (4.8e12, 21e15)
    (price,) = behind_line("accelerator", first, second, "on_demand")
    assert (price.name, price.second) == ("price", 1e6)
    assert behind_line("network", first, second, "on_demand") == ()
    assert behind_cause("fixed", first, second) == ()


def test_a_difference_across_families_adds_up_by_cause():
    found = difference_of(best(*GPU), asked(*GPU), best(*WAFER), asked(*WAFER))
    assert not found.facts
    assert "families" in found.why_not
    assert sum(part.dollars for part in found.lines) == pytest.approx(found.costs[0] - found.costs[1], rel=1e-12)
    seconds = {part.name: part for part in found.lines if part.name in CAUSES.values()}
    assert set(seconds) == set(CAUSES.values())
    assert seconds["chip-seconds reading memory"].behind[0].unit == "GB/s"
