"""Meshes and tori of chips with memory of their own: Tenstorrent, TPU, Trainium and Inferentia.

Weights stream from memory on all chips at once; every layer ends in sums that travel hop by hop over direct links.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from lcot.cell import value_of, whole
from lcot.errors import DomainError, UnknownName
from lcot.facts.types import Facts, Numeric
from lcot.steptime.lpu import dependent, sums_between_chips
from lcot.steptime.machine import electric, hop_time, room, usable
from lcot.steptime.roofline import main_tier, some
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.steptime.work import ACTIVATION, compute_time, load, longest, tokens_of
from lcot.workload.operators import operators

TOPOLOGIES = ("ring", "mesh2d", "torus2d", "torus3d", "switch", "all_to_all")


def hops(topology: str, chips: int) -> float:
    """Hops that an all-reduce makes one after the other.

    Parameters
    ----------
    topology : str
        ``ring``, ``mesh2d`` (a ring laid through it), ``torus2d``, ``torus3d``, ``switch`` or ``all_to_all``. [text]
    chips : int
        Chips of the group. [1]

    Returns
    -------
    float
        0 for one chip. [1]

    Raises
    ------
    UnknownName
        If the topology is none of these.

    Notes
    -----
    A ring goes round twice, :math:`2(p - 1)`; on a torus of a axes each axis is passed twice in both directions at
    once, :math:`a\\,p^{1/a}`; over a switch two hops.

    References
    ----------
    :cite:t:`thakur2005`, section 4; :cite:t:`austin2025`, chapter 3.
    """
    if topology not in TOPOLOGIES:
        raise UnknownName("topology", topology, TOPOLOGIES, "fabric")
    if chips <= 1:
        return 0.0
    if topology in ("ring", "mesh2d"):
        return 2.0 * (chips - 1)
    if topology in ("torus2d", "torus3d"):
        axes = int(topology[5])
        return axes * chips ** (1.0 / axes)
    return 2.0


def all_reduce(message: Numeric, chips: int, topology: str, hop: Numeric, bandwidth: Numeric) -> Numeric:
    """Time of an all-reduce over direct links.

    Parameters
    ----------
    message : numeric, shape (...)
        Bytes on each chip. [B]
    chips : int
        Chips of the group. [1]
    topology : str
        As in `hops`. [text]
    hop : numeric
        Fixed time of one hop. [s]
    bandwidth : numeric
        One-way bandwidth of a chip that the collective can use. [B/s]

    Returns
    -------
    numeric, shape (...)
        Seconds; 0 for one chip. [s]

    Notes
    -----
    .. math:: t = h(p)\\, t_{hop} + \\frac{2 (p - 1)}{p} \\frac{m}{\\beta}

    References
    ----------
    :cite:t:`thakur2005`, section 4.4; :cite:t:`austin2025`, chapter 3.
    """
    return hops(topology, chips) * hop + 2.0 * (chips - 1) / chips * message / bandwidth


def padded(context: Numeric, sequences: Numeric, bucketed: bool) -> Numeric:
    """Cached tokens that attention reads, where the compiled program reads a whole bucket for each sequence.

    Parameters
    ----------
    context : numeric, shape (...)
        Sum of the contexts. [token]
    sequences : numeric, shape (...)
        Sequences. [1]
    bucketed : bool
        Whether contexts are padded to the next power of two. [1]

    Returns
    -------
    numeric, shape (...)
        Tokens read. [token]

    Notes
    -----
    .. math:: C' = n\\,2^{\\lceil \\log_2 (C / n) \\rceil}

    References
    ----------
    :cite:t:`aws2026neuron`.
    """
    if not bucketed:
        return context
    each = np.maximum(context, 1.0) / np.maximum(sequences, 1e-9)
    return np.where(context > 0, sequences * 2.0 ** np.ceil(np.log2(each)), 0.0)


def copies_of_heads(heads: int, ranks: int) -> float:
    """Reads of the KV cache where each of ``ranks`` holds whole heads, over the reads of one copy of every head.

    Parameters
    ----------
    heads : int
        Key and value heads of a layer. [1]
    ranks : int
        Parts over which a layer is cut. [1]

    Returns
    -------
    float
        1 where the ranks divide the heads. [1]

    Notes
    -----
    Heads are padded to the next multiple of the ranks; fewer heads than ranks are repeated:

    .. math:: r = \\frac{p}{n_{kv}} \\left\\lceil \\frac{n_{kv}}{p} \\right\\rceil

    References
    ----------
    :cite:t:`aws2026neuron`.
    """
    return ranks / heads * ceil(heads / ranks)


def _optional(facts: Facts, key: str, otherwise: float) -> Numeric:
    return facts.number(key) if facts.has(key) else otherwise


def mesh(deployment: Deployment) -> StepTime:
    """Step time on a mesh or torus of chips.

    Parameters
    ----------
    deployment : Deployment
        ``tensor`` chips share each layer, ``pipeline`` groups of them follow each other; ``data`` is 1.
        Chip facts: the far memory tier, peaks, bandwidth and topology of the nearest fabric level, its latency where
        known. Engine facts:
        ``memory.attainable``, ``memory.fraction``, ``compute.attainable``, ``operator.latency``, ``step.latency``,
        ``hop.latency``, ``collective.attainable``, ``power.idle``; where they apply ``prefill.operator.latency``,
        ``sequence.latency``, ``tile.rows``, ``sequences``, ``cache.bucketed``,
        ``cache.ranks`` (parts of a chip that each hold whole heads).

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
    DomainError
        If the deployment asks for data ranks inside a copy.

    Notes
    -----
    .. math:: T = \\max(B / N_t \\beta \\eta, O / N_t F \\eta_F) + R\\,t_{sum} + n_{op} t_{op} + L n t_{seq} + t_0

    References
    ----------
    :cite:t:`pope2022`; :cite:t:`austin2025`, chapter 7; :cite:t:`tenstorrent2024llms`.
    """
    d, chip, engine = deployment, deployment.system.chip, deployment.engine.facts
    if d.data > 1:
        raise DomainError("data", d.data, "1: chips of this family share every layer", "deployment")
    tier, near = main_tier(chip), chip.levels[0]
    each = usable(chip, tier, "the chips of a copy") * engine.number("memory.fraction", "the KV cache")
    held = room(d, each * d.chips, "chips", each)
    found = operators(d.model, d.precision)
    bandwidth = chip.facts.number(f"memory.{tier}.bandwidth", "reads") * engine.number("memory.attainable", "reads")
    fixed = dependent(found) * engine.number("operator.latency", "starting operators") + engine.number("step.latency")
    prompt = dependent(found) * _optional(engine, "prefill.operator.latency", 0.0)
    sequence = d.model.layers * _optional(engine, "sequence.latency", 0.0)
    sums, topology, link, hop = sums_between_chips(found, d.tensor), "ring", 1.0, 0.0
    if sums:
        topology = chip.facts.text(f"fabric.{near}.topology", "sums between chips")
        link = chip.facts.number(f"fabric.{near}.bandwidth", "sums between chips")
        link = link * engine.number("collective.attainable", "sums between chips")
        hop = hop_time(chip, near, engine)
    gate = chip.facts.number(f"fabric.{chip.levels[-1]}.bandwidth", "the next stage") if d.pipeline > 1 else 1.0
    slowest = ceil(d.model.layers / d.pipeline) / d.model.layers
    rows = _optional(engine, "tile.rows", 1.0)
    bucketed = bool(np.any(value_of(_optional(engine, "cache.bucketed", 0.0))))

    parts = whole(_optional(engine, "cache.ranks", 0.0))
    heads = max((block.attention.kv_heads for block in d.model.blocks), default=0)
    copied = copies_of_heads(heads, parts * d.tensor) if parts and heads else 1.0

    def latency(step: Step) -> Breakdown:
        read = copied * padded(step.decode_context, step.decode_sequences, bucketed)
        work = load(
            d, Step(step.decode_sequences, read, step.prefill_tokens, step.prefill_pairs, step.prefill_sequences)
        )
        tokens = tokens_of(d, step)
        message = np.maximum(tokens, rows) * d.model.hidden * ACTIVATION
        own = longest(compute_time(work, chip, d.tensor, engine), work.bytes / (bandwidth * d.tensor))
        network = sums * all_reduce(message, d.tensor, topology, hop, link) + (d.pipeline - 1) * message / gate
        started = fixed + sequence * step.decode_sequences + prompt * some(step.prefill_tokens)
        return Breakdown(own.compute, own.memory, network, started)

    def interval(step: Step) -> Breakdown:
        whole = latency(step)
        return Breakdown(*(part * slowest for part in (whole.compute, whole.memory, whole.network, whole.fixed)))

    power, idle = electric(d)
    return StepTime(
        deployment=d,
        latency=latency,
        interval=interval,
        power=power,
        idle_power=idle,
        kv_capacity=held.tokens / copied,
        state_bytes=held.state,
        stages=min(d.pipeline, d.model.layers),
        max_sequences=whole(_optional(engine, "sequences", 10.0**9)),
        notes=("contexts are padded to the next power of two",) if bucketed else (),
    )
