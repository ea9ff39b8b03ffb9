"""The model's own error: a factor between real and predicted step times, and its spread."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lcot.choice.sobol import points
from lcot.facts.types import Engine, Numeric
from lcot.steptime.types import Breakdown, Step, StepTime

Array = NDArray[np.float64]

ERROR = "step.error"  # fact of an engine: standard deviation of log(measured / predicted step time) [1]
UNVALIDATED = 0.50  # declared estimate of it without measurements: that of an engine ported to other chips [1]


def stream_of(name: str, seed: int) -> np.random.Generator:
    """A source of randomness that depends on nothing but a name and a seed."""
    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(np.random.SeedSequence([abs(seed), key]))


def model_error(name: str, spread: float, n: int, seed: int) -> Array:
    """Draws of the factor between a real step time and a predicted one.

    Parameters
    ----------
    name : str
        Whose step times: draws of two engines are independent.
    spread : float
        Standard deviation of the factor's logarithm. [1]
    n : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws. [1]

    Returns
    -------
    ndarray, shape (n,)
        Lognormal factors with the median 1. [1]

    Notes
    -----
    .. math:: f = e^{\\sigma z}, \\quad z = \\Phi^{-1}(u)

    References
    ----------
    :cite:t:`limpert2001` for the lognormal as the distribution of products of errors.
    """
    shares = points(n, 1, stream_of(f"model error of {name}", seed))[:, 0]
    return np.exp(spread * np.array([NormalDist().inv_cdf(share) for share in shares]))


def error_of(engine: Engine) -> float:
    """Spread of the model's error with an engine. The fitted one, else the declared estimate `UNVALIDATED`. [1]."""
    return float(engine.facts.number(ERROR)) if engine.facts.has(ERROR) else UNVALIDATED


def slowed(steps: StepTime, factor: Numeric) -> StepTime:
    """The same deployment with every step longer by a factor.

    Parameters
    ----------
    steps : StepTime
        As predicted. [s]
    factor : numeric, shape (...)
        Real over predicted time. [1]

    Returns
    -------
    StepTime
        With latency and interval multiplied; power and capacity as they are.
    """

    def scaled(part: Breakdown) -> Breakdown:
        return Breakdown(part.compute * factor, part.memory * factor, part.network * factor, part.fixed * factor)

    def latency(step: Step) -> Breakdown:
        return scaled(steps.latency(step))

    def interval(step: Step) -> Breakdown:
        return scaled(steps.interval(step))

    prompts = None if steps.prefill is None else slowed(steps.prefill, factor)
    return replace(steps, latency=latency, interval=interval, prefill=prompts)
