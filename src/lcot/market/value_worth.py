"""What a company is worth: at the stated facts and over draws, under a definition of the market or a run of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lcot.errors import DomainError, MissingFact, UnknownName
from lcot.facts.types import Fact, Facts, Numeric, Source
from lcot.market.companies import Company, definitions
from lcot.market.value import Terms, Valuation, valuation
from lcot.market.value_terms import terms_of
from lcot.units import YEAR

if TYPE_CHECKING:
    from lcot.market.claims_reading import Reading

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


def with_values(company: Company, values: Mapping[str, float]) -> Company:
    """The company with some facts replaced by exact values of the user's, in SI. Raises `UnknownName`."""
    source = Source("user", "Set by the user", "user", note="given with the question")
    made = dict(company.facts.items_by_key)
    for key, value in values.items():
        if key not in made:
            raise UnknownName(f"key of {company.id}", key, made)
        made[key] = Fact(key, value, made[key].unit, sources=(source,), kind="user")
    return replace(company, facts=Facts(company.id, made))


def worth(
    company: Company,
    market: str = "",
    draws: int = 256,
    seed: int = 2026,
    market_value: float | None = None,
    outlook: Reading | None = None,
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
    outlook : Reading, optional
        A run of the market instead of a definition and a stated share; its draws are taken.

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

    if outlook is not None:
        return modelled(company, outlook, seed)
    tokens = company.sells == "tokens"
    facts, key, _ = market_fact(market or company.market)
    years = exit_of(company, market, market_value is not None) - company.base_year
    size = market_value if market_value is not None else facts.number(key)
    terms = terms_of(company, company.facts, size, years)
    drawn_terms = None
    if draws:
        one = Facts(facts.owner, {key: facts[key]})
        sample = samples([company.facts, one], draws, seed)
        drawn_size = market_value if market_value is not None else sample[facts.owner].number(key)
        drawn_terms = terms_of(company, sample[company.id], drawn_size, years)
    label = "tokens sold in the world" if tokens else "given" if market_value is not None else market or company.market
    return made_of(company, label, terms, drawn_terms)


def exit_of(company: Company, market: str = "", given: bool = False) -> int:
    """Year of the exit: that of the market's definition, the company's own for tokens or a market that is ``given``.

    Raises `UnknownName` for the definition, and `DomainError` where it is not after the base year.
    """
    _, _, year = market_fact(market or company.market)
    year = company.exit_year if company.sells == "tokens" or given else year
    if year <= company.base_year:
        raise DomainError("year of the market", year, f"after {company.base_year}, the base year of {company.id}")
    return year


def modelled(company: Company, outlook: Reading, seed: int) -> Worth:
    """What a company is worth in a run of the market.

    Parameters
    ----------
    company : Company
        A vendor of the scenario, or a seller of tokens.
    outlook : Reading
        Of the run.
    seed : int
        Of the company's own facts. [1]

    Returns
    -------
    Worth
        Market and share by draw; as stated, the facts with the medians of both.

    Notes
    -----
    A seller of tokens takes the run's demand and keeps its stated share; others are read by
    `lcot.market.value_market.seen`.
    """
    from lcot.choice.uncertainty import samples
    from lcot.market.value_market import beside, seen

    years = company.exit_year - company.base_year
    sample = samples([company.facts], outlook.draws, seed)[company.id]
    if company.sells == "tokens":
        served = outlook.tokens[outlook.year(company.exit_year)]
        facts = company.facts.with_values({"demand": float(np.median(served))})
        stated = terms_of(company, facts, 0.0, years)
        drawn = terms_of(company, sample.with_values({"demand": served}), 0.0, years)
    else:
        bare = terms_of(company, sample, 0.0, years)
        market, share = seen(company, outlook, company.exit_year, bare.price)
        other = beside(company, outlook, company.exit_year, sample)
        drawn = replace(bare, market=market, share=share, other_revenue=other)
        middle = float(np.median(market))
        stated = replace(
            terms_of(company, company.facts, middle, years), share=float(np.median(share)),
            other_revenue=float(np.median(beside(company, outlook, company.exit_year, company.facts))),
        )  # fmt: skip
    return made_of(company, f"scenario {outlook.scenario}", stated, drawn)


def made_of(company: Company, label: str, stated: Terms, drawn: Terms | None) -> Worth:
    """The value from its terms, with what it rests on."""
    run = label.startswith("scenario")  # which says some of the facts itself
    seen = {"demand"} if company.sells == "tokens" else {"share.exit"}
    if company.facts.has("revenue.outside"):
        seen |= {"revenue.other"}
    replaced = seen if run else {"revenue.outside"}
    used = [fact for fact in company.facts.values() if fact.is_estimate and fact.key not in replaced]
    absent = [key for key in ("cash.net", "shares.basic", "shares.diluted") if not company.facts.has(key)]
    return Worth(
        company, label, company.base_year + stated.years, stated, valuation(stated), drawn,
        None if drawn is None else valuation(drawn), {kind: shares_of(company, kind) for kind in ("basic", "diluted")},
        tuple(f"{company.id}.{fact.key}" for fact in used), tuple(f"{company.id}.{key}" for key in absent),
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
