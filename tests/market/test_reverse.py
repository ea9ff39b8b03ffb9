"""In reverse: what the solver finds gives the value back; what nothing reaches is said."""

import numpy as np
import pytest

from lcot.errors import DomainError
from lcot.market.companies import company
from lcot.market.reverse import LEVERS, curve, moved, needed, requirement, single, solve
from lcot.market.value import required_revenue, valuation
from lcot.market.value_worth import worth
from tests.market.test_value import PLAIN

CEREBRAS = worth(company("cerebras"), draws=64)


@pytest.mark.parametrize("lever", LEVERS)
def test_what_is_needed_gives_the_value_back(lever):
    found = needed(PLAIN, lever, 80e9)
    assert found is not None
    assert valuation(moved(PLAIN, lever, found)).equity == pytest.approx(80e9, rel=1e-9)


def test_the_multiple_alone_is_the_closed_form():
    from dataclasses import replace

    bare = replace(PLAIN, conversion=0.0, base_margin=0.0)  # no cash before the exit
    revenue = needed(bare, "share", 100e9) * bare.market
    assert revenue == pytest.approx(required_revenue(100e9, 0.30, 20, 0.1, 2), rel=1e-9)


def test_a_price_moves_revenue_at_the_same_volume():
    dear = moved(PLAIN, "price", 20.0)
    assert valuation(dear).volume == pytest.approx(valuation(PLAIN).volume)
    assert valuation(dear).inference_revenue == pytest.approx(20e9)
    assert valuation(dear).gross_margin == pytest.approx(0.8)


def test_what_nothing_reaches_is_none():
    assert needed(PLAIN, "cost", 1e15) is None
    assert solve(lambda x: x, 5.0, 1.0, 10.0) == pytest.approx(5.0)
    assert solve(lambda x: x, 50.0, 1.0, 10.0) is None


def test_bad_levers_and_ends_are_refused():
    with pytest.raises(DomainError, match="share, price"):
        moved(PLAIN, "luck", 1.0)
    with pytest.raises(DomainError, match="low"):
        solve(lambda x: x, 1.0, 2.0, 1.0)


def test_cerebras_at_a_hundred_billion():
    r = requirement(CEREBRAS.terms, "share", 100e9, CEREBRAS.drawn_terms)
    plain = required_revenue(100e9, 0.25, 25, 0.12, 2)
    assert plain == pytest.approx(20e9, rel=0.01)
    assert r.revenue > plain  # its own capacity must be paid for, and its net margin is below 25 %
    assert 1.8e9 < r.volume < 5e9  # watts; 0.75 GW are contracted
    assert r.low < r.high
    assert 0 < r.possible <= 1


def test_one_draw_is_one_set_of_floats():
    one = single(CEREBRAS.drawn_terms, 3)
    assert valuation(one).equity == pytest.approx(CEREBRAS.drawn.equity[3])


def test_more_value_needs_more_share():
    points = curve(PLAIN, "share", np.array([40e9, 60e9, 80e9]))
    assert [p[0] for p in points] == [40e9, 60e9, 80e9]
    shares = [p[1] for p in points]
    assert shares == sorted(shares)
