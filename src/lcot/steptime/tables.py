"""Step time as arrays for the event kernel.

The kernel advances whole runs of decode steps in closed form, so it needs the time of a decode step as straight
pieces of the context, exact for every batch. Steps with prompts are timed one by one: the tokens that the matrix
products share, the attention of the prompts, and, on a grid, whatever the sum of those parts misses.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lcot.errors import DomainError
from lcot.steptime.types import Step, StepTable, StepTime

Reals = NDArray[np.float64]
EXACT = 256  # decoding sequences up to which every batch is evaluated
TOKENS = 512  # tokens up to which every number is evaluated
TOLERANCE = 1e-3  # of a pure decode step: the pieces are as many as this needs
CLOSE = 1e-3  # of a step with prompts: what the rest may miss between two points of an axis
PROBES = 192  # steps at which every axis is probed
CHUNK = 1 << 14  # steps evaluated in one call


def tables(
    steps: StepTime, max_sequences: int, max_batched_tokens: int, max_context: int | None = None, mixed: bool = True
) -> StepTable:
    r"""Step time of one model copy as arrays.

    Parameters
    ----------
    steps : StepTime
        The copy.
    max_sequences : int
        Most decoding sequences in a step. [1]
    max_batched_tokens : int
        Most tokens in a step. [token]
    max_context : int, optional
        Longest context of a sequence; default that of the model. [token]
    mixed : bool
        Whether steps with prompts and decoding sequences must be exact too; where not, only those with one of both are.

    Returns
    -------
    StepTable
        Within 0.5 % of ``steps.latency``; with pipeline stages, of `cycle_time`.

    Raises
    ------
    DomainError
        If a limit is below 1.

    Notes
    -----
    .. math:: T = F_D(C) + G(vD + P) - G(vD) + A(P, Q) + R(D, C/D, P, Q/P, S)

    for D decoding sequences with contexts that sum to C, and S prompts with P tokens that attend to Q positions. F is
    straight in C between points that are put where it bends, G and A are the time of prompts alone, and R is what is
    left of the step, linear between points of a grid.

    References
    ----------
    :cite:t:`agrawal2024vidur`, section 4, for the split of a step by what its parts depend on.
    """
    if max_sequences < 1 or max_batched_tokens < 1:
        raise DomainError("max_sequences", min(max_sequences, max_batched_tokens), "1 or more", "table")
    time = _evaluated(steps)
    longest = max_context or steps.deployment.model.max_context
    queries = 1 + steps.deployment.speculation.draft_tokens
    most = max_batched_tokens + max_sequences * queries
    decode = _decode(time, max_sequences, longest)
    tokens = _tokens(time, most)
    rows, prompt = _prompt(time, tokens, max_batched_tokens, longest)
    bare = StepTable(
        decode, tokens, prompt, rows, np.zeros((1,) * 5), (np.zeros(1),) * 5, float(np.min(steps.kv_capacity)), queries
    )
    grid = _grid(time, bare, max_sequences, max_batched_tokens, longest, mixed)
    d, c, p, q, s = np.meshgrid(*grid, indexing="ij")
    rest = time(d, d * c, p, p * q, s) - table_time(bare, d, d * c, p, p * q, s)
    return StepTable(decode, tokens, prompt, rows, rest, grid, bare.kv_capacity, queries)


def cycle_time(steps: StepTime, step: Step) -> Reals:
    r"""Time in which every sequence of a step gets its next token.

    Parameters
    ----------
    steps : StepTime
        The copy.
    step : Step
        All sequences and prompts in flight. [1], [token]

    Returns
    -------
    ndarray, shape (...)
        The latency of the step without pipeline stages. [s]

    Raises
    ------
    MissingFact
        If a fact that the step time needs is not on record.

    Notes
    -----
    With s stages the D sequences travel as :math:`m = \min(s, D)` micro-batches, the S prompts as
    :math:`k = \min(s, S)` more:

    .. math:: T = \max\left( L(D/m, C/m),\; L(P/k, Q/k, S/k),\; m\,I(D/m, C/m) + k\,I(P/k, Q/k, S/k) \right)

    for the latency L through all stages and the interval I of the slowest.

    References
    ----------
    :cite:t:`narayanan2021`, section 2.2.
    """
    if steps.stages == 1:
        return np.asarray(steps.latency(step).total, np.float64)
    parts = (
        step.decode_sequences,
        step.decode_context,
        step.prefill_tokens,
        step.prefill_pairs,
        step.prefill_sequences,
    )
    d, c, p, q, s = np.broadcast_arrays(*(np.asarray(part, np.float64) for part in parts))
    batches = np.clip(np.floor(d), 1.0, float(steps.stages))
    one = Step(decode_sequences=d / batches, decode_context=c / batches)
    groups = np.clip(s, 1.0, float(steps.stages))
    prompts = Step(prefill_tokens=p / groups, prefill_pairs=q / groups, prefill_sequences=s / groups)
    slowest = np.where(d > 0, batches * steps.interval(one).total, 0.0)
    slowest = slowest + np.where(p > 0, groups * steps.interval(prompts).total, 0.0)
    through = np.maximum(
        np.where(d > 0, steps.latency(one).total, 0.0), np.where(p > 0, steps.latency(prompts).total, 0.0)
    )
    return np.maximum(slowest, through)


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

    References
    ----------
    :cite:t:`agrawal2024vidur`.
    """
    d, c, p, q, s = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (d, c, p, q, s)))
    shape = d.shape
    d, c, p, q, s = (x.ravel() for x in (d, c, p, q, s))
    pieces = table.decode[d.astype(np.int64)]
    j = np.maximum(np.sum(pieces[:, :, 0] <= c[:, None], axis=1) - 1, 0)
    chosen = pieces[np.arange(len(j)), j]
    time = chosen[:, 1] + chosen[:, 2] * (c - chosen[:, 0])
    at = np.arange(len(table.tokens), dtype=np.float64)
    own = d * table.tokens_per_sequence
    extra = np.interp(own + p, at, table.tokens) - np.interp(own, at, table.tokens) + _prompt_time(table, p, q)
    mean = (d, c / np.maximum(d, 1.0), p, q / np.maximum(p, 1e-9), s)
    extra = extra + _interpolated(table.rest, table.grid, mean)
    return (time + np.where(p > 0, extra, 0.0)).reshape(shape)


def _evaluated(steps: StepTime) -> Callable[..., Reals]:
    def time(d: Reals, c: Reals, p: Reals | float = 0.0, q: Reals | float = 0.0, s: Reals | float = 0.0) -> Reals:
        parts = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (d, c, p, q, s)))
        flat = [part.ravel() for part in parts]
        out = np.empty(flat[0].size)
        for start in range(0, out.size, CHUNK):
            piece = slice(start, start + CHUNK)
            step = Step(*(part[piece] for part in flat))
            out[piece] = cycle_time(steps, step)
        return out.reshape(parts[0].shape)

    return time


def _levels(most: float, ratio: float, exact: int) -> Reals:
    """Whole numbers from 0 to ``most``: each up to ``exact``, then by a ratio."""
    most = int(most)
    dense = np.arange(min(exact, most) + 1, dtype=np.float64)
    if most <= exact:
        return dense
    count = int(np.ceil(np.log(most / exact) / np.log(ratio))) + 1
    return np.unique(np.concatenate([dense, np.round(np.geomspace(exact, most, count))]))


def _bends(time: Callable[..., Reals], sequences: Reals, longest: int) -> Reals:
    """Mean contexts at which decode steps bend: points are put between others until straight lines will do."""
    points = np.unique(np.concatenate([[0.0], np.geomspace(16.0, max(float(longest), 32.0), 8)]))
    probes = np.unique(np.round(np.geomspace(1, sequences.max(), 40)))
    done: set[float] = set()
    for _ in range(12):
        middle = [(a + b) / 2 for a, b in pairwise(points) if a not in done]
        if not middle or len(points) > 200:
            break
        new: list[float] = []
        ends = time(probes[:, None], probes[:, None] * points)
        at = time(probes[:, None], probes[:, None] * np.array(middle))
        for k, m in enumerate(middle):
            i = int(np.searchsorted(points, m)) - 1
            straight = (ends[:, i] + ends[:, i + 1]) / 2
            if np.any(np.abs(straight - at[:, k]) > TOLERANCE * at[:, k]):
                new.append(m)
            else:
                done.add(float(points[i]))
        points = np.unique(np.concatenate([points, new]))
    values = time(probes[:, None], probes[:, None] * points)
    kept = _needed(points, values, values)
    return kept if len(kept) > 1 else points[[0, -1]]  # a time that no context changes is one straight piece


def _decode(time: Callable[..., Reals], max_sequences: int, longest: int) -> Reals:
    """Pieces of the decode surface for every batch; batches between evaluated ones are interpolated."""
    batches = _levels(max_sequences, 1.02, EXACT)
    points = _bends(time, batches, longest)
    evaluated = time(np.maximum(batches, 1.0)[:, None], np.maximum(batches, 1.0)[:, None] * points)
    every = np.arange(max_sequences + 1, dtype=np.float64)
    values = np.stack([np.interp(every, batches, evaluated[:, j]) for j in range(len(points))], axis=1)
    edges = np.maximum(every, 1.0)[:, None] * points
    slopes = np.diff(values, axis=1) / np.diff(edges, axis=1)
    surface = np.stack([edges[:, :-1], values[:, :-1], slopes], axis=2)
    surface[0] = [0.0, 0.0, 0.0]
    surface[0, 1:, 0] = np.inf
    return surface


def _tokens(time: Callable[..., Reals], most: int) -> Reals:
    """Time of ``n`` prompt tokens that attend to nothing; 0 for none."""
    points = _levels(most, 1.01, TOKENS)
    values = time(0.0, 0.0, points[1:], 0.0, 1.0)
    every = np.arange(most + 1, dtype=np.float64)
    curve = np.interp(every, points[1:], values)
    curve[0] = 0.0
    return curve


def _prompt(time: Callable[..., Reals], tokens: Reals, most: int, longest: int) -> tuple[Reals, Reals]:
    """Extra time of prompts for the positions they attend to."""
    rows = _levels(most, 1.6, 4)[1:]
    means = np.concatenate([[0.0], np.geomspace(8.0, max(float(longest), 16.0), 24)])
    values = time(0.0, 0.0, rows[:, None], rows[:, None] * means, 1.0)
    values = values - tokens[rows.astype(np.int64)][:, None]
    edges = rows[:, None] * means
    slopes = np.diff(values, axis=1) / np.diff(edges, axis=1)
    return rows, np.stack([edges[:, :-1], values[:, :-1], slopes], axis=2)


def _prompt_time(table: StepTable, p: Reals, q: Reals) -> Reals:
    rows = np.asarray(table.prompt_tokens, np.float64)
    low = np.clip(np.searchsorted(rows, p, side="right") - 1, 0, len(rows) - 1)
    high = np.minimum(low + 1, len(rows) - 1)
    scaled = np.maximum(p, 1e-9)

    def row(i: NDArray[np.int64]) -> Reals:
        pieces = table.prompt[i]
        at = q * rows[i] / scaled if len(rows) > 1 else q
        j = np.maximum(np.sum(pieces[:, :, 0] <= at[:, None], axis=1) - 1, 0)
        chosen = pieces[np.arange(len(j)), j]
        return chosen[:, 1] + chosen[:, 2] * (at - chosen[:, 0])

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


def _grid(
    time: Callable[..., Reals], bare: StepTable, max_sequences: int, most: int, longest: int, mixed: bool
) -> tuple[Reals, ...]:
    """Axes of the rest, with the points that it needs: one where the rest does not depend on the axis."""
    prompts = _levels(min(max_sequences, most, 128), 1.5, 16)[1:]
    means = np.concatenate([[0.0], np.geomspace(32.0, max(float(longest), 64.0), 12)])
    full = (_levels(max_sequences, 1.3, 16), means, _levels(most, 1.1, 4)[1:], means, prompts)
    draw = np.random.default_rng(0)
    d, c, p, q, s = (draw.choice(axis[axis > 0], PROBES)[:, None] for axis in full)
    d = d * (draw.random((PROBES, 1)) < 0.8) if mixed else 0.0 * d

    def missing(axis: int) -> tuple[Reals, Reals]:
        at = [d, c, p, q, s]
        at[axis] = full[axis][None, :]
        d_, c_, p_, q_, s_ = np.broadcast_arrays(*at)
        exact = time(d_, d_ * c_, p_, p_ * q_, s_)
        return exact - table_time(bare, d_, d_ * c_, p_, p_ * q_, s_), exact

    first = [np.zeros(1), np.zeros(1)] if not mixed else []  # without decoding sequences the rest has no such axes
    return (*first, *(_needed(full[axis], *missing(axis)) for axis in range(len(first), 5)))


def _needed(points: Reals, values: Reals, scale: Reals) -> Reals:
    """The fewest of ``points`` between which straight lines follow every row of ``values`` closely."""
    if np.all(np.ptp(values, axis=1) <= CLOSE * np.min(scale, axis=1)):
        return points[:1]
    kept = [0]
    while kept[-1] < len(points) - 1:
        a = kept[-1]
        run, rise = points[a + 1 :] - points[a], values[:, a + 1 :] - values[:, [a]]
        slope, slack = rise / run, CLOSE * scale[:, a + 1 :] / run
        # a line from here passes close to all points before its end if it is neither flatter nor steeper than these
        least, most = np.maximum.accumulate(slope - slack, axis=1), np.minimum.accumulate(slope + slack, axis=1)
        follows = np.all((least[:, :-1] <= slope[:, 1:]) & (slope[:, 1:] <= most[:, :-1]), axis=0)
        kept.append(a + 1 + int(np.max(np.flatnonzero(follows) + 1, initial=0)))
    return points[kept]
