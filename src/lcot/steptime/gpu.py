"""Step time of GPUs, and of other chips that read weights from memory behind a switched or meshed fabric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcot.cell import whole
from lcot.errors import DomainError, MissingFact
from lcot.facts.types import Numeric
from lcot.steptime import attention as mixing
from lcot.steptime import network, power
from lcot.steptime.experts import experts
from lcot.steptime.gemm import elementwise, gemm
from lcot.steptime.load import Load, load_of
from lcot.steptime.memory import room
from lcot.steptime.roofline import NOTHING, main_tier, plus, some, times
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.workload.operators import Elementwise, Experts, Gemm, Mixing, Operator, operators, prediction_operators
from lcot.workload.sharding import (
    Ranks,
    cut,
    experts_on_chip,
    gemm_on_chip,
    heads_on_chip,
    is_summed,
    layers_of_stage,
    ranks_of,
)


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
    body = operators(d.model, d.precision)
    draft, notes = _draft(d)
    engine, stages = d.engine.facts, ranks.pipeline

    def timed(step: Step, share: float) -> Breakdown:
        load = load_of(step, ranks, d.speculation.draft_tokens, engine)
        stack = plus(_layers(body, load, ranks, d), _drafting(draft, load, ranks, d))
        if stages == 1:
            return plus(stack, _host(load, d))
        hops = times(_hops(step, d, ranks), 1.0 if share == 1.0 else 1.0 / (stages - 1))
        return plus(times(stack, share), hops, _host(load, d))

    last: list[tuple[Step, Breakdown]] = []  # power asks for the step that was just timed

    def latency(step: Step) -> Breakdown:
        if not (last and last[0][0] is step):
            last[:] = [(step, timed(step, 1.0))]
        return last[0][1]

    def interval(step: Step) -> Breakdown:
        return timed(step, layers_of_stage(d.model.layers, stages))

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
        used=_used(d),
    )


def pass_time(body: tuple[Operator, ...], load: Load, ranks: Ranks, deployment: Deployment) -> Breakdown:
    r"""Time of one pass of operators over a load, collectives included.

    Parameters
    ----------
    body : tuple of Operator
        The operators.
    load : Load
        Work of the busiest rank. [token]
    ranks : Ranks
        The layout. [1]
    deployment : Deployment
        The deployment.

    Returns
    -------
    Breakdown
        Seconds by cause. [s]

    Raises
    ------
    MissingFact
        If a fact is not on record.

    Notes
    -----
    .. math:: T = \sum_i n_i \left( t_i + t_{collective, i} \right)

    References
    ----------
    :cite:t:`pope2022`.
    """
    total = NOTHING
    for operator in body:
        total = plus(total, times(_one(operator, load, ranks, deployment), operator.count))
    return total


def _layers(body: tuple[Operator, ...], load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    """One pass; where experts are spread beyond one scale-up domain, engines that can do so hide their messages.

    One half of the batch then computes while the other communicates. As in a roofline the corner is round; attention
    is not counted on to hide anything.
    """
    engine = d.engine.facts
    beyond = ranks.data > 1 and ranks.expert > 1 and network.group(d.system.chip, ranks.stage).outside > 1
    if not (beyond and engine.has("exchange.hidden")):
        return pass_time(body, load, ranks, d)
    grouped = engine.with_values({"experts.share": float(np.max(engine.number("experts.share.wide")))})
    wide = replace(d, engine=replace(d.engine, facts=grouped))
    mixed = pass_time(tuple(one for one in body if isinstance(one, Mixing)), load, ranks, d)
    other = pass_time(tuple(one for one in body if not isinstance(one, Mixing)), load, ranks, wide)
    own, hidden = other.total - other.network, engine.number("exchange.hidden") * other.network
    seen = np.sqrt(own * own + hidden * hidden) - own + other.network - hidden
    return plus(mixed, replace(other, network=seen))


def _one(operator: Operator, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    chip, engine = d.system.chip, d.engine.facts
    if isinstance(operator, Gemm):
        return _gemm(operator, load, ranks, d)
    if isinstance(operator, Mixing):
        a = operator.attention
        heads, kv_heads = heads_on_chip(a, ranks.tensor)
        return plus(
            mixing.prefill(a, heads, kv_heads, operator.kv, load.prefill, load.pairs, chip, engine),
            mixing.decode(a, heads, kv_heads, operator.kv, load.sequences, load.context, load.queries, chip, engine),
        )
    if isinstance(operator, Elementwise):
        elements = cut(operator.elements, ranks.tensor)
        return elementwise(load.tokens, elements, operator.kernels, chip, engine)
    return plus(_experts(operator, load, ranks, d), _routing(operator, load, ranks, d))


def _gemm(operator: Gemm, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    chip, engine = d.system.chip, d.engine.facts
    n, k = gemm_on_chip(operator, ranks.tensor)
    tokens = load.sampled if operator.sampled else load.tokens
    time = gemm(tokens, n, k, operator.format, operator.compute, chip, engine)
    if ranks.tensor == 1:
        return time
    message = 2.0 * tokens * operator.n
    if is_summed(operator, ranks.tensor):
        return plus(time, _network(network.all_reduce(message, network.group(chip, ranks.tensor), engine)))
    if operator.sampled:
        return plus(time, _network(network.all_gather(message, network.group(chip, ranks.tensor), engine)))
    return time


def _experts(operator: Experts, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    held, width = experts_on_chip(operator.layer, ranks)
    tokens = load.everyone if ranks.data > 1 else load.tokens
    return experts(
        tokens, operator.layer, held, width, operator.width, ranks.expert, operator.format, operator.compute,
        d.system.chip, d.engine.facts,
    )  # fmt: skip


def _routing(operator: Experts, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    """Moving tokens to their experts and back. Replicated tokens only need their results added up."""
    chip, engine = d.system.chip, d.engine.facts
    if ranks.stage == 1:
        return NOTHING
    everyone = network.group(chip, ranks.stage)
    if ranks.data == 1:
        if operator.layer.shared_width:  # added together with the shared experts' partial sums
            return NOTHING
        return _network(network.all_reduce(2.0 * load.tokens * operator.width, everyone, engine))
    chosen, own = operator.layer.active, load.tokens / ranks.tensor * operator.width
    each = own * _reached(ranks.expert, chosen) * ranks.expert_tensor
    sent = 1.0 if operator.compute != "bf16" else 2.0
    apart = network.exchange(each * sent, everyone, engine) + network.exchange(2.0 * each, everyone, engine)
    if everyone.outside > 1:
        beyond = own * _reached(everyone.outside, chosen) * (1.0 - 1.0 / everyone.outside)
        there = network.forward(each * sent, beyond * sent, everyone, engine)
        apart = np.minimum(apart, there + network.forward(2.0 * each, 2.0 * beyond, everyone, engine))
    whole = 2.0 * load.everyone * operator.width
    gathered = network.all_gather(whole * sent / 2.0, everyone, engine) + network.all_gather(whole, everyone, engine)
    return _network(np.minimum(apart, gathered))


def _reached(places: float, chosen: float) -> float:
    """Of so many places, those that hold an expert which a token chose."""
    return places * (1.0 - (1.0 - 1.0 / places) ** chosen)


def _network(seconds: Numeric) -> Breakdown:
    return Breakdown(0.0, 0.0, seconds, 0.0)


def _hops(step: Step, d: Deployment, ranks: Ranks) -> Breakdown:
    """Handing a micro-batch through all pipeline stages."""
    chip, engine = d.system.chip, d.engine.facts
    tokens = step.decode_sequences * (1.0 + d.speculation.draft_tokens) + step.prefill_tokens
    message = 2.0 * d.model.hidden * tokens / ranks.stage
    across = network.group(chip, ranks.pipeline, ranks.stage).outside > 1
    return _network((ranks.pipeline - 1) * network.send(message, chip, across, engine))


def _host(load: Load, d: Deployment) -> Breakdown:
    """Scheduling, sampling and detokenising that the device waits for; every data-parallel rank has its own."""
    engine = d.engine.facts
    sequences = load.sequences + load.prompts
    busy = some(sequences + load.prefill)
    each = engine.number("host.sequence") * sequences + engine.number("host.token") * load.prefill
    return Breakdown(0.0, 0.0, 0.0, engine.number("host.step") * busy + each)


def _draft(d: Deployment) -> tuple[tuple[Operator, ...], tuple[str, ...]]:
    """Operators of one pass of the drafting layers, and what was assumed."""
    method = d.speculation.method
    if method == "off" or not d.speculation.draft_tokens:
        return (), ()
    if method not in ("mtp", "eagle"):
        raise DomainError("speculation method", method, "off, mtp or eagle", "deployment")
    found = prediction_operators(d.model, d.precision)
    if found:
        return found, ()
    last = d.model.blocks[-1]
    body = tuple(_single(op, last.count) for op in operators(d.model, d.precision) if not isinstance(op, Elementwise))
    heads = [i for i, op in enumerate(body) if isinstance(op, Mixing)]
    first = heads[-1] - 1
    note = f"{d.model.id} ships no drafting layer; drafting is timed as one more of its last layers and the output"
    return body[first:], (note,)


def _single(operator: Operator, count: int) -> Operator:
    return replace(operator, count=1) if operator.count == count else operator


def _drafting(draft: tuple[Operator, ...], load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    """The drafted tokens are made one after another, each for every decoding sequence."""
    if not draft:
        return NOTHING
    one = Load(load.sequences, load.context, 0.0, 0.0, 0.0, 1.0, load.everyone / load.queries)
    return times(pass_time(draft, one, ranks, d), d.speculation.draft_tokens)


def _extrapolated(d: Deployment) -> tuple[str, ...]:
    """What the reader must know: where constants of the engine were not fitted."""
    engine, chip = d.engine, d.system.chip
    if not engine.facts.has("fitted.on"):
        return (f"constants of {engine.name} are declared estimates, without a fit of their own",)
    fitted = engine.facts.text("fitted.on").split()
    if chip.id in fitted:
        return ()
    return (f"constants of {engine.name} were fitted on {', '.join(fitted)}; {chip.name} is extrapolated",)


def _used(d: Deployment) -> tuple[str, ...]:
    """Facts that the formulas read, as owner.key."""
    chip, p = d.system.chip, d.precision
    tier = main_tier(chip)
    keys = [f"memory.{tier}.bandwidth", f"memory.{tier}.capacity", f"memory.{tier}.usable", "power.tdp", "power.idle"]
    for compute in (p.compute, p.dense_compute or p.compute, p.expert_compute, "bf16"):
        keys += [f"peak.{compute}", f"achievable.{compute}"]
    if d.chips > 1:
        keys += [f"fabric.{level}.{key}" for level in chip.levels for key in ("bandwidth", "size")]
    found = [f"{chip.id}.{key}" for key in dict.fromkeys(keys) if chip.facts.has(key)]
    return (*found, *(f"{d.engine.id}.{key}" for key in d.engine.facts if d.engine.facts.has(key)))


def _most_sequences(d: Deployment) -> int:
    engine = d.engine.facts
    if not engine.has("sequences"):
        return 10**9
    return whole(engine.number("sequences")) * d.data
