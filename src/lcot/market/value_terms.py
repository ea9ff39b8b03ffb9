"""From the facts of a company and a definition of the market to the terms of its valuation, stated and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lcot.errors import DomainError, MissingFact, UnknownName
from lcot.facts import catalog
from lcot.facts.types import Facts, Numeric
from lcot.market.companies import Company, definitions
from lcot.market.value import Terms, Valuation, valuation
from lcot.units import YEAR

MARKET = "market."


@dataclass(frozen=True, slots=True)
class Worth:
    """A company's value: at the stated facts, and over draws of them."""

    company: Company
    market: str  # id of the definition of the market, or what else it is
    exit_year: int
    terms: Terms
    stated: Valuation
    drawn_terms: Terms | None
    drawn: Valuation | None
    shares: dict[str, float | None]  # basic, diluted; None where not on record
    estimates: tuple[str, ...]  # declared estimates in use, "owner.key"
    absent: tuple[str, ...]  # facts looked for and not found, left out of the value


def market_ids() -> list[str]:
    """Names of the definitions of the market."""
    return sorted(key.removeprefix(MARKET) for key in definitions() if key.startswith(MARKET))


def market_fact(name: str) -> tuple[Facts, str, int]:
    """The definitions, the key of one of them and its year. Raises `UnknownName`."""
    facts = definitions()
    key = MARKET + name
    if key not in facts:
        raise UnknownName("definition of the market", name, market_ids())
    return facts, key, int(facts[key].date[:4])


def unit_cost(company: Company, facts: Facts, price: Numeric) -> tuple[Numeric, Numeric, Numeric]:
    """Cost of a unit of what is sold, its own capital over yearly revenue, and that capital's life.

    Parameters
    ----------
    company : Company
        What it sells.
    facts : Facts
        Its facts; values may be draws.
    price : numeric, shape (...)
        Of the same unit. [USD/W a year, USD/W or USD/token]

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
    hardware = hardware_cost(company.system)
    cost = hardware / life + facts.number("cost.colocation", "the margin") * YEAR
    return cost, facts.number("capacity.owned", "the cash flow") * hardware / price, life


def hardware_cost(system: str) -> float:
    """What the parts of a system cost for each watt it takes.

    Parameters
    ----------
    system : str
        Id of the system.

    Returns
    -------
    float
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
    facts = catalog.system(system).facts
    return float(facts.number("other.bom", "the margin") / facts.number("power.max", "the margin"))


def price_key(company: Company) -> str:
    """The fact that holds the price of what a company sells."""
    return {"capacity": "price.capacity", "systems": "price.power", "tokens": "price.token"}[company.sells]


def terms_of(company: Company, facts: Facts, market: Numeric, years: int) -> Terms:
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

    Returns
    -------
    Terms
        Floats or arrays.

    Raises
    ------
    MissingFact
        If a fact is not on record.
    """
    price = facts.number(price_key(company), "revenue")
    if company.sells == "capacity":
        price = price * YEAR
    cost, capital, life = unit_cost(company, facts, price)
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


def with_values(company: Company, values: Mapping[str, float]) -> Company:
    """The company with some facts replaced by exact values of the user's, in SI. Raises `UnknownName`."""
    from lcot.facts.types import Fact, Source

    source = Source("user", "Set by the user", "user", note="given with the question")
    made = dict(company.facts.items_by_key)
    for key, value in values.items():
        if key not in made:
            raise UnknownName(f"key of {company.id}", key, made)
        made[key] = Fact(key, value, made[key].unit, sources=(source,), kind="user")
    return replace(company, facts=Facts(company.id, made))


def worth(
    company: Company, market: str = "", draws: int = 256, seed: int = 2026, market_value: float | None = None
) -> Worth:
    """What a company is worth under its facts and one definition of the market.

    Parameters
    ----------
    company : Company
        What is valued.
    market : str
        One of `market_ids`; by default the company's own.
    draws : int
        Draws of the facts; 0 for none. [1]
    seed : int
        The same seed gives the same draws. [1]
    market_value : float, optional
        A yearly market of one's own instead of a definition. [USD]

    Returns
    -------
    Worth
        Stated and drawn.

    Raises
    ------
    UnknownName
        If there is no such definition of the market.
    DomainError
        If its year is not after the base year.
    MissingFact
        If a fact is not on record.

    Notes
    -----
    No formula: `terms_of`, then `valuation`, at the stated facts and on a scrambled Sobol sample of them.

    References
    ----------
    :cite:t:`joe2008` for the sample.
    """
    from lcot.choice.uncertainty import samples

    tokens = company.sells == "tokens"
    facts, key, year = market_fact(market or company.market)
    year = company.exit_year if tokens or market_value is not None else year
    years = year - company.base_year
    if years < 1:
        raise DomainError("year of the market", year, f"after {company.base_year}, the base year of {company.id}")
    size = market_value if market_value is not None else facts.number(key)
    terms = terms_of(company, company.facts, size, years)
    drawn_terms = drawn = None
    if draws:
        one = Facts(facts.owner, {key: facts[key]})
        sample = samples([company.facts, one], draws, seed)
        drawn_size = market_value if market_value is not None else sample[facts.owner].number(key)
        drawn_terms = terms_of(company, sample[company.id], drawn_size, years)
        drawn = valuation(drawn_terms)
    label = "tokens sold in the world" if tokens else "given" if market_value is not None else market or company.market
    used = [company.facts[k] for k in company.facts if company.facts[k].is_estimate]
    return Worth(
        company, label, year, terms, valuation(terms), drawn_terms, drawn,
        {kind: shares_of(company, kind) for kind in ("basic", "diluted")},
        tuple(f"{company.id}.{fact.key}" for fact in used if fact.key != "revenue.plan"),
        tuple(f"{company.id}.{k}" for k in ("cash.net", "shares.basic", "shares.diluted") if not company.facts.has(k)),
    )  # fmt: skip


def power_of(company: Company, volume: Numeric, cost: Numeric) -> Numeric | None:
    """Power behind a volume: itself, or what serving tokens at their cost buys.

    Parameters
    ----------
    company : Company
        What it sells; a lab's ``cost.power`` is what a watt costs all in. [USD/(W s)]
    volume : numeric, shape (...)
        W, or tokens a year. [W]
    cost : numeric, shape (...)
        Cost of a token, where tokens are sold. [USD/token]

    Returns
    -------
    numeric or None
        In service, or sold in the year; None where the cost of a watt is not on record. [W]

    Notes
    -----
    .. math:: P = q c / h

    References
    ----------
    :cite:t:`koller2020`.
    """
    if company.sells != "tokens":
        return volume
    if not company.facts.has("cost.power"):
        return None
    return volume * cost / (company.facts.number("cost.power") * YEAR)


def shares_of(company: Company, kind: str) -> float | None:
    """Basic or diluted shares; None where not on record. [1]

    Parameters
    ----------
    company : Company
        Whose.
    kind : str
        ``basic`` or ``diluted``.

    Returns
    -------
    float or None
        Number of shares. [1]

    Notes
    -----
    No formula: a fact.
    """
    try:
        return float(company.facts.number(f"shares.{kind}"))
    except MissingFact:
        return None
