"""Prompts apart: a pool of copies that compute prompts and hand their caches to the copies that decode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.facts.types import Chip, Numeric
from lcot.steptime.types import Deployment
from lcot.workload.caches import kv_bytes_per_token

NEWTON = 7  # steps that bring the load of a pool to its last digit


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
        The least n with :math:`q(n) \\ge r`. With :math:`a = r T / k` and :math:`v = 2 k w / (c^2 T)` the load at
        which the wait is as allowed solves :math:`\\rho^3 + a v \\rho - a v = 0`, and
        :math:`n = \\lceil a / \\rho \\rceil`.

        References
        ----------
        :cite:t:`kingman1961`.
        """
        busy = rate * self.seconds / self.group
        p = busy * 2.0 * self.group * self.waits / (np.maximum(self.variation, 1e-3) ** 2 * self.seconds)
        load = np.minimum(p ** (1.0 / 3.0), 1.0)  # not below the root, so that Newton's method comes down to it
        for _ in range(NEWTON):
            load = load - (load * load * load + p * load - p) / (3.0 * load * load + p)
        copies = np.maximum(np.ceil(busy / load * (1.0 - 1e-9)), 1.0)
        return np.where(self.capacity(copies) < rate, copies + 1.0, copies)

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


def transfer(deployment: Deployment, other: Deployment | None = None) -> tuple[float, Numeric]:
    """Latency, and seconds per token, of moving a KV cache between pools over each chip's farthest link.

    Parameters
    ----------
    deployment : Deployment
        The copy whose cache is moved; its chips and links are used, where their bandwidth is on record.
    other : Deployment, optional
        The copy at the other end, whose chips and links are used otherwise.

    Returns
    -------
    latency : float
        Before the cache begins to arrive. [s]
    each : numeric
        Per token. [s]

    Raises
    ------
    MissingFact
        If no end has the bandwidth of its link on record.

    Notes
    -----
    .. math:: t = t_0 + b_{kv} / (N \\beta)

    References
    ----------
    :cite:t:`zhong2024`.
    """
    ends = [end for end in (deployment, other) if end is not None and _has_link(end.system.chip)]
    end = ends[0] if ends else deployment
    chip, facts = end.system.chip, deployment.engine.facts
    level = chip.levels[-1] if chip.levels else ""
    bandwidth = chip.facts.number(f"fabric.{level}.bandwidth", "moving a KV cache between pools")
    each = kv_bytes_per_token(deployment.model, deployment.precision.kv) / end.chips
    return facts.number("collective.outer") if facts.has("collective.outer") else 0.0, each / bandwidth


def _has_link(chip: Chip) -> bool:
    return bool(chip.levels) and chip.facts.has(f"fabric.{chip.levels[-1]}.bandwidth")


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
