"""The largest batch at which one model copy still meets the target, kept free for arrivals at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lcot.cell import Cell
from lcot.errors import Infeasible
from lcot.facts.types import Numeric
from lcot.serving.curve import Curve
from lcot.serving.types import Target

SURPLUS = 1.2816  # standard deviations that nine tenths of a normal distribution lie below


def capacity(points: Curve, target: Target, burstiness: Numeric = 1.0) -> tuple[np.ndarray, str]:
    """Mean batch that a copy may run at and meet the target, and what limits it.

    Parameters
    ----------
    points : Curve
        Over one batch axis.
    target : Target
        Speed and time to first token asked for.
    burstiness : numeric
        Coefficient of variation of the times between arrivals. [1]

    Returns
    -------
    batch : ndarray, shape (...)
        Sequences decoding on average; not a number in a draw in which one alone does not meet the target. [1]
    limit : str
        What stops a larger batch: ``speed``, ``time to first token``, ``KV cache`` or ``batch limit``. With draws,
        that of the first.

    Raises
    ------
    Infeasible
        If no draw meets it; names the limit.

    Notes
    -----
    Times grow with the batch, so each limit is one batch, read off the curve, and the smallest is :math:`B_{max}`.
    Requests arrive at random, so the number in service varies about its mean B with standard deviation
    :math:`c \\sqrt{B}` (Poisson for c = 1). The mean is the largest with :math:`B + 1.28 c \\sqrt{B} \\le B_{max}`,
    so that the target is met nine tenths of the time, and at least one:

    .. math:: B = \\left( \\sqrt{(0.64 c)^2 + B_{max}} - 0.64 c \\right)^2

    References
    ----------
    :cite:t:`whitt1992`, square-root staffing.
    """
    speed, prompt = target.speed, target.time_to_first_token
    slowest = np.inf if speed is None else 1.0 / speed
    latest = np.inf if prompt is None else prompt
    limits = {
        "speed": reach(slowest, points.time_per_output_token, points.batch),
        "time to first token": reach(latest, points.time_to_first_token, points.batch),
        "KV cache": np.where(points.held >= 1.0, points.held, np.nan) + 0.0 * points.batch[0],
    }
    for name, alone in limits.items():
        if np.isnan(alone).all():
            reason, reached = refusal(name, points, target)
            raise Infeasible(reason, name, reached)
    most = np.minimum.reduce([*limits.values(), points.batch[-1]])
    half = SURPLUS * np.asarray(burstiness) / 2.0
    mean = np.maximum((np.sqrt(half**2 + most) - half) ** 2, np.minimum(most, 1.0))
    if np.isnan(mean).all():
        raise Infeasible("no draw meets every limit at once", "speed")
    first = {name: np.ravel(value)[0] for name, value in limits.items()}
    name = min(first, key=lambda key: first[key])
    return mean, name if first[name] < np.ravel(points.batch[-1])[0] else "batch limit"


def refusal(limit: str, points: Curve, target: Target) -> tuple[str, float]:
    """Why one request alone does not meet a limit, and how near it comes: larger is nearer. [token/s, s or 1]"""
    if limit == "KV cache":
        return "the KV cache does not hold one request beside the weights", float(np.max(points.held))
    if limit == "speed":
        best = 1.0 / np.min(points.time_per_output_token[0])
        return f"reaches {best:.1f} tokens/s a user alone on the machine, {target.speed:g} asked", float(best)
    first = float(np.min(points.time_to_first_token[0]))
    return f"first token after {first:.2f} s alone on the machine, {target.time_to_first_token:g} s asked", -first


def reach(limit: float, times: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Batch at which a time reaches its limit.

    Parameters
    ----------
    limit : float
        Largest time. [s]
    times : ndarray, shape (n, ...)
        Time at each batch. [s]
    batch : ndarray, shape (n, ...)
        Batches, growing along axis 0. [1]

    Returns
    -------
    ndarray, shape (...)
        Batch; the last one where it is never reached, not a number where the first is already too long. [1]

    Notes
    -----
    Read off between the points with logarithms of both, since times are near power laws of the batch; a time that
    falls again counts as the longest before it: :math:`\\max_{j \\le i} t_j`.

    References
    ----------
    :cite:t:`williams2009`: a roofline is straight on logarithmic axes.
    """
    if np.isinf(limit):
        return batch[-1] + 0.0 * times[-1]
    grown = np.maximum.accumulate(times, axis=0)
    found = np.exp(interpolate(np.log(limit), np.log(grown), np.log(batch)))
    return np.where(times[0] <= limit, found, np.nan)


def interpolate(x: Numeric, xs: np.ndarray, ys: np.ndarray) -> Numeric:
    """Linear interpolation along axis 0, one abscissa per draw; held constant outside.

    Parameters
    ----------
    x : numeric, shape (...)
        Where, in the unit of ``xs``. [any]
    xs, ys : ndarray, shape (n, ...)
        Points, ``xs`` not decreasing along axis 0. [any]

    Returns
    -------
    numeric, shape (...)
        Values of ``ys`` at ``x``, in their unit. [any]

    Notes
    -----
    .. math:: y = y_0 + (y_1 - y_0) \\frac{x - x_0}{x_1 - x_0}

    between the two points about x.

    References
    ----------
    :cite:t:`press2007`, section 3.1.
    """
    if xs.ndim == 1 and np.ndim(x) == 0 and ys.ndim == 1:
        traced = any(isinstance(one, Cell) for one in (x, xs, ys))
        return np.interp(x, xs, ys) if traced else _between(x, xs, ys)
    ys = ys + 0.0 * xs
    xs = xs + 0.0 * ys
    x = np.clip(x + 0.0 * xs[0], xs[0], xs[-1])
    above = np.clip((xs < x).sum(axis=0), 1, xs.shape[0] - 1)
    low, high = above - 1, above
    x0, x1 = (np.take_along_axis(xs, i[None], axis=0)[0] for i in (low, high))
    y0, y1 = (np.take_along_axis(ys, i[None], axis=0)[0] for i in (low, high))
    weight = np.where(x1 > x0, (x - x0) / np.where(x1 > x0, x1 - x0, 1.0), 0.0)
    return y0 + weight * (y1 - y0)


def reader(x: Numeric, xs: np.ndarray) -> Callable[[np.ndarray], Numeric]:
    """`interpolate` of several columns at one place, which is looked for once.

    Parameters
    ----------
    x : numeric, shape (...)
        Where, in the unit of ``xs``. [any]
    xs : ndarray, shape (n, ...)
        Points, not decreasing along axis 0. [any]

    Returns
    -------
    callable
        The value of a column at ``x``.

    Notes
    -----
    See `interpolate`.

    References
    ----------
    :cite:t:`press2007`, section 3.1.
    """
    if np.ndim(xs) > 1 or np.ndim(x) or isinstance(x, Cell) or isinstance(xs, Cell) or not x > xs[0]:
        return lambda ys: interpolate(x, xs, ys)
    above = int(xs.searchsorted(x, "right"))
    if above == len(xs):
        return lambda ys: ys[-1]
    share = (x - xs[above - 1]) / (xs[above] - xs[above - 1])
    return lambda ys: ys[above - 1] + (ys[above] - ys[above - 1]) * share


def _between(x: float, xs: np.ndarray, ys: np.ndarray) -> float:
    """The same for one number: `numpy.interp` takes several times as long to be called."""
    if not xs[0] <= x:
        return ys[0] if x < xs[0] else np.nan
    above = int(xs.searchsorted(x, "right"))
    if above == len(xs):
        return ys[-1]
    return ys[above - 1] + (ys[above] - ys[above - 1]) * ((x - xs[above - 1]) / (xs[above] - xs[above - 1]))
