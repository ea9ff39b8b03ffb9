"""A batch of equal requests started together: the protocol of static benchmarks, exact without a simulator."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from lcot.errors import DomainError, Infeasible, MissingFact
from lcot.facts.types import Numeric
from lcot.steptime.types import Step, StepTime
from lcot.steptime.work import load

POINTS = 9  # of the trapezoid over a growing context; step time is nearly linear in it


@dataclass(frozen=True, slots=True)
class BatchRun:
    """One static batch on one model copy. Seconds, watts."""

    prefill: float  # until the last first token of the batch
    decode: float  # from then to the last token
    per_token: float  # decode per output token after the first
    groups: int  # 1 where the KV cache holds the whole batch
    power: float  # mean over the run, of one copy

    @property
    def seconds(self) -> float:
        """Whole run. [s]"""
        return self.groups * (self.prefill + self.decode)


def held_together(steps: StepTime, input_tokens: float, output_tokens: float) -> int:
    """Sequences of a static batch that the KV cache of one copy holds to their end.

    Raises `Infeasible` where not even one fits.
    """
    length = input_tokens + output_tokens
    each = length + float(steps.fixed(length))
    held = floor(min(float(steps.kv_capacity) / each, float(steps.max_sequences)))
    if held < 1:
        raise Infeasible("the KV cache does not hold one request beside the weights", "KV cache")
    return held


def watts(steps: StepTime, step: Step) -> Numeric:
    """Power of one copy during a step; NaN where it is not on record. [W]"""
    try:
        return steps.power(step)
    except MissingFact:
        return float("nan")


def prefill_seconds(
    steps: StepTime, sequences: float, input_tokens: float, budget: float = 8192.0
) -> tuple[float, float]:
    r"""Time to process the prompts of a batch, and the energy of it.

    Parameters
    ----------
    steps : StepTime
        One model copy.
    sequences : float
        Prompts. [1]
    input_tokens : float
        Tokens of each. [token]
    budget : float
        Tokens of one step, at most. [token]

    Returns
    -------
    tuple of float
        Seconds and joules. [s, J]

    Notes
    -----
    With n prompts of s tokens cut into c steps, the pairs of query and key positions, :math:`n s (s+1)/2`, are
    spread evenly; a pipeline starts a step each interval:

    .. math:: t = T + (c - 1)\,T_{interval}, \qquad c = \lceil n s / budget \rceil

    References
    ----------
    Arithmetic of the protocol; :cite:t:`agrawal2024sarathi` for the budget of tokens.
    """
    tokens = sequences * input_tokens
    if tokens <= 0:
        raise DomainError("prompt tokens", tokens, "greater than 0")
    count = ceil(tokens / budget)
    step = Step(
        prefill_tokens=tokens / count,
        prefill_pairs=sequences * input_tokens * (input_tokens + 1) / 2 / count,
        prefill_sequences=sequences / count,
    )
    seconds = float(steps.latency(step).total) + (count - 1) * float(steps.interval(step).total)
    return seconds, seconds * float(watts(steps, step))


def decode_seconds(steps: StepTime, sequences: float, context: float, tokens: float) -> tuple[float, float]:
    r"""Time to generate ``tokens`` more tokens for each sequence, and the energy of it.

    Parameters
    ----------
    steps : StepTime
        One model copy.
    sequences : float
        Sequences decoding. [1]
    context : float
        Tokens already in the KV cache of each. [token]
    tokens : float
        Tokens to generate for each. [token]

    Returns
    -------
    tuple of float
        Seconds and joules. [s, J]

    Notes
    -----
    A pipeline of S stages carries :math:`l = \min(S, n)` groups; a token takes the longer of the way through all
    stages and of l visits to the slowest, and a step with speculation gains a tokens:

    .. math:: t = \frac1a \sum_k \max\left(T(n/l, c_k),\, l\,T_{interval}(n/l, c_k)\right)

    with the context :math:`c_k` growing by one; the sum is a trapezoid over nine contexts.
    """
    if tokens <= 0:
        return 0.0, 0.0
    lanes = min(float(steps.stages), sequences)
    part = sequences / lanes
    contexts = context + np.linspace(0.0, max(tokens - 1.0, 0.0), POINTS)
    step = Step(decode_sequences=np.full(POINTS, part), decode_context=part * contexts)
    slot = lanes * np.asarray(steps.interval(step).total)
    each = np.maximum(np.asarray(steps.latency(step).total), slot)
    each = np.broadcast_to(each, (POINTS,)) / steps.deployment.speculation.acceptance_length
    duty = np.minimum(slot / np.maximum(np.asarray(steps.latency(step).total), slot), 1.0)
    busy = np.asarray(watts(steps, step))
    power = float(steps.idle_power) + (busy - float(steps.idle_power)) * duty
    joules = np.broadcast_to(each * power, (POINTS,))
    return tokens * _mean(each), tokens * _mean(joules)


def _mean(values: np.ndarray) -> float:
    """Mean of a function given on an even grid, by the trapezoid."""
    return float((values[0] / 2 + values[1:-1].sum() + values[-1] / 2) / (len(values) - 1))


def run_batch(
    steps: StepTime,
    sequences: float,
    input_tokens: float,
    output_tokens: float,
    budget: float = 8192.0,
) -> BatchRun:
    """One batch of equal requests, started together on one copy; more than the KV cache holds goes in groups.

    Parameters
    ----------
    steps : StepTime
        One model copy.
    sequences : float
        Requests on this copy. [1]
    input_tokens, output_tokens : float
        Lengths of each. [token]
    budget : float
        Tokens of one prefill step, at most. [token]

    Returns
    -------
    BatchRun
        Times and mean power. [s, W]

    Raises
    ------
    Infeasible
        If the KV cache does not hold one request.
    """
    held = held_together(steps, input_tokens, output_tokens)
    groups = ceil(sequences / held)
    together = sequences / groups
    prefill, joules = prefill_seconds(steps, together, input_tokens, budget)
    decode, more = decode_seconds(steps, together, input_tokens, max(output_tokens - 1.0, 0.0))
    per_token = decode / (output_tokens - 1.0) if output_tokens > 1 else 0.0
    return BatchRun(prefill, decode, per_token, groups, (joules + more) / (prefill + decode))


def run_alone(steps: StepTime, piece: float, input_tokens: float, output_tokens: float) -> BatchRun:
    r"""One sequence whose prompt is read in passes of a few tokens: the protocol of ``llama-bench``.

    Parameters
    ----------
    steps : StepTime
        One model copy. Its engine's ``weights.remote``, where known, is the rate at which a pass fetches the weights
        that lie on other devices than the first. [B/s]
    piece : float
        Tokens of the prompt in a pass, which such results call batch. [token]
    input_tokens, output_tokens : float
        Lengths. [token]

    Returns
    -------
    BatchRun
        Times and mean power. [s, W]

    Raises
    ------
    Infeasible
        If the KV cache does not hold the request.

    Notes
    -----
    Passes of the prompt follow each other through the stages of a pipeline; a generated token waits for the last one:

    .. math:: t = \lceil s_i / b \rceil\,(T_{interval}(b) + t_r) + s_o\,(T(1) + t_r), \qquad
              t_r = \frac{W (1 - 1/p)}{\beta_{remote}}

    References
    ----------
    LLM-Inference-Bench (Argonne, 2024), whose latencies of llama.cpp are those of one sequence.
    """
    held_together(steps, input_tokens, output_tokens)
    d, facts = steps.deployment, steps.deployment.engine.facts
    piece = min(piece, input_tokens)
    read = Step(prefill_tokens=piece, prefill_pairs=piece * input_tokens / 2.0, prefill_sequences=1.0)
    made = Step(decode_sequences=1.0, decode_context=input_tokens + output_tokens / 2.0)
    fetched = 0.0
    if facts.has("weights.remote") and d.chips > 1:
        fetched = float(load(d, made).weights) * (1.0 - 1.0 / d.chips) / float(facts.number("weights.remote"))
    prefill = ceil(input_tokens / piece) * (float(steps.interval(read).total) + fetched)
    per_token = float(steps.latency(made).total) + fetched
    return BatchRun(prefill, output_tokens * per_token, per_token, 1, float(watts(steps, made)))


def in_waves(batch: Numeric, rate: Numeric, requests: float) -> np.ndarray:
    """Rate over a run of so many requests of one length, which come and go together: the last wave may be smaller.

    >>> in_waves(np.array([1.0, 2.0]), np.array([1.0, 1.5]), 3.0).round(3).tolist()
    [1.0, 1.286]
    """
    size, speed = np.asarray(batch, dtype=float), np.asarray(rate, dtype=float)
    if not np.isfinite(requests):
        return speed
    waves = np.floor(requests / size)
    last = requests - waves * size
    seconds = waves * size / speed + np.where(last > 0.0, last / np.interp(last, size, speed), 0.0)
    return requests / seconds
