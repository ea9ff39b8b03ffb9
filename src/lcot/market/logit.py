"""Nested logit: the shares of alternatives of which some resemble each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lcot.market.types import Array


def nested(utility: Array, nests: NDArray[np.int64], similarity: Array) -> tuple[Array, Array]:
    """Inclusive value and shares of a nested logit.

    Parameters
    ----------
    utility : ndarray, shape (..., j)
        Of each alternative; minus infinity where there is no offer. [1]
    nests : ndarray of int, shape (j,)
        Index of each alternative's nest. [1]
    similarity : ndarray, shape (...)
        Dissimilarity of alternatives in a nest, above 0 and at most 1; 1 makes the plain logit. [1]

    Returns
    -------
    tuple of ndarray, shapes (...) and (..., j)
        Inclusive value [1], minus infinity without any offer, and shares [1], which add up to one.

    Notes
    -----
    .. math:: I_n = \\ln \\sum_{j \\in n} e^{V_j / \\nu}, \\quad W = \\ln \\sum_n e^{\\nu I_n}, \\quad
       s_j = e^{V_j / \\nu - I_n} e^{\\nu I_n - W} = \\frac{\\partial W}{\\partial V_j}

    References
    ----------
    :cite:t:`train2009`, chapter 4.
    """
    nu = np.asarray(similarity)[..., None]
    within = np.empty_like(utility)
    inclusive = np.empty((*utility.shape[:-1], int(nests.max()) + 1))
    for n in range(inclusive.shape[-1]):
        here = nests == n
        scaled = utility[..., here] / nu
        inclusive[..., n] = _log_sum(scaled)
        within[..., here] = _exp_of(scaled, inclusive[..., n])
    top = nu * inclusive
    total = _log_sum(top)
    return total, within * _exp_of(top, total)[..., nests]


def _log_sum(values: Array) -> Array:
    """Logarithm of the sum of exponentials over the last axis; minus infinity of nothing but minus infinities. [1]"""
    high = values.max(axis=-1, keepdims=True)
    safe = np.where(np.isfinite(high), high, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - safe).sum(axis=-1)) + safe[..., 0]


def _exp_of(values: Array, total: Array) -> Array:
    """Shares of terms in their `_log_sum`; zero where the total is minus infinity. [1]"""
    safe = np.where(np.isfinite(total), total, 0.0)
    return np.exp(np.where(np.isfinite(values), values, -np.inf) - safe[..., None])
