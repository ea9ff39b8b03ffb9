"""The nested logit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.market.logit import nested

NESTS = np.array([0, 0, 1])


def test_by_hand() -> None:
    """Nest {0, ln 2} with 1/2, beside {0}: I = ln(1 + 4) and 0; W = ln(sqrt 5 + 1)."""
    value, shares = nested(np.array([0.0, np.log(2.0), 0.0]), NESTS, np.array(0.5))
    nest = np.sqrt(5.0) / (np.sqrt(5.0) + 1.0)
    assert value == pytest.approx(np.log(np.sqrt(5.0) + 1.0))
    assert shares == pytest.approx([nest / 5, nest * 4 / 5, 1 - nest])


def test_without_nests_it_is_the_plain_logit() -> None:
    """Dissimilarity 1."""
    utility = np.array([0.3, -1.0, 2.0])
    _, shares = nested(utility, NESTS, np.array(1.0))
    assert shares == pytest.approx(np.exp(utility) / np.exp(utility).sum())


def test_what_is_not_offered_is_not_bought() -> None:
    """Also where a whole nest, or everything, is not offered."""
    none = -np.inf
    _, shares = nested(np.array([none, 0.0, none]), NESTS, np.array(0.5))
    assert shares.tolist() == [0.0, 1.0, 0.0]
    value, shares = nested(np.full(3, none), NESTS, np.array(0.5))
    assert value == none
    assert shares.tolist() == [0.0, 0.0, 0.0]


def test_rivals_in_the_nest_lose_more() -> None:
    """A better alternative takes more from its own nest, in proportion."""
    before = nested(np.zeros(3), NESTS, np.array(0.4))[1]
    after = nested(np.array([0.5, 0.0, 0.0]), NESTS, np.array(0.4))[1]
    assert after[1] / before[1] < after[2] / before[2] < 1.0


@given(
    st.lists(st.floats(-20, 20), min_size=3, max_size=3), st.floats(0.2, 1.0), st.integers(0, 2)
)  # fmt: skip
def test_shares_are_the_gradient_and_add_up(utility: list[float], nu: float, j: int) -> None:
    """Shares are the derivative of the inclusive value."""
    at, step = np.array(utility), 1e-5
    _, shares = nested(at, NESTS, np.array(nu))
    up, down = at.copy(), at.copy()
    up[j] += step
    down[j] -= step
    slope = (nested(up, NESTS, np.array(nu))[0] - nested(down, NESTS, np.array(nu))[0]) / (2 * step)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[j] == pytest.approx(slope, abs=1e-6)


def test_arrays_go_row_by_row() -> None:
    """A batch of draws equals each draw alone."""
    utility = np.array([[0.0, 1.0, 2.0], [1.0, -1.0, 0.5]])
    value, shares = nested(utility, NESTS, np.array([0.5, 0.9]))
    for i, nu in enumerate((0.5, 0.9)):
        one, part = nested(utility[i], NESTS, np.array(nu))
        assert value[i] == pytest.approx(float(one))
        assert shares[i] == pytest.approx(part)


def test_large_utilities_do_not_overflow() -> None:
    """Two alike at 1000 in the plain logit."""
    value, _ = nested(np.array([1000.0, -np.inf, 1000.0]), NESTS, np.array(1.0))
    assert value == pytest.approx(1000 + np.log(2))
