from __future__ import annotations

import numpy as np
import pytest

from lcot.cost.cashflow import cash_flow
from lcot.cost.finance import Component, present_value, present_worth
from lcot.errors import DomainError


@pytest.mark.parametrize("years", [1, 4, 5, 12, 15])
def test_cash_flow_has_the_value_of_the_level_costs(years):
    parts = (Component("a", 100.0, 5, 0.08, 0.1), Component("b", 50.0, 15, 0.08))
    flow = cash_flow(parts, 7.0, years)
    value = flow[0] + present_value(flow[1:], 0.08)
    level = 7.0 + sum(part.yearly for part in parts)
    assert value == pytest.approx(level * present_worth(0.08, years), rel=1e-12)
    assert flow.shape == (years + 1,)
    assert flow[0] == 150.0


def test_cash_flow_replaces_and_returns():
    flow = cash_flow((Component("a", 100.0, 2, 0.0, 0.25),), 0.0, 4)
    assert flow.tolist() == [100.0, 0.0, 75.0, 0.0, -25.0]


def test_cash_flow_takes_arrays():
    flow = cash_flow((Component("a", np.array([100.0, 200.0]), 5, 0.08),), 1.0, 5)
    assert flow.shape == (6, 2)
    assert flow[0].tolist() == [100.0, 200.0]


def test_cash_flow_refuses_broken_lives():
    with pytest.raises(DomainError, match="life of a"):
        cash_flow((Component("a", 1.0, 2.5, 0.1),), 0.0, 5)
    with pytest.raises(DomainError, match="years"):
        cash_flow((), 0.0, 0)
