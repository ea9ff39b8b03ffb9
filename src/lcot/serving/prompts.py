"""What copies that only decode, and copies that only compute prompts, do with a load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lcot.cell import Cell, several, value_of
from lcot.facts.types import Numeric
from lcot.serving.curve import Curve, DecodeSteps, curve, power_of, sequences_held
from lcot.serving.pools import Pool, transfer
from lcot.serving.types import Target, Traffic
from lcot.steptime.types import Step, StepTime

BUDGET = 8192.0  # prompt tokens in one step of a rank, at most
QUANTILE = 3.0  # 95 % of exponential waits are below three times their mean


def pool_of(steps: StepTime, traffic: Traffic, target: Target, axes: int = 0, budget: float = BUDGET) -> Pool:
    """The pool that computes the prompts of a load.

    Parameters
    ----------
    steps : StepTime
        One copy of the pool.
    traffic : Traffic
        Lengths and burstiness.
    target : Target
        Where a time to first token is asked for, its 95th percentile is kept.
    axes : int
        Axes of draws that facts may have. [1]
    budget : float
        Prompt tokens in one step of a rank, at most. [token]

    Returns
    -------
    Pool
        Times of its groups, and the wait allowed; not a number in draws in which a prompt alone is too late.

    Notes
    -----
    Prompts are computed one at a time, one on each rank of data-parallel attention, or as many on each as its budget
    holds, whichever lets one copy compute more of them in time. Where nothing is asked prompts wait for groups before
    theirs no longer than half a group takes, and where :math:`t^*` is asked for

    .. math:: 2 T + t_{move} + 3 w \\le t^*

    References
    ----------
    :cite:t:`zhong2024`, section 3.
    """
    groups, step, pieces = prompt_steps(steps, traffic, axes, budget)
    times = steps.latency(step).total * pieces
    return fitting(steps, traffic, target, groups, times, power_of(steps, step))


def prompt_steps(
    steps: StepTime, traffic: Traffic, axes: int = 0, budget: float = BUDGET
) -> tuple[list[Numeric], Step, Numeric]:
    """Groups in which a copy may compute prompts, and what it is asked about each.

    Parameters
    ----------
    steps : StepTime
        One copy of the pool, or several abreast.
    traffic : Traffic
        Lengths.
    axes : int
        Axes of draws that facts may have, or of copies abreast. [1]
    budget : float
        Prompt tokens in one step of a rank, at most. [token]

    Returns
    -------
    groups : list of numeric
        Prompts together. [1]
    step : Step
        Three steps for each group (see `group_steps`).
    pieces : numeric
        Steps that a prompt takes. [1]

    Notes
    -----
    No formula: see `pool_of`.
    """
    cached = traffic.input_tokens * traffic.cached_fraction
    fresh = np.maximum(traffic.input_tokens - cached, 1.0)
    size = np.minimum(fresh, budget)  # a longer prompt takes several steps
    ranks, most = steps.deployment.data * 1.0, float(np.max(value_of(np.floor(budget / fresh))))
    groups: list[Numeric] = [1.0 + 0.0 * ranks]
    groups += [ranks] if several(ranks) else []
    groups += [ranks * most] if most > 1.0 else []
    return groups, group_steps(groups, size, fresh, cached, axes), np.maximum(fresh / size, 1.0)


def fitting(
    steps: StepTime,
    traffic: Traffic,
    target: Target,
    groups: Sequence[Numeric],
    times: Numeric,
    power: Numeric | None,
) -> Pool:
    """The pool with the groups that let it compute the most prompts in time.

    Parameters
    ----------
    steps : StepTime
        One copy of the pool.
    traffic : Traffic
        Lengths and burstiness.
    target : Target
        The service level.
    groups : sequence of numeric
        Prompts together. [1]
    times : numeric, shape (3 groups, ...)
        Of the steps of `prompt_steps`. [s]
    power : numeric, shape (3 groups, ...), or None
        In them; None: not on record. [W]

    Returns
    -------
    Pool
        See `pool_of`.

    Notes
    -----
    No formula: see `pool_of`.
    """
    latency, each = transfer(steps.deployment)
    moving = latency + each * traffic.input_tokens
    pools: list[Pool] = []
    for i, group in enumerate(groups):
        whole, new, more = (times[3 * i + row] for row in range(3))
        waits = whole / 2.0
        if target.time_to_first_token is not None:
            left = (target.time_to_first_token - 2.0 * whole - moving) / QUANTILE
            waits = np.where(left > 0.0, np.minimum(waits, left), np.nan)
        pools.append(
            Pool(
                steps.deployment.chips, group, whole, new, more, times[0], moving, waits, traffic.burstiness,
                None, steps.idle_power,
            )
        )  # fmt: skip
    best = max(range(len(pools)), key=lambda i: float(np.mean(np.nan_to_num(value_of(pools[i].capacity(1.0))))))
    if power is None:
        return pools[best]
    return replace(pools[best], power=(power[3 * best] if np.ndim(power) else power) + 0.0 * times[0])


def group_steps(groups: Sequence[Numeric], size: Numeric, fresh: Numeric, cached: Numeric, axes: int = 0) -> Step:
    """Steps with groups of prompts: each as it is, with nothing cached, and with one more cached token in each prompt.

    Parameters
    ----------
    groups : sequence of numeric
        Prompts together. [1]
    size : numeric, shape (...)
        Tokens of a prompt in the step. [token]
    fresh, cached : numeric, shape (...)
        Tokens of a prompt that are computed, and that the prefix cache holds. [token]
    axes : int
        Axes of draws that facts may have. [1]

    Returns
    -------
    Step
        Three for each group, along a new first axis.

    Notes
    -----
    See `lcot.serving.curve.steps_of`: :math:`C (c + f/2)` pairs for each prompt.

    References
    ----------
    :cite:t:`agrawal2024sarathi`.
    """
    size, fresh, cached = (value_of(one) for one in (size, fresh, cached))
    rows = [(group, prior) for group in groups for prior in (cached, 0.0, cached + 1.0)]
    none = np.zeros((1,) * axes)
    pairs = np.stack(np.broadcast_arrays(*(none + count * size * (fresh / 2.0 + prior) for count, prior in rows)))
    count = np.array([count for count, _ in rows])
    count = count.reshape(len(rows), *(1,) * (pairs.ndim - count.ndim), *count.shape[1:])
    return Step(
        prefill_tokens=np.broadcast_to(count * size, pairs.shape),
        prefill_pairs=pairs,
        prefill_sequences=np.broadcast_to(count, pairs.shape),
    )


def decode_steps(steps: StepTime, traffic: Traffic, batch: Numeric) -> DecodeSteps:
    """Steps of a copy that only decodes.

    Parameters
    ----------
    steps : StepTime
        The copy.
    traffic : Traffic
        Lengths of the requests; the rate is not used.
    batch : numeric, shape (n, ...)
        Sequences decoding. [1]

    Returns
    -------
    DecodeSteps
        Over ``batch``.

    Notes
    -----
    A sequence has, on average, its prompt and half of its output behind it: :math:`c = i + o / 2`.

    References
    ----------
    :cite:t:`pope2022`.
    """
    present = np.maximum(batch, 1.0)
    part = present / np.minimum(steps.stages * 1.0, present)
    step = Step(decode_sequences=part, decode_context=part * (traffic.input_tokens + traffic.output_tokens / 2.0))
    way = steps.latency(step).total
    slot = way if not several(steps.stages) else steps.interval(step).total
    return DecodeSteps(way, slot, power_of(steps, step))


def decoding(steps: StepTime, traffic: Traffic, batch: Numeric, pool: Pool, decode: DecodeSteps | None = None) -> Curve:
    """What one decoding copy does at each batch, where prompts are computed apart.

    Parameters
    ----------
    steps : StepTime
        The copy that decodes.
    traffic : Traffic
        Lengths of the requests; the rate is not used.
    batch : numeric, shape (n, ...)
        Sequences decoding. [1]
    pool : Pool
        The copies that compute prompts.
    decode : DecodeSteps, optional
        Its steps at these batches, where they are known.

    Returns
    -------
    Curve
        Arrays over ``batch``; the time to first token is that of a prompt that does not wait, and seconds of the pool
        count as those of as many chips of a decoding copy.

    Notes
    -----
    No step carries a prompt: :math:`\\tau = T_d(B) / a`, :math:`r = B / (o \\tau)`.

    References
    ----------
    :cite:t:`zhong2024`.
    """
    batch = batch if isinstance(batch, Cell) else np.asarray(batch, dtype=float)
    output, gained = traffic.output_tokens, steps.deployment.speculation.acceptance_length
    decode = decode_steps(steps, traffic, batch) if decode is None else decode
    present, some = np.maximum(batch, 1.0), np.minimum(batch, 1.0)
    busy = np.minimum(steps.stages * 1.0, present) * decode.slot
    round_time = np.maximum(decode.way, busy)
    per_token = round_time / gained
    share = pool.chips / steps.deployment.chips / pool.group
    nothing = 0.0 * per_token
    power = decode.power
    if power is not None:
        power = steps.idle_power + (power - steps.idle_power) * some * np.minimum(busy / round_time, 1.0)
    return Curve(
        batch=batch + nothing,
        time_per_output_token=per_token,
        time_to_first_token=pool.alone + some * decode.slot / 2.0,
        rate=batch / (output * per_token),
        decode_seconds=per_token * output / present,
        prefill_seconds=nothing + share * pool.fresh_seconds,
        cached_seconds=nothing + share * (pool.seconds - pool.fresh_seconds),
        cached_token_seconds=nothing + share * (pool.more_seconds - pool.seconds),
        power=power,
        held=np.minimum(
            sequences_held(steps.kv_capacity, traffic.input_tokens, output, steps.fixed(traffic.input_tokens + output)),
            steps.max_sequences,
        ),
        decode=decode,
    )


def curve_of(
    steps: StepTime, traffic: Traffic, target: Target, batch: Numeric, pool: Pool | None = None
) -> tuple[Curve, Pool | None]:
    """The curve of one copy, and the pool that computes its prompts where that is apart.

    Parameters
    ----------
    steps : StepTime
        One copy, with ``prefill`` where prompts are computed apart.
    traffic : Traffic
        Lengths of the requests.
    target : Target
        The service level.
    batch : numeric, shape (n, ...)
        Sequences decoding. [1]
    pool : Pool, optional
        The pool, where it is known.

    Returns
    -------
    tuple of Curve and Pool or None
        Over ``batch``.

    Notes
    -----
    No formula: it chooses between `lcot.serving.curve.curve` and `decoding`.
    """
    if steps.prefill is None:
        return curve(steps, traffic, batch), None
    pool = pool_of(steps.prefill, traffic, target, np.ndim(value_of(batch)) - 1) if pool is None else pool
    return decoding(steps, traffic, batch, pool), pool
