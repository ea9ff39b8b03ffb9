"""What a copy on wafers, LPUs, RDUs and meshes holds and draws, and the facts that these families share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lcot.cell import value_of
from lcot.errors import Infeasible, MissingFact
from lcot.facts.types import Chip, Facts, Numeric, System
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Deployment, Step
from lcot.steptime.work import tokens_of
from lcot.workload.caches import kv_bytes_per_token, state_bytes
from lcot.workload.counts import weight_bytes


@dataclass(frozen=True, slots=True)
class Room:
    """What the memory holds beside the weights."""

    tokens: Numeric  # of KV cache
    state: Numeric  # of one sequence, in tokens of KV cache
    weights: float  # B


def room(deployment: Deployment, memory: Numeric, unit: str, each: Numeric) -> Room:
    """KV cache that fits beside the weights.

    Parameters
    ----------
    deployment : Deployment
        Model and precision.
    memory : numeric
        Usable memory of the copy. [B]
    unit : str
        What memory is bought in, for the message: wafers, chips ... [text]
    each : numeric
        Usable memory of one of them. [B]

    Returns
    -------
    Room
        Tokens, and the state of one sequence in tokens.

    Raises
    ------
    Infeasible
        If the weights alone do not fit; says how many would be needed.

    Notes
    -----
    .. math:: T = (M - W) / b_{kv}

    References
    ----------
    :cite:t:`kwon2023`, section 3.
    """
    model, precision = deployment.model, deployment.precision
    weights = weight_bytes(model, precision)
    free = memory - weights
    if not np.any(value_of(free) > 0):
        needed = int(np.floor(weights / np.max(value_of(each))) + 1)
        raise Infeasible(
            f"{model.id} needs {needed} {unit} for its {weights / 1e9:.1f} GB of weights", f"memory: {needed} {unit}"
        )
    entry = kv_bytes_per_token(model, precision.kv)
    state = state_bytes(model)
    if not entry:
        return Room(1e15 + 0.0 * free, 1e15 * state / np.maximum(free, 1.0), weights)
    return Room(np.maximum(free, 0.0) / entry, state / entry, weights)


def usable(chip: Chip, tier: str, needed_for: str) -> Numeric:
    """Bytes of a memory tier that software can use: ``usable`` where it is known, else the capacity. [B]"""
    key = f"memory.{tier}.usable"
    return chip.facts.number(key if chip.facts.has(key) else f"memory.{tier}.capacity", needed_for)


def hop_time(chip: Chip, level: str, engine: Facts) -> Numeric:
    """Fixed time of one hop on a fabric level: the chip's ``latency``, else the engine's ``hop.latency``. [s]"""
    key = f"fabric.{level}.latency"
    return chip.facts.number(key) if chip.facts.has(key) else engine.number("hop.latency", f"hops on {chip.id}")


def busy_power(system: System, chips: float) -> tuple[Numeric, str]:
    """Watts of the share of a system that a copy uses, at work, and where the figure comes from.

    Parameters
    ----------
    system : System
        Facts ``power.typical`` or ``power.max``; else ``power.tdp`` of the chip times the chips.
    chips : float
        Chips of the copy. [1]

    Returns
    -------
    tuple
        Power [W] and the fact key. [text]

    Raises
    ------
    MissingFact
        If none of them is known.

    Notes
    -----
    .. math:: P = P_{system} \\, N / N_{system}

    References
    ----------
    :cite:t:`patel2024polca`.
    """
    for key in ("power.typical", "power.max"):
        if system.facts.has(key):
            return system.facts.number(key) * chips / system.count, f"{system.id}.{key}"
    if system.chip.facts.has("power.tdp"):
        return system.chip.facts.number("power.tdp") * chips, f"{system.chip.id}.power.tdp"
    raise MissingFact(system.id, "power.typical", "the energy of a step")


def electric(deployment: Deployment) -> tuple[Callable[[Step], Numeric], Numeric]:
    """Power of a copy in a step, and of a copy doing nothing.

    Parameters
    ----------
    deployment : Deployment
        System facts as in `busy_power`; ``power.idle`` of the system, else the engine's ``power.idle``.

    Returns
    -------
    tuple
        Function of the step [W], which raises `MissingFact` where no power is known, and idle power [W], NaN there.

    Notes
    -----
    Public figures of these machines are one number for a busy system, so power does not depend on the step:
    :math:`P_{idle} = f P`.

    References
    ----------
    :cite:t:`patel2024polca`.
    """
    system, chips = deployment.system, deployment.chips

    def power(step: Step) -> Numeric:
        return busy_power(system, chips)[0] + 0.0 * tokens_of(deployment, step)

    if system.facts.has("power.idle"):
        return power, system.facts.number("power.idle") * chips / system.count
    try:
        watts = busy_power(system, chips)[0]
    except MissingFact:
        return power, float("nan")
    return power, watts * deployment.engine.facts.number("power.idle", "the power of an idle system")


def fewest(deployment: Deployment, tokens: float = 0.0) -> int:
    """Fewest chips that hold the weights and a cache of ``tokens``.

    Parameters
    ----------
    deployment : Deployment
        Model, precision, system and engine; its own number of chips does not count.
    tokens : float
        Tokens of KV cache that must fit beside the weights. [token]

    Returns
    -------
    int
        Wafers of a wafer system; whole groups of ``tensor`` chips of the others. [1]

    Raises
    ------
    MissingFact
        If the memory is not known.

    Notes
    -----
    .. math:: N = t \\left\\lceil \\frac{W + b_{kv} T}{t M} \\right\\rceil

    References
    ----------
    :cite:t:`kwon2023`, section 3.
    """
    d = deployment
    fraction = d.engine.facts.number("memory.fraction", "the chips of a copy")
    each = float(np.max(value_of(usable(d.system.chip, holding_tier(d.system.chip), "the chips of a copy") * fraction)))
    size = weight_bytes(d.model, d.precision) + kv_bytes_per_token(d.model, d.precision.kv) * tokens
    return d.tensor * int(np.ceil(size / (d.tensor * each)))


def holding_tier(chip: Chip) -> str:
    """Name of the memory tier that holds weights and cache: SRAM on wafers and LPUs, else the nearest beyond it."""
    return chip.tiers[0] if chip.family in ("wafer", "lpu") else main_tier(chip)
