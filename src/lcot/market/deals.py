"""Deals as facts: what they imply for each megawatt, each system-hour, and for the seller's margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.errors import DomainError, MissingFact
from lcot.facts import catalog
from lcot.facts.catalog import Folders
from lcot.facts.schema import Identifier, Text
from lcot.facts.types import Facts, Numeric
from lcot.market import companies
from lcot.units import HOUR, YEAR

LIVES = (3, 4, 5, 6)  # years of hardware life for which the margin is told


class DealFile(companies.Owner):
    """A deal."""

    buyer: Text
    """Who pays."""
    seller: Text
    """Who is paid."""
    sells: Text
    """What: capacity (for a term), systems (once), licence or debt."""
    system: Identifier | None = None
    """The system of the catalogue that it is about."""
    aliases: list[Text] = companies.Field(default_factory=list[str])
    """Other names under which it is found."""


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal and its facts."""

    id: str
    name: str
    buyer: str
    seller: str
    sells: str
    system: str  # id, "" where not known
    facts: Facts
    note: str = ""


@dataclass(frozen=True, slots=True)
class Implied:
    """What a deal implies, at one value of it. None: a fact is missing, named in ``absent``."""

    value: float  # USD
    per_watt: float | None  # USD/W over the whole term
    per_watt_year: float | None  # USD/W a year
    per_system: float | None  # USD a system over the whole term
    per_system_hour: float | None  # USD/h
    per_chip_hour: float | None  # USD/h
    systems: float | None  # 1, of the power stated, cooling and losses left out
    margins: dict[int, float]  # gross margin by years of hardware life
    life_at_guidance: float | None  # years of hardware life at which the margin is the guided one
    absent: tuple[str, ...]


def deal(name: str, folders: Folders = ()) -> Deal:
    """The deal of this id, alias or path. Raises `UnknownName`, `ParseError`."""
    file, facts = companies.read(DealFile, companies.find("deals", name, folders))
    return Deal(file.id, file.name, file.buyer, file.seller, file.sells, file.system or "", facts, file.note)


def deal_ids(folders: Folders = ()) -> list[str]:
    """Ids of all deals, sorted."""
    return companies.ids("deals", folders)


def per_watt_year(value: Numeric, power: Numeric, term: Numeric) -> Numeric:
    """What is paid for a watt and a year.

    Parameters
    ----------
    value : numeric, shape (...)
        Of the deal, over its term. [USD]
    power : numeric, shape (...)
        Capacity. [W]
    term : numeric, shape (...)
        Years paid for. [1]

    Returns
    -------
    numeric, shape (...)
        Price of capacity. [USD/W a year]

    Raises
    ------
    DomainError
        If the power or the term is not above 0.

    Notes
    -----
    .. math:: p = \\frac{V}{P\\,T}

    References
    ----------
    :cite:t:`short1995`.
    """
    for name, number in (("power", power), ("term", term)):
        if np.any(np.asarray(number) <= 0):
            raise DomainError(name, number, "above 0")
    return value / power / term


def gross_margin(price: Numeric, hardware: Numeric, life: Numeric, colocation: Numeric) -> Numeric:
    """Gross margin on capacity that the seller owns and houses.

    Parameters
    ----------
    price : numeric, shape (...)
        Of capacity. [USD/W a year]
    hardware : numeric, shape (...)
        Cost of the parts. [USD/W]
    life : numeric, shape (...)
        Years over which they are written off. [1]
    colocation : numeric, shape (...)
        Cost of place and cooling. [USD/W a year]

    Returns
    -------
    numeric, shape (...)
        Over revenue; energy, warrants, ramp and network are left out. [1]

    Raises
    ------
    DomainError
        If the price or the life is not above 0.

    Notes
    -----
    .. math:: g = 1 - \\frac{B/L + h}{p}

    References
    ----------
    :cite:t:`short1995`, straight-line depreciation.

    Examples
    --------
    >>> round(gross_margin(20e9 / 750e6 / 3, 450e3 / 23e3, 5, 194.95 * 12 / 1000), 3)
    0.297
    """
    for name, number in (("price", price), ("life", life)):
        if np.any(np.asarray(number) <= 0):
            raise DomainError(name, number, "above 0")
    return 1.0 - (hardware / life + colocation) / price


def life_for_margin(price: Numeric, hardware: Numeric, margin: Numeric, colocation: Numeric) -> Numeric:
    """Hardware life at which capacity earns a gross margin.

    Parameters
    ----------
    price : numeric, shape (...)
        Of capacity. [USD/W a year]
    hardware : numeric, shape (...)
        Cost of the parts. [USD/W]
    margin : numeric, shape (...)
        Gross margin asked for. [1]
    colocation : numeric, shape (...)
        Cost of place and cooling. [USD/W a year]

    Returns
    -------
    numeric, shape (...)
        Years; infinite where place alone costs more than the margin leaves. [1]

    Notes
    -----
    `gross_margin` turned round:

    .. math:: L = \\frac{B}{p(1-g) - h}

    References
    ----------
    :cite:t:`short1995`.
    """
    left = price * (1.0 - margin) - colocation
    return np.where(left > 0, hardware / np.where(left > 0, left, 1.0), np.inf)


def implied(item: Deal, value: float | None = None) -> Implied:
    """What a deal implies.

    Parameters
    ----------
    item : Deal
        The deal.
    value : float, optional
        Its value, where another than the stated one. [USD]

    Returns
    -------
    Implied
        What can be told; the facts that are missing for the rest.

    Raises
    ------
    MissingFact
        If the deal has no value on record.
    """
    facts, absent = item.facts, list[str]()
    worth = float(facts.number("value", "what it implies")) if value is None else value
    power = _known(facts, "power", absent) if item.sells != "licence" else None
    term = _known(facts, "term", absent) if item.sells == "capacity" else None
    years = None if term is None else term / YEAR
    watt = worth / power if power else None
    yearly = per_watt_year(worth, power, years) if power and years and item.sells == "capacity" else None
    draw = _system_power(item, absent)
    systems = power / draw if power and draw else None
    chips = _known(facts, "chips", []) if not systems else None
    hourly = yearly * draw / YEAR * HOUR if yearly and draw else None
    chip_hour = worth / years / chips / YEAR * HOUR if chips and years else None
    hardware = _hardware(item, absent) if item.sells == "capacity" else None
    colocation = float(facts.number("cost.colocation")) * YEAR if facts.has("cost.colocation") else None
    margins, life = dict[int, float](), None
    if yearly and hardware:
        place = colocation or 0.0
        margins = {years_of: float(gross_margin(yearly, hardware, years_of, place)) for years_of in LIVES}
        if facts.has("margin.guided"):
            life = float(life_for_margin(yearly, hardware, float(facts.number("margin.guided")), place))
    return Implied(
        worth, watt, yearly, None if systems is None else worth / systems, hourly, chip_hour, systems, margins, life,
        tuple(dict.fromkeys(absent)),
    )  # fmt: skip


def _known(facts: Facts, key: str, absent: list[str]) -> float | None:
    try:
        return float(facts.number(key))
    except MissingFact as error:
        absent.append(f"{error.owner}.{error.key}")
        return None


def _system_power(item: Deal, absent: list[str]) -> float | None:
    """Full power of the system sold. [W]"""
    if not item.system:
        return None
    return _known(catalog.system(item.system).facts, "power.max", absent)


def _hardware(item: Deal, absent: list[str]) -> float | None:
    """What the capacity costs the seller. [USD/W]"""
    if item.facts.has("cost.hardware"):
        return float(item.facts.number("cost.hardware"))
    if not item.system:
        absent.append(f"{item.id}.cost.hardware")
        return None
    facts = catalog.system(item.system).facts
    parts, power = _known(facts, "other.bom", absent), _known(facts, "power.max", absent)
    return parts / power if parts and power else None
