"""Watts of chips at work."""

from __future__ import annotations

import numpy as np

from lcot.facts.types import Facts, Numeric, System
from lcot.steptime.types import Breakdown


def idle(system: System, engine: Facts) -> Numeric:
    r"""Watts of one chip with a model loaded and nothing to do.

    Parameters
    ----------
    system : System
        The system; its chip's ``power.idle`` [W] stands above the engine's share.
    engine : Facts
        Constants: ``power.idle`` [1], share of the chip's power limit.

    Returns
    -------
    numeric
        Watts. [W]

    Raises
    ------
    MissingFact
        If the chip's power limit is not on record.

    Notes
    -----
    .. math:: P_0 = P_{idle} \;\text{or}\; \phi_0 P_{tdp}

    References
    ----------
    :cite:t:`patel2024polca`, section 3.
    """
    facts = system.chip.facts
    if facts.has("power.idle"):
        return facts.number("power.idle")
    return engine.number("power.idle") * facts.number("power.tdp", "energy")


def chip_watts(step: Breakdown, system: System, engine: Facts) -> Numeric:
    r"""Watts of one chip busy with a step.

    Parameters
    ----------
    step : Breakdown
        The step by cause. [s]
    system : System
        The system.
    engine : Facts
        Constants: ``power.compute``, ``power.memory``, ``power.network``, ``power.fixed`` [1], shares of the room
        between idle and the power limit that each activity fills.

    Returns
    -------
    numeric, shape (...)
        Watts. [W]

    Raises
    ------
    MissingFact
        If the chip's power limit is not on record.

    Notes
    -----
    .. math:: P = P_0 + (P_{tdp} - P_0) \sum_i \phi_i\, t_i / t

    References
    ----------
    :cite:t:`patel2024`, section 3; :cite:t:`patel2024polca`, section 3.
    """
    limit = system.chip.facts.number("power.tdp", "energy")
    rest = idle(system, engine)
    total = step.total + 1e-30
    share = (
        engine.number("power.compute") * step.compute
        + engine.number("power.memory") * step.memory
        + engine.number("power.network") * step.network
        + engine.number("power.fixed") * step.fixed
    ) / total
    return rest + (limit - rest) * np.minimum(1.0, share)


def host_watts(system: System, engine: Facts) -> Numeric:
    r"""A chip's share of the watts of its host: processors, memory, network cards, fans.

    Parameters
    ----------
    system : System
        The system; ``host.power`` [W] of each of ``host.count`` hosts stands above the engine's share.
    engine : Facts
        Constants: ``power.host`` [1], share of the chip's power limit.

    Returns
    -------
    numeric
        Watts per chip. [W]

    Raises
    ------
    MissingFact
        If the chip's power limit is not on record.

    Notes
    -----
    .. math:: P_h = n_h P_{host} / n \;\text{or}\; \phi_h P_{tdp}

    References
    ----------
    :cite:t:`patel2024polca`, section 3.
    """
    if system.facts.has("host.power"):
        hosts = system.facts.number("host.count") if system.facts.has("host.count") else 1.0
        return system.facts.number("host.power") * hosts / system.count
    return engine.number("power.host") * system.chip.facts.number("power.tdp", "energy")
