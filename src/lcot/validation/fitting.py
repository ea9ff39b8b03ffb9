"""The one fitting procedure: robust least squares on log errors, with priors from the facts.

Every parameter is a positive constant of an engine with a low and a high; its prior is log-normal with those as the
80 % range. Rows are weighted so that every source counts once, and inside a source every cluster (system x model x
engine) once. The predictions are linear in the logarithms of the parameters near the committed values, so leaving a
source, a system or a model out is a solve of the same linear system without its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from lcot.errors import DomainError

EIGHTY = 2.563  # width of the 80 % range of a normal distribution in standard deviations
SCALE = 0.1  # log error beyond which a row counts by its size, not its square
ROUNDS = 30
Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant to fit: ``owner.key``, its value in SI, and the ends of its prior 80 % range."""

    owner: str
    key: str
    value: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """Prior standard deviation of the logarithm. [1]"""
        return max(log(self.high / self.low) / EIGHTY, 1e-6)


@dataclass(frozen=True, slots=True)
class Fit:
    """Logarithmic shift of each parameter, and what is known about it."""

    shift: Floats  # (p,)
    covariance: Floats  # (p, p), of the logarithms, after the data
    moved: Floats  # (p,) shift in prior standard deviations
    identified: Floats  # (p,) share of the prior variance that the data took away, 0 to 1

    @property
    def correlation(self) -> Floats:
        """Correlation of the parameters after the data, shape (p, p). [1]"""
        deviation = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(deviation, deviation)


def row_weights(sources: Sequence[str], clusters: Sequence[str]) -> Floats:
    """Weight of each row: sources equal, and clusters equal inside a source; the sum is the number of clusters.

    Parameters
    ----------
    sources, clusters : sequence of str, shape (n,)
        Where each row belongs. [any]

    Returns
    -------
    ndarray, shape (n,)
        Positive weights. [1]
    """
    pairs = list(zip(sources, clusters, strict=True))
    rows = Counter(pairs)
    in_source = Counter(source for source, _ in rows)
    total = len(rows) / max(len(in_source), 1)
    return np.array([total / in_source[pair[0]] / rows[pair] for pair in pairs])


def solve(residuals: Floats, jacobian: Floats, weights: Floats, prior: Floats, scale: float = SCALE) -> Fit:
    r"""Robust least squares on log errors with a normal prior around zero shift.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        log(measured / predicted) at the prior values. [1]
    jacobian : ndarray, shape (n, p)
        Derivative of log(predicted) with respect to the logarithm of each parameter. [1]
    weights : ndarray, shape (n,)
        Weight of each row. [1]
    prior : ndarray, shape (p,)
        Prior standard deviations of the logarithms. [1]
    scale : float
        Log error beyond which the loss grows linearly. [1]

    Returns
    -------
    Fit
        Shifts and their covariance. [1]

    Raises
    ------
    DomainError
        If the shapes do not agree.

    Notes
    -----
    Minimises the soft-L1 loss

    .. math:: \sum_i w_i\, 2\left(\sqrt{1 + (e_i/s)^2} - 1\right) + \sum_j (x_j/\sigma_j)^2, \quad e = r - J x

    by reweighting: each round solves the normal equations with weights :math:`w_i / \sqrt{1 + (e_i/s)^2}`.
    :cite:t:`holland1977`.
    """
    rows, count = jacobian.shape
    if residuals.shape != (rows,) or weights.shape != (rows,) or prior.shape != (count,):
        raise DomainError("jacobian", jacobian.shape, f"({len(residuals)}, {len(prior)})")
    shift = np.zeros(count)
    precision = np.diag(1.0 / prior**2)
    normal = precision
    for _ in range(ROUNDS):
        error = residuals - jacobian @ shift
        robust = weights / np.sqrt(1.0 + (error / scale) ** 2) / scale**2
        normal = jacobian.T @ (robust[:, None] * jacobian) + precision
        new = np.linalg.solve(normal, jacobian.T @ (robust * residuals))
        done = bool(np.max(np.abs(new - shift), initial=0.0) < 1e-9)
        shift = new
        if done:
            break
    covariance = np.linalg.inv(normal)
    return Fit(shift, covariance, shift / prior, 1.0 - np.diag(covariance) / prior**2)


def left_out(
    residuals: Floats,
    jacobian: Floats,
    sources: Sequence[str],
    clusters: Sequence[str],
    prior: Floats,
    groups: Sequence[str],
) -> Floats:
    """Residual of each row with the parameters fitted without the row's group.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        log(measured / predicted) at the prior values. [1]
    jacobian : ndarray, shape (n, p)
        As in `solve`. [1]
    sources, clusters : sequence of str, shape (n,)
        For the weights. [any]
    prior : ndarray, shape (p,)
        Prior standard deviations of the logarithms. [1]
    groups : sequence of str, shape (n,)
        What to leave out together: the source, the system, or the model of each row. [any]

    Returns
    -------
    ndarray, shape (n,)
        Out-of-sample residuals. [1]
    """
    answer = np.array(residuals)
    names = np.array(groups)
    for name in sorted(set(groups)):
        test = names == name
        train = [place for place, group in enumerate(groups) if group != name]
        weights = row_weights([sources[i] for i in train], [clusters[i] for i in train])
        fit = solve(residuals[train], jacobian[train], weights, prior)
        answer[test] = residuals[test] - jacobian[test] @ fit.shift
    return answer
