"""Reconfigurable dataflow units: a decoder layer is one fused kernel, sockets share every layer.

No operator is launched by itself, and the sums between sockets run inside the kernel while weights stream in; what
they cost is in the attainable fraction of bandwidth. Weights of many models wait in DDR memory and are copied into
HBM when a model is called.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcot.cell import value_of
from lcot.errors import DomainError
from lcot.facts.types import Chip, Numeric
from lcot.steptime.machine import electric, room, usable
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Breakdown, Deployment, Speculation, Step, StepTime
from lcot.steptime.work import compute_time, load, longest, tokens_of
from lcot.workload.formats import bytes_of
from lcot.workload.operators import Experts, operators


def switch_time(weights: Numeric, chip: Chip, sockets: Numeric, tier: str) -> Numeric:
    """Time to copy a model from the far memory tier into the near one.

    Parameters
    ----------
    weights : numeric
        Bytes of the model. [B]
    chip : Chip
        Fact ``memory.<tier>.bandwidth``, of one socket.
    sockets : numeric
        Sockets that copy their share at the same time. [1]
    tier : str
        The far tier, for instance ddr. [text]

    Returns
    -------
    numeric
        Seconds. [s]

    Raises
    ------
    MissingFact
        If the bandwidth is not known.

    Notes
    -----
    .. math:: t = W / N \\beta_{ddr}

    References
    ----------
    :cite:t:`prabhakar2024`, section 6.
    """
    return weights / (sockets * chip.facts.number(f"memory.{tier}.bandwidth", "switching models"))


def busiest(held: int, share: Numeric, sockets: int) -> Numeric:
    """Experts that the busiest of several sockets reads, where each expert lies whole on one of them.

    Parameters
    ----------
    held : int
        Experts on a socket. [1]
    share : numeric, shape (...)
        Probability that an expert is touched by a step. [1]
    sockets : int
        Sockets that share the layer. [1]

    Returns
    -------
    numeric, shape (...)
        Expected largest number; ``held`` where every expert is touched. [1]

    Notes
    -----
    The numbers on the sockets are taken as independent and binomial, with distribution F:

    .. math:: E = \\sum_{k=0}^{h-1} \\left(1 - F(k; h, q)^S\\right)

    References
    ----------
    :cite:t:`raab1998`.
    """
    q = np.clip(np.asarray(value_of(share), dtype=float), 1e-12, 1.0 - 1e-12)
    term = (1.0 - q) ** held
    below, expected = 0.0 * q, 0.0 * q
    for k in range(held):
        below = np.minimum(below + term, 1.0)
        expected = expected + 1.0 - below**sockets
        term = term * (held - k) / (k + 1) * q / (1.0 - q)
    return expected


def rdu(deployment: Deployment) -> StepTime:
    """Step time on reconfigurable dataflow units.

    Parameters
    ----------
    deployment : Deployment
        ``tensor`` sockets share each layer. Chip facts: HBM (the middle tier) and peaks. Engine facts:
        ``memory.attainable``, ``memory.fraction``, ``compute.attainable``, ``layer.latency``,
        ``sequence.latency``, ``power.idle``; ``experts.whole`` is the share of experts that lie whole on a socket.
        A ``draft`` model proposes tokens on the same sockets where the speculation's method is ``draft``.

    Returns
    -------
    StepTime
        One stage.

    Raises
    ------
    Infeasible
        If the weights do not fit; says how many sockets they need.
    MissingFact
        If a fact above is not known.
    DomainError
        If the deployment asks for data or pipeline ranks inside a copy.

    Notes
    -----
    .. math:: T = \\max(B / N \\beta \\eta, O / N F) + L (t_{layer} + n t_{sequence})

    with n decoding sequences, whose attention the kernel takes one after the other. Where experts lie whole on one
    socket, the layer waits for the one that reads most of them (`busiest`).

    References
    ----------
    :cite:t:`prabhakar2024`; :cite:t:`koeplinger2024`.
    """
    d, chip, engine = deployment, deployment.system.chip, deployment.engine.facts
    for name in ("data", "pipeline"):
        if getattr(d, name) > 1:
            raise DomainError(name, getattr(d, name), "1: sockets of this family share every layer", "deployment")
    hbm = main_tier(chip)
    each = usable(chip, hbm, "the sockets of a copy") * engine.number("memory.fraction", "the KV cache")
    held = room(d, each * d.chips, "sockets", each)
    attainable = engine.number("memory.attainable", "reads")
    bandwidth = chip.facts.number(f"memory.{hbm}.bandwidth", "reads") * attainable * d.chips
    layer = d.model.layers * engine.number("layer.latency", "the latency of a layer")
    sequence = d.model.layers * engine.number("sequence.latency", "attention of a batch")

    placed = engine.number("experts.whole") if engine.has("experts.whole") else 0.0

    def latency(step: Step) -> Breakdown:
        work = load(d, step)
        fixed = layer + sequence * step.decode_sequences + 0.0 * tokens_of(d, step)
        read = work.bytes + placed * _waiting(d, tokens_of(d, step))
        return longest(compute_time(work, chip, d.chips, engine), read / bandwidth, 0.0, fixed)

    power, idle = electric(d)
    alone = StepTime(
        deployment=d,
        latency=latency,
        interval=latency,
        power=power,
        idle_power=idle,
        kv_capacity=held.tokens,
        state_bytes=held.state,
        notes=_notes(d, hbm),
    )  # fmt: skip
    return _drafted(d, alone)


def _waiting(d: Deployment, tokens: Numeric) -> Numeric:
    """Bytes that all sockets could read while they wait for the one with most experts. [B]"""
    total: Numeric = 0.0
    for op in (op for op in operators(d.model, d.precision) if isinstance(op, Experts)):
        share = 1.0 - (1.0 - op.layer.active / op.layer.experts) ** tokens
        most = busiest(max(round(op.layer.experts / d.chips), 1), share, d.chips)
        size = op.parameters / op.layer.experts * bytes_of(op.format)
        total = total + size * np.maximum(d.chips * most - op.layer.experts * share, 0.0)
    return total


def _drafted(d: Deployment, verify: StepTime) -> StepTime:
    """The step with a small model that proposes tokens before the large one checks them."""
    if d.draft is None or d.speculation.method != "draft":
        return verify
    drafts = rdu(replace(d, model=d.draft, speculation=Speculation(), draft=None))
    count = d.speculation.draft_tokens

    def latency(step: Step) -> Breakdown:
        one = drafts.latency(replace(step, prefill_tokens=0.0, prefill_pairs=0.0, prefill_sequences=0.0))
        whole, decoding = verify.latency(step), step.decode_sequences > 0

        def both(w: Numeric, o: Numeric) -> Numeric:
            return w + np.where(decoding, count * o, 0.0)

        return Breakdown(
            both(whole.compute, one.compute),
            both(whole.memory, one.memory),
            both(whole.network, one.network),
            both(whole.fixed, one.fixed),
        )

    return replace(
        verify,
        latency=latency,
        interval=latency,
        kv_capacity=np.minimum(verify.kv_capacity, drafts.kv_capacity),
        notes=(*verify.notes, f"{d.draft.id} drafts {count} tokens a step"),
    )


def _notes(d: Deployment, hbm: str) -> tuple[str, ...]:
    fact = d.system.chip.facts[f"memory.{hbm}.bandwidth"]
    guess = (f"bandwidth of {d.system.chip.id} is an estimate",) if fact.is_estimate else ()
    return ("a decoder layer is one kernel: sums between sockets overlap with reads", *guess)
