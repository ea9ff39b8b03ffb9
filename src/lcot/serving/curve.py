"""One model copy over its batch, in closed form, for search.

In the steady state every completed request makes room for one prompt. With ``batch`` sequences decoding, a step
yields one token for each, so ``batch / output_tokens`` prompts arrive per step, and they are prefilled in chunks
that share the step with the decoding sequences. That fixes the mean time per output token without iteration, and
Little's law turns it into a request rate. Time to first token under load is only approximated here (`lcot.serving.
simulation` computes it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.cell import Cell, several, value_of
from lcot.errors import MissingFact
from lcot.facts.types import Numeric
from lcot.serving.types import Traffic
from lcot.steptime.types import Step, StepTime

BELOW = (1 / 256, 1 / 32, 1 / 8, 1 / 2)  # sequences of a copy that has none for some of the time
CHUNK = 8192.0  # tokens of prefill in one step, at most, unless the engine says otherwise


@dataclass(frozen=True, slots=True)
class DecodeSteps:
    """Steps that only decode, over the batch."""

    way: Numeric  # s through all stages
    slot: Numeric  # s of the slowest stage
    power: Numeric | None  # W; None: not on record


@dataclass(frozen=True, slots=True)
class Curve:
    """One model copy over its batch, axis 0. Further axes are draws."""

    batch: Numeric  # sequences decoding
    time_per_output_token: Numeric  # s
    time_to_first_token: Numeric  # s, mean
    rate: Numeric  # request/s
    decode_seconds: Numeric  # bottleneck seconds per request, output
    prefill_seconds: Numeric  # bottleneck seconds per request, fresh input
    cached_seconds: Numeric  # bottleneck seconds per request, attention over cached input
    cached_token_seconds: Numeric  # bottleneck seconds that one more cached token would cost
    power: Numeric | None  # W; None: not on record
    held: Numeric  # largest batch that the KV cache and the engine hold, per draw; 0: not one request
    decode: DecodeSteps | None = None


def batches(limit: float, points: int = 64, below: bool = False) -> np.ndarray:
    """Grid of batch sizes from 1 to ``limit``: whole numbers, geometric.

    Parameters
    ----------
    limit : float
        Largest batch. [1]
    points : int
        Points before rounding. [1]
    below : bool
        Whether some batches below 1 stand before them: prompts may leave a copy no time for one sequence always.

    Returns
    -------
    ndarray, shape (n,)
        Increasing batch sizes. [1]

    Notes
    -----
    .. math:: b_i = \\left[ b_{max}^{i / (n - 1)} \\right], \\quad i = 0 \\dots n - 1

    each number once.
    """
    whole = np.round(np.exp(np.linspace(0.0, np.log(max(1.0, limit)), points)))
    grid = whole[np.append(True, whole[1:] > whole[:-1])]
    return np.concatenate([BELOW, grid]) if below else grid


def sequences_held(
    kv_capacity: Numeric, input_tokens: Numeric, output_tokens: Numeric, state: Numeric = 0.0
) -> Numeric:
    """Sequences that the KV cache holds in the steady state.

    Parameters
    ----------
    kv_capacity : numeric, shape (...)
        Tokens of KV cache of one model copy. [token]
    input_tokens, output_tokens : numeric
        Lengths of a request. [token]
    state : numeric
        Fixed state per sequence, in KV tokens. [token]

    Returns
    -------
    numeric, shape (...)
        Largest batch. [1]

    Notes
    -----
    Sequences are at random points of their output, so B of them hold on average
    :math:`B (i + o/2)` tokens with standard deviation :math:`o \\sqrt{B/12}`. Two standard deviations are kept free:
    :math:`B (i + s + o/2) + 2 o \\sqrt{B/12} \\le K`, solved for :math:`\\sqrt{B}`.

    References
    ----------
    Variance of a uniform variable; the allowance is a choice, checked against the simulator in the tests.
    """
    mean = input_tokens + state + output_tokens / 2.0
    spread = output_tokens / np.sqrt(12.0)
    root = (-spread + np.sqrt(spread**2 + mean * kv_capacity)) / mean
    held = np.floor(root**2 * (1.0 + 1e-12))
    one = kv_capacity >= input_tokens + state + output_tokens
    return np.where(one, np.maximum(held, 1.0), 0.0)


def curve(steps: StepTime, traffic: Traffic, batch: Numeric, chunk: float = CHUNK) -> Curve:
    """What one model copy does at each batch.

    Parameters
    ----------
    steps : StepTime
        Time of the steps of the copy.
    traffic : Traffic
        Lengths of the requests and the share of input found in the prefix cache; the rate is not used.
    batch : numeric, shape (n, ...)
        Sequences decoding, on average; below 1 there is none for some of the time. [1]
    chunk : float
        Prefill tokens in one step, at most. [token]

    Returns
    -------
    Curve
        Arrays over ``batch``.

    Notes
    -----
    With B sequences decoding, a prompt of f fresh tokens and an output of o tokens, a share
    :math:`p = B f / (o C)` of the steps carries a chunk of C tokens, so

    .. math:: \\tau = \\left[ T_d(B) + p \\, (T_m(B, C) - T_d(B)) \\right] / a, \\qquad r = B / (o \\tau)

    with :math:`T_d` the decode step, :math:`T_m` the mixed step and a the tokens gained per step. C is the prompt,
    or what arrives per step if that is more, at most the engine's budget; with data-parallel attention prompts wait
    for one on every rank, as engines that balance their ranks let them. Prompts wait as in a queue with one server,
    equal services and arrivals of coefficient of variation c: :math:`W = \\rho c^2 T_m / 2 (1 - \\rho)`. Below one
    sequence steps decode one, and the copy is at work for the share r S of the time, S the seconds of a request on it.

    All users of a pipeline of s stages travel in one cycle, as m = min(s, B) micro-batches. Of n prompts that come to
    a cycle on average, a share :math:`p = 1 - e^{-n}` of the cycles has some, C = n f / p tokens, which travel
    in :math:`k = \\min(s, C / f)` more. With F the way through all stages, F' that through the slowest and
    A, A' those of a micro-batch of C / k prompt tokens, the cycle with prompts and the one without take

    .. math:: T_m = \\max(F, A, m F' + k A'), \\qquad T_d = \\max(F, m F')

    in the place of the steps above; a cycle takes up to s prompts, so they wait 1 / s as long.

    References
    ----------
    :cite:t:`agrawal2024sarathi` for chunked prefill, :cite:t:`little1961`, :cite:t:`kingman1961` for the wait.
    """
    batch = batch if isinstance(batch, Cell) else np.asarray(batch, dtype=float)
    output = traffic.output_tokens
    cached = traffic.input_tokens * traffic.cached_fraction
    fresh = np.maximum(traffic.input_tokens - cached, 1.0)
    gained = steps.deployment.speculation.acceptance_length
    arriving = batch * fresh * gained / output  # prompt tokens per step
    budget = chunk * steps.stages  # each micro-batch has one of its own
    size = np.clip(arriving, np.minimum(fresh * steps.deployment.data, budget), budget)
    abreast = 1.0
    if several(steps.stages):  # what arrives in the same cycle travels together
        size = np.minimum(np.maximum(size, arriving / -np.expm1(-arriving / fresh)), budget)
        abreast = np.clip(size / fresh, 1.0, steps.stages * 1.0)
    share = arriving / size  # steps with prompts
    present, some = np.maximum(batch, 1.0), np.minimum(batch, 1.0)
    lanes = np.minimum(steps.stages * 1.0, present)
    part, piece = present / lanes, size / abreast
    context, ranks = traffic.input_tokens + output / 2.0, steps.deployment.data * 1.0
    variants = steps_of(part, context, piece, fresh, cached, ranks, several(steps.stages))
    latencies = steps.latency(variants).total
    slots = latencies if not several(steps.stages) else steps.interval(variants).total
    way, slot = latencies[0], slots[0]
    idle_round = np.maximum(way, lanes * slot)
    if several(steps.stages):
        with_prompt, with_fresh, with_more = (
            np.maximum(np.maximum(way, latencies[i]), lanes * slot + abreast * slots[i]) for i in (1, 2, 3)
        )
        busy = share * abreast * slots[1]
    else:
        with_prompt, with_fresh, with_more = latencies[1], latencies[2], latencies[3]
        busy = share * (with_prompt - slot)
    extra_cached = share * (with_prompt - with_fresh)
    extra = share * (with_prompt - idle_round)
    round_time = idle_round + extra
    per_token = round_time / gained
    rate = batch / (output * per_token)
    per_round = batch * gained / output  # requests completed per round
    own_round = present * gained / output  # the same while there are any
    decode_seconds = idle_round / own_round
    pieces = np.maximum(fresh / piece, 1.0)
    power = power_of(steps, variants)
    load = np.minimum(rate * with_prompt * fresh / size, 0.999)
    wait = load / (1.0 - load) * traffic.burstiness**2 / 2.0 * with_prompt * pieces / steps.stages
    return Curve(
        batch=batch + 0.0 * per_token,
        time_per_output_token=per_token,
        time_to_first_token=wait + with_prompt * pieces + some * idle_round / 2.0,
        rate=rate,
        decode_seconds=decode_seconds,
        prefill_seconds=(extra - extra_cached) / per_round,
        cached_seconds=extra_cached / per_round,
        cached_token_seconds=share * (with_more - with_prompt) / per_round,
        power=None if power is None else mean_power(steps, power, lanes * slot * some, busy, round_time),
        held=np.minimum(
            sequences_held(steps.kv_capacity, traffic.input_tokens, output, steps.fixed(traffic.input_tokens + output)),
            steps.max_sequences,
        ),
        decode=DecodeSteps(way, slot, None if power is None else power[0]),
    )


def power_of(steps: StepTime, step: Step) -> Numeric | None:
    """Power of a copy in a step; None where it is not on record. [W]"""
    try:
        return steps.power(step)
    except MissingFact:
        return None


def mean_power(steps: StepTime, power: Numeric, decoding: Numeric, extra: Numeric, round_time: Numeric) -> Numeric:
    """Mean power of a copy over a round.

    Parameters
    ----------
    steps : StepTime
        The copy.
    power : ndarray, shape (2 or more, n, ...)
        Power in the decode step and in the mixed step. [W]
    decoding, extra, round_time : ndarray, shape (n, ...)
        Time on decode steps, time that chunks add, and the whole round. [s]

    Returns
    -------
    numeric, shape (n, ...)
        Power. [W]

    Notes
    -----
    Mean of the decode step's and the mixed step's power by time, and idle power for the rest of the round:
    :math:`P = P_0 + (\\bar P - P_0) \\, t_{busy} / t`.

    References
    ----------
    :cite:t:`fan2007`, the linear model.
    """
    busy = decoding + extra
    mean = (decoding * power[0] + extra * power[1]) / busy
    return steps.idle_power + (mean - steps.idle_power) * np.minimum(busy / round_time, 1.0)


def steps_of(
    part: Numeric, context: Numeric, size: Numeric, fresh: Numeric, cached: Numeric, ranks: Numeric = 1.0,
    apart: bool = False,
) -> Step:  # fmt: skip
    """Four steps at once, along a new first axis, because one call on more numbers is cheaper than four calls.

    Parameters
    ----------
    part : ndarray, shape (n, ...)
        Decoding sequences of a micro-batch. [1]
    context : numeric
        Mean context of a decoding sequence. [token]
    size : ndarray, shape (n, ...)
        Prompt tokens in the chunk. [token]
    fresh, cached : numeric
        Tokens of a prompt that are computed, and that the prefix cache holds. [token]
    ranks : numeric
        Ranks of data-parallel attention, each of which reads a prompt of its own. [1]
    apart : bool
        Chunks are micro-batches of their own, as in a pipeline.

    Returns
    -------
    Step
        Decode only; with a chunk; with a chunk as if nothing were cached; with a chunk and one more cached token.

    Notes
    -----
    A prompt token attends, on average, to the cached tokens and half of the fresh ones: :math:`C (c + f/2)` pairs.

    References
    ----------
    :cite:t:`agrawal2024sarathi`.
    """
    part, context, size, fresh, cached = (value_of(one) for one in (part, context, size, fresh, cached))
    shape = (4, *np.broadcast_shapes(np.shape(part), np.shape(size), np.shape(context)))
    pairs = np.empty(shape)
    pairs[0] = 0.0
    for i, prior in ((1, cached), (2, 0.0), (3, cached + 1.0)):
        pairs[i] = size * (fresh / 2.0 + prior)
    chunk = np.broadcast_to(size, shape).copy()
    chunk[0] = 0.0
    prompts = chunk / fresh if not several(ranks) else np.where(chunk > 0.0, np.maximum(chunk / fresh, ranks), 0.0)
    decoding, tokens = np.broadcast_to(part, shape), np.broadcast_to(part * context, shape)
    if apart:
        decoding, tokens = decoding.copy(), tokens.copy()
        decoding[1:], tokens[1:] = 0.0, 0.0
    return Step(
        decode_sequences=decoding,
        decode_context=tokens,
        prefill_tokens=chunk,
        prefill_pairs=pairs,
        prefill_sequences=prompts,
    )
