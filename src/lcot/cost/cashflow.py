"""What is paid in which year."""

from __future__ import annotations

import numpy as np

from lcot.cost.finance import Component, present_worth
from lcot.errors import DomainError
from lcot.facts.types import Numeric


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
