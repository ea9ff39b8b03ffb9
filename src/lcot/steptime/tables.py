"""Step time as arrays for the event kernel.

The kernel advances whole runs of decode steps in closed form, so it needs the time of a decode step as straight
pieces of the context, exact for every batch. Steps with prompts are timed one by one: the tokens that the matrix
products share, the attention of the prompts, and, on a grid, whatever the sum of those parts misses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lcot.errors import DomainError
from lcot.steptime.cycles import decode_slots, decode_way
from lcot.steptime.table_time import table_time
from lcot.steptime.types import Step, StepTable, StepTime

Reals = NDArray[np.float64]
EXACT = 256  # decoding sequences up to which every batch is evaluated
TOKENS = 512  # tokens up to which every number is evaluated
TOLERANCE = 1e-3  # of a pure decode step: the pieces are as many as this needs
CLOSE = 1e-3  # of a step with prompts: what the rest may miss between two points of an axis
JUMP = 1e-3  # of the time of some tokens: what one more token may change it by, beyond what others do
FEW = 64  # prompt tokens up to which every number is a point of the rest, where tokens matter there
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
        Within 0.5 % of ``steps.latency``; with pipeline stages, of `lcot.steptime.cycles.cycle_time`.

    Raises
    ------
    DomainError
        If a limit is below 1.

    Notes
    -----
    .. math:: T = F_D(C) + G(vD + P) - G(vD) + A(P, Q) + R(D, C/D, P, Q/P, S)

    for D decoding sequences with contexts that sum to C, and S prompts with P tokens that attend to Q positions. F is
    straight in C between points that are put where it bends, G and A are the time of prompts alone, and R is what is
    left of the step, linear between points of a grid. With pipeline stages there is one such sum for the way through
    all stages and one for the time in the slowest, and prompts and sequences have no token in common.

    References
    ----------
    :cite:t:`agrawal2024vidur`, section 4, for the split of a step by what its parts depend on.
    """
    if max_sequences < 1 or max_batched_tokens < 1:
        raise DomainError("max_sequences", min(max_sequences, max_batched_tokens), "1 or more", "table")
    longest = max_context or steps.deployment.model.max_context
    queries = 1 + steps.deployment.speculation.draft_tokens
    limits = (max_sequences, max_batched_tokens, longest, queries)
    if steps.stages == 1:
        table = _table(lambda step: np.asarray(steps.latency(step).total), *limits, mixed)
    else:
        table = _pipeline(steps, limits)
    return replace(table, kv_capacity=float(np.min(steps.kv_capacity)))


def _pipeline(steps: StepTime, limits: tuple[int, int, int, int]) -> StepTable:
    """Sequences and prompts travel apart, so no step has both; prompts are tabulated by the micro-batch."""

    def slots(step: Step) -> Reals:
        decode = decode_slots(steps, np.asarray(step.decode_sequences), np.asarray(step.decode_context))
        return np.where(np.asarray(step.prefill_tokens) > 0, np.asarray(steps.interval(step).total), decode)

    def ways(step: Step) -> Reals:
        sequences, context = np.asarray(step.decode_sequences), np.asarray(step.decode_context)
        decode = np.maximum(decode_way(steps, sequences, context), decode_slots(steps, sequences, context))
        return np.where(np.asarray(step.prefill_tokens) > 0, np.asarray(steps.latency(step).total), decode)

    return replace(_table(ways, *limits, False), slots=_table(slots, *limits, False), stages=steps.stages)


def _table(
    function: Callable[[Step], Reals], max_sequences: int, most: int, longest: int, queries: int, mixed: bool
) -> StepTable:
    """The table of one function of a step."""
    time = _evaluated(function)
    decode = _decode(time, max_sequences, longest)
    tokens = _tokens(time, most + max_sequences * queries)
    rows, prompt = _prompt(time, tokens, most, longest)
    none = (np.zeros(1),) * 5
    bare = StepTable(decode, tokens, prompt, rows, np.zeros((1,) * 5), none, 0.0, queries)
    grid = _grid(time, bare, max_sequences, most, longest, mixed)
    d, c, p, q, s = np.meshgrid(*grid, indexing="ij")
    rest = time(d, d * c, p, p * q, s) - table_time(bare, d, d * c, p, p * q, s)
    return replace(bare, rest=rest, grid=grid)


def _evaluated(function: Callable[[Step], Reals]) -> Callable[..., Reals]:
    def time(d: Reals, c: Reals, p: Reals | float = 0.0, q: Reals | float = 0.0, s: Reals | float = 0.0) -> Reals:
        parts = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (d, c, p, q, s)))
        flat = [part.ravel() for part in parts]
        out = np.empty(flat[0].size)
        for start in range(0, out.size, CHUNK):
            piece = slice(start, start + CHUNK)
            step = Step(*(part[piece] for part in flat))
            out[piece] = function(step)
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
    if len(_jumps(values[:TOKENS])):
        points = np.arange(most + 1, dtype=np.float64)
        values = time(0.0, 0.0, points[1:], 0.0, 1.0)
    every = np.arange(most + 1, dtype=np.float64)
    curve = np.interp(every, points[1:], values)
    curve[0] = 0.0
    return curve


def _jumps(values: Reals) -> Reals:
    """Numbers of tokens from 1 on, after which one more changes the time by far more than one before and after does."""
    change = np.diff(values)
    beside = np.pad(change, 1, "edge")
    alone = np.minimum(np.abs(change - beside[:-2]), np.abs(change - beside[2:]))
    alone[[0, -1]] = np.abs(change[[0, -1]] - change[[1, -2]])
    return 1.0 + np.flatnonzero(alone > JUMP * values[1:] + 3.0 * np.median(np.abs(change))).astype(np.float64)


def _prompt(time: Callable[..., Reals], tokens: Reals, most: int, longest: int) -> tuple[Reals, Reals]:
    """Extra time of prompts for the positions they attend to."""
    rows = _levels(most, 1.6, 4)[1:]
    means = np.concatenate([[0.0], np.geomspace(8.0, max(float(longest), 16.0), 24)])
    values = time(0.0, 0.0, rows[:, None], rows[:, None] * means, 1.0)
    values = values - tokens[rows.astype(np.int64)][:, None]
    edges = rows[:, None] * means
    slopes = np.diff(values, axis=1) / np.diff(edges, axis=1)
    return rows, np.stack([edges[:, :-1], values[:, :-1], slopes], axis=2)


def _grid(
    time: Callable[..., Reals], bare: StepTable, max_sequences: int, most: int, longest: int, mixed: bool
) -> tuple[Reals, ...]:
    """Axes of the rest, with the points that it needs: one where the rest does not depend on the axis."""
    prompts = _levels(min(max_sequences, most, 128), 1.5, 16)[1:]
    means = np.concatenate([[0.0], np.geomspace(32.0, max(float(longest), 64.0), 12 if mixed else 24)])
    jumps = _jumps(bare.tokens[1:])
    levels = _levels(most, 1.1, 4 if mixed else FEW)[1:]
    chunks = np.unique(np.concatenate([levels, jumps, jumps + 1.0]))
    bends = np.unique(np.concatenate([means, bare.decode[1, :, 0]]))  # where steps of one sequence bend
    full: tuple[Reals, ...] = (_levels(max_sequences, 1.3, 16), bends, chunks[chunks <= most], means, prompts)
    draw = np.random.default_rng(0)
    d, c, p, q, s = (draw.choice(axis[axis > 0], PROBES)[:, None] for axis in (*full[:2], levels, *full[3:]))
    d = d * (draw.random((PROBES, 1)) < 0.8) if mixed else 0.0 * d

    def missing(axis: int) -> tuple[Reals, Reals]:
        at = [d, c, p, q, s]
        at[axis] = full[axis][None, :]
        d_, c_, p_, q_, s_ = np.broadcast_arrays(*at)
        exact = time(d_, d_ * c_, p_, p_ * q_, s_)
        return exact - table_time(bare, d_, d_ * c_, p_, p_ * q_, s_), exact

    first: list[Reals] = (
        [np.zeros(1), np.zeros(1)] if not mixed else []
    )  # without decoding sequences the rest has no such axes
    grid = [*first, *(_needed(full[axis], *missing(axis)) for axis in range(len(first), 5))]
    if not mixed and len(grid[2]) > 1:
        grid[2] = np.unique(np.concatenate([grid[2], full[2][: min(FEW, most)]]))
    return tuple(grid)


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
