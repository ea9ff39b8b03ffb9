"""From the facts of a company to the terms of its valuation: what a unit of what it sells costs and binds."""

from __future__ import annotations

from lcot.facts import catalog
from lcot.facts.types import Facts, Numeric
from lcot.market.companies import Company
from lcot.market.value import Terms
from lcot.units import YEAR


def unit_cost(
    company: Company, facts: Facts, price: Numeric, machine: Facts | None = None
) -> tuple[Numeric, Numeric, Numeric]:
    """Cost of a unit of what is sold, its own capital over yearly revenue, and that capital's life.

    Parameters
    ----------
    company : Company
        What it sells.
    facts : Facts
        Its facts; values may be draws.
    price : numeric, shape (...)
        Of the same unit. [USD/W a year, USD/W or USD/token]
    machine : Facts, optional
        Of the system by which capacity is counted, where they are not the catalogue's.

    Returns
    -------
    tuple of numeric, shape (...)
        Cost in the unit of the price, capital over revenue [1], life in years [1].

    Raises
    ------
    MissingFact
        If a fact that the cost needs is not on record.

    Notes
    -----
    Capacity costs its hardware over its life and its place: :math:`c = B/L + h`, and binds :math:`k = \\omega B/p`
    with the share :math:`\\omega` that it owns. Systems cost :math:`c = p(1-g)`; tokens cost what is stated.

    References
    ----------
    :cite:t:`koller2020`.
    """
    if company.sells == "tokens":
        return facts.number("cost.token", "the margin"), 0.0, 1.0
    if company.sells == "systems":
        return price * (1.0 - facts.number("margin.gross", "the margin")), 0.0, 1.0
    life = facts.number("life.hardware", "the margin") / YEAR
    hardware = hardware_cost(catalog.system(company.system).facts if machine is None else machine)
    cost = hardware / life + facts.number("cost.colocation", "the margin") * YEAR
    capital = facts.number("capacity.owned", "the cash flow") * hardware / price
    return cost, capital, life


def hardware_cost(facts: Facts) -> Numeric:
    """What the parts of a system cost for each watt it takes.

    Parameters
    ----------
    facts : Facts
        Of the system.

    Returns
    -------
    numeric
        Bill of materials over full power. [USD/W]

    Raises
    ------
    MissingFact
        If its bill of materials or its power is not on record.

    Notes
    -----
    .. math:: B = K / P

    References
    ----------
    :cite:t:`koller2020`.
    """
    return facts.number("other.bom", "the margin") / facts.number("power.max", "the margin")


def price_key(company: Company) -> str:
    """The fact that holds the price of what a company sells."""
    return {"capacity": "price.capacity", "systems": "price.power", "tokens": "price.token"}[company.sells]


def terms_of(company: Company, facts: Facts, market: Numeric, years: int, machine: Facts | None = None) -> Terms:
    """The terms of a valuation.

    Parameters
    ----------
    company : Company
        What is valued.
    facts : Facts
        Its facts; values may be draws.
    market : numeric, shape (...)
        The inference market in the exit year; for tokens it follows from demand and price instead. [USD]
    years : int
        From the value's date to the exit. [1]
    machine : Facts, optional
        See `unit_cost`.

    Returns
    -------
    Terms
        Floats, arrays or cells.

    Raises
    ------
    MissingFact
        If a fact is not on record.
    """
    price = facts.number(price_key(company), "revenue")
    if company.sells == "capacity":
        price = price * YEAR
    cost, capital, life = unit_cost(company, facts, price, machine)
    if company.sells == "tokens":
        market = facts.number("demand", "revenue") * YEAR * price
    return Terms(
        years=years, market=market, share=facts.number("share.exit", "revenue"),
        other_revenue=facts.number("revenue.other", "revenue"),
        base_revenue=facts.number("revenue.base", "the cash flow"),
        base_margin=facts.number("margin.operating.base", "the cash flow"), price=price, cost=cost,
        operating_cost=facts.number("cost.operating", "the margin"), tax=facts.number("tax", "net income"),
        multiple=facts.number("multiple", "the value"), discount=facts.number("discount", "the value") * YEAR,
        conversion=facts.number("cash.conversion", "the cash flow"), capital=capital, life=life,
        cash=facts.number("cash.net") if facts.has("cash.net") else 0.0,
    )  # fmt: skip
