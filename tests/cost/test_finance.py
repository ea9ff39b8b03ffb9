from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.cost.finance import (
    annuity,
    capital_recovery,
    growing_worth,
    levelised,
    levelling,
    present_value,
    present_worth,
    required_first_price,
    sinking_fund,
)

rates = st.floats(1e-4, 0.5)  # below, the reference itself loses digits; at zero it warns
lives = st.floats(0.5, 60.0)


def test_capital_recovery_by_hand():
    # 0.08 * 1.08^10 / (1.08^10 - 1) = 0.08 * 2.158925 / 1.158925
    assert capital_recovery(0.08, 10) == pytest.approx(0.1490294887, rel=1e-9)


def test_capital_recovery_limits():
    assert capital_recovery(0.0, 4.0) == 0.25
    assert capital_recovery(0.07, np.inf) == pytest.approx(0.07)
    assert capital_recovery(0.07, 1.0) == pytest.approx(1.07)
    assert capital_recovery(1e-14, 7.0) == pytest.approx(1 / 7, rel=1e-12)
    assert capital_recovery(-0.02, 5.0) == pytest.approx(-0.02 / (1 - 0.98**-5))


@given(rates, lives)
def test_agrees_with_numpy_financial(rate, life):
    assert present_worth(rate, life) == pytest.approx(-npf.pv(rate, life, 1.0), rel=1e-9)
    assert capital_recovery(rate, life) == pytest.approx(-npf.pmt(rate, life, 1.0), rel=1e-9)


@given(rates, lives)
def test_sinking_fund_is_the_future_payment_of_numpy_financial(rate, life):
    assert sinking_fund(rate, life) == pytest.approx(-npf.pmt(rate, life, 0.0, 1.0), rel=1e-8)


@given(rates, lives)
def test_recovery_is_interest_plus_sinking_fund(rate, life):
    assert capital_recovery(rate, life) == pytest.approx(rate + sinking_fund(rate, life), rel=1e-9)


def test_annuity_with_full_salvage_is_interest_only():
    assert annuity(1000.0, 0.09, 5.0, salvage=1.0) == pytest.approx(90.0)
    assert annuity(1000.0, 0.0, 5.0, salvage=0.5) == pytest.approx(100.0)


def test_growing_worth_is_the_sum_of_its_series():
    by_sum = sum(1.05 ** (t - 1) / 1.08**t for t in range(1, 8))
    assert growing_worth(0.08, 0.05, 7) == pytest.approx(by_sum, rel=1e-12)
    assert growing_worth(0.05, 0.05, 7) == pytest.approx(7 / 1.05, rel=1e-12)
    assert growing_worth(0.08, -0.3, 7) == pytest.approx(sum(0.7 ** (t - 1) / 1.08**t for t in range(1, 8)))


def test_levelling_is_one_without_growth_and_mean_without_interest():
    assert levelling(0.08, 0.0, 5) == 1.0
    assert levelling(0.0, 1.0, 3) == pytest.approx((1 + 2 + 4) / 3)


def test_required_first_price_by_the_years():
    rate, decline, years = 0.09, 0.3, 5
    cost, quantity = 80.0, 40.0
    worth = sum(quantity * (1 - decline) ** (t - 1) / (1 + rate) ** t for t in range(1, years + 1))
    by_years = sum(cost / (1 + rate) ** t for t in range(1, years + 1)) / worth
    assert required_first_price(cost / quantity, decline, rate, years) == pytest.approx(by_years, rel=1e-12)
    assert required_first_price(2.0, 0.0, rate, years) == 2.0


def test_present_value_agrees_with_numpy_financial():
    flow = np.array([3.0, -1.0, 4.0, 1.0, -5.0])
    assert present_value(flow, 0.11) == pytest.approx(npf.npv(0.11, [0.0, *flow]))


def test_published_example_of_levelised_cost():
    # The worked example (wisdem2024) of NREL's WISDEM documentation, examples/08_finance: a 2,320 kW turbine at
    # 1093 + 517 USD/kW, 43.56 USD/kW a year, 9,915,950 kWh a year less 15 % wake losses, a fixed charge rate of
    # 0.07921664: 0.04709575 USD/kWh.
    charge = 0.07921664
    costs = np.full(20, charge * (1093 + 517) * 2320 + 43.56 * 2320)
    energy = np.full(20, 9_915_950 * (1 - 0.15))
    assert levelised(costs, energy, 0.05) == pytest.approx(0.04709575, rel=2e-7)


def test_levelised_cost_of_level_costs_needs_no_rate():
    assert levelised(np.full(5, 10.0), np.full(5, 4.0), 0.2) == pytest.approx(2.5)


def test_levelised_cost_meets_the_closed_forms():
    rate, growth, years = 0.1, 0.2, 6
    capital, tokens = 1000.0, 50.0
    by_years = levelised(
        np.full(years, capital * capital_recovery(rate, years)),
        np.array([tokens * (1 + growth) ** t for t in range(years)]),
        rate,
    )
    closed = capital * capital_recovery(rate, years) / (tokens * levelling(rate, growth, years))
    assert by_years == pytest.approx(closed, rel=1e-12)


@given(st.floats(0.0, 0.3), st.floats(0.0, 0.3), lives)
def test_dearer_money_raises_the_annuity(low, high, life):
    low, high = sorted((low, high))
    assert capital_recovery(low, life) <= capital_recovery(high, life) * (1 + 1e-12)


def test_arrays_and_floats_agree():
    rate = np.array([0.0, 0.05, 0.1])
    by_array = capital_recovery(rate, 5.0)
    assert by_array.tolist() == [float(capital_recovery(r, 5.0)) for r in rate]
