"""Step time as the event kernel reads it from a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lcot.steptime.types import StepTable

Reals = NDArray[np.float64]


def table_time(table: StepTable, d: Reals, c: Reals, p: Reals, q: Reals, s: Reals) -> Reals:
    """Time of steps as the kernel reads it from a table.

    Parameters
    ----------
    table : StepTable
        The table.
    d, c : ndarray, shape (...)
        Decoding sequences [1] and the sum of their contexts. [token]
    p, q, s : ndarray, shape (...)
        Prompt tokens [token], positions they attend to [token], prompts. [1]

    Returns
    -------
    ndarray, shape (...)
        Seconds. [s]

    Raises
    ------
    IndexError
        If there are more sequences than the table covers.

    Notes
    -----
    .. math:: T = F_D(C) + G(vD + P) - G(vD) + A(P, Q) + R(D, C/D, P, Q/P, S)

    with s pipeline stages, :math:`k = \\min(s, S)`, prompts by the micro-batch and the dashed ones from ``slots``

    .. math:: T = \\max(F, \\; G + A + R, \\; F' + k (G' + A' + R'))

    References
    ----------
    :cite:t:`agrawal2024vidur`.
    """
    d, c, p, q, s = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (d, c, p, q, s)))
    shape = d.shape
    at = tuple(x.ravel() for x in (d, c, p, q, s))
    if table.slots is None:
        decode, more = _parts(table, True, *at)
        return (decode + more).reshape(shape)
    d, c, p, q, s = at
    count = np.clip(s, 1.0, float(table.stages))
    part = (d, c, np.ceil(p / count), q / count, s / count)
    decode, way = _parts(table, False, *part)
    taken, slot = _parts(table.slots, False, *part)
    return np.maximum(np.maximum(decode, way), taken + count * slot).reshape(shape)


def _parts(table: StepTable, together: bool, d: Reals, c: Reals, p: Reals, q: Reals, s: Reals) -> tuple[Reals, Reals]:
    """Time of the sequences, and what prompts add to it; of prompts by themselves where they are not ``together``."""
    pieces = table.decode[d.astype(np.int64)]
    j = np.maximum(np.sum(pieces[:, :, 0] <= c[:, None], axis=1) - 1, 0)
    chosen = pieces[np.arange(len(j)), j]
    time = chosen[:, 1] + chosen[:, 2] * (c - chosen[:, 0])
    at = np.arange(len(table.tokens), dtype=np.float64)
    own = d * table.tokens_per_sequence if together else 0.0 * d
    extra = np.interp(own + p, at, table.tokens) - np.interp(own, at, table.tokens) + _prompt_time(table, p, q)
    mean = (d, c / np.maximum(d, 1.0), p, q / np.maximum(p, 1e-9), s)
    extra = extra + _interpolated(table.rest, table.grid, mean)
    return time, np.where(p > 0, extra, 0.0)


def _prompt_time(table: StepTable, p: Reals, q: Reals) -> Reals:
    rows = np.asarray(table.prompt_tokens, np.float64)
    low = np.clip(np.searchsorted(rows, p, side="right") - 1, 0, len(rows) - 1)
    high = np.minimum(low + 1, len(rows) - 1)
    scaled = np.maximum(p, 1e-9)
    mean = q / scaled if len(rows) > 1 else q / rows[0]
    means = table.prompt[-1, :, 0] / rows[-1]  # pieces of all rows begin at the same means
    j = np.maximum(np.searchsorted(means, mean, side="right") - 1, 0)

    def row(i: NDArray[np.int64]) -> Reals:
        chosen = table.prompt[i, j]
        return chosen[:, 1] + chosen[:, 2] * (mean * rows[i] - chosen[:, 0])

    share = np.where(high > low, (p - rows[low]) / np.maximum(rows[high] - rows[low], 1e-9), 0.0)
    inside = row(low) + (row(high) - row(low)) * share
    return np.where((len(rows) > 1) & (p >= rows[-1]), row(low) * scaled / rows[-1], inside)


def _interpolated(rest: Reals, grid: tuple[Reals, ...], at: tuple[Reals, ...]) -> Reals:
    weights: list[tuple[NDArray[np.int64], Reals]] = []
    for axis, where in zip(grid, at, strict=True):
        low = np.clip(np.searchsorted(axis, where, side="right") - 1, 0, max(len(axis) - 2, 0))
        if len(axis) == 1:
            weights.append((low, np.zeros_like(where)))
            continue
        weights.append((low, np.clip((where - axis[low]) / (axis[low + 1] - axis[low]), 0.0, 1.0)))
    total = np.zeros_like(at[0])
    for corner in range(32):
        high = [corner >> axis & 1 for axis in range(5)]
        if any(h and len(axis) == 1 for h, axis in zip(high, grid, strict=True)):
            continue
        share = np.ones_like(total)
        for h, (_, w) in zip(high, weights, strict=True):
            share = share * (w if h else 1.0 - w)
        total += share * rest[tuple(low + h for h, (low, _) in zip(high, weights, strict=True))]
    return total
