"""The steady state of a fleet: systems bought whole, the batch they run at, and what users get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lcot.cell import value_of
from lcot.errors import DomainError, Infeasible
from lcot.facts.types import Numeric
from lcot.serving.capacity import capacity, interpolate, reader
from lcot.serving.curve import Curve, batches, sequences_held
from lcot.serving.pools import Pool, mixes
from lcot.serving.prompts import curve_of
from lcot.serving.types import Served, Target, Traffic
from lcot.steptime.types import StepTime


def steady(steps: StepTime, traffic: Traffic, target: Target, load_factor: Numeric = 1.0) -> Served:
    """The fleet that serves a load within the target, and what users get from it.

    Parameters
    ----------
    steps : StepTime
        One model copy.
    traffic : Traffic
        The load. Without a rate one whole system (or the systems of one copy) is filled to its capacity at the
        target times ``load_factor``.
    target : Target
        The service level.
    load_factor : numeric
        Mean over peak load of the site, used only where the traffic has no rate. [1]

    Returns
    -------
    Served
        Fleet, batch, times, bottleneck seconds and power.

    Raises
    ------
    Infeasible
        If no batch meets the target, or the request does not fit the model's context.
    DomainError
        If the rate or a length is not positive.

    Notes
    -----
    Systems are bought whole: :math:`S = \\lceil \\lceil R / r_{max} \\rceil \\, c / C \\rceil`, with c chips per
    copy and C chips per system; every copy that fits in them serves. The operating batch is where the curve meets
    :math:`R / copies`; below one sequence the copy idles between requests.
    """
    check(steps, traffic)
    fixed = steps.fixed(traffic.input_tokens + traffic.output_tokens)
    held = sequences_held(steps.kv_capacity, traffic.input_tokens, traffic.output_tokens, fixed)
    top = float(min(np.max(held), steps.max_sequences))
    points, pool = curve_of(steps, traffic, target, batches(top, below=True))
    mean, limit = capacity(points, target, traffic.burstiness)
    return at_load(points, mean, limit, steps, traffic, load_factor, pool)


def at_load(
    points: Curve, mean: np.ndarray, limit: str, steps: StepTime, traffic: Traffic, load_factor: Numeric,
    pool: Pool | None = None,
) -> Served:  # fmt: skip
    """The fleet at its operating point, from the curve of one copy and its capacity.

    Parameters
    ----------
    points : Curve
        One copy over its batch.
    mean : ndarray, shape (...)
        Mean batch that a copy may run at. [1]
    limit : str
        What stops a larger one.
    steps : StepTime
        The copy.
    traffic : Traffic
        The load.
    load_factor : numeric
        See `steady`. [1]
    pool : Pool, optional
        The copies that compute prompts, where those are apart.

    Returns
    -------
    Served
        Fleet, batch, times, bottleneck seconds and power.

    Raises
    ------
    DomainError
        If the rate is not positive.
    """
    if traffic.rate is not None and not np.all(np.asarray(value_of(traffic.rate)) > 0):
        raise DomainError("rate", traffic.rate, "greater than 0 requests/s")
    chips, per_system = steps.deployment.chips, steps.deployment.system.count
    best = interpolate(mean, points.batch, points.rate)
    fleet = bought(best, chips, per_system, pool, traffic.rate)
    rate = fleet.capacity * load_factor if traffic.rate is None else traffic.rate * 1.0
    each = rate / fleet.copies
    busy = np.minimum(each / points.rate[0], 1.0)  # below the least batch: share of the time with it

    read = reader(each, points.rate)
    return Served(
        copies=fleet.copies,
        systems=fleet.systems,
        batch=np.where(busy < 1.0, busy * points.batch[0], read(points.batch)),
        rate=rate,
        capacity=fleet.capacity,
        time_per_output_token=read(points.time_per_output_token),
        time_to_first_token=read(points.time_to_first_token) + (pool.wait(rate, fleet.prompts) if pool else 0.0),
        prefill_seconds=read(points.prefill_seconds),
        cached_seconds=read(points.cached_seconds),
        decode_seconds=read(points.decode_seconds),
        cached_token_seconds=read(points.cached_token_seconds),
        power=fleet_power(points, steps, busy, read, fleet, pool, rate),
        limit=limit,
        prefill_copies=fleet.prompts,
    )


@dataclass(frozen=True, slots=True)
class Bought:
    """Whole systems and the copies in them."""

    systems: Numeric
    copies: Numeric
    prompts: Numeric  # copies that compute prompts, where those are apart
    capacity: Numeric  # request/s within the target


def bought(best: Numeric, chips: int, per_system: int, pool: Pool | None, rate: Numeric | None = None) -> Bought:
    """Whole systems for a load, or the fewest that serve.

    Parameters
    ----------
    best : numeric, shape (...)
        Capacity of one copy. [request/s]
    chips, per_system : int
        Chips of a copy and of a system. [1]
    pool : Pool, optional
        The copies that compute prompts, where those are apart.
    rate : numeric, shape (...), optional
        Load. [request/s]

    Returns
    -------
    Bought
        Systems and copies.

    Notes
    -----
    No formula: it chooses between `together` and `split`.
    """
    if pool is None:
        return together(best, chips, per_system, rate)
    return split(best, chips, per_system, pool, rate)


def together(best: Numeric, chips: int, per_system: int, rate: Numeric | None) -> Bought:
    """Systems for copies that do all the work.

    Parameters
    ----------
    best : numeric, shape (...)
        Capacity of one copy. [request/s]
    chips, per_system : int
        Chips of a copy and of a system. [1]
    rate : numeric, shape (...), optional
        Load; without one, the fewest systems that hold a copy. [request/s]

    Returns
    -------
    Bought
        Every copy that fits serves.

    Notes
    -----
    See `steady`.
    """
    needed = 1.0 if rate is None else np.ceil(rate / best * (1.0 - 1e-12))
    systems = np.ceil(needed * chips / per_system)
    copies = np.maximum(np.floor(systems * per_system / chips), needed)
    return Bought(systems, copies, 0.0, best * copies)


def split(best: Numeric, chips: int, per_system: int, pool: Pool, rate: Numeric | None) -> Bought:
    """Systems for copies that decode and copies that compute prompts.

    Parameters
    ----------
    best : numeric, shape (...)
        Capacity of one decoding copy. [request/s]
    chips, per_system : int
        Chips of a decoding copy and of a system. [1]
    pool : Pool
        The copies that compute prompts.
    rate : numeric, shape (...), optional
        Load; without one, the fewest systems that hold one of each. [request/s]

    Returns
    -------
    Bought
        Split so that both deliver the most.

    Notes
    -----
    :math:`S = \\lceil (n_d c_d + n_p c_p) / C \\rceil` with the fewest copies of each that carry the load; then
    `lcot.serving.pools.mixes` of the chips of S systems.

    References
    ----------
    :cite:t:`zhong2024`, section 4.
    """
    copies, prompts = 1.0, 1.0
    if rate is not None:
        copies, prompts = np.ceil(rate / best * (1.0 - 1e-12)), pool.copies_for(rate)
    systems = np.ceil((copies * chips + prompts * pool.chips) / per_system)
    spare = np.floor((systems * per_system - prompts * pool.chips) / chips)
    plain = (np.maximum(spare, copies), prompts, np.minimum(np.maximum(spare, copies) * best, pool.capacity(prompts)))
    mixed = mixes(systems * per_system, chips, best, pool)
    better = mixed[2] > plain[2]
    copies, prompts, most = (np.where(better, m, p) for m, p in zip(mixed, plain, strict=True))
    return Bought(systems, copies, prompts, most)


def fleet_power(
    points: Curve, steps: StepTime, busy: Numeric, read: Callable[[Numeric], Numeric], fleet: Bought,
    pool: Pool | None, rate: Numeric,
) -> Numeric | None:  # fmt: skip
    """Power of all copies; None if not on record.

    Parameters
    ----------
    points : Curve
        One copy over its batch.
    steps : StepTime
        The copy.
    busy : numeric, shape (...)
        Share of the time with a sequence, 1 from one sequence on. [1]
    read : callable
        Reads a column of the curve at the operating point.
    fleet : Bought
        Copies of the fleet. [1]
    pool : Pool, optional
        The copies that compute prompts, where those are apart.
    rate : numeric, shape (...)
        Load. [request/s]

    Returns
    -------
    numeric or None, shape (...)
        Power. [W]

    Notes
    -----
    From the curve from one sequence on; below, between idle and one sequence:

    .. math:: P = n \\left( P_0 + u \\, (P_1 - P_0) \\right)

    References
    ----------
    :cite:t:`fan2007`, the linear model.
    """
    if points.power is None or (pool is not None and pool.power is None):
        return None
    one = steps.idle_power + (points.power[0] - steps.idle_power) * busy
    decoding = np.where(busy < 1.0, one, read(points.power)) * fleet.copies
    if pool is None:
        return decoding
    share = pool.busy(rate, fleet.prompts)
    return decoding + (pool.idle_power + (pool.power - pool.idle_power) * share) * fleet.prompts


def check(steps: StepTime, traffic: Traffic) -> None:
    """Refuse lengths that are not positive (`DomainError`) or exceed the model's context (`Infeasible`)."""
    for name, number in (("input tokens", traffic.input_tokens), ("output tokens", traffic.output_tokens)):
        if not np.all(np.asarray(number) > 0):
            raise DomainError(name, number, "greater than 0")
    deployment = steps.deployment
    longest = float(np.max(traffic.input_tokens + traffic.output_tokens))
    if longest > deployment.model.max_context:
        raise Infeasible(
            f"a request of {longest:g} tokens exceeds the context of {deployment.model.id}, "
            f"{deployment.model.max_context}",
            "context",
        )
