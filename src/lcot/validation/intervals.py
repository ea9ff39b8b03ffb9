"""The range around a prediction: how far measurements lay from it where the answer was not seen in fitting.

A spread is kept for each kind of quantity, regime and scenario, as two quantiles of log(measured / predicted).
Small groups lean on their parents: a group of few clusters says little, so its quantiles are drawn towards those of
the larger group that holds it. Rows are weighted so that each cluster (system x model x engine) counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf, exp, hypot, log, sqrt

import numpy as np
import numpy.typing as npt

from lcot.errors import DomainError

TAIL = 0.1  # probability below, and above, an 80 % range
LEANING = 4.0  # clusters' worth of weight that the parent group keeps
NORMAL_TAIL = 1.2816  # standard deviations from the middle of a normal to its 10 % tail
FLOOR = 0.02  # least half width, log: repeats of one run differ by 1-4 %
SEVERAL = 3  # sources that must stand behind a group before it speaks for a source that it has not seen
Floats = npt.NDArray[np.float64]
Path = tuple[str, ...]  # from the largest group to the smallest, e.g. ("time", "gpu", "closed_loop")


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles of log(measured / predicted) of one group."""

    low: float
    high: float
    clusters: int
    sources: int = 0

    def wider(self, factor: float, between: float = 0.0) -> Spread:
        """Both ends with what sources differ by beside them, in quadrature, times a factor."""
        low, high = (factor * hypot(end, between) for end in (self.low, self.high))
        return Spread(-low, high, self.clusters, self.sources)


@dataclass(frozen=True, slots=True)
class Residual:
    """One row's log(measured / predicted), where it belongs, and which rows share its fate."""

    value: float
    path: Path
    cluster: str
    source: str = ""


def weighted_quantile(values: Floats, weights: Floats, probability: float) -> float:
    """Quantile of weighted values, by the middle of each weight.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Values, at least one. [any]
    weights : ndarray, shape (n,)
        Positive weights. [1]
    probability : float
        Probability at or below the answer, 0 to 1. [1]

    Returns
    -------
    float
        Interpolated quantile. [any]

    Raises
    ------
    DomainError
        If there is no value.
    """
    if not len(values):
        raise DomainError("values", 0, "at least one value")
    order = np.argsort(values)
    sorted_weights = weights[order]
    middle = (np.cumsum(sorted_weights) - sorted_weights / 2) / sorted_weights.sum()
    return float(np.interp(probability, middle, values[order]))


def cluster_weights(clusters: Sequence[str]) -> Floats:
    """Weight of each row such that every cluster weighs 1 in total. [1]"""
    count: dict[str, int] = defaultdict(int)
    for cluster in clusters:
        count[cluster] += 1
    return np.array([1.0 / count[cluster] for cluster in clusters])


def fit_spreads(residuals: Sequence[Residual]) -> dict[Path, Spread]:
    """Spread of every group and parent group that the residuals name.

    Parameters
    ----------
    residuals : sequence of Residual
        Out-of-sample log errors. [1]

    Returns
    -------
    dict
        Spread by path; the empty path holds all rows. [1]
    """
    members: dict[Path, list[Residual]] = defaultdict(list)
    for residual in residuals:
        for depth in range(len(residual.path) + 1):
            members[residual.path[:depth]].append(residual)
    spreads: dict[Path, Spread] = {}
    for path in sorted(members, key=len):
        rows = members[path]
        names = [row.cluster for row in rows]
        values, weights = np.array([row.value for row in rows]), cluster_weights(names)
        low, high = (weighted_quantile(values, weights, p) for p in (TAIL, 1.0 - TAIL))
        count = len(set(names))
        if path:
            parent = spreads[path[:-1]]
            own = count / (count + LEANING)
            low, high = own * low + (1 - own) * parent.low, own * high + (1 - own) * parent.high
        spreads[path] = Spread(min(low, -FLOOR), max(high, FLOOR), count, len({row.source for row in rows}))
    return spreads


def spread_of(spreads: Mapping[Path, Spread], path: Path, sources: int = 0) -> Spread:
    """Spread of the smallest known group on ``path`` that so many sources stand behind.

    Parameters
    ----------
    spreads : mapping of path to Spread
        From `fit_spreads`. [1]
    path : tuple of str
        Group wanted, from large to small. [any]
    sources : int
        Least number of sources; the group of all rows needs none. [1]

    Returns
    -------
    Spread
        Log quantiles. [1]
    """
    for depth in range(len(path), -1, -1):
        found = spreads.get(path[:depth])
        if found is not None and (found.sources >= sources or not depth):
            return found
    raise DomainError("path", path, "a group of the fitted spreads", "fitted.yaml")


def range_of(predicted: float, spread: Spread) -> tuple[float, float]:
    """80 % range around a prediction, in its own unit."""
    return predicted * exp(spread.low), predicted * exp(spread.high)


def held_out(residuals: Sequence[Residual], groups: Sequence[str], sources: int = 0) -> list[Spread]:
    """Range of each row, fitted without the fold of groups that its own is in.

    Parameters
    ----------
    residuals : sequence of Residual
        Log errors. [1]
    groups : sequence of str, shape (n,)
        What each row must not have been seen with: its cluster, source, system or model. [any]
    sources : int
        Least number of sources behind a group, as in `spread_of`. [1]

    Returns
    -------
    list of Spread
        One for each row. [1]
    """
    folds = _folds(groups)
    answer: dict[int, Spread] = {}
    for fold in range(max(folds.values()) + 1):
        mine = [folds[group] == fold for group in groups]
        spreads = fit_spreads([row for row, here in zip(residuals, mine, strict=True) if not here])
        answer |= {i: spread_of(spreads, row.path, sources) for i, row in enumerate(residuals) if mine[i]}
    return [answer[i] for i in range(len(residuals))]


def holding_factor(residuals: Sequence[Residual], groups: Sequence[str]) -> float:
    r"""Factor on the ranges with which they hold 80 % of what is left out by groups; at least 1.

    Parameters
    ----------
    residuals : sequence of Residual
        Log errors. [1]
    groups : sequence of str, shape (n,)
        What is left out together. [any]

    Returns
    -------
    float
        Factor. [1]

    Notes
    -----
    A row with log error e and range (l, u) needs the factor :math:`e / u`, or :math:`e / l` where e is negative; the
    answer is the 80 % quantile of these, each cluster weighing 1.
    """
    ranges = held_out(residuals, groups)
    pairs = zip(residuals, ranges, strict=True)
    needed = np.array([row.value / (found.high if row.value > 0 else found.low) for row, found in pairs])
    weights = cluster_weights([row.cluster for row in residuals])
    return max(weighted_quantile(needed, weights, 1.0 - 2.0 * TAIL), 1.0)


def between_sources(residuals: Sequence[Residual], ranges: Sequence[Spread]) -> float:
    r"""What sources differ by beyond the ranges of others: the log term with which these hold 80 % of a new source.

    Parameters
    ----------
    residuals : sequence of Residual
        Log errors of sources that no constant was fitted to. [1]
    ranges : sequence of Spread
        Range of each without the term. [1]

    Returns
    -------
    float
        Term to add in quadrature to both ends of a range. [1]

    Notes
    -----
    A row with log error e beyond the end w of its range needs :math:`\sqrt{e^2 - w^2}`; the answer is the 80 %
    quantile of these, each source weighing 1 in each kind of quantity.
    """
    ends = [found.high if row.value > 0 else found.low for row, found in zip(residuals, ranges, strict=True)]
    needed = np.array([sqrt(max(row.value**2 - end**2, 0.0)) for row, end in zip(residuals, ends, strict=True)])
    weights = cluster_weights([f"{row.path[:1]} {row.source}" for row in residuals])
    return weighted_quantile(needed, weights, 1.0 - 2.0 * TAIL)


def hit_rates(residuals: Sequence[Residual]) -> dict[Path, tuple[float, int]]:
    """Share of rows inside a range fitted without their cluster, by group: (share, clusters).

    Parameters
    ----------
    residuals : sequence of Residual
        Out-of-sample log errors. [1]

    Returns
    -------
    dict
        For each path, the cluster-weighted share inside the 80 % range and the number of clusters. [1]
    """
    inside: dict[Path, list[tuple[float, str]]] = defaultdict(list)
    for row, spread in zip(residuals, held_out(residuals, [row.cluster for row in residuals]), strict=True):
        hit = float(spread.low <= row.value <= spread.high)
        for depth in range(len(row.path) + 1):
            inside[row.path[:depth]].append((hit, row.cluster))
    answer: dict[Path, tuple[float, int]] = {}
    for path, rows in inside.items():
        names = [cluster for _, cluster in rows]
        share = float(np.average([hit for hit, _ in rows], weights=cluster_weights(names)))
        answer[path] = (share, len(set(names)))
    return answer


def _folds(clusters: Sequence[str], folds: int = 10) -> dict[str, int]:
    """Fold of each cluster, in the order of their names."""
    return {cluster: place % folds for place, cluster in enumerate(sorted(set(clusters)))}


def mixture(components: Sequence[tuple[float, float, Spread]]) -> tuple[float, float, float]:
    """Middle and 80 % range where a condition is not stated and has several possible answers.

    Parameters
    ----------
    components : sequence of (weight, predicted, Spread)
        Weight of each possibility (they are normalised), its prediction and its spread. [1, any, 1]

    Returns
    -------
    tuple of float
        10, 50 and 90 % quantiles of the mixture: low, middle, high. [any]

    Raises
    ------
    DomainError
        If there is no component of positive weight.

    Notes
    -----
    Each component is a split normal in the logarithm with the given 10 and 90 % quantiles around its prediction.
    """
    total = sum(weight for weight, _, _ in components)
    if total <= 0:
        raise DomainError("weights", total, "at least one positive")
    low, middle, high = (_mixture_quantile(components, total, p) for p in (TAIL, 0.5, 1.0 - TAIL))
    return low, middle, high


def _mixture_quantile(components: Sequence[tuple[float, float, Spread]], total: float, probability: float) -> float:
    ends = [log(centre) + 4.0 * end for _, centre, spread in components for end in (spread.low, spread.high)]
    left, right = min(ends), max(ends)
    for _ in range(60):
        middle = (left + right) / 2
        below = sum(weight * _split_normal(middle - log(centre), spread) for weight, centre, spread in components)
        left, right = (middle, right) if below / total < probability else (left, middle)
    return exp((left + right) / 2)


def _split_normal(deviation: float, spread: Spread) -> float:
    """Probability below ``deviation`` of a normal whose two halves have the spread's 10 and 90 % quantiles."""
    scale = -spread.low if deviation < 0 else spread.high
    return 0.5 * (1.0 + erf(deviation / (scale / NORMAL_TAIL) / sqrt(2.0)))
