"""The fitting procedure, by hand and on made-up truth."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from lcot.errors import DomainError
from lcot.validation.fitting import EIGHTY, Parameter, left_out, row_weights, solve


def test_one_row_one_parameter_by_hand() -> None:
    # quadratic region: minimise (r - x)^2 w / s^2 + x^2 / sigma^2 with r = 0.001, s = sigma = 0.1, w = 1: x = r / 2
    fit = solve(np.array([0.001]), np.array([[1.0]]), np.array([1.0]), np.array([0.1]))
    assert fit.shift == pytest.approx([0.0005], rel=1e-4)
    assert fit.identified == pytest.approx([0.5], rel=1e-3)
    assert fit.moved == pytest.approx([0.005], rel=1e-3)


def test_what_the_data_does_not_touch_keeps_its_prior() -> None:
    fit = solve(np.array([0.3, 0.3]), np.array([[1.0, 0.0], [1.0, 0.0]]), np.ones(2), np.array([1.0, 0.2]))
    assert fit.shift[1] == 0
    assert fit.identified[1] == pytest.approx(0)
    assert fit.shift[0] > 0.25


def test_one_wild_row_does_not_carry_the_fit() -> None:
    residuals = np.array([0.1] * 20 + [5.0])
    fit = solve(residuals, np.ones((21, 1)), np.ones(21), np.array([10.0]))
    assert fit.shift[0] == pytest.approx(0.1, abs=0.02)


def test_two_constants_that_always_act_together_are_correlated() -> None:
    random = np.random.default_rng(3)
    common = random.normal(1, 0.01, 50)
    jacobian = np.stack([common, common + random.normal(0, 0.001, 50)], axis=1)
    fit = solve(0.2 * common, jacobian, np.ones(50), np.array([1.0, 1.0]))
    assert fit.correlation[0, 1] < -0.9


def test_truth_is_found_again() -> None:
    random = np.random.default_rng(7)
    jacobian = random.uniform(0, 1, (400, 3))
    truth = np.array([0.3, -0.2, 0.05])
    residuals = jacobian @ truth + random.normal(0, 0.05, 400)
    fit = solve(residuals, jacobian, np.ones(400), np.array([0.5, 0.5, 0.5]))
    assert fit.shift == pytest.approx(truth, abs=0.03)


def test_sources_and_their_clusters_count_once() -> None:
    weights = row_weights(["a"] * 4 + ["b"], ["x", "x", "x", "y", "z"])
    assert weights.sum() == pytest.approx(3)
    assert weights[:4].sum() == pytest.approx(weights[4])
    assert weights[:3].sum() == pytest.approx(weights[3])


def test_left_out_rows_do_not_see_themselves() -> None:
    residuals = np.array([0.0, 0.0, 0.4, 0.4])
    groups = ["a", "a", "b", "b"]
    out = left_out(residuals, np.ones((4, 1)), groups, groups, np.array([10.0]), groups)
    assert out == pytest.approx([-0.4, -0.4, 0.4, 0.4], abs=0.01)


def test_prior_spread_is_the_eighty_percent_range() -> None:
    parameter = Parameter("vllm", "step.host", 1e-3, 1e-3 / exp(EIGHTY / 2), 1e-3 * exp(EIGHTY / 2))
    assert parameter.spread == pytest.approx(1.0)


def test_shapes_that_disagree_are_named() -> None:
    with pytest.raises(DomainError, match="jacobian"):
        solve(np.zeros(3), np.zeros((2, 1)), np.ones(3), np.ones(1))
