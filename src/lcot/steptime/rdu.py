"""Reconfigurable dataflow units: a decoder layer is one fused kernel, sockets share every layer.

No operator is launched by itself, and the sums between sockets run inside the kernel while weights stream in; what
they cost is in the attainable fraction of bandwidth. Weights of many models wait in DDR memory and are copied into
HBM when a model is called.
"""

from __future__ import annotations

from lcot.errors import DomainError
from lcot.facts.types import Chip, Numeric
from lcot.steptime.machine import electric, room, usable
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.steptime.work import compute_time, load, longest, tokens_of


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


def rdu(deployment: Deployment) -> StepTime:
    """Step time on reconfigurable dataflow units.

    Parameters
    ----------
    deployment : Deployment
        ``tensor`` sockets share each layer. Chip facts: HBM (the middle tier) and peaks. Engine facts:
        ``memory.attainable``, ``memory.fraction``, ``compute.attainable``, ``layer.latency``,
        ``sequence.latency``, ``power.idle``.

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

    with n decoding sequences, whose attention the kernel takes one after the other.

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

    def latency(step: Step) -> Breakdown:
        work = load(d, step)
        fixed = layer + sequence * step.decode_sequences + 0.0 * tokens_of(d, step)
        return longest(compute_time(work, chip, d.chips, engine), work.bytes / bandwidth, 0.0, fixed)

    power, idle = electric(d)
    return StepTime(
        deployment=d,
        latency=latency,
        interval=latency,
        power=power,
        idle_power=idle,
        kv_capacity=held.tokens,
        state_bytes=held.state,
        notes=_notes(d, hbm),
        used=(
            f"{chip.id}.memory.{hbm}.bandwidth", f"{d.engine.id}.memory.attainable", f"{d.engine.id}.layer.latency",
        ),
    )  # fmt: skip


def _notes(d: Deployment, hbm: str) -> tuple[str, ...]:
    fact = d.system.chip.facts[f"memory.{hbm}.bandwidth"]
    guess = (f"bandwidth of {d.system.chip.id} is an estimate",) if fact.is_estimate else ()
    return ("a decoder layer is one kernel: sums between sockets overlap with reads", *guess)
