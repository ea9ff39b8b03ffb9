"""Wafers: weights and KV cache in on-wafer SRAM, each layer on its own block of cores, wafers in a chain.

A token passes the layers one after the other, and in each it waits for sums over the width of the layer's block: that
chain of mesh latencies is the time of a token. What the cores read, multiply and send overlaps with it and sets how
soon the next token may follow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lcot.cell import value_of
from lcot.facts.types import Numeric
from lcot.steptime.machine import electric, room, usable
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.steptime.work import ACTIVATION, compute_time, load, longest, reductions, tokens_of
from lcot.workload.formats import bytes_of
from lcot.workload.operators import Elementwise, Experts, Gemm, Mixing, Operator, operators

WORD = 4.0  # bytes that a mesh link moves in the time of a hop: 32 bits a cycle


def block_side(cores: Numeric, share: Numeric) -> Numeric:
    """Cores along one side of a block that holds a share of a wafer.

    Parameters
    ----------
    cores : numeric
        Cores of a wafer. [1]
    share : numeric
        Share of the wafer. [1]

    Returns
    -------
    numeric
        At most the side of the wafer. [1]

    Notes
    -----
    .. math:: s = \\sqrt{c \\min(1, f)}

    References
    ----------
    :cite:t:`he2025waferllm`, section 4.
    """
    return np.sqrt(cores * np.minimum(1.0, share))


def chain_time(sums: Numeric, side: Numeric, hop: Numeric, cycles: Numeric) -> Numeric:
    """Time that one token waits for sums over blocks of cores.

    Parameters
    ----------
    sums : numeric
        Sums one after the other, over all layers. [1]
    side : numeric
        Cores along one side of a block. [1]
    hop : numeric
        Time of one hop on the mesh. [s]
    cycles : numeric
        Hop times that a collective spends per core that it passes. [1]

    Returns
    -------
    numeric
        Seconds. [s]

    Notes
    -----
    A sum runs along one side and its result back:

    .. math:: t = 2 R s \\kappa t_{hop}

    A plain chain of partial sums has :math:`\\kappa = (1 + 2 T_R + 1 + 1) / 2 = 3.5` with a ramp of two cycles, a
    tree less, software that relays more.

    References
    ----------
    :cite:t:`luczynski2024`, section 3; :cite:t:`he2025waferllm`, section 6.
    """
    return 2.0 * sums * side * cycles * hop


def elements_moved(operator: Operator) -> int:
    """Elements of one token that cross a block of cores in all layers: inputs spread, outputs summed.

    Parameters
    ----------
    operator : Operator
        A product or the experts; others move none.

    Returns
    -------
    int
        Elements; the output matrix is on the last block only and does not count. [1]

    Notes
    -----
    .. math:: e = c (n + k)

    References
    ----------
    :cite:t:`he2025waferllm`, section 5.
    """
    if isinstance(operator, Gemm):
        return operator.count * (operator.n + operator.k) if operator.part != "head" else 0
    if isinstance(operator, Experts):
        layer = operator.layer
        return operator.count * layer.active * layer.matrices * (layer.width + operator.width)
    return 0


def sums_over_blocks(
    chosen: Sequence[Operator], weights: float, layers: int, wafer_bytes: Numeric, cores: Numeric
) -> list[tuple[int, Numeric]]:
    """Sums of products, experts and norms, each with the side of the block of cores that it crosses.

    Parameters
    ----------
    chosen : sequence of Operator
        The operators of the model.
    weights : float
        Bytes of all weights. [B]
    layers : int
        Layers. [1]
    wafer_bytes : numeric
        Bytes that a wafer holds. [B]
    cores : numeric
        Cores of a wafer. [1]

    Returns
    -------
    list of tuple
        Number of sums over all layers, and the side. [1]

    Notes
    -----
    .. math:: s_i = \\sqrt{c\\,W_i / M}

    Products and norms cross the block of a layer's weights without routed experts; the two sums of experts the block
    of one expert; what goes to the experts and comes back the block of the whole layer.

    References
    ----------
    :cite:t:`he2025waferllm`, section 4.
    """

    def side(size: float) -> Numeric:
        return block_side(cores, size / wafer_bytes)

    routed = [op for op in chosen if isinstance(op, Experts)]
    held = sum(op.parameters * bytes_of(op.format) for op in routed)
    spans = [(reductions(op for op in chosen if isinstance(op, Gemm | Elementwise)), side((weights - held) / layers))]
    for op in routed:
        one = op.parameters * bytes_of(op.format) / op.count / op.layer.experts
        spans += [(2 * op.count, side(one)), (op.count, side(weights / layers))]
    return spans


def wafer(deployment: Deployment) -> StepTime:
    """Step time on wafers.

    Parameters
    ----------
    deployment : Deployment
        ``pipeline`` wafers. Chip facts: cores, SRAM, ``fabric.<mesh>.latency``, and latency and bandwidth
        between wafers. Engine facts: ``mesh.cycles_per_hop``, ``memory.attainable``, ``memory.fraction``,
        ``compute.attainable``, ``power.idle``.

    Returns
    -------
    StepTime
        One stage for each layer's block of cores.

    Raises
    ------
    Infeasible
        If the weights do not fit the wafers; says how many they need.
    MissingFact
        If a fact above is not known.

    Notes
    -----
    .. math:: T = t_{chain} + (L - 1)\\,t_{block}(1) + t_{block}(m) + N_w (t_{io} + m h b / \\beta_{io})

    Sums of products and norms cross the block of a layer's weights (`sums_over_blocks`); those of attention the
    layer's share of all wafers, because the cache lies there. :math:`t_{block}` is the longest of a block's products,
    reads and words on the mesh for m tokens. Blocks work at the same time, so the next tokens may follow after
    :math:`t_{block}(m)`.

    References
    ----------
    :cite:t:`he2025waferllm`, section 4; :cite:t:`lie2023`.
    """
    d, chip, engine = deployment, deployment.system.chip, deployment.engine.facts
    facts, model, wafers = chip.facts, deployment.model, deployment.chips
    sram, mesh, between = chip.tiers[0], chip.levels[0], chip.levels[-1]
    each = usable(chip, sram, "the wafers of a copy") * engine.number("memory.fraction", "the KV cache")
    held = room(d, each * wafers, "wafers", each)
    found = operators(model, d.precision)
    cores, layers = facts.number("cores", "the mesh"), model.layers
    hop = facts.number(f"fabric.{mesh}.latency", "the latency of a layer")
    cycles = engine.number("mesh.cycles_per_hop", "the latency of a layer")
    whole = block_side(cores, held.weights / layers / each)
    spans = sums_over_blocks(found, held.weights, layers, each, cores)
    outer = block_side(cores, wafers / layers)
    mixing = reductions(op for op in found if isinstance(op, Mixing))
    chain = chain_time(mixing, outer, hop, cycles) + sum(chain_time(n, side, hop, cycles) for n, side in spans)
    bandwidth = facts.number(f"memory.{sram}.bandwidth", "reads") * engine.number("memory.attainable", "reads")
    moved = sum(elements_moved(op) for op in found)
    words = moved * ACTIVATION / WORD / whole * hop / layers
    door = facts.number(f"fabric.{between}.latency", "the way between wafers")
    width = facts.number(f"fabric.{between}.bandwidth", "the way between wafers")
    power, idle = electric(d)
    side = float(np.mean(value_of(whole)))

    def interval(step: Step) -> Breakdown:
        work = load(d, step)
        compute = compute_time(work, chip, wafers, engine)
        return longest(compute, work.bytes / (bandwidth * wafers), words * tokens_of(d, step))

    alone = interval(Step(decode_sequences=1.0))

    def latency(step: Step) -> Breakdown:
        stream, n = interval(step), layers - 1
        links = wafers * (door + tokens_of(d, step) * model.hidden * ACTIVATION / width)
        return Breakdown(
            stream.compute + n * alone.compute,
            stream.memory + n * alone.memory,
            stream.network + n * alone.network + chain,
            links,
        )

    return StepTime(
        deployment=d,
        latency=latency,
        interval=interval,
        power=power,
        idle_power=idle,
        kv_capacity=held.tokens,
        state_bytes=held.state,
        stages=layers,
        notes=(
            f"weights of a layer on a block of about {side:.0f} x {side:.0f} cores",
            "blocks work on different sequences at the same time",
            *(("mixture of experts: no published point of this family without speculation",) if _mixed(d) else ()),
        ),
    )


def _mixed(deployment: Deployment) -> bool:
    return any(b.feed_forward is not None and b.feed_forward.experts for b in deployment.model.blocks)
