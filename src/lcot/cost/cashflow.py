"""What is paid in which year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lcot.cost.bill import growth, partner_of
from lcot.cost.capital import purchases
from lcot.cost.finance import Component, levelling, present_worth
from lcot.cost.reading import Reading
from lcot.cost.types import Bill
from lcot.errors import DomainError
from lcot.facts.types import Numeric, Site, System
from lcot.serving.types import Traffic
from lcot.units import YEAR


def cash_flow(components: tuple[Component, ...], running: Numeric, years: int) -> np.ndarray:
    """Money paid in each year, by purchase, replacement, residual value and running costs.

    Parameters
    ----------
    components : tuple of Component
        What is bought; each is replaced at the end of its life, which is a whole number of years.
    running : numeric, shape (...)
        Yearly running costs, paid at the end of the year. [USD]
    years : int
        Horizon, at least 1. A component that outlives it leaves its unrecovered value. [1]

    Returns
    -------
    ndarray, shape (years + 1, ...)
        Payments at the end of year 0 (now), 1, ...; what is got back is negative. [USD]

    Raises
    ------
    DomainError
        If a life is not a whole number of years, or the horizon is below one year.

    Notes
    -----
    At one discount rate the flow has the present value of the level yearly costs: the residual of a component with
    :math:`m` of its :math:`n` years to go is :math:`A \\, a(r, m) + s K (1+r)^{-m}`.

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    if years < 1:
        raise DomainError("years", years, "at least 1")
    flow = [running * min(year, 1) for year in range(years + 1)]
    for part in components:
        life = round(part.life)
        if life < 1 or life != part.life:
            raise DomainError(f"life of {part.name}", part.life, "a whole number of years, at least 1")
        for year in range(0, years, life):
            flow[year] = flow[year] + part.price * (1.0 - part.salvage * min(year, 1))
        left = -years % life
        residual = part.yearly * present_worth(part.rate, left) if left else 0.0
        flow[years] = flow[years] - residual - part.price * part.salvage / (1.0 + part.rate) ** left
    return np.stack(np.broadcast_arrays(*flow))


@dataclass(frozen=True, slots=True)
class Years:
    """What a fleet costs and delivers at the end of year 0 (now), 1, ..."""

    purchases: Mapping[str, NDArray[np.float64]]  # by component, less what is got back; shape (years + 1,) [USD]
    running: Mapping[str, NDArray[np.float64]]  # by line; shape (years + 1,) [USD]
    tokens: NDArray[np.float64]  # delivered; shape (years + 1,) [token]
    rate: float  # discount rate [per year]

    @property
    def paid(self) -> NDArray[np.float64]:
        """Everything that is paid. [USD]"""
        return np.sum([*self.purchases.values(), *self.running.values()], axis=0)


def by_year(
    bill: Bill, system: System, systems: float, traffic: Traffic, site: Site, partner: System | None = None
) -> Years:
    """The bill of a fleet year by year, over the life of its accelerators.

    Parameters
    ----------
    bill : Bill
        At stated facts: its numbers are floats. [USD/s]
    system : System
        What is bought or rented.
    systems : float
        How many. [1]
    traffic : Traffic
        Without a rate the fleet is full, and gains and wear change what it delivers.
    site : Site
        Lives [s], discount rate [1/s], gains and wear [1/s].
    partner : System, optional
        The system that is bought beside it.

    Returns
    -------
    Years
        Its present value is that of the level costs, where all components have one discount rate.

    Raises
    ------
    DomainError
        If a life is not a whole number of years.
    MissingFact
        If the site lacks a fact.

    Notes
    -----
    .. math:: \\sum_t C_t (1+r)^{-t} = LCOT \\sum_t Q_t (1+r)^{-t}

    References
    ----------
    :cite:t:`short1995`, chapters 2 and 4.
    """
    reading = Reading()
    rate = float(reading.number(site.facts, "finance.discount_rate")) * YEAR
    life = float(reading.number(site.facts, "life.accelerator")) / YEAR
    if life != round(life):
        raise DomainError("life of the accelerators", life, "a whole number of years")
    parts: list[Component] = []
    if bill.basis == "own":
        beside = [partner or partner_of(system)] if system.pairs_with else []
        for one in (system, *beside):
            parts += [replace(part, price=part.price * systems) for part in purchases(one, site, reading)]
    bought: dict[str, NDArray[np.float64]] = {}
    running = {name: float(line) * YEAR for name, line in bill.lines.items()}
    for part in parts:
        bought[part.name] = bought.get(part.name, 0.0) + cash_flow((part,), 0.0, round(life))
        running[part.name] -= float(part.yearly)
    kept = {name: amount for name, amount in running.items() if abs(amount) > 1e-9 * abs(float(bill.total)) * YEAR}
    gain = 0.0 if traffic.rate is not None else float(growth(site, reading))
    years = np.arange(round(life) + 1)
    first = float(sum(bill.tokens.values())) * YEAR / float(levelling(rate, gain, life))
    tokens = np.where(years > 0, first * (1.0 + gain) ** (years - 1.0), 0.0)
    return Years(bought, {name: amount * np.minimum(years, 1) for name, amount in kept.items()}, tokens, rate)
