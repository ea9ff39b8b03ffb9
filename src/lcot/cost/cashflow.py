"""What is paid in which year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lcot.cell import stacked, total, value_of
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
        life = whole_years(f"life of {part.name}", part.life)
        for year in range(0, years, life):
            flow[year] = flow[year] + part.price * (1.0 - part.salvage * min(year, 1))
        left = -years % life
        residual = part.yearly * present_worth(part.rate, left) if left else 0.0
        flow[years] = flow[years] - residual - part.price * part.salvage / (1.0 + part.rate) ** left
    return stacked(flow)


def whole_years(name: str, life: Numeric) -> int:
    """A life in whole years.

    Parameters
    ----------
    name : str
        Of the life, for the error.
    life : numeric
        In years. [1]

    Returns
    -------
    int
        The same. [1]

    Raises
    ------
    DomainError
        If it is not a whole number, or below 1.

    Notes
    -----
    No formula: purchases are repeated at the ends of years.
    """
    years = round(float(value_of(life)))
    if years < 1 or years != value_of(life):
        raise DomainError(name, value_of(life), "a whole number of years, at least 1")
    return years


@dataclass(frozen=True, slots=True)
class Years:
    """What a fleet costs and delivers at the end of year 0 (now), 1, ..."""

    purchases: Mapping[str, Numeric]  # by component, less what is got back; shape (years + 1,) [USD]
    running: Mapping[str, Numeric]  # by line; shape (years + 1,) [USD]
    tokens: Numeric  # delivered; shape (years + 1,) [token]
    rate: Numeric  # discount rate [per year]

    @property
    def paid(self) -> Numeric:
        """Everything that is paid. [USD]"""
        return total([*self.purchases.values(), *self.running.values()])


def by_year(
    bill: Bill, system: System, systems: Numeric, traffic: Traffic, site: Site, partner: System | None = None
) -> Years:
    """The bill of a fleet year by year, over the life of its accelerators.

    Parameters
    ----------
    bill : Bill
        At stated facts: its numbers are floats, or cells. [USD/s]
    system : System
        What is bought or rented.
    systems : numeric
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
    rate = reading.number(site.facts, "finance.discount_rate") * YEAR
    life = reading.number(site.facts, "life.accelerator") / YEAR
    span = whole_years("life of the accelerators", life)
    parts: list[Component] = []
    if bill.basis == "own":
        beside = [partner or partner_of(system)] if system.pairs_with else []
        for one in (system, *beside):
            parts += [replace(part, price=part.price * systems) for part in purchases(one, site, reading)]
    bought: dict[str, Numeric] = {}
    running = {name: line * YEAR for name, line in bill.lines.items()}
    for part in parts:
        bought[part.name] = bought.get(part.name, 0.0) + cash_flow((part,), 0.0, span)
        running[part.name] = running[part.name] - part.yearly
    least = 1e-9 * abs(float(value_of(bill.total))) * YEAR
    kept = {name: amount for name, amount in running.items() if abs(float(value_of(amount))) > least}
    gain = 0.0 if traffic.rate is not None else growth(site, reading)
    years = np.arange(span + 1)
    begun = np.minimum(years, 1.0)
    first = sum(bill.tokens.values()) * YEAR / levelling(rate, gain, life)
    tokens = first * (1.0 + gain) ** np.maximum(years - 1.0, 0.0) * begun
    return Years(bought, {name: amount * begun for name, amount in kept.items()}, tokens, rate)
