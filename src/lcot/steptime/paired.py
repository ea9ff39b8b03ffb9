"""Language processing units beside GPUs: three ways to share the work of a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from lcot.errors import InputError
from lcot.facts.types import Numeric
from lcot.steptime.roofline import plus
from lcot.steptime.types import Breakdown, Deployment, Speculation, Step, StepTime
from lcot.steptime.work import ACTIVATION, tokens_of
from lcot.workload.architecture import Architecture, Attention
from lcot.workload.caches import kv_bytes

Alone = Callable[[Deployment], StepTime]


def partner(deployment: Deployment) -> Deployment:
    """What the paired machine runs. Raises `InputError` where the deployment names none."""
    if deployment.paired is None:
        raise InputError(
            f"mode {deployment.mode!r} on {deployment.system.id} needs a paired deployment; "
            f"allowed: one on {deployment.system.pairs_with or 'a system of GPUs'}"
        )
    return deployment.paired


@lru_cache(maxsize=64)
def only_attention(model: Architecture) -> Architecture:
    """The model without its feed-forward layers."""
    blocks = tuple(replace(block, feed_forward=None) for block in model.blocks)
    return replace(model, id=f"{model.id} attention", blocks=blocks)


@lru_cache(maxsize=64)
def only_feed_forward(model: Architecture) -> Architecture:
    """The model without attention, embedding and output."""
    blocks = tuple(replace(block, attention=Attention("none")) for block in model.blocks)
    return replace(model, id=f"{model.id} feed-forward", blocks=blocks, vocabulary=1)


def slower(one: Breakdown, other: Breakdown) -> Breakdown:
    """The longer of two times that overlap."""
    first = one.total >= other.total
    pairs = ((getattr(one, name), getattr(other, name)) for name in ("compute", "memory", "network", "fixed"))
    return Breakdown(*(np.where(first, a, b) for a, b in pairs))


def _sum_of_power(own: StepTime, other: StepTime) -> Callable[[Step], Numeric]:
    return lambda step: own.power(step) + other.power(step)


def full_decode(deployment: Deployment, own: StepTime) -> StepTime:
    """Prompts on the GPUs, their cache handed over once, every output token on the chips.

    Parameters
    ----------
    deployment : Deployment
        ``paired`` prefills. Chip fact of the paired system: bandwidth of its farthest fabric level.
    own : StepTime
        The chips that decode.

    Returns
    -------
    StepTime
        Decoding as ``own``; a prompt takes the GPUs' time and the hand-over, beside the decoding.

    Notes
    -----
    .. math:: T = \\max(T_{decode}, T_{prefill} + b_{kv} p / N \\beta)

    References
    ----------
    :cite:t:`zhong2024`; :cite:t:`nvidia2026lpx`.
    """
    from lcot.steptime.estimate import estimate

    gpus = partner(deployment)
    other = estimate(gpus)
    level = gpus.system.chip.levels[-1]
    width = gpus.system.chip.facts.number(f"fabric.{level}.bandwidth", "handing over the cache") * gpus.chips

    def split(step: Step) -> tuple[Step, Breakdown]:
        decode = replace(step, prefill_tokens=0.0, prefill_pairs=0.0, prefill_sequences=0.0)
        prompt = replace(step, decode_sequences=0.0, decode_context=0.0)
        handed = kv_bytes(deployment.model, step.prefill_tokens, deployment.precision.kv) / width
        there = step.prefill_tokens > 0
        time = other.latency(prompt)
        parts = (time.compute, time.memory, time.network + handed, time.fixed)
        return decode, Breakdown(*(np.where(there, part, 0.0) for part in parts))

    def latency(step: Step) -> Breakdown:
        decode, prompt = split(step)
        return slower(own.latency(decode), prompt)

    def interval(step: Step) -> Breakdown:
        decode, prompt = split(step)
        return slower(own.interval(decode), prompt)

    return replace(
        own,
        latency=latency,
        interval=interval,
        power=_sum_of_power(own, other),
        idle_power=own.idle_power + other.idle_power,
        notes=(*own.notes, f"prompts on {gpus.system.id}", *other.notes),
    )


def attention_on_gpus(deployment: Deployment, alone: Alone) -> StepTime:
    """Attention and cache on the GPUs, feed-forward on the chips, one exchange per layer and token.

    Parameters
    ----------
    deployment : Deployment
        ``paired`` holds attention. Engine facts: ``pair.latency`` and ``pair.bandwidth`` of the way between them.
    alone : callable
        Step time of the chips for a deployment of theirs.

    Returns
    -------
    StepTime
        Two stages: while one micro-batch is in attention the other is in the feed-forward layers.

    Raises
    ------
    InputError
        If no paired deployment is given.

    Notes
    -----
    .. math:: T = T_{attention} + T_{ffn} + 2 L (t_{pair} + m h b / \\beta_{pair})

    References
    ----------
    :cite:t:`nvidia2026lpx`; :cite:t:`stepfun2025`.
    """
    from lcot.steptime.estimate import estimate

    d, gpus = deployment, partner(deployment)
    attention = estimate(replace(gpus, model=only_attention(d.model), expert=1, expert_tensor=1))
    feed = alone(replace(d, model=only_feed_forward(d.model), mode="", paired=None))
    wait = d.engine.facts.number("pair.latency", "the exchange in every layer")
    width = d.engine.facts.number("pair.bandwidth", "the exchange in every layer")

    def crossing(step: Step) -> Breakdown:
        one = wait + tokens_of(d, step) * d.model.hidden * ACTIVATION / width
        return Breakdown(0.0, 0.0, 2.0 * d.model.layers * one, 0.0)

    return StepTime(
        deployment=d,
        latency=lambda step: plus(attention.latency(step), feed.latency(step), crossing(step)),
        interval=lambda step: slower(attention.latency(step), feed.latency(step)),
        power=_sum_of_power(feed, attention),
        idle_power=feed.idle_power + attention.idle_power,
        kv_capacity=attention.kv_capacity,
        state_bytes=attention.state_bytes,
        stages=2,
        max_sequences=attention.max_sequences,
        notes=(*feed.notes, f"attention on {gpus.system.id}", *attention.notes),
    )


def verified(deployment: Deployment, alone: Alone) -> StepTime:
    """A small model drafts on the chips, the GPUs verify.

    Parameters
    ----------
    deployment : Deployment
        ``draft`` is the model that drafts, ``speculation`` how many tokens, ``paired`` verifies.
    alone : callable
        Step time of the chips for a deployment of theirs.

    Returns
    -------
    StepTime
        One step drafts and verifies; the tokens gained are the deployment's acceptance length.

    Raises
    ------
    InputError
        If no draft model, no drafted tokens or no paired deployment is given.

    Notes
    -----
    .. math:: T = \\gamma T_{draft} + T_{verify}(\\gamma + 1)

    References
    ----------
    :cite:t:`leviathan2023`; :cite:t:`nvidia2026lpx`.
    """
    from lcot.steptime.estimate import estimate

    d, gpus, count = deployment, partner(deployment), deployment.speculation.draft_tokens
    if d.draft is None or count < 1:
        raise InputError(f"mode 'draft' on {d.system.id} needs a draft model and at least 1 drafted token")
    drafts = alone(replace(d, model=d.draft, speculation=Speculation(), mode="", paired=None, draft=None))
    checks = replace(d.speculation, method="off")  # the drafted tokens pass, nothing is drafted there
    verify = estimate(replace(gpus, speculation=checks))

    def step_time(step: Step) -> Breakdown:
        one = drafts.latency(replace(step, prefill_tokens=0.0, prefill_pairs=0.0, prefill_sequences=0.0))
        busy = step.decode_sequences > 0
        scaled = Breakdown(
            *(np.where(busy, count * part, 0.0) for part in (one.compute, one.memory, one.network, one.fixed))
        )
        return plus(scaled, verify.latency(step))

    return StepTime(
        deployment=d,
        latency=step_time,
        interval=step_time,
        power=_sum_of_power(drafts, verify),
        idle_power=drafts.idle_power + verify.idle_power,
        kv_capacity=np.minimum(verify.kv_capacity, drafts.kv_capacity),
        state_bytes=verify.state_bytes,
        max_sequences=verify.max_sequences,
        notes=(*drafts.notes, f"verified on {gpus.system.id}", *verify.notes),
    )
