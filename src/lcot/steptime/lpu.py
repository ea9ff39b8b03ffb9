"""Language processing units: weights and KV cache in the SRAM of hundreds of chips, scheduled to the cycle.

Layers are cut into a pipeline of groups of chips; inside a group each layer is tensor parallel. Nothing waits for a
host or for a queue, so a step has no jitter: its time is reads, products, the latency of dependent operators and the
hops of the sums between chips.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from lcot.errors import DomainError, UnknownName
from lcot.facts.types import Numeric
from lcot.steptime.machine import electric, hop_time, room, usable
from lcot.steptime.paired import attention_on_gpus, full_decode, verified
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.steptime.work import ACTIVATION, compute_time, load, longest, tokens_of
from lcot.workload.operators import Elementwise, Experts, Gemm, Operator, operators

MODES = ("", "decode", "afd", "draft")


def dependent(chosen: tuple[Operator, ...]) -> int:
    """Operators that one token passes one after the other.

    Parameters
    ----------
    chosen : tuple of Operator
        The operators.

    Returns
    -------
    int
        Products, mixings, two for experts, norms; element-wise work flows with its neighbours. [1]

    Notes
    -----
    .. math:: n = \\sum_i c_i d_i

    References
    ----------
    :cite:t:`abts2020`, section II.
    """
    total = 0
    for operator in chosen:
        if isinstance(operator, Elementwise):
            total += operator.count * operator.kernels if "norm" in operator.name else 0
        else:
            total += operator.count * (2 if isinstance(operator, Experts) else 1)
    return total


def sums_between_chips(chosen: tuple[Operator, ...], chips: int) -> int:
    """All-reduces in a pass: products whose inner dimension is cut over the chips, and experts.

    Parameters
    ----------
    chosen : tuple of Operator
        The operators.
    chips : int
        Chips that share a layer. [1]

    Returns
    -------
    int
        0 on one chip. [1]

    Notes
    -----
    Two per dense layer, :math:`2 L`.

    References
    ----------
    :cite:t:`shoeybi2019`, section 3.
    """
    if chips <= 1:
        return 0
    cut = [op for op in chosen if isinstance(op, Experts) or (isinstance(op, Gemm) and op.rows.units > 1)]
    return sum(operator.count for operator in cut)


def all_reduce(message: Numeric, chips: int, hop: Numeric, bandwidth: Numeric) -> Numeric:
    """Time of an all-reduce between directly linked chips.

    Parameters
    ----------
    message : numeric, shape (...)
        Bytes on each chip. [B]
    chips : int
        Chips of the group, all linked to all. [1]
    hop : numeric
        Time of one hop. [s]
    bandwidth : numeric
        One-way bandwidth of a chip into its group. [B/s]

    Returns
    -------
    numeric, shape (...)
        Seconds; 0 for one chip. [s]

    Notes
    -----
    Every chip sends its share to every other, adds, and sends the sum back:

    .. math:: t = 2 \\left( t_{hop} + \\frac{p - 1}{p} \\frac{m}{\\beta} \\right)

    References
    ----------
    :cite:t:`abts2022`, section 5.
    """
    if chips <= 1:
        return 0.0 * message
    return 2.0 * (hop + (chips - 1) / chips * message / bandwidth)


def lpu(deployment: Deployment) -> StepTime:
    """Step time on language processing units.

    Parameters
    ----------
    deployment : Deployment
        ``tensor`` chips share a layer, ``pipeline`` groups follow each other. ``mode`` is empty or ``decode`` (the
        chips decode whole tokens), ``afd`` (attention on ``paired`` GPUs, feed-forward here) or ``draft`` (``draft``
        proposed here, verified by ``paired``). Chip facts: SRAM, ``fabric.<nearest>.latency`` and ``.bandwidth``,
        peaks. Engine facts: ``operator.latency``, ``memory.attainable``, ``memory.fraction``,
        ``compute.attainable``, ``collective.attainable``, ``power.idle``; ``prefill.chunk`` where known.

    Returns
    -------
    StepTime
        One stage per group of chips.

    Raises
    ------
    Infeasible
        If the weights do not fit; says how many chips they need.
    MissingFact
        If a fact above is not known.
    UnknownName
        If the mode is none of these.

    Notes
    -----
    .. math:: T = \\max(B / N_t \\beta, O / N_t F) + n t_{op} + R\\,t_{all-reduce} + S t_{hop}

    with the bytes of all stages read one stage after the other by the :math:`N_t` chips of each. Where the engine
    has ``prefill.chunk``, prompts travel through the stages in m pieces of at most that many tokens, one behind the
    other: :math:`T = L(P/m) + (m - 1)\\,I(P/m)` for the latency L and the interval I of a piece.

    References
    ----------
    :cite:t:`abts2022`; :cite:t:`abts2020`.
    """
    if deployment.mode not in MODES:
        raise UnknownName("mode", deployment.mode, MODES[1:], "deployment")
    if deployment.mode == "draft":
        return verified(deployment, alone)
    if deployment.mode == "afd":
        return attention_on_gpus(deployment, alone)
    if deployment.mode == "decode" and deployment.paired is not None:
        return full_decode(deployment, alone(deployment))
    return alone(deployment)


def times(breakdown: Breakdown, factor: Numeric) -> Breakdown:
    """Every part of a time, ``factor`` times.

    Parameters
    ----------
    breakdown : Breakdown
        A time. [s]
    factor : numeric
        What it is multiplied by. [1]

    Returns
    -------
    Breakdown
        The parts. [s]
    """
    b = breakdown
    return Breakdown(b.compute * factor, b.memory * factor, b.network * factor, b.fixed * factor)


def part_of(step: Step, count: Numeric) -> Step:
    """One of equal pieces of a step.

    Parameters
    ----------
    step : Step
        The whole.
    count : numeric
        Pieces. [1]

    Returns
    -------
    Step
        One piece.
    """
    return Step(
        step.decode_sequences / count,
        step.decode_context / count,
        step.prefill_tokens / count,
        step.prefill_pairs / count,
        step.prefill_sequences / count,
    )


def alone(deployment: Deployment) -> StepTime:
    """Step time of the chips that decode (and prefill) whole tokens by themselves. See `lpu`."""
    d, chip, engine = deployment, deployment.system.chip, deployment.engine.facts
    facts, model = chip.facts, deployment.model
    if d.data > 1:
        raise DomainError("data", d.data, "1: chips of this family share every layer", "deployment")
    sram, near, far = chip.tiers[0], chip.levels[0], chip.levels[-1]
    each = usable(chip, sram, "the chips of a copy") * engine.number("memory.fraction", "the KV cache")
    held = room(d, each * d.chips, "chips", each)
    found = operators(model, d.precision)
    bandwidth = facts.number(f"memory.{sram}.bandwidth", "reads") * engine.number("memory.attainable", "reads")
    hop = hop_time(chip, near, engine)
    link = facts.number(f"fabric.{near}.bandwidth", "sums between chips")
    link = link * engine.number("collective.attainable", "sums between chips")
    far_hop = hop_time(chip, far, engine)
    fixed = dependent(found) * engine.number("operator.latency", "the latency of a layer")
    sums = sums_between_chips(found, d.tensor)
    slowest = ceil(model.layers / d.pipeline) / model.layers

    chunk = engine.number("prefill.chunk") if engine.has("prefill.chunk") else np.inf

    def through(step: Step) -> Breakdown:
        work, tokens = load(d, step), tokens_of(d, step)
        message = tokens * model.hidden * ACTIVATION
        network = sums * all_reduce(message, d.tensor, hop, link) + (d.pipeline - 1) * (far_hop + message / link)
        compute, memory = compute_time(work, chip, d.tensor, engine), work.bytes / (d.tensor * bandwidth)
        own = longest(compute, memory)
        return Breakdown(own.compute, own.memory, network, fixed + 0.0 * tokens)

    def pieces(step: Step) -> Numeric:
        return np.maximum(np.ceil(step.prefill_tokens / chunk), 1.0)

    def latency(step: Step) -> Breakdown:
        count = pieces(step)
        return times(through(part_of(step, count)), 1.0 + (count - 1.0) * slowest)

    def interval(step: Step) -> Breakdown:
        count = pieces(step)
        return times(through(part_of(step, count)), count * slowest)

    power, idle = electric(d)
    return StepTime(
        deployment=d,
        latency=latency,
        interval=interval,
        power=power,
        idle_power=idle,
        kv_capacity=held.tokens,
        state_bytes=held.state,
        stages=min(d.pipeline, model.layers),
        notes=("the schedule is fixed by the compiler: no jitter and no host time",),
    )
