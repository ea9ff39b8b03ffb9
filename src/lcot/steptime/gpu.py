"""Step time of GPUs, and of other chips that read weights from memory behind a switched or meshed fabric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import numpy as np

from lcot.cell import several, whole
from lcot.errors import DomainError, MissingFact
from lcot.facts.types import Numeric
from lcot.steptime import network, power
from lcot.steptime.load import Load, load_of
from lcot.steptime.memory import room
from lcot.steptime.passes import Pass, pass_of, pass_time
from lcot.steptime.roofline import NOTHING, plus, some, times
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.workload.operators import Elementwise, Mixing, Operator, operators, prediction_operators
from lcot.workload.sharding import Ranks, layers_of_stage, ranks_of

PassMade = Callable[[tuple[Operator, ...], Deployment], Pass]


def gpu(deployment: Deployment) -> StepTime:
    r"""Step time of a deployment on GPUs.

    Parameters
    ----------
    deployment : Deployment
        What runs where.

    Returns
    -------
    StepTime
        Times, capacity and power of one model copy.

    Raises
    ------
    DomainError
        If the layout does not multiply, or a method of speculation is unknown.
    Infeasible
        If the weights do not fit.
    MissingFact
        If a fact that the calculation needs is not on record.

    Notes
    -----
    .. math:: T = \sum_{layers} \sum_{operators} t(m, \dots) + \sum t_{collectives} + (s - 1)\,t_{send} + T_{host}

    Every operator is timed on the busiest chip. A pipeline of s stages lets the next micro-batch in after the time
    of its slowest stage.

    References
    ----------
    :cite:t:`williams2009`; :cite:t:`pope2022`; :cite:t:`narayanan2021`.
    """
    d = deployment
    ranks = ranks_of(d.model, d.tensor, d.data, d.pipeline, d.expert, d.expert_tensor)
    held = room(d, ranks)
    notes = _check_draft(d)
    engine, stages = d.engine.facts, ranks.pipeline
    latency, interval = timed(d, ranks, lambda body, one: pass_of(body, ranks, one))

    def watts(step: Step) -> Numeric:
        each = power.chip_watts(latency(step), d.system, engine) + power.host_watts(d.system, engine)
        return d.chips * each

    try:
        idle = d.chips * (power.idle(d.system, engine) + power.host_watts(d.system, engine))
    except MissingFact:
        idle = float("nan")  # `watts` says what is missing, to those who ask for power
    return StepTime(
        deployment=d,
        latency=latency,
        interval=interval,
        power=watts,
        idle_power=idle,
        kv_capacity=held.tokens,
        state_bytes=held.sequence / held.token if held.token else 0.0,
        state_growth=held.growth / held.token if held.token else float("inf"),
        stages=stages,
        max_sequences=_most_sequences(d),
        notes=(*notes, *_extrapolated(d)),
    )


def timed(
    d: Deployment, ranks: Ranks, pass_made: PassMade
) -> tuple[Callable[[Step], Breakdown], Callable[[Step], Breakdown]]:
    r"""Latency and interval of steps, worked out from the first of them on.

    Parameters
    ----------
    d : Deployment
        One copy, or several abreast.
    ranks : Ranks
        The layout. [1]
    pass_made : callable
        The pass of a body of operators on a deployment.

    Returns
    -------
    tuple of callable
        See `lcot.steptime.types.StepTime`.

    Notes
    -----
    No formula: see `gpu`.
    """
    engine, stages = d.engine.facts, ranks.pipeline
    last: list[tuple[Step, tuple[Breakdown, Breakdown, Breakdown]]] = []  # latency, interval, power: often of one step

    @cache
    def passes() -> tuple[Callable[[Load], Breakdown], Callable[[Load], Breakdown]]:
        return _layers(operators(d.model, d.precision), ranks, d, pass_made), _draft(d, pass_made)

    def parts(step: Step) -> tuple[Breakdown, Breakdown, Breakdown]:
        """All layers, one hop after another, and the host."""
        if not (last and last[0][0] is step):
            layers, drafting = passes()
            load = load_of(step, ranks, d.speculation.draft_tokens, engine)
            hops = _hops(step, d, ranks) if several(stages) else NOTHING
            stack = plus(layers(load), drafting(load))
            last[:] = [(step, (stack, hops, plus(_host(load, d), _issuing(load, d, stack.total))))]
        return last[0][1]

    def latency(step: Step) -> Breakdown:
        return plus(*parts(step))

    def interval(step: Step) -> Breakdown:
        stack, hops, host = parts(step)
        if not several(stages):
            return plus(stack, host)
        return plus(times(stack, layers_of_stage(d.model.layers, stages)), times(hops, 1.0 / (stages - 1)), host)

    return latency, interval


def _layers(
    body: tuple[Operator, ...], ranks: Ranks, d: Deployment, pass_made: PassMade
) -> Callable[[Load], Breakdown]:
    """One pass; where experts are spread beyond one scale-up domain, engines that can do so hide their messages.

    One half of the batch then computes while the other communicates. As in a roofline the corner is round; attention
    is not counted on to hide anything.
    """
    engine = d.engine.facts
    if not (hides(d, ranks) and engine.has("exchange.hidden")):
        return partial(pass_time, pass_made(body, d))
    share = float(np.max(engine.number("experts.share.wide")))
    shares = [key for key in ("experts.share", "experts.share.fp8_block") if engine.has(key)]
    grouped = engine.with_values(dict.fromkeys(shares, share))
    wide = replace(d, engine=replace(d.engine, facts=grouped))
    mixing = pass_made(tuple(one for one in body if isinstance(one, Mixing)), d)
    others = pass_made(tuple(one for one in body if not isinstance(one, Mixing)), wide)

    def overlapped(load: Load) -> Breakdown:
        other = pass_time(others, load)
        own, hidden = other.total - other.network, engine.number("exchange.hidden") * other.network
        seen = np.sqrt(own * own + hidden * hidden) - own + other.network - hidden
        return plus(pass_time(mixing, load), replace(other, network=seen))

    return overlapped


def hides(d: Deployment, ranks: Ranks) -> bool:
    """Whether messages to experts leave the scale-up domain, from chips that each have sequences of their own."""
    spread = several(ranks.data) and several(ranks.expert)
    return spread and several(network.group(d.system.chip, ranks.stage).outside)


def crosses(d: Deployment, ranks: Ranks) -> bool:
    """Whether the next pipeline stage is in another scale-up domain."""
    return several(network.group(d.system.chip, ranks.pipeline, ranks.stage).outside)


def _hops(step: Step, d: Deployment, ranks: Ranks) -> Breakdown:
    """Handing a micro-batch through all pipeline stages."""
    chip, engine = d.system.chip, d.engine.facts
    tokens = step.decode_sequences * (1.0 + d.speculation.draft_tokens) + step.prefill_tokens
    message = 2.0 * d.model.hidden * tokens / ranks.stage
    sent = network.send(message, chip, crosses(d, ranks), engine)
    return Breakdown(0.0, 0.0, (ranks.pipeline - 1) * sent, 0.0)


def _host(load: Load, d: Deployment) -> Breakdown:
    """Scheduling, sampling and detokenising that the device waits for; every data-parallel rank has its own."""
    engine = d.engine.facts
    sequences = load.sequences + load.prompts
    busy = some(sequences + load.prefill)
    each = engine.number("host.sequence") * sequences + engine.number("host.token") * load.prefill
    return Breakdown(0.0, 0.0, 0.0, engine.number("host.step") * busy + each)


def _issuing(load: Load, d: Deployment, device: Numeric) -> Breakdown:
    """What the device waits for the host's issuing of kernels; as in a roofline the corner is round.

    Steps of decoding are captured in graphs. Those with prompts are not, and the many small kernels of a layer, most of
    all of one with experts, take the host longer to issue than a device that has little to do takes to run them.
    """
    engine, mixed = d.engine.facts, sum(b.count for b in d.model.blocks if b.feed_forward and b.feed_forward.experts)
    layers = {"host.experts": mixed, "host.dense": d.model.layers - mixed}
    each = [engine.number(key) * count for key, count in layers.items() if count and engine.has(key)]
    if not each:
        return NOTHING
    issued = sum(each) * some(load.prefill)
    return Breakdown(0.0, 0.0, 0.0, np.sqrt(device * device + issued * issued) - device)


def _check_draft(d: Deployment) -> tuple[str, ...]:
    """What was assumed of the drafting layers. Raises `DomainError` for a method that is unknown."""
    method = d.speculation.method
    if method == "off" or not d.speculation.draft_tokens:
        return ()
    if method not in ("mtp", "eagle"):
        raise DomainError("speculation method", method, "off, mtp or eagle", "deployment")
    if prediction_operators(d.model, d.precision):
        return ()
    return (f"{d.model.id} ships no drafting layer; drafting is timed as one more of its last layers and the output",)


def _draft(d: Deployment, pass_made: PassMade) -> Callable[[Load], Breakdown]:
    """Time of the drafting layers."""
    if d.speculation.method == "off" or not d.speculation.draft_tokens:
        return lambda load: NOTHING
    body = prediction_operators(d.model, d.precision)
    if not body:
        last = d.model.blocks[-1]
        every = tuple(op for op in operators(d.model, d.precision) if not isinstance(op, Elementwise))
        single = tuple(_single(op, last.count) for op in every)
        heads = [i for i, op in enumerate(single) if isinstance(op, Mixing)]
        body = single[heads[-1] - 1 :]
    made = pass_made(body, d)

    def drafting(load: Load) -> Breakdown:
        """The drafted tokens are made one after another, each for every decoding sequence."""
        one = Load(load.sequences, load.context, 0.0, 0.0, 0.0, 1.0, load.everyone / load.queries)
        return times(pass_time(made, one), d.speculation.draft_tokens)

    return drafting


def _single(operator: Operator, count: int) -> Operator:
    return replace(operator, count=1) if operator.count == count else operator


def _extrapolated(d: Deployment) -> tuple[str, ...]:
    """What the reader must know: where constants of the engine were not fitted."""
    engine, chip = d.engine, d.system.chip
    if not engine.facts.has("fitted.on"):
        return (f"constants of {engine.name} are declared estimates, without a fit of their own",)
    fitted = engine.facts.text("fitted.on").split()
    if chip.id in fitted:
        return ()
    return (f"constants of {engine.name} were fitted on {', '.join(fitted)}; {chip.name} is extrapolated",)


def _most_sequences(d: Deployment) -> int:
    engine = d.engine.facts
    if not engine.has("sequences"):
        return 10**9
    return whole(engine.number("sequences")) * d.data
