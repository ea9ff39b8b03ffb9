"""Shares of the variance of the cost by cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lcot.choice.sensitivity import Array, ByOwner, Evaluate, cause_of, replaced, varying
from lcot.choice.sobol import points
from lcot.errors import DomainError
from lcot.facts.draw import quantile

RESAMPLES = 200  # of the bootstrap


@dataclass(frozen=True, slots=True)
class Share:
    """Share of the variance of the cost's logarithm that one cause explains, alone and with its interactions."""

    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float
    facts: int  # facts that belong to the cause


@dataclass(frozen=True, slots=True)
class Shares:
    """Sobol shares by cause, largest total first."""

    by_cause: dict[str, Share]
    variance: float  # of log cost [1]
    draws: int  # evaluations spent
    missed: float  # share of draws that did not meet the target, counted at the highest cost that did


def shares(evaluate: Evaluate, facts: ByOwner, n: int = 256, seed: int = 2026, engines: Iterable[str] = ()) -> Shares:
    """First-order and total Sobol shares by cause.

    Parameters
    ----------
    evaluate : callable
        Cost from facts by owner.
    facts : mapping of str to Facts
        Facts as stated, by owner; those with a range are drawn.
    n : int
        Points of each of the two samples, a power of two; there are ``n (causes + 2)`` evaluations. [1]
    seed : int
        The same seed gives the same shares. [1]
    engines : iterable of str
        Owners that are engines.

    Returns
    -------
    Shares
        With 90 % bootstrap intervals.

    Raises
    ------
    DomainError
        If ``n`` is not a power of two of at least 8, or nothing varies.

    Notes
    -----
    Facts of one cause are exchanged together between the two samples:

    .. math:: S_g = \\frac{V[E(\\ln c | x_g)]}{V[\\ln c]}, \\quad S_{Tg} = 1 - \\frac{V[E(\\ln c | x_{-g})]}{V[\\ln c]}

    References
    ----------
    :cite:t:`saltelli2010`, :cite:t:`jacques2006` for groups.
    """
    if n < 8 or n & (n - 1):
        raise DomainError("points", n, "a power of two, at least 8")
    factors, engines = varying(facts), set(engines)
    if not factors:
        raise DomainError("facts that vary", 0, "at least 1")
    causes = list(dict.fromkeys(cause_of(*factor, engines) for factor in factors))
    group = np.array([causes.index(cause_of(*factor, engines)) for factor in factors])
    drawn = points(n, 2 * len(factors), np.random.default_rng(seed))
    first, second = drawn[:, : len(factors)], drawn[:, len(factors) :]
    mixed = [np.where(group == g, second, first) for g in range(len(causes))]
    columns = np.concatenate([first, second, *mixed])
    values = {f: quantile(facts[f[0]][f[1]], columns[:, i]) for i, f in enumerate(factors)}
    cost = np.broadcast_to(evaluate(replaced(facts, values)), (len(columns),))
    finite = np.isfinite(cost)
    if not finite.any():
        raise DomainError("draws that meet the target", 0, "at least 1")
    logs = np.log(np.where(finite, cost, cost[finite].max())).reshape(-1, n)
    logs = logs - logs[:2].mean()
    picks = np.random.default_rng(seed).integers(0, n, (RESAMPLES, n))
    one, every = estimators(logs)
    ends = [np.quantile(part, [0.05, 0.95], axis=0) for part in estimators(logs[:, picks])]
    made = {
        cause: Share(
            *(float(x) for x in (one[i], ends[0][0][i], ends[0][1][i], every[i], ends[1][0][i], ends[1][1][i])),
            facts=int((group == i).sum()),
        )
        for i, cause in enumerate(causes)
    }
    order = sorted(made, key=lambda cause: -made[cause].total)
    return Shares({c: made[c] for c in order}, float(logs[:2].var()), len(columns), float(1 - finite.mean()))


def estimators(logs: Array) -> tuple[Array, Array]:
    """First-order and total shares from the two samples and their mixtures.

    Parameters
    ----------
    logs : ndarray, shape (2 + causes, ..., n)
        Values at the first sample, the second, and the first with one cause from the second. [1]

    Returns
    -------
    first, total : ndarray, shape (..., causes)
        Shares of variance. [1]

    Notes
    -----
    .. math:: S_g = \\overline{f_B (f_{AB_g} - f_A)} / V, \\quad S_{Tg} = \\overline{(f_A - f_{AB_g})^2} / 2 V

    References
    ----------
    :cite:t:`saltelli2010`, table 2 (b) and (f).
    """
    one, other, mixed = logs[0], logs[1], logs[2:]
    variance = np.var(np.concatenate([one, other], axis=-1), axis=-1)
    variance = np.where(variance > 0, variance, 1.0)  # nothing moves: every share is 0
    first = np.mean(other * (mixed - one), axis=-1) / variance
    total = np.mean((one - mixed) ** 2, axis=-1) / (2.0 * variance)
    return np.moveaxis(first, 0, -1), np.moveaxis(total, 0, -1)
