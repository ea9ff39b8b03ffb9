"""Draws of a scenario's facts, and paths through the years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lcot.choice.uncertainty import samples
from lcot.facts.types import Facts
from lcot.market.scenario import DATED
from lcot.market.types import Array, Scenario


@dataclass(frozen=True, slots=True)
class Assumptions:
    """A scenario's facts, each an array over the draws."""

    facts: Facts
    draws: int

    def number(self, key: str) -> Array:
        """Draws of one fact, shape (draws,). Raises `MissingFact`."""
        return np.broadcast_to(np.asarray(self.facts.number(key), dtype=float), (self.draws,))

    def has(self, key: str) -> bool:
        """Whether there is a value."""
        return self.facts.has(key)

    def path(self, prefix: str, years: Sequence[int], geometric: bool = False, lead: Array | float = 0.0) -> Array:
        """A quantity over years: stated years as stated, those between on a line, constant before and after.

        Parameters
        ----------
        prefix : str
            The facts are ``<prefix>.<year>``.
        years : sequence of int
            Years wanted.
        geometric : bool
            Whether the line is one of logarithms.
        lead : float or ndarray, shape (draws,)
            How long before the year the series is read. [a]

        Returns
        -------
        ndarray, shape (years, draws)
            In the unit of the facts, SI.

        Raises
        ------
        MissingFact
            If no year is stated.

        Notes
        -----
        With the lead :math:`\\ell`,

        .. math:: x_t = x_a + (x_b - x_a) \\frac{t - \\ell - a}{b - a}
        """
        known = sorted(int(k[-4:]) for k in self.facts if k.startswith(f"{prefix}.") and DATED.search(k))
        if not known:
            self.facts.number(prefix, "a path over years")  # raises
        stated = np.stack([self.number(f"{prefix}.{year}") for year in known])
        values = np.log(stated) if geometric else stated
        at = np.asarray(years, dtype=float)[:, None] - np.broadcast_to(lead, (self.draws,))
        lines = np.stack([np.interp(at[:, d], known, values[:, d]) for d in range(self.draws)], axis=1)
        return np.exp(lines) if geometric else lines


def assumptions(scenario: Scenario, n: int, seed: int) -> Assumptions:
    """Draw the facts of a scenario; the years of one series move together.

    Parameters
    ----------
    scenario : Scenario
        Its facts.
    n : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws. [1]

    Returns
    -------
    Assumptions
        Values of shape (n,) where a fact varies.

    Raises
    ------
    DomainError
        If ``n`` < 1.

    Notes
    -----
    No formula: see `lcot.facts.draw.quantile`.
    """
    facts = scenario.facts
    together = {f"{facts.owner}.{key}": DATED.sub("", key) for key in facts if DATED.search(key)}
    return Assumptions(samples([facts], n, seed, together)[facts.owner], n)
