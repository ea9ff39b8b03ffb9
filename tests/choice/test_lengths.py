"""Kept layouts at other lengths: what a full search there finds, or near it."""

from dataclasses import replace

import pytest

from lcot.choice.compare import blended, compare
from lcot.choice.lengths import alone, at_lengths, leading, same_lengths
from lcot.choice.slide import prepare, slid
from tests.choice.test_compare import question

SYSTEMS = ("hgx-h200", "mi355x-8", "cs-3", "biren-106m", "vr200-nvl72")


@pytest.fixture(scope="module")
def prepared():
    return prepare(question(SYSTEMS))


def at(input_tokens: float, output_tokens: float):
    asked = replace(question(SYSTEMS), draws=0)
    traffic = replace(asked.traffic, input_tokens=input_tokens, output_tokens=output_tokens)
    return replace(asked, traffic=traffic)


@pytest.mark.parametrize(("input_tokens", "output_tokens"), [(2000.0, 500.0), (1000.0, 250.0), (1200.0, 600.0)])
def test_as_a_fresh_search_for_the_cheapest(prepared, input_tokens, output_tokens):
    asked = at(input_tokens, output_tokens)
    near = slid(at_lengths(leading(prepared, asked), asked), asked)
    fresh = compare(asked, finalists=0)
    mine, theirs = near.by_status("ranked"), fresh.by_status("ranked")
    assert mine[0].system.id == theirs[0].system.id
    assert blended(mine[0]) == pytest.approx(blended(theirs[0]), rel=0.02)
    assert {e.system.id for e in mine} <= {e.system.id for e in theirs}


def test_at_the_lengths_searched_it_is_what_a_slider_gets(prepared):
    asked = at(*(float(n) for n in (prepared.question.traffic.input_tokens, prepared.question.traffic.output_tokens)))
    assert same_lengths(prepared.question, asked)
    again = slid(at_lengths(leading(prepared, asked), asked), asked).by_status("ranked")
    for one, other in zip(again, slid(prepared, asked).by_status("ranked"), strict=True):
        assert blended(one) == pytest.approx(blended(other), rel=1e-9)


def test_only_what_can_be_ranked_is_kept(prepared):
    few = leading(prepared, at(1000.0, 500.0))
    assert {"biren-106m", "vr200-nvl72"}.isdisjoint(few.layouts)
    assert all(len(some) <= 2 for some in few.layouts.values())
    assert not same_lengths(few.question, at(999.0, 500.0))


def test_a_layout_that_no_longer_fits_is_left_out(prepared):
    asked = at(10_000_000.0, 500.0)
    assert at_lengths(leading(prepared, asked), asked).layouts == {}


def test_a_copy_that_decodes_is_timed_alone(prepared):
    apart = [one for some in prepared.layouts.values() for one in some if one.pool is not None]
    assert apart
    copy = alone(apart[0].steps)
    assert copy.prefill is None
    assert copy.deployment.paired is None
