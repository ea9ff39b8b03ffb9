"""The back-test."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.assumptions import assumptions
from lcot.market.backtest import needed, run
from lcot.market.offers import Offers
from lcot.market.record import levels, observed, record, trend
from lcot.market.types import Outlook, Scenario


def test_shares_of_sales_by_hand(base: Scenario) -> None:
    """2025: NVIDIA 193.7 of 193.7 + 6.3 + 20 + 0.51."""
    years, known, shares = observed(record(), base)
    ids = [base.vendors[j].id for j in known]
    assert ids == ["nvidia", "amd", "google", "cerebras"]
    assert years == (2023, 2024, 2025, 2026)
    assert shares[2, 0] == pytest.approx(193.7 / 220.51)
    assert shares.sum(axis=1) == pytest.approx(np.ones(4))


def test_the_trend_is_the_line_through_the_past() -> None:
    """0.9, 0.8 goes on to 0.7; one observation makes no line; nothing falls below zero."""
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.0, 1.0]])
    assert trend((2023, 2024, 2025), shares, 2025) == pytest.approx([0.7, 0.3])
    assert trend((2023, 2024, 2025), shares, 2024) is None
    steep = trend((2023, 2024, 2025), np.array([[0.9, 0.1], [0.3, 0.7], [0.0, 1.0]]), 2025)
    assert steep == pytest.approx([0.0, 1.0])


def test_it_is_scored_against_simple_rules_and_says_who_wins(base: Scenario, offers: Offers) -> None:
    """Two years, four vendors; persistence is last year's share; the verdict follows from the errors."""
    found, likelihood = run(base, offers, assumptions(base, 8, 1))
    assert len(found.scores) == 8
    _, _, shares = observed(record(), base)
    assert [s.persistence for s in found.scores[:4]] == pytest.approx(list(shares[1]))
    assert [s.observations for s in found.scores] == [2] * 4 + [3] * 4
    beaten = [name for name in ("persistence", "trend") if found.errors[name] <= found.errors["model"]]
    assert ("loses" in found.verdict) == bool(beaten)
    assert "too few" in found.verdict
    assert any("Huawei" in line for line in found.missing)
    assert np.all(likelihood <= 0)


def test_systems_bought_stand_beside_the_sales_on_record(outlook: Outlook) -> None:
    """NVIDIA 2025: 193.7 less 15.2 % of networks, with its chips for China; 2026: a quarter of 75.2, times four."""
    found = {(one.company, one.year): one for one in levels(outlook, record())}
    assert found["NVIDIA", 2025].sold == pytest.approx(193.7e9 * 0.848)
    assert found["NVIDIA", 2026].sold == pytest.approx(75.2e9 * 4 * 0.848)
    assert found["AMD", 2025].sold == pytest.approx(6.3e9)
    rows = [outlook.vendors.index(name) for name in ("nvidia", "nvidia_china")]
    assert found["NVIDIA", 2025].bought == pytest.approx(outlook.spending[rows, 0].sum(axis=0))
    assert ("NVIDIA", 2027) not in found


def test_how_many_predictions_would_be_enough_by_hand() -> None:
    """Differences of 1 and 3: mean 2, spread the root of 2; (1.96 x 1.414 / 2)^2 is 1.92. None are where they agree."""
    assert needed(np.array([1.0, 3.0])) == 2.0
    assert needed(np.array([1.0, -1.0])) == np.inf
