"""Prompts apart: a pool of copies that compute prompts and hand their caches to the copies that decode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.cell import Cell, value_of
from lcot.errors import MissingFact
from lcot.facts.types import Numeric
from lcot.serving.curve import Curve, curve, sequences_held
from lcot.serving.types import Target, Traffic
from lcot.steptime.types import Deployment, Step, StepTime
from lcot.workload.caches import kv_bytes_per_token

BUDGET = 8192.0  # prompt tokens in one step of a rank, at most
QUANTILE = 3.0  # 95 % of exponential waits are below three times their mean
MORE = 4  # copies tried beyond those that the rate itself needs


@dataclass(frozen=True, slots=True)
class Pool:
    """Copies that compute prompts, and their share of a fleet. All numeric, one entry per draw."""

    chips: int  # of one copy
    group: Numeric  # prompts computed together, at most
    seconds: Numeric  # of such a group
    fresh_seconds: Numeric  # of a group as if nothing were cached
    more_seconds: Numeric  # of a group with one more cached token in each prompt
    single: Numeric  # s of one prompt alone
    moving: Numeric  # s to hand over the cache of one prompt
    waits: Numeric  # s that prompts may wait on average for the groups before theirs
    variation: Numeric  # coefficient of variation of the times between arrivals
    power: Numeric | None  # W of one copy at work; None: not on record
    idle_power: Numeric

    @property
    def alone(self) -> Numeric:
        """Time from the start of a prompt by itself to its cache at the decoding copy. [s]"""
        return self.single + self.moving

    def capacity(self, copies: Numeric) -> Numeric:
        """Prompts that some copies compute while the mean wait is as allowed.

        Parameters
        ----------
        copies : numeric, shape (...)
            Copies of the pool. [1]

        Returns
        -------
        numeric, shape (...)
            Rate. [request/s]

        Notes
        -----
        The last term of `wait` is the wait allowed at a load of :math:`\\rho = (\\sqrt{u^2 + 4 u} - u) / 2` with
        :math:`u = 2 n k w / (c^2 T)`, and the rate is :math:`n \\rho k / T`.

        References
        ----------
        :cite:t:`kingman1961`.
        """
        u = 2.0 * copies * self.group * self.waits / (np.maximum(self.variation, 1e-3) ** 2 * self.seconds)
        load = 2.0 / (1.0 + np.sqrt(1.0 + 4.0 / u))  # the same without the difference of large numbers
        return copies * load * self.group / self.seconds

    def copies_for(self, rate: Numeric) -> Numeric:
        """Fewest copies that compute prompts at a rate.

        Parameters
        ----------
        rate : numeric, shape (...)
            Prompts. [request/s]

        Returns
        -------
        numeric, shape (...)
            Whole copies. [1]

        Notes
        -----
        The least n with :math:`q(n) \\ge r`. One copy more than :math:`q^{-1}` of the linear part is nearly always
        enough, and a few are tried.

        References
        ----------
        :cite:t:`kingman1961`.
        """
        copies = np.maximum(np.ceil(rate * self.seconds / self.group * (1.0 - 1e-12)), 1.0)
        for _ in range(MORE):
            copies = np.where(self.capacity(copies) < rate, copies + 1.0, copies)
        return copies

    def wait(self, rate: Numeric, copies: Numeric) -> Numeric:
        """Mean time from a prompt's arrival to the end of its group, beyond that of a prompt alone.

        Parameters
        ----------
        rate : numeric, shape (...)
            Prompts. [request/s]
        copies : numeric, shape (...)
            Copies of the pool. [1]

        Returns
        -------
        numeric, shape (...)
            Wait. [s]

        Notes
        -----
        What arrives during a group is the next one, so groups have :math:`g = r T(g) / n` prompts, at least one and
        at most k, with :math:`T(g)` linear between one prompt and k. A prompt waits for half of the group at work,
        and for groups before its own where k is not enough:

        .. math:: W = T(g) - T(1) + \\frac{\\rho \\, T(g)}{2} + \\frac{c^2 T}{2 k n} \\frac{\\rho^2}{1 - \\rho}

        which for one prompt at a time on one copy is the mean wait for equal services.

        References
        ----------
        :cite:t:`kingman1961`; :cite:t:`bailey1954` for service in groups.
        """
        load = self.busy(rate, copies)
        slope = np.where(
            self.group > 1.0, (self.seconds - self.single) / np.maximum(self.group - 1.0, 1.0), self.seconds
        )
        each = rate / copies
        size = each * (self.single - slope) / np.maximum(1.0 - each * slope, 1e-9)
        time = self.single + slope * (np.clip(size, 1.0, np.maximum(self.group, 1.0)) - 1.0)
        at_work = np.minimum(each * time / np.clip(size, 1.0, np.maximum(self.group, 1.0)), 1.0)
        behind = self.variation**2 * self.seconds / (2.0 * self.group * copies) * load**2 / (1.0 - load)
        return time - self.single + at_work * time / 2.0 + behind

    def busy(self, rate: Numeric, copies: Numeric) -> Numeric:
        """Rate over what the copies compute at most, at most 0.999."""
        return np.minimum(rate * self.seconds / (copies * self.group), 0.999)


def transfer(deployment: Deployment) -> tuple[float, Numeric]:
    """Latency, and seconds per token, of moving a KV cache between pools over each chip's farthest link.

    Parameters
    ----------
    deployment : Deployment
        The copy that the cache leaves.

    Returns
    -------
    latency : float
        Before the cache begins to arrive. [s]
    each : numeric
        Per token. [s]

    Raises
    ------
    MissingFact
        If the chip's link has no bandwidth on record.

    Notes
    -----
    .. math:: t = t_0 + b_{kv} / (N \\beta)

    References
    ----------
    :cite:t:`zhong2024`.
    """
    chip, facts = deployment.system.chip, deployment.engine.facts
    level = chip.levels[-1] if chip.levels else ""
    bandwidth = chip.facts.number(f"fabric.{level}.bandwidth", "moving a KV cache between pools")
    each = kv_bytes_per_token(deployment.model, deployment.precision.kv) / deployment.chips
    return facts.number("collective.outer") if facts.has("collective.outer") else 0.0, each / bandwidth


def pool_of(steps: StepTime, traffic: Traffic, target: Target, budget: float = BUDGET) -> Pool:
    """The pool that computes the prompts of a load.

    Parameters
    ----------
    steps : StepTime
        One copy of the pool.
    traffic : Traffic
        Lengths and burstiness.
    target : Target
        Where a time to first token is asked for, its 95th percentile is kept.
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
    fresh = np.maximum(traffic.input_tokens * (1.0 - traffic.cached_fraction), 1.0)
    ranks, most = float(steps.deployment.data), float(np.max(np.maximum(np.floor(budget / fresh), 1.0)))
    pools = [grouped(steps, traffic, target, size, budget) for size in sorted({1.0, ranks, ranks * most})]
    return max(pools, key=lambda pool: float(np.mean(np.nan_to_num(value_of(pool.capacity(1.0))))))


def grouped(steps: StepTime, traffic: Traffic, target: Target, group: float, budget: float) -> Pool:
    """The pool with a number of prompts together.

    Parameters
    ----------
    steps, traffic, target
        See `pool_of`.
    group : float
        Prompts computed together, at most. [1]
    budget : float
        Prompt tokens in one step of a rank, at most. [token]

    Returns
    -------
    Pool
        Times of such groups, and the wait allowed.

    Notes
    -----
    A prompt of f tokens takes :math:`\\max(1, f / b)` steps; the rest see `pool_of`.

    References
    ----------
    :cite:t:`zhong2024`, section 3.
    """
    cached = traffic.input_tokens * traffic.cached_fraction
    fresh = np.maximum(traffic.input_tokens - cached, 1.0)
    size = np.minimum(fresh, budget)  # a longer prompt takes several steps
    step = group_step(group, size, fresh, cached)
    times = steps.latency(step).total * np.maximum(fresh / size, 1.0)
    latency, each = transfer(steps.deployment)
    moving = latency + each * traffic.input_tokens
    waits = times[0] / 2.0
    if target.time_to_first_token is not None:
        left = (target.time_to_first_token - 2.0 * times[0] - moving) / QUANTILE
        waits = np.where(left > 0.0, np.minimum(waits, left), np.nan)
    try:
        power = (steps.power(step) + 0.0 * times)[0]
    except MissingFact:
        power = None
    return Pool(
        steps.deployment.chips, group, times[0], times[1], times[2], times[3], moving, waits, traffic.burstiness, power,
        steps.idle_power,
    )  # fmt: skip


def group_step(group: float, size: Numeric, fresh: Numeric, cached: Numeric) -> Step:
    """Steps with a group of prompts: as it is, with nothing cached, with one more cached token each; and one prompt.

    Parameters
    ----------
    group : float
        Prompts together. [1]
    size : numeric, shape (...)
        Tokens of a prompt in the step. [token]
    fresh, cached : numeric, shape (...)
        Tokens of a prompt that are computed, and that the prefix cache holds. [token]

    Returns
    -------
    Step
        Along a new first axis.

    Notes
    -----
    See `lcot.serving.curve.steps_of`: :math:`C (c + f/2)` pairs for each prompt.

    References
    ----------
    :cite:t:`agrawal2024sarathi`.
    """
    rows = ((group, cached), (group, 0.0), (group, cached + 1.0), (1.0, cached))
    pairs = np.stack(np.broadcast_arrays(*(count * size * (fresh / 2.0 + prior) for count, prior in rows)))
    count = np.array([count for count, _ in rows]).reshape(-1, *(1,) * (pairs.ndim - 1))
    return Step(
        prefill_tokens=np.broadcast_to(count * size, pairs.shape),
        prefill_pairs=pairs,
        prefill_sequences=np.broadcast_to(count, pairs.shape),
    )


def mixes(chips: Numeric, decode_chips: int, rate: Numeric, pool: Pool) -> tuple[Numeric, Numeric, Numeric]:
    """The best split of some chips between both pools.

    Parameters
    ----------
    chips : numeric, shape (...)
        Chips to split. [1]
    decode_chips : int
        Of one decoding copy. [1]
    rate : numeric, shape (...)
        Of one decoding copy within the target. [request/s]
    pool : Pool
        The copies that compute prompts.

    Returns
    -------
    copies, prompts, capacity : tuple of numeric, shape (...)
        Decoding copies [1], copies of the pool [1], and what both deliver [request/s]; the capacity is 0 where the
        chips do not hold one of each.

    Notes
    -----
    .. math:: \\max_n \\min(\\lfloor (C - n c_p) / c_d \\rfloor \\, r, \\; q(n))

    over whole n next to the balance :math:`n_0 = C / (c_p + c_d \\, q(1) / r)`.

    References
    ----------
    :cite:t:`zhong2024`, section 4.
    """
    one = pool.group / pool.seconds
    balance = np.floor(chips / (pool.chips + decode_chips * one / rate))
    best: tuple[Numeric, Numeric, Numeric] = (0.0, 0.0, 0.0 * balance)
    for more in (-1.0, 0.0, 1.0, 2.0):
        prompts = np.maximum(balance + more, 1.0)
        copies = np.maximum(np.floor((chips - prompts * pool.chips) / decode_chips), 0.0)
        found = np.minimum(copies * rate, pool.capacity(prompts))
        better = found > best[2]
        best = tuple(np.where(better, new, old) for new, old in zip((copies, prompts, found), best, strict=True))  # type: ignore[assignment]
    return best


def decoding(steps: StepTime, traffic: Traffic, batch: Numeric, pool: Pool) -> Curve:
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
    lanes = np.minimum(float(steps.stages), batch)
    part = batch / lanes
    step = Step(decode_sequences=part, decode_context=part * (traffic.input_tokens + output / 2.0))
    way = steps.latency(step).total
    slot = way if steps.stages == 1 else steps.interval(step).total
    round_time = np.maximum(way, lanes * slot)
    per_token = round_time / gained
    share = pool.chips / steps.deployment.chips / pool.group
    nothing = 0.0 * per_token
    try:
        power = steps.power(step)
        power = steps.idle_power + (power - steps.idle_power) * np.minimum(lanes * slot / round_time, 1.0)
    except MissingFact:
        power = None
    return Curve(
        batch=batch + nothing,
        time_per_output_token=per_token,
        time_to_first_token=pool.alone + slot / 2.0,
        rate=batch / (output * per_token),
        decode_seconds=per_token * output / batch,
        prefill_seconds=nothing + share * pool.fresh_seconds,
        cached_seconds=nothing + share * (pool.seconds - pool.fresh_seconds),
        cached_token_seconds=nothing + share * (pool.more_seconds - pool.seconds),
        power=power,
        held=np.minimum(
            sequences_held(steps.kv_capacity, traffic.input_tokens, output, steps.state_bytes), steps.max_sequences
        ),
    )


def curve_of(steps: StepTime, traffic: Traffic, target: Target, batch: Numeric) -> tuple[Curve, Pool | None]:
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
    pool = pool_of(steps.prefill, traffic, target)
    return decoding(steps, traffic, batch, pool), pool
