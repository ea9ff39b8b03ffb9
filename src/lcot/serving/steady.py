"""The steady state of a fleet: systems bought whole, the batch they run at, and what users get."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lcot.errors import DomainError, Infeasible
from lcot.facts.types import Numeric
from lcot.serving.capacity import capacity, interpolate
from lcot.serving.curve import CHUNK, Curve, batches, curve, sequences_held
from lcot.serving.types import Served, Target, Traffic
from lcot.steptime.types import StepTime


def steady(
    steps: StepTime, traffic: Traffic, target: Target, load_factor: Numeric = 1.0, chunk: float = CHUNK
) -> Served:
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
    chunk : float
        Prefill tokens in one step, at most. [token]

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
    held = sequences_held(steps.kv_capacity, traffic.input_tokens, traffic.output_tokens, steps.state_bytes)
    top = float(min(np.max(held), steps.max_sequences))
    points = curve(steps, traffic, batches(top), chunk)
    mean, limit = capacity(points, target, traffic.burstiness)
    return at_load(points, mean, limit, steps, traffic, load_factor)


def at_load(
    points: Curve, mean: np.ndarray, limit: str, steps: StepTime, traffic: Traffic, load_factor: Numeric
) -> Served:
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

    Returns
    -------
    Served
        Fleet, batch, times, bottleneck seconds and power.

    Raises
    ------
    DomainError
        If the rate is not positive.
    """
    chips, per_system = steps.deployment.chips, steps.deployment.system.count
    best = interpolate(mean, points.batch, points.rate)
    if traffic.rate is None:
        systems = np.ceil(chips / per_system)
        copies = np.maximum(np.floor(systems * per_system / chips), 1.0)
        rate = best * copies * load_factor
    else:
        rate = np.asarray(traffic.rate, dtype=float)
        if not np.all(rate > 0):
            raise DomainError("rate", traffic.rate, "greater than 0 requests/s")
        needed = np.ceil(rate / best * (1.0 - 1e-12))
        systems = np.ceil(needed * chips / per_system)
        copies = np.maximum(np.floor(systems * per_system / chips), needed)
    each = rate / copies
    busy = np.minimum(each / points.rate[0], 1.0)  # below one sequence: share of time with one

    def read(values: Numeric) -> Numeric:
        return interpolate(each, points.rate, values)

    return Served(
        copies=copies,
        systems=systems,
        batch=np.where(busy < 1.0, busy, read(points.batch)),
        rate=rate,
        capacity=best * copies,
        time_per_output_token=read(points.time_per_output_token),
        time_to_first_token=read(points.time_to_first_token),
        prefill_seconds=read(points.prefill_seconds),
        cached_seconds=read(points.cached_seconds),
        decode_seconds=read(points.decode_seconds),
        cached_token_seconds=read(points.cached_token_seconds),
        power=fleet_power(points, steps, busy, read, copies),
        limit=limit,
    )


def fleet_power(
    points: Curve, steps: StepTime, busy: Numeric, read: Callable[[Numeric], Numeric], copies: Numeric
) -> Numeric | None:
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
    copies : numeric, shape (...)
        Copies of the fleet. [1]

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
    if points.power is None:
        return None
    one = steps.idle_power + (points.power[0] - steps.idle_power) * busy
    return np.where(busy < 1.0, one, read(points.power)) * copies


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
