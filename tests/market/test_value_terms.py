"""From a company's facts to its value."""

import numpy as np
import pytest

from lcot.errors import DomainError, MissingFact, UnknownName
from lcot.facts import catalog
from lcot.market.companies import company, ids
from lcot.market.deals import deal, implied
from lcot.market.value_terms import hardware_cost
from lcot.market.value_worth import shares_of, with_values, worth
from lcot.units import YEAR

CEREBRAS = company("cerebras")


@pytest.mark.parametrize("name", ids("companies"))
def test_every_company_can_be_valued_with_its_chain_whole(name):
    w = worth(company(name), draws=32)
    v = w.stated
    assert v.inference_revenue == pytest.approx(w.terms.share * w.terms.market)
    assert v.revenue - v.cost_of_revenue - v.operating_cost - v.tax == pytest.approx(v.net_income)
    assert v.equity == pytest.approx(v.exit + v.interim + v.cash)
    assert w.drawn.equity.shape == (32,)
    assert w.estimates


def test_cerebras_capacity_costs_its_parts_over_their_life_and_its_place():
    w = worth(CEREBRAS, draws=0)
    assert hardware_cost(catalog.system("cs-3").facts) == pytest.approx(450e3 / 23e3)
    assert w.terms.cost == pytest.approx(450e3 / 23e3 / 5 + 194.95e-3 * 12)
    assert w.terms.capital == pytest.approx(0.8 * 450e3 / 23e3 / w.terms.price)
    assert w.drawn is None


def test_the_price_of_capacity_is_that_of_the_deal():
    fact, item = CEREBRAS.facts["price.capacity"], deal("openai-cerebras-750mw")
    assert fact.low * YEAR == pytest.approx(implied(item).per_watt_year, rel=1e-3)
    assert fact.high * YEAR == pytest.approx(implied(item, 24.6e9).per_watt_year, rel=1e-3)


def test_day_one_by_both_counts_of_shares():
    close = CEREBRAS.facts.number("price.first_close")
    assert close / CEREBRAS.facts.number("price.offer") - 1 == pytest.approx(0.681, abs=5e-4)
    assert close * shares_of(CEREBRAS, "basic") / 1e9 == pytest.approx(66.6, abs=0.5)
    assert close * shares_of(CEREBRAS, "diluted") / 1e9 == pytest.approx(95, abs=0.5)
    assert 100e9 / shares_of(CEREBRAS, "diluted") == pytest.approx(327, abs=1.5)


def test_a_lab_takes_the_cost_of_a_token_as_its_input():
    lab = company("frontier-lab")
    margins = [worth(with_values(lab, {"cost.token": c * 1e-6}), draws=0).stated.gross_margin for c in (0.1, 0.35, 0.7)]
    assert margins == pytest.approx([1 - 0.1 / 0.7, 0.5, 0.0])
    assert shares_of(lab, "basic") is None


def test_the_same_seed_gives_the_same_draws():
    a, b, c = (worth(CEREBRAS, draws=16, seed=s).drawn.equity for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_what_cannot_be_valued_says_why():
    with pytest.raises(UnknownName, match="deloitte_2028"):
        worth(CEREBRAS, "deloite_2028")
    with pytest.raises(DomainError, match="2026"):
        worth(CEREBRAS, "inference_chips_2026")
    with pytest.raises(UnknownName, match=r"share\.exit"):
        with_values(CEREBRAS, {"share.exi": 0.1})
    with pytest.raises(MissingFact):
        hardware_cost(catalog.system("groqrack-llama70b").facts)
