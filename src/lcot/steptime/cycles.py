"""Pipelines: the cycle in which every user in flight gets a token, and its two parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lcot.steptime.types import Breakdown, Step, StepTime

Reals = NDArray[np.float64]


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
    :math:`k = \min(s, S)` more, of as many whole tokens as the largest has:

    .. math:: T = \max\left( L(D/m, C/m),\; L(\lceil P/k \rceil, Q/k, S/k),\;
        m\,I(D/m, C/m) + k\,I(\lceil P/k \rceil, Q/k, S/k) \right)

    for the latency L through all stages and the interval I of the slowest.

    References
    ----------
    :cite:t:`narayanan2021`, section 2.2.
    """
    if steps.stages == 1:
        return np.asarray(steps.latency(step).total, np.float64)
    d, c, p, q, s = np.broadcast_arrays(
        *(np.asarray(getattr(step, field), np.float64) for field in Step.__dataclass_fields__)
    )
    count = np.clip(s, 1.0, float(steps.stages))
    prompts = Step(0.0 * d, 0.0 * c, np.ceil(p / count), q / count, s / count)
    ways = np.maximum(decode_way(steps, d, c), of_some(prompts, steps.latency))
    return np.maximum(ways, decode_slots(steps, d, c) + count * of_some(prompts, steps.interval))


def decode_way(steps: StepTime, sequences: Reals, context: Reals) -> Reals:
    """Time of the micro-batches of decoding sequences through all stages.

    Parameters
    ----------
    steps : StepTime
        The copy.
    sequences : ndarray, shape (...)
        Sequences in flight. [1]
    context : ndarray, shape (...)
        Sum of their contexts. [token]

    Returns
    -------
    ndarray, shape (...)
        Seconds; 0 for none. [s]

    Notes
    -----
    .. math:: L(D/m, C/m)

    References
    ----------
    :cite:t:`narayanan2021`, section 2.2.
    """
    count = np.clip(np.floor(sequences), 1.0, float(steps.stages))
    return of_some(Step(sequences / count, context / count), steps.latency)


def decode_slots(steps: StepTime, sequences: Reals, context: Reals) -> Reals:
    """Time that the slowest stage spends on the micro-batches of decoding sequences.

    Parameters
    ----------
    steps : StepTime
        The copy.
    sequences : ndarray, shape (...)
        Sequences in flight. [1]
    context : ndarray, shape (...)
        Sum of their contexts. [token]

    Returns
    -------
    ndarray, shape (...)
        Seconds; 0 for none. [s]

    Notes
    -----
    .. math:: m\\,I(D/m, C/m)

    References
    ----------
    :cite:t:`narayanan2021`, section 2.2.
    """
    count = np.clip(np.floor(sequences), 1.0, float(steps.stages))
    return count * of_some(Step(sequences / count, context / count), steps.interval)


def of_some(step: Step, time: Callable[[Step], Breakdown]) -> Reals:
    """Seconds of a micro-batch; 0 where it is empty."""
    some = (np.asarray(step.decode_sequences) > 0) | (np.asarray(step.prefill_tokens) > 0)
    return np.where(some, np.asarray(time(step).total, np.float64), 0.0)
