"""Draws of facts: each number becomes an array, so that one evaluation of a formula is a Monte Carlo sample.

A fact with low and high is drawn from a triangular distribution with its mode at the value; where high is more than
three times low, in the logarithm. A fact without a range gets one from `SPREAD`, by the kind of its source.

Draws are stratified (a Latin hypercube): each fact takes one value from each of n slices of equal probability, in an
order of its own that follows from the seed and the fact's name. So a fact is drawn alike whatever else is asked, and
answers about one system do not change when another is added. A Sobol sequence has neither property, is no better in
hundreds of dimensions at a few hundred draws, and its import costs more than the rest of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from math import log
from typing import TYPE_CHECKING

from lcot.errors import DomainError
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


def shares(name: str, n: int, seed: int) -> NDArray[np.float64]:
    """``n`` probabilities, one in each slice of 1/n, in an order that follows from ``name`` and ``seed``. [1]"""
    import numpy as np

    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence([abs(seed), key])))
    return (stream.permutation(n) + stream.random(n)) / n


def mean(fact: Fact) -> float:
    """Mean of a fact's distribution, by the midpoint rule. [SI]"""
    import numpy as np

    return float(quantile(fact, (np.arange(512) + 0.5) / 512).mean())


def draw(facts: Sequence[Facts], n: int, seed: int, together: Mapping[str, str] | None = None) -> list[Facts]:
    """``n`` draws of all facts: the same facts, with arrays for those that vary.

    Facts of the same owner and key get the same draw wherever they stand, and the draw of one fact does not depend on
    the order of ``facts``.

    Parameters
    ----------
    facts : sequence of Facts
        The facts of several things.
    n : int
        Number of draws, at least 1. [1]
    seed : int
        Of the order of the slices; the same seed gives the same draws.
    together : mapping of str to str, optional
        "owner.key" -> name of a group whose facts move together; see `moving_together`.

    Returns
    -------
    list of Facts
        In the order of ``facts``; each fact that varies is an array of shape (n,). [SI]

    Raises
    ------
    DomainError
        If ``n`` < 1.
    """
    if n < 1:
        raise DomainError("n", n, "at least 1")
    group = together or {}
    drawn: list[Facts] = []
    for one in facts:
        values: dict[str, NDArray[np.float64]] = {}
        for key, fact in one.items():
            if span(fact) is not None:
                name = f"{one.owner}.{key}"
                values[key] = quantile(fact, shares(group.get(name, name), n, seed))
        drawn.append(one.with_values(values))
    return drawn


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
