"""Experience curves and their error."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.learning import deviations, wright


def test_wright_by_hand() -> None:
    """With 0.3, 3.3 times as much made delivers 3.3^0.3 = 1.43 for the money: 30 % less cost."""
    assert wright(np.array(3.3), np.array(1.0), np.array(0.3)) == pytest.approx(1.4308, rel=1e-4)
    assert 1 / wright(np.array(2.0), np.array(1.0), np.array(0.3)) == pytest.approx(0.8123, rel=1e-4)


def test_the_variance_is_that_of_farmer_and_lafond() -> None:
    """sigma^2 (tau + tau^2 / m), none at the start."""
    n = 40_000
    sigma, m, common = np.full(n, 0.15), np.full(n, 6.0), np.full(n, 0.5)
    found = np.log(deviations(2, 4, sigma, m, common, 3))
    assert np.all(found[:, 0] == 0.0)
    for tau in (1, 2, 3):
        expected = 0.15**2 * (tau + tau**2 / 6.0)
        assert found[:, tau].var(axis=-1) == pytest.approx(np.full(2, expected), rel=0.05)
    assert np.corrcoef(found[0, 3], found[1, 3])[0, 1] == pytest.approx(0.5, abs=0.03)


def test_the_same_seed_gives_the_same_draws() -> None:
    """And another gives others."""
    one = [deviations(3, 4, *(np.full(5, x) for x in (0.2, 6.0, 0.5)), seed) for seed in (1, 1, 2)]
    assert np.array_equal(one[0], one[1])
    assert not np.array_equal(one[0], one[2])
