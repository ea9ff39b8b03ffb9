"""A company's market and share as a run of the market sees them, in place of a definition and a stated share."""

from __future__ import annotations

import numpy as np

from lcot.errors import InputError
from lcot.facts.types import Facts, Numeric
from lcot.market.claims_reading import Reading
from lcot.market.companies import Company
from lcot.market.types import Array

SAME = {"nvidia": ("nvidia", "nvidia_china")}  # offerings of one company


def seen(company: Company, found: Reading, year: int, price: Numeric) -> tuple[Array, Array]:
    """The inference market in a year and a company's share of it, by draw.

    Parameters
    ----------
    company : Company
        A vendor of the scenario.
    found : Reading
        Of a run of the market.
    year : int
        The exit year. [1]
    price : numeric, shape (...)
        Of capacity, for a company that sells it. [USD/W a year]

    Returns
    -------
    tuple of ndarray, shape (draws,)
        Market [USD a year] and share [1].

    Raises
    ------
    InputError
        If the company is no vendor of the scenario, or the year is not one of its years.

    Notes
    -----
    The market is what is paid in the year for systems that serve inference. A seller of systems has its part of that; a
    seller of capacity is paid by the year for all that is in service:

    .. math:: M = \\sum_w S_w, \\quad s = S_v / M \\;\\text{or}\\; p P_v / M
    """
    rows = rows_of(company, found)
    if not rows or year not in found.years:
        allowed = f"vendors {', '.join(found.vendors)}; years {found.years[0]} to {found.years[-1]}"
        raise InputError(f"scenario {found.scenario}: no {company.id} in {year}; allowed: {allowed}")
    at = found.year(year)
    market = np.maximum(found.spending[:, at].sum(axis=0), 1.0)
    own = found.spending[rows, at].sum(axis=0)
    if company.sells == "capacity":
        own = found.power[rows, at].sum(axis=0) * price
    return market, own / market


def rows_of(company: Company, found: Reading) -> list[int]:
    """Places of a company's offerings in a run of the market."""
    return found.rows(SAME.get(company.vendor, (company.vendor,)))


def beside(company: Company, found: Reading, year: int, facts: Facts) -> Numeric:
    """Revenue beside inference, as a run of the market has it.

    Parameters
    ----------
    company : Company
        A vendor of the scenario.
    found : Reading
        Of a run of the market.
    year : int
        The exit year. [1]
    facts : Facts
        Of the company; values may be draws.

    Returns
    -------
    numeric, shape (draws,)
        What its systems that train are paid in the run, and what it sells besides; the fact ``revenue.other`` where the
        company states no ``revenue.outside``. [USD]

    Raises
    ------
    MissingFact
        If neither is on record.

    Notes
    -----
    .. math:: R' = T_v + R^{outside}
    """
    if not facts.has("revenue.outside"):
        return facts.number("revenue.other", "revenue")
    return found.training[rows_of(company, found), found.year(year)].sum(axis=0) + facts.number("revenue.outside")
