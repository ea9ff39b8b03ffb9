"""Supply: what of each scarce thing can be made or built in a year, and what a chip takes of it."""

from __future__ import annotations

import numpy as np

from lcot.errors import DomainError, MissingFact
from lcot.facts.types import Chip
from lcot.market.assumptions import Assumptions
from lcot.market.types import Array, Scenario, Supply
from lcot.units import YEAR


def supply(scenario: Scenario, drawn: Assumptions) -> Supply:
    """Caps by resource and year.

    Parameters
    ----------
    scenario : Scenario
        Resources and years.
    drawn : Assumptions
        Caps as draws, ``cap.<resource>.<year>``.

    Returns
    -------
    Supply
        Wafers [1], memory [B], power [W] or chips [1] a year.

    Raises
    ------
    MissingFact
        If a resource has no cap.
    DomainError
        If a cap is not above zero.

    Notes
    -----
    What a year's systems are made of was made before, by the lead :math:`\\ell` from wafer or stack to service:

    .. math:: C_t = C(t - \\ell)
    """
    none = np.zeros(drawn.draws)
    leads = [drawn.number(f"lead.{r.counts}") / YEAR if drawn.has(f"lead.{r.counts}") else none
             for r in scenario.resources]  # fmt: skip
    caps = [drawn.path(f"cap.{r.id}", scenario.years, lead=lead)
            for r, lead in zip(scenario.resources, leads, strict=True)]  # fmt: skip
    for resource, cap in zip(scenario.resources, caps, strict=True):
        if float(cap.min()) <= 0.0:
            raise DomainError(f"cap.{resource.id}", float(cap.min()), "above 0, low end included", scenario.id)
    return Supply(scenario.resources, np.stack(caps))


def takes(chip: Chip, counts: str, power: Array, drawn: Assumptions) -> Array:
    """What one chip takes of a resource.

    Parameters
    ----------
    chip : Chip
        With its memory.
    counts : str
        wafer, memory, power or chip.
    power : ndarray, shape (draws,)
        Mean draw of a chip at the meter. [W]
    drawn : Assumptions
        Packages on a wafer as draws. [1]

    Returns
    -------
    ndarray, shape (draws,)
        Units of the resource. [1, B or W]

    Raises
    ------
    MissingFact
        If the number of packages on a wafer is not on record.

    Notes
    -----
    With the yield :math:`y` of stacks on their way into a system in service,

    .. math:: a_{wafer} = 1 / n_{packages}, \\quad a_{memory} = M / y
    """
    one = np.ones(drawn.draws)
    if counts == "wafer":
        key = f"per_wafer.{chip.id.replace('-', '_')}"
        if not drawn.has(key):
            raise MissingFact("market", key, f"packaging of {chip.id}")
        return one / drawn.number(key)
    if counts == "memory":
        held = float(chip.facts.number("memory.hbm.capacity")) if "hbm" in chip.tiers else 0.0
        return held / drawn.number("yield.memory")
    return power if counts == "power" else one
