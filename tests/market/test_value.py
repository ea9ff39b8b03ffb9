"""The chain from share to value: hand-worked numbers, the shipped grid, limits, draws."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy_financial
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import DomainError
from lcot.market.companies import definitions
from lcot.market.value import (
    Terms,
    cash_flows,
    exit_value,
    growth_path,
    per_share,
    present_value,
    required_revenue,
    valuation,
)
from lcot.units import YEAR

PLAIN = Terms(
    years=2, market=100e9, share=0.1, other_revenue=0.0, base_revenue=10e9, base_margin=0.25, price=10.0, cost=4.0,
    operating_cost=0.2, tax=0.25, multiple=20.0, discount=0.1, conversion=1.0, capital=0.0, life=5.0, cash=0.0,
)  # fmt: skip


def test_the_chain_by_hand():
    v = valuation(PLAIN)  # 10 bn of revenue, 60 % gross, 40 % operating, 30 % net
    assert v.inference_revenue == pytest.approx(10e9)
    assert v.volume == pytest.approx(1e9)
    assert v.gross_margin == pytest.approx(0.6)
    assert v.net_income == pytest.approx(3e9)
    assert v.exit == pytest.approx(20 * 3e9 / 1.21)
    # level revenue; today's operating margin of 25 % is 18.75 % net, the exit's 30 %: 24.375 % the year between
    assert v.interim == pytest.approx(10e9 * (0.24375 / 1.1 + 0.30 / 1.21))
    assert v.equity == pytest.approx(v.exit + v.interim)
    assert v.inference_revenue - v.cost_of_revenue - v.operating_cost - v.tax == pytest.approx(v.net_income)


def test_growth_in_capacity_of_its_own_costs_cash():
    path = growth_path(1e9, 4e9, 2)
    assert path.tolist() == pytest.approx([1e9, 2e9, 4e9])
    owned = replace(PLAIN, capital=2.0)
    flows = cash_flows(path, np.full(3, 0.3), owned)
    assert flows.tolist() == pytest.approx([0.6e9 + 2 * (0.4e9 - 1e9), 1.2e9 + 2 * (0.8e9 - 2e9)])
    shrinking = cash_flows(path[::-1], np.full(3, 0.3), owned)
    assert shrinking.tolist() == pytest.approx([0.6e9 + 2 * 0.4e9, 0.3e9 + 2 * 0.2e9])  # nothing is sold


def test_present_value_is_that_of_numpy_financial():
    flows = np.array([1.0, -2.0, 5.0])
    assert present_value(flows, 0.12) == pytest.approx(numpy_financial.npv(0.12, [0.0, *flows]))


def test_a_loss_is_not_multiplied_and_pays_no_tax():
    v = valuation(replace(PLAIN, cost=9.5))
    assert v.net_income == pytest.approx(-0.15 * 10e9)
    assert v.exit == 0
    assert exit_value(-1e9, 25, 0.1, 2) == 0


def test_arrays_are_the_same_draw_by_draw():
    shares = np.array([0.02, 0.1, 0.4])
    many = valuation(replace(PLAIN, share=shares, discount=np.array([0.08, 0.1, 0.12])))
    one = valuation(replace(PLAIN, share=0.4, discount=0.12))
    assert many.equity[2] == pytest.approx(one.equity)
    assert many.cash_flow.shape == (2, 3)


def test_bad_terms_are_refused():
    with pytest.raises(DomainError, match="margin"):
        required_revenue(1e9, 0.0, 25, 0.1, 2)
    with pytest.raises(DomainError, match="years"):
        growth_path(1.0, 2.0, 0)
    with pytest.raises(DomainError, match="shares"):
        per_share(1e9, 0)


@given(st.floats(0.01, 0.9), st.floats(5, 60), st.floats(0.0, 0.4), st.integers(0, 6), st.floats(1e9, 1e12))
def test_required_revenue_turns_the_multiple_round(margin, multiple, discount, years, value):
    revenue = required_revenue(value, margin, multiple, discount, years)
    assert exit_value(revenue * margin, multiple, discount, years) == pytest.approx(value)


# Margin 25 %, multiple 25, discount 12 %: share [%] for 20, 50 and 100 bn; what 15 and 20 % are worth [bn]
TABLE = {
    "deloitte_2028": (1.5, 3.8, 7.5, 199, 266),
    "fortune_2028": (2.6, 6.6, 13.2, 114, 152),
    "amd_2028": (0.8, 2.0, 4.0, 374, 498),
    "amd_2030": (0.8, 1.9, 3.8, 397, 530),
    "inference_chips_2026": (6.4, 16, 32, 47, 62),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_inequality_depends_on_the_definition_of_the_market(name):
    facts = definitions()
    market, years = facts.number(f"market.{name}"), int(facts[f"market.{name}"].date) - 2026
    margin, multiple = facts.number("case.mid.margin"), facts.number("case.mid.multiple")
    rate = facts.number("case.mid.discount") * YEAR
    *shares, low, high = TABLE[name]
    for value, share in zip((20e9, 50e9, 100e9), shares, strict=True):
        found = 100 * required_revenue(value, margin, multiple, rate, years) / market
        assert found == pytest.approx(share, abs=0.051)
    assert exit_value(0.15 * market * margin, multiple, rate, years) / 1e9 == pytest.approx(low, abs=0.7)
    assert exit_value(0.20 * market * margin, multiple, rate, years) / 1e9 == pytest.approx(high, abs=0.7)


GRID = Path(os.environ.get("LCOT_EVIDENCE", "")) / "economics" / "valuation_inequality_grid.csv"


@pytest.mark.skipif(not os.environ.get("LCOT_EVIDENCE"), reason="LCOT_EVIDENCE is not set")
def test_the_whole_grid_of_the_evidence():
    with GRID.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 75
    for row in rows:
        value, market = (float(row[k]) * 1e9 for k in ("target_value_2026_usd_bn", "market_usd_bn"))
        terms = (float(row[k]) for k in ("net_margin", "exit_pe", "discount"))
        revenue = required_revenue(value, *terms, int(row["year"]) - 2026)
        assert revenue / 1e9 == pytest.approx(float(row["required_revenue_usd_bn"]), abs=0.051)
        assert 100 * revenue / market == pytest.approx(float(row["required_share_pct"]), abs=0.051)
