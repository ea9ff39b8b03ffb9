"""What a fleet costs, line by line, and what a token of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lcot.cost.allocation import all_to_output, by_bottleneck_seconds, by_list_price, tokens_per_request
from lcot.cost.capital import purchases
from lcot.cost.finance import levelling
from lcot.cost.power import average_power, cooled, provided_power
from lcot.cost.reading import Reading
from lcot.cost.types import Bill
from lcot.errors import UnknownName
from lcot.facts.types import Numeric, Site, System
from lcot.serving.types import Served, Traffic
from lcot.units import YEAR

BASES = ("own", "rent")
TERMS = ("on_demand", "reserved", "spot", "index")


def price(
    system: System,
    served: Served,
    traffic: Traffic,
    site: Site,
    basis: str = "own",
    term: str = "on_demand",
    partner: System | None = None,
) -> Bill:
    """The bill of a fleet and the levelised cost of its tokens.

    Parameters
    ----------
    system : System
        What is bought or rented, in whole systems.
    served : Served
        Systems in the fleet [1], requests delivered [request/s], bottleneck seconds [s], power [W].
    traffic : Traffic
        Tokens of a request. [token]
    site : Site
        Tariff, cooling, facility, finance, operations.
    basis : str
        ``own`` or ``rent``.
    term : str
        Of the rent: ``on_demand``, ``reserved``, ``spot`` or ``index``.
    partner : System, optional
        The system that must be bought beside it, one for each; looked up in the catalogue where it is not given.

    Returns
    -------
    Bill
        Cost rates by line [USD/s], token rates [token/s], cost per token by allocation [USD/token].

    Raises
    ------
    MissingFact
        If a fact that the bill needs, such as the price, has no sourced value.
    UnknownName
        If there is no such basis or term.

    Notes
    -----
    .. math:: LCOT = \\frac{\\sum_j K_j \\, CRF(r_j, n_j) + F + E + O}{Q_1 \\, L}

    with the yearly tokens of the first year Q₁ and their levelling L.

    References
    ----------
    :cite:t:`nrel2024`, with tokens delivered in place of energy.
    """
    if basis not in BASES:
        raise UnknownName("cost basis", basis, BASES)
    if term not in TERMS:
        raise UnknownName("rent term", term, TERMS)
    reading = Reading()
    capital: dict[str, Numeric] = {}
    drawn: Numeric = 0.0
    if basis == "own":
        lines, capital, drawn = owned(system, served, site, reading)
        if system.pairs_with:
            beside = partner if partner is not None else partner_of(system)
            counted = None if served.power is None else 0.0  # power of a pair, where it is known, is of both
            more, more_capital, more_drawn = owned(beside, replace(served, power=counted), site, reading)
            lines = {name: lines[name] + more[name] for name in lines}
            capital = {name: capital[name] + more_capital[name] for name in capital}
            drawn = drawn + more_drawn
    else:
        rate = reading.number(system.facts, f"rent.{term}", "the bill") * system.count * served.systems
        if system.pairs_with:
            beside = partner if partner is not None else partner_of(system)
            rate = rate + reading.number(beside.facts, f"rent.{term}", "the bill") * beside.count * served.systems
        lines = {"rent": rate}
    lines = {**lines, **operations(lines, site, reading)}
    return settle(basis, lines, capital, drawn, served, traffic, site, reading)


def partner_of(system: System) -> System:
    """The system that must be bought beside this one, from the catalogue. Raises `UnknownName`."""
    from lcot.facts import catalog

    return catalog.system(system.pairs_with)


def owned(
    system: System, served: Served, site: Site, reading: Reading
) -> tuple[dict[str, Numeric], dict[str, Numeric], Numeric]:
    """Yearly cost of machines, building, energy, support and spares of a fleet of one's own.

    Parameters
    ----------
    system : System
        What is bought.
    served : Served
        Number of systems [1], mean power [W] (None: from the nameplate and the utilisation).
    site : Site
        Tariff [USD/J], PUE [1], facility [USD/(W*s)] or [USD/W], finance.
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    tuple of dict, dict and numeric
        Lines [USD/s], capital by component [USD], mean power at the meter [W].

    Raises
    ------
    MissingFact
        If a price, a power or a fact of the site is missing.

    Notes
    -----
    .. math:: E = \\bar P_{IT} \\, PUE \\, p_e, \\quad F = P_{max} f \\;|\\; K_{facility} CRF + upkeep

    References
    ----------
    :cite:t:`barroso2018`, chapter 6.
    """
    facts, count = site.facts, served.systems
    parts = purchases(system, site, reading)
    provided = provided_power(system, site, reading)
    lines = {part.name: part.yearly * count / YEAR for part in parts}
    capital = {part.name: part.price * count for part in parts}
    if facts.has("facility.rent"):
        lines["facility"] = provided * count * reading.number(facts, "facility.rent")
    else:
        upkeep = reading.number(facts, "facility.upkeep", "a facility of one's own")
        lines["facility"] = lines["facility"] + capital["facility"] * upkeep
    drawn = served.power
    if drawn is None:
        idle = reading.number(facts, "power.idle_fraction", "energy")
        drawn = average_power(provided, idle, served.utilisation) * count
    drawn = drawn * cooled(system, site, reading)
    lines["energy"] = drawn * reading.number(facts, "electricity.price", "energy")
    bought = capital["accelerator"] + capital["server"] + capital["network"]
    lines["support"] = bought * reading.number(facts, "operations.support", "support")
    lines["spares"] = capital["accelerator"] * reading.number(facts, "operations.spares", "spares")
    return lines, capital, drawn


def operations(lines: Mapping[str, Numeric], site: Site, reading: Reading) -> dict[str, Numeric]:
    """Staff and software, as shares of what the machines cost.

    Parameters
    ----------
    lines : mapping of numeric, shape (...)
        The lines of the machines: accelerator, server and network, or rent. [USD/s]
    site : Site
        The shares. [1]
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    dict of numeric, shape (...)
        Lines of staff and software. [USD/s]

    Raises
    ------
    MissingFact
        If the site has no shares.

    Notes
    -----
    .. math:: O = \\omega \\sum_j A_j

    References
    ----------
    :cite:t:`semianalysis2026tco`, costs beside the accelerators as shares of their price.
    """
    machines = sum(lines[name] for name in ("accelerator", "server", "network", "rent") if name in lines)
    return {
        name: machines * reading.number(site.facts, f"operations.{name}", "operations")
        for name in ("staff", "software")
    }


def settle(
    basis: str,
    lines: dict[str, Numeric],
    capital: dict[str, Numeric],
    drawn: Numeric,
    served: Served,
    traffic: Traffic,
    site: Site,
    reading: Reading,
) -> Bill:
    """Set a fleet's lines against the tokens that it delivers.

    Parameters
    ----------
    basis : str
        ``own``, ``rent`` or ``api``.
    lines : dict of numeric, shape (...)
        Cost rates. [USD/s]
    capital : dict of numeric, shape (...)
        Money paid to start. [USD]
    drawn : numeric, shape (...)
        Mean power at the meter. [W]
    served : Served
        Requests delivered while up [request/s] and bottleneck seconds [s].
    traffic : Traffic
        Tokens of a request [token]. Without a rate the fleet is full, so gains and wear change what it delivers.
    site : Site
        Availability [1], gains and wear [1/s], ratios of list prices [1].
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    Bill
        The lines, the levelised token rates and the cost of a token.

    Raises
    ------
    MissingFact
        If the site has no availability, life or discount rate.

    Notes
    -----
    .. math:: Q = \\lambda A_v L, \\quad L = L\\left(r, (1 + g)(1 - \\delta) - 1, n\\right)

    References
    ----------
    :cite:t:`short1995`, chapter 4.
    """
    facts = site.facts
    delivered = served.rate * reading.number(facts, "availability", "tokens delivered")
    if traffic.rate is None:
        rate = reading.number(facts, "finance.discount_rate") * YEAR
        life = reading.number(facts, "life.accelerator") / YEAR
        delivered = delivered * levelling(rate, growth(site, reading), life)
    request = sum(lines.values()) / delivered
    ratios = (reading.number(facts, "list_price.output"), reading.number(facts, "list_price.cached"))
    return Bill(
        basis=basis,
        lines=lines,
        tokens={name: count * delivered for name, count in tokens_per_request(traffic).items()},
        cost={
            "bottleneck_seconds": by_bottleneck_seconds(request, traffic, served),
            "all_to_output": all_to_output(request, traffic),
            "list_price": by_list_price(request, traffic, *ratios),
        },
        estimates=reading.estimates,
        capital=capital,
        site_power=drawn,
        used=reading.used,
    )


def growth(site: Site, reading: Reading) -> Numeric:
    """Growth of what a full fleet delivers from one year to the next.

    Parameters
    ----------
    site : Site
        Gains from software and wear. [1/s]
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    numeric, shape (...)
        Of the tokens of a year. [1]

    Raises
    ------
    MissingFact
        If the site has no gain or no wear.

    Notes
    -----
    .. math:: g' = (1 + g)(1 - \\delta) - 1

    References
    ----------
    :cite:t:`short1995`, chapter 4.
    """
    gain = reading.number(site.facts, "growth.software") * YEAR
    wear = reading.number(site.facts, "growth.degradation") * YEAR
    return (1.0 + gain) * (1.0 - wear) - 1.0
