"""The convex programme and its rents."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import Infeasible
from lcot.market.equilibrium import Problem, at, bought, clear
from lcot.market.logit import nested


def single(use: list[float], limit: float) -> Problem:
    """One segment in need of 1, two alternatives alike, plain logit, a limit, demand that hardly responds."""
    one = np.ones((1, 1))
    return Problem(
        np.zeros((1, 1, 2)), np.array(use).reshape(1, 1, 2, 1), np.array([[limit]]), one, 0 * one, 0.1 * one, 2 * one,
        1e-9 * one, np.log(2.0) * one, np.array([0, 1]), np.ones(1),
    )  # fmt: skip


def problem(caps: list[float], seed: int = 0, nu: float = 0.6) -> Problem:
    """Two segments, three alternatives in two nests, a resource for each of the first two and one for all."""
    draw = np.random.default_rng(seed)
    utility = draw.normal(size=(2, 3))
    use = np.zeros((2, 3, 3))
    use[:, 0, 0] = use[:, 1, 1] = 1.0
    use[:, :, 2] = draw.uniform(0.5, 1.5, size=(2, 3))
    nests = np.array([0, 0, 1])
    reference = nested(utility, nests, np.full(2, nu))[0]
    return Problem(
        utility[None], use[None], np.array([caps]), np.array([[10.0, 5.0]]), np.array([[4.0, 0.0]]),
        np.full((1, 2), 0.1), np.array([[2.0, 1.0]]), np.array([[0.4, 0.4]]), reference[None], nests, np.array([nu]),
    )  # fmt: skip


def test_without_caps_it_is_the_nested_logit() -> None:
    """No rent, demand as stated, plain shares."""
    p = problem([1e9, 1e9, 1e9])
    found = clear(p)
    assert found.rents.tolist() == [[0.0, 0.0, 0.0]]
    shares = nested(p.utility, p.nests, np.full((1, 2), p.similarity))[1]
    assert found.added == pytest.approx((p.need - p.kept)[:, :, None] * shares)


def test_one_cap_by_hand() -> None:
    """x = 1 / (1 + e^y) = 0.2 where y = ln 4, which is worth ln 4 over the utility of a dollar."""
    found = clear(single([1.0, 0.0], 0.2))
    assert found.rents[0] == pytest.approx([np.log(4.0) / 2.0], rel=1e-6)
    assert found.added[0, 0] == pytest.approx([0.2, 0.8], rel=1e-6)


def test_a_contract_by_hand() -> None:
    """The same with a floor of 0.8 under the first: a subsidy of as much."""
    found = clear(single([-1.0, 0.0], -0.8))
    assert found.rents[0] == pytest.approx([np.log(4.0) / 2.0], rel=1e-6)
    assert found.added[0, 0] == pytest.approx([0.8, 0.2], rel=1e-6)


def test_draws_are_solved_apart() -> None:
    """Two draws together are each as alone."""
    one, other = problem([1.0, 9.0, 30.0], 1), problem([3.0, 0.5, 8.0], 2)
    joined = Problem(*(
        np.concatenate([getattr(one, f.name), getattr(other, f.name)]) if f.name != "nests" else one.nests
        for f in fields(Problem)
    ))  # fmt: skip
    both = clear(joined)
    for i, p in enumerate((one, other)):
        assert both.rents[i] == pytest.approx(clear(p).rents[0], rel=1e-5, abs=1e-8)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(0.3, 1.0), st.lists(st.floats(0.05, 20.0), min_size=3, max_size=3))
def test_rents_are_paid_only_where_nothing_is_left(seed: int, nu: float, caps: list[float]) -> None:
    """Feasible, rents not negative, complementary slackness; and buyers are where the logit puts them at the rents."""
    p = problem(caps, seed, nu)
    found = clear(p)
    assert np.all(found.rents >= 0.0)
    assert np.all(found.left >= -1e-6 * p.limits)
    paid = float(np.sum(np.abs(found.rents * found.left)))
    assert paid <= 1e-6 * float(np.sum(p.need / p.money) + np.sum(found.rents * p.limits))
    value, shares = at(p, found.rents)
    assert found.added == pytest.approx(bought(p, value)[1][:, :, None] * shares)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.3, 1.0), st.floats(-4.0, 0.0), st.floats(0.05, 0.9))
def test_small_caps_and_contracts_under_them_are_met_together(seed: int, nu: float, size: float, part: float) -> None:
    """A vendor whose cap is up to 10,000 times smaller than the others' use, with a contract for a part of it."""
    p = problem([10.0**size, 2.0, 6.0], seed, nu)
    use = np.concatenate([p.use, -p.use[:, :, :, :1]], axis=3)
    limits = np.concatenate([p.limits, -part * p.limits[:, :1]], axis=1)
    found = clear(replace(p, use=use, limits=limits))
    assert np.all(found.rents >= 0.0)
    assert np.all(found.left >= -1e-6 * np.abs(limits))
    paid = np.abs(found.rents * found.left)
    assert float(paid.sum()) <= 1e-5 * float(np.sum(p.need / p.money) + np.sum(found.rents * np.abs(limits)))


def test_an_independent_solver_of_the_primal_agrees() -> None:
    """Minimise money less entropy within the caps, by another method and without the dual."""
    from scipy.optimize import minimize

    p = problem([2.0, 1e9, 9.0], 3, 1.0)
    found = clear(p)

    def loss(x: np.ndarray) -> float:
        quantity = np.maximum(x.reshape(2, 3), 1e-12)
        total = quantity.sum(axis=1)
        entropy = total * np.log(total) - (quantity * np.log(quantity)).sum(axis=1)
        mean = (quantity * p.utility[0]).sum(axis=1) + entropy
        # D = R exp(k (W - W0)) - B gives W = W0 + ln((D + B) / R) / k; what is bought is worth the integral of it
        all_in = total + p.kept[0]
        wish = total * p.reference[0] + (all_in * (np.log(all_in / p.need[0]) - 1.0)) / p.response[0]
        return float(np.sum((wish - mean) / p.money[0]))

    limits = {"type": "ineq", "fun": lambda x: p.limits[0] - np.einsum("sj,sjr->r", x.reshape(2, 3), p.use[0])}
    start = np.full(6, 0.5)
    done = minimize(
        loss, start, method="SLSQP", bounds=[(1e-9, None)] * 6, constraints=[limits], options={"maxiter": 500}
    )
    assert done.success
    assert done.x.reshape(2, 3) == pytest.approx(found.added[0], rel=2e-3, abs=2e-3)


def test_more_of_a_scarce_thing_lowers_its_rent() -> None:
    """Rents fall as caps rise."""
    rents = [clear(problem([cap, 1e9, 1e9])).rents[0, 0] for cap in (0.5, 1.0, 2.0)]
    assert rents[0] > rents[1] > rents[2] >= 0.0


def test_demand_by_hand() -> None:
    """R = 10, B = 4, L = 0.1: 6 at the reference; half the need leaves 1; a tenth leaves the least, 0.01."""
    p = problem([1.0, 1.0, 1.0])
    for factor, expected in ((1.0, 6.0), (0.5, 1.0), (0.1, 0.01)):
        value = p.reference + np.log(factor) / p.response
        assert bought(p, value)[1][0, 0] == pytest.approx(expected)


def test_slope_and_demand_are_derivatives_of_the_surplus() -> None:
    """On both sides of the bend."""
    p, h = problem([1.0, 1.0, 1.0]), 1e-6
    for shift in (-3.0, 0.2):
        value = p.reference + shift
        up, down = bought(p, value + h), bought(p, value - h)
        _, demand, slope = bought(p, value)
        assert (up[0] - down[0]) / (2 * h) == pytest.approx(demand, rel=1e-6)
        assert (up[1] - down[1]) / (2 * h) == pytest.approx(slope, rel=1e-6)


def test_limits_that_contradict_each_other_are_an_error() -> None:
    """A contract for more than the cap of the same thing."""
    p = single([1.0, 0.0], 0.2)
    use = np.concatenate([p.use, -p.use], axis=3)
    with pytest.raises(Infeasible, match="1 of 1 draws"):
        clear(replace(p, use=use, limits=np.array([[0.2, -0.5]])))
