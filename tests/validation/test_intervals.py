"""Ranges around predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import DomainError
from lcot.validation.intervals import (
    LEANING,
    Residual,
    Spread,
    between_sources,
    cluster_weights,
    fit_spreads,
    held_out,
    hit_rates,
    holding_factor,
    mixture,
    range_of,
    spread_of,
    weighted_quantile,
)


def drawn(spread: float, clusters: int, rows: int, path: tuple[str, ...], seed: int = 1) -> list[Residual]:
    """Residuals with a normal spread, each cluster sharing part of it."""
    random = np.random.default_rng(seed)
    shared = random.normal(0, spread, clusters)
    return [
        Residual(float(shared[c] + random.normal(0, spread / 4)), path, f"{path}-{c}")
        for c in range(clusters)
        for _ in range(rows)
    ]


def test_weighted_quantile_by_hand() -> None:
    # weights 1, 1, 2: middles at 1/8, 3/8, 3/4
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([2.0, 1.0, 1.0])
    assert weighted_quantile(values, weights, 3 / 8) == pytest.approx(2.0)
    assert weighted_quantile(values, weights, 0.0) == pytest.approx(1.0)
    assert weighted_quantile(values, weights, 9 / 16) == pytest.approx(2.5)


def test_quantile_of_nothing_is_an_error() -> None:
    with pytest.raises(DomainError, match="at least one"):
        weighted_quantile(np.array([]), np.array([]), 0.5)


def test_each_cluster_weighs_one() -> None:
    assert cluster_weights(["a", "a", "b"]) == pytest.approx([0.5, 0.5, 1.0])


def test_small_group_leans_on_its_parent() -> None:
    wide = drawn(0.5, 40, 5, ("time", "far"))
    one = [Residual(0.0, ("time", "near"), "only")]
    spreads = fit_spreads(wide + one)
    parent, near = spreads[("time",)], spreads[("time", "near")]
    assert near.clusters == 1
    assert near.high == pytest.approx(parent.high * LEANING / (1 + LEANING))


def test_unknown_group_falls_back_to_its_parent_and_widens() -> None:
    spreads = fit_spreads(drawn(0.2, 30, 4, ("time", "gpu")))
    known = spread_of(spreads, ("time", "gpu", "never seen"))
    assert known == spreads[("time", "gpu")]
    assert known.wider(2.0).high == pytest.approx(2 * known.high)
    assert Spread(-0.3, 0.6, 9).wider(2.0, 0.8) == Spread(-2 * 0.73**0.5, 2.0, 9)
    low, high = range_of(10.0, known)
    assert low < 10.0 < high


@settings(deadline=None)
@given(st.integers(0, 50))
def test_cross_validated_ranges_hold_about_eighty_percent(seed: int) -> None:
    rates = hit_rates(drawn(0.3, 120, 3, ("time",), seed))
    share, clusters = rates[("time",)]
    assert clusters == 120
    assert 0.65 <= share <= 0.92


def test_mixture_of_one_is_that_one() -> None:
    low, middle, high = mixture([(2.0, 10.0, Spread(-0.3, 0.2, 5))])
    assert middle == pytest.approx(10.0)
    assert (low, high) == pytest.approx(range_of(10.0, Spread(-0.3, 0.2, 5)), rel=1e-4)


def test_unlikely_possibility_widens_the_range_and_leaves_the_middle() -> None:
    narrow = Spread(-0.1, 0.1, 5)
    low, middle, high = mixture([(0.75, 10.0, narrow), (0.25, 5.0, narrow)])
    assert 9.3 < middle < 10.0
    assert 4.5 < low < 5.6
    assert high == pytest.approx(11.05, rel=0.02)


def test_mixture_of_nothing_is_an_error() -> None:
    with pytest.raises(DomainError, match="positive"):
        mixture([])


def test_a_row_never_sees_its_own_group() -> None:
    # 11 clusters in 10 folds: the wild one is alone in its fold but for one other, and the range around it stays narrow
    rows = [Residual(0.1 * (-1) ** k, ("a",), f"c{k:02}") for k in range(10)] + [Residual(9.0, ("a",), "c99")]
    spread = held_out(rows, [row.cluster for row in rows])[-1]
    assert spread.high < 0.2


def test_a_group_of_few_sources_does_not_speak_for_another() -> None:
    rows = [Residual(0.1 * (-1) ** k, ("time", "own"), f"c{k}", "one source") for k in range(8)]
    rows += [Residual(0.5 * (-1) ** k, ("time", "other"), f"d{k}", f"source {k}") for k in range(8)]
    spreads = fit_spreads(rows)
    assert [spreads[path].sources for path in (("time", "own"), ("time", "other"), ("time",))] == [1, 8, 9]
    assert spread_of(spreads, ("time", "own")) == spreads[("time", "own")]
    assert spread_of(spreads, ("time", "own"), 3) == spreads[("time",)]
    assert spread_of(spreads, ("time", "own"), 99) == spreads[()]


def test_what_sources_differ_by_holds_four_fifths_by_hand() -> None:
    # four of five sources lie within 0.5 of a range of 0.3: sqrt(0.25 - 0.09) = 0.4; one of many rows counts no more
    far = [Residual(0.5, ("time",), "c", f"s{k}") for k in range(4)] + [Residual(-3.0, ("time",), "c", "s4")] * 50
    term = between_sources(far, [Spread(-0.3, 0.3, 5)] * len(far))
    assert 0.4 <= term < 3.0
    near = [Residual(0.2, ("time",), "c", f"s{k}") for k in range(9)]
    assert between_sources(near, [Spread(-0.3, 0.3, 5)] * 9) == 0.0


def test_the_factor_that_holds_four_fifths() -> None:
    # within each source all rows agree: a source left out is met by the ranges of the others, which are too narrow
    random = np.random.default_rng(3)
    shared = np.repeat(random.normal(0, 0.3, 40), 10)
    rows = [Residual(float(v), ("a",), f"c{k}") for k, v in enumerate(shared + random.normal(0, 0.02, 400))]
    sources = [f"s{k // 10}" for k in range(400)]
    factor = holding_factor(rows, sources)
    ranges = held_out(rows, sources)
    held = np.mean([s.low * factor <= row.value <= s.high * factor for row, s in zip(rows, ranges, strict=True)])
    assert factor >= 1.0
    assert held >= 0.79
    assert holding_factor(rows[:1] * 20, sources[:20]) == 1.0
