"""Prices that follow from a bill: where two costs meet, what is needed in the first year, what is avoidable."""

from __future__ import annotations

from dataclasses import replace

from lcot.cost.bill import growth, price
from lcot.cost.finance import levelling, required_first_price
from lcot.cost.reading import Reading
from lcot.cost.types import Bill
from lcot.facts.types import Fact, Facts, Numeric, Site, System
from lcot.serving.types import Served, Traffic
from lcot.units import YEAR


def priced_at(system: System, amount: Numeric, basis: str = "own", term: str = "on_demand") -> System:
    """The system at another price.

    Parameters
    ----------
    system : System
        Whether or not it has a price.
    amount : numeric, shape (...)
        Price of one complete system [USD], or rent of one chip [USD/s].
    basis : str
        ``own`` or ``rent``.
    term : str
        Of the rent.

    Returns
    -------
    System
        The same with this price.

    Notes
    -----
    No formula: it replaces one fact.
    """
    key, unit = ("price", "USD") if basis == "own" else (f"rent.{term}", "USD/s")
    fact = Fact(key, amount, unit, kind="user", scope="system")
    return replace(system, facts=Facts(system.facts.owner, {**system.facts.items_by_key, key: fact}))


def break_even_price(
    cost: Numeric,
    system: System,
    served: Served,
    traffic: Traffic,
    site: Site,
    basis: str = "own",
    term: str = "on_demand",
    partner: System | None = None,
) -> Numeric:
    """Price at which a system's tokens cost as much as another's.

    Parameters
    ----------
    cost : numeric, shape (...)
        Blended cost to meet. [USD/token]
    system : System
        The system whose price is asked for; it needs none.
    served : Served
        What it delivers. [request/s]
    traffic : Traffic
        Tokens of a request. [token]
    site : Site
        Where it runs.
    basis : str
        ``own``: price of a complete system; ``rent``: rent of a chip.
    term : str
        Of the rent.
    partner : System, optional
        The system that must be bought beside it.

    Returns
    -------
    numeric, shape (...)
        Price [USD] or rent [USD/s]; negative where it would not do even as a gift.

    Raises
    ------
    MissingFact
        If the bill lacks another fact than the price.

    Notes
    -----
    The bill is linear in the price, so two bills give the line:

    .. math:: P = \\frac{c^* - c(0)}{c(1) - c(0)}

    References
    ----------
    :cite:t:`short1995`, chapter 4, break-even analysis.
    """
    scale = 1e6 if basis == "own" else 1e-3
    free, dear = (
        price(priced_at(system, amount, basis, term), served, traffic, site, basis, term, partner)
        .cost["bottleneck_seconds"]
        .blended
        for amount in (0.0, scale)
    )
    return scale * (cost - free) / (dear - free)


def first_year_price(bill: Bill, site: Site, traffic: Traffic) -> Numeric:
    """Blended price needed in the first year where prices of tokens fall every year.

    Parameters
    ----------
    bill : Bill
        The bill of a fleet.
    site : Site
        ``market.price_decline`` [1/s], discount rate [1/s] and life of the accelerators [s].
    traffic : Traffic
        Without a rate the fleet is full, and gains and wear change what there is to sell from year to year.

    Returns
    -------
    numeric, shape (...)
        Price of the first year. [USD/token]

    Raises
    ------
    MissingFact
        If the site has no price decline.

    Notes
    -----
    .. math:: P_1 = c \\, L(r, g', n) / L(r, (1 + g')(1 - d) - 1, n)

    with the growth g' of what is delivered, which is in the levelised cost c too.

    References
    ----------
    :cite:t:`short1995`, chapter 4, with a falling price in place of a level one.
    """
    facts = site.facts
    decline = facts.number("market.price_decline", "the first-year price") * YEAR
    rate = facts.number("finance.discount_rate", "the first-year price") * YEAR
    life = facts.number("life.accelerator", "the first-year price") / YEAR
    gain = 0.0 if traffic.rate is not None else growth(site, Reading())
    level = bill.cost["bottleneck_seconds"].blended * levelling(rate, gain, life)
    return required_first_price(level, 1.0 - (1.0 + gain) * (1.0 - decline), rate, life)


def marginal_cost(bill: Bill, avoidable: tuple[str, ...] = ("energy",)) -> Numeric:
    """Short-run marginal cost: what is saved per token by not serving.

    Parameters
    ----------
    bill : Bill
        The bill of a fleet. [USD/s]
    avoidable : tuple of str
        Lines that stop with the service; rent on demand is one where it can be given back.

    Returns
    -------
    numeric, shape (...)
        Blended marginal cost, below which no price pays even for running. [USD/token]

    Notes
    -----
    .. math:: c_{short} = \\sum_{j \\in avoidable} \\dot C_j \\Big/ \\sum_i q_i

    References
    ----------
    :cite:t:`short1995`, chapter 2: sunk costs do not enter.
    """
    return sum(bill.lines.get(name, 0.0) for name in avoidable) / sum(bill.tokens.values())
