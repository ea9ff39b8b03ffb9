"""Draws of facts: each number becomes an array, so that one evaluation of a formula is a Monte Carlo sample.

A fact with low and high is drawn from a triangular distribution with its mode at the value; where high is more than
three times low, in the logarithm. A fact without a range gets one from `SPREAD`, by the kind of its source.

The probabilities come from `lcot.choice.sobol`; here are the distributions, and which facts move together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

from lcot.facts.types import Fact, Facts, Site, System
from lcot.units import dimension

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A declared estimate: half-width of the range, as a share of the value, of a fact that states none. Judged from how far
# two sources of the same fact stand apart in this catalogue; (technical facts, prices and rents) by kind of source.
SPREAD: dict[str, tuple[float, float]] = {
    "user": (0.0, 0.0),
    "datasheet": (0.01, 0.05),
    "filing": (0.02, 0.05),
    "paper": (0.03, 0.10),
    "measured": (0.03, 0.10),
    "press": (0.05, 0.15),
    "analyst": (0.10, 0.20),
    "secondary": (0.05, 0.20),
    "estimate": (0.25, 0.25),
}
CONFIRMED = 0.5  # a second source that states the same value halves the width
WIDE = 3.0  # high over low, above which the draw is in the logarithm
COUNTS = (".size", ".count", "cores", "transistors")  # exact by nature


def span(fact: Fact) -> tuple[float, float] | None:
    """Low and high of a fact, stated or from `SPREAD`. [SI]; None where nothing varies (text, counts, not found)."""
    value = fact.value
    if value is None or isinstance(value, str) or not _is_single(value) or fact.key.endswith(COUNTS):
        return None
    if fact.low is not None and fact.high is not None:
        return (float(fact.low), float(fact.high)) if fact.low < fact.high else None
    technical, money = SPREAD.get(fact.kind, SPREAD["secondary"])
    share = money if fact.unit and dimension(fact.unit).startswith("USD") else technical
    share *= CONFIRMED if fact.confirmed else 1.0
    width = share * abs(float(value))
    return (float(value) - width, float(value) + width) if width > 0 else None


def _is_single(value: object) -> bool:
    return isinstance(value, int | float)


def quantile(fact: Fact, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of a fact below which ``share`` of its distribution lies. [SI]

    Parameters
    ----------
    fact : Fact
        What is drawn.
    share : ndarray, shape (n,)
        Cumulative probability, 0 to 1. [1]

    Returns
    -------
    ndarray, shape (n,)
        Quantiles; the value itself where nothing varies.
    """
    import numpy as np

    limits = span(fact)
    if limits is None:
        return np.full_like(share, float(fact.value))  # type: ignore[arg-type]
    low, high = limits
    mode = min(max(float(fact.value), low), high)  # type: ignore[arg-type]
    wide = low > 0 and high > WIDE * low
    if wide:
        low, mode, high = log(low), log(mode), log(high)
    below = (mode - low) / (high - low)
    rising = low + np.sqrt(share * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - share) * (high - low) * (high - mode))
    drawn = np.where(share < below, rising, falling)
    return np.exp(drawn) if wide else drawn


def moving_together(systems: Sequence[System], sites: Sequence[Site] = ()) -> dict[str, str]:
    """Groups of facts that move together: prices of one chip, rents of one chip, electricity everywhere."""
    groups: dict[str, str] = {}
    for system in systems:
        chip = system.chip.id
        groups[f"{chip}.price"] = f"price of {chip}"
        groups[f"{system.id}.price"] = f"price of {chip}"
        groups |= {f"{system.id}.{key}": f"rent of {chip}" for key in system.facts if key.startswith("rent.")}
    for site in sites:
        groups |= {f"{site.id}.{key}": "electricity" for key in site.facts if "electricity" in key}
    return groups


def draw_system(system: System, drawn: Mapping[str, Facts]) -> System:
    """The system with the drawn facts of itself and its chip, by owner."""
    chip = replace(system.chip, facts=drawn.get(system.chip.id, system.chip.facts))
    return replace(system, chip=chip, facts=drawn.get(system.id, system.facts))
