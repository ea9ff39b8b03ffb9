"""Mean and percentiles, of values at hand or of counts in bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.serving.types import Reals, Wholes

LEVELS = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and percentiles of a time. [s]"""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float


def spread(values: Reals) -> Spread:
    """Mean and percentiles of values.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Times; NaN where there is none. [s]

    Returns
    -------
    Spread
        NaN where there are no values.

    Notes
    -----
    Percentiles are linear between order statistics, :math:`x_{(1 + (n - 1) q)}`.

    References
    ----------
    :cite:t:`hyndman1996`, definition 7.
    """
    kept = values[np.isfinite(values)]
    if not len(kept):
        return Spread(*[float("nan")] * 5)
    return Spread(float(np.mean(kept)), *(float(q) for q in np.quantile(kept, LEVELS)))


def spread_of_counts(counts: Wholes, edges: Reals) -> Spread:
    """Mean and percentiles of values counted in bins.

    Parameters
    ----------
    counts : ndarray of int, shape (n,)
        Values in each bin. [1]
    edges : ndarray, shape (n + 1,)
        Edges of the bins. [s]

    Returns
    -------
    Spread
        Within half a bin; NaN where nothing was counted.

    Notes
    -----
    Values are spread evenly inside a bin: :math:`x_q = e_i + (e_{i+1} - e_i) (q n - N_i) / n_i`.

    References
    ----------
    :cite:t:`hyndman1996`.
    """
    total = int(np.sum(counts))
    if not total:
        return Spread(*[float("nan")] * 5)
    below = np.concatenate([[0.0], np.cumsum(counts)])
    used = np.flatnonzero(counts)
    places = np.array([q * total for q in LEVELS])
    found: list[float] = []
    for place in places:
        i = used[np.searchsorted(below[used + 1], place)]
        found.append(float(edges[i] + (edges[i + 1] - edges[i]) * (place - below[i]) / counts[i]))
    middle = (edges[:-1] + edges[1:]) / 2
    return Spread(float(np.sum(counts * middle) / total), *found)


class Digest:
    """Counts of times in bins of 1.1 %, to which more can be added: percentiles of any number of values."""

    def __init__(self, bins: int = 64 * 60, per_octave: int = 64) -> None:
        self.edges = np.exp2(np.arange(bins + 1) / per_octave - 30.0)
        self.counts = np.zeros(bins, np.int64)
        self.total = 0.0

    def add(self, values: Reals) -> None:
        """Count values; those that are not finite are left out."""
        kept = values[np.isfinite(values)]
        places = np.clip(np.searchsorted(self.edges, kept, side="right") - 1, 0, len(self.counts) - 1)
        self.counts += np.bincount(places, minlength=len(self.counts))
        self.total += float(np.sum(kept))

    def spread(self) -> Spread:
        """Exact mean, percentiles within a bin."""
        found = spread_of_counts(self.counts, self.edges)
        count = int(np.sum(self.counts))
        return Spread(self.total / count if count else float("nan"), found.p50, found.p90, found.p95, found.p99)
