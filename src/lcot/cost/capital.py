"""What a fleet costs to buy: what a system's price includes, and what must be added to it."""

from __future__ import annotations

from lcot.cost.finance import Component
from lcot.cost.power import provided_power
from lcot.cost.reading import Reading
from lcot.errors import DomainError, MissingFact
from lcot.facts.types import Fact, Numeric, Site, System
from lcot.units import YEAR

# scope of a price -> the site's fact by which it must be divided to be the price of a complete system
SCOPES: dict[str, str] = {
    "chip": "capital.accelerator_share",  # accelerators only: their share of a complete server
    "modules": "capital.accelerator_share",
    "card": "capital.card_share",  # cards without a host: their share of a complete machine
    "bom": "capital.parts_share",  # bill of materials: its share of the selling price
    "server": "",
    "rack": "",
    "system": "",
}


def stated_price(system: System) -> tuple[Numeric, Fact, str]:
    """Price as published, its fact, and the name of its owner; the chips' price where the system has none.

    Parameters
    ----------
    system : System
        What is bought.

    Returns
    -------
    tuple of numeric, Fact and str
        Price of all chips or of the system [USD], the fact it comes from, and whose fact it is.

    Raises
    ------
    MissingFact
        If neither the system nor its chip has a price.
    """
    if system.facts.has("price"):
        return system.facts.number("price"), system.facts["price"], system.id
    if system.chip.facts.has("price"):
        return system.chip.facts.number("price") * system.count, system.chip.facts["price"], system.chip.id
    raise MissingFact(system.id, "price", "the bill")


def system_price(system: System, site: Site, reading: Reading) -> Numeric:
    """Price of one complete system, ready to be racked.

    Parameters
    ----------
    system : System
        What is bought; the scope of its price says what the price includes.
    site : Site
        Holds the shares by which a price of parts becomes a price of a system. [1]
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    numeric, shape (...)
        Price of accelerators, server and what the maker builds in. [USD]

    Raises
    ------
    MissingFact
        If there is no price, or no share for its scope.
    DomainError
        If the price does not say what it includes.

    Notes
    -----
    .. math:: K_{system} = P / \\sigma, \\quad \\sigma = 1 \\text{ for server, rack and system}

    References
    ----------
    :cite:t:`barroso2018`, chapter 6, for the parts of a system's price; the shares are facts of the site.
    """
    price, fact, owner = stated_price(system)
    reading.seen[f"{owner}.price"] = fact
    if fact.scope not in SCOPES:
        raise DomainError("scope", fact.scope, " | ".join(SCOPES), f"{owner}.price")
    share = SCOPES[fact.scope]
    return price / reading.number(site.facts, share, f"a price of {fact.scope}") if share else price


def components(system: System, site: Site, reading: Reading) -> tuple[Component, ...]:
    """The components of one system with their prices, lives and cost of money.

    Parameters
    ----------
    system : System
        What is bought.
    site : Site
        Shares of accelerators and of the network beside them [1], lives [s], discount rate [1/s], salvage [1].
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    tuple of Component
        Accelerator, server and network; they add up to the system's price plus the network. [USD]

    Raises
    ------
    MissingFact
        If a price, share, life or rate is missing.
    DomainError
        If the price does not say what it includes.

    Notes
    -----
    .. math:: K_{accelerator} = \\sigma K, \\quad K_{server} = (1 - \\sigma) K, \\quad K_{network} = \\nu K

    References
    ----------
    :cite:t:`morganstanley2026` for the share of networks in a data centre's capital.
    """
    whole = system_price(system, site, reading)
    share = reading.number(site.facts, "capital.accelerator_share", "the split of the price")
    if system.facts.has("network.price"):
        network = reading.number(system.facts, "network.price")
    else:
        network = whole * reading.number(site.facts, "capital.network_share", "the network")
    prices = {"accelerator": whole * share, "server": whole * (1.0 - share), "network": network}
    rate = reading.number(site.facts, "finance.discount_rate", "capital recovery") * YEAR
    salvage = reading.number(site.facts, "capital.salvage", "salvage")
    return tuple(
        Component(name, price, reading.number(site.facts, f"life.{name}", "capital recovery") / YEAR, rate, salvage)
        for name, price in prices.items()
    )


def facility(system_power: Numeric, site: Site, reading: Reading) -> Component:
    """The share of a building of one's own that one system needs.

    Parameters
    ----------
    system_power : numeric, shape (...)
        Power that must be provided for the system, before cooling. [W]
    site : Site
        Construction cost per watt [USD/W], premium for dense machines [1], life [s], cost of money [1/s].
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    Component
        The facility. [USD]

    Raises
    ------
    MissingFact
        If the site has no construction cost.

    Notes
    -----
    .. math:: K_{facility} = P_{IT} \\, k \\, (1 + \\pi)

    References
    ----------
    :cite:t:`turnertownsend2025`.
    """
    cost = reading.number(site.facts, "facility.capital", "a facility of one's own")
    premium = reading.number(site.facts, "facility.premium", "dense machines")
    life = reading.number(site.facts, "life.facility", "capital recovery") / YEAR
    rate = reading.number(site.facts, "finance.facility_rate", "capital recovery") * YEAR
    return Component("facility", system_power * cost * (1.0 + premium), life, rate)


def purchases(system: System, site: Site, reading: Reading) -> tuple[Component, ...]:
    """Everything that is bought with one system: its components, and the building where it is one's own.

    Parameters
    ----------
    system : System
        What is bought.
    site : Site
        A site with ``facility.rent`` needs no building.
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    tuple of Component
        Accelerator, server, network, and facility if it is owned. [USD]

    Raises
    ------
    MissingFact
        If a price, share, life or rate is missing.

    Notes
    -----
    .. math:: K = K_{accelerator} + K_{server} + K_{network} (+ K_{facility})

    References
    ----------
    :cite:t:`barroso2018`, chapter 6.
    """
    parts = components(system, site, reading)
    if site.facts.has("facility.rent"):
        return parts
    return (*parts, facility(provided_power(system, site, reading), site, reading))
