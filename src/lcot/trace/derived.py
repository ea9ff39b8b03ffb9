"""Numbers of any answer in cells, by name: a plan and what follows from its bill, a fleet, a company, a market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lcot.cell import Cell, value_of
from lcot.choice.candidate import beside
from lcot.choice.types import Question
from lcot.cost.cashflow import by_year
from lcot.cost.pricing import break_even_price, first_year_price, marginal_cost
from lcot.errors import DomainError, MissingFact, UnknownName
from lcot.trace.leaves import Held, Leaves, leaf
from lcot.trace.numbers import numbers
from lcot.trace.plans import Traced, celled
from lcot.trace.watching import watching

if TYPE_CHECKING:
    from lcot.market.companies import Company

USD = ("inference_revenue", "revenue", "cost_of_revenue", "operating_cost", "tax", "net_income", "interim", "exit",
       "cash", "equity")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Derived:
    """Numbers that can be followed down to facts, the main one first."""

    verb: str  # whose numbers they are
    told: str  # what they are of, in a line
    numbers: Mapping[str, Cell]
    about: Mapping[str, Any]  # the same for a program
    notes: tuple[str, ...] = field(default=())

    @property
    def main(self) -> str:
        """Name of the main number."""
        return next(iter(self.numbers))

    def number(self, name: str) -> Cell:
        """One number. Raises `UnknownName`."""
        if name not in self.numbers:
            raise UnknownName("number", name, self.numbers, "--of")
        return self.numbers[name]


def of_plan(traced: Traced, question: Question, verb: str = "compare") -> Derived:
    """A plan or a sized fleet with its bill, and what follows from that.

    Parameters
    ----------
    traced : Traced
        From `lcot.trace.plans.trace` or `lcot.trace.runs.trace_fleet`.
    question : Question
        What it answers.
    verb : str
        Whose numbers they are.

    Returns
    -------
    Derived
        As ``lcot compare``, ``lcot size`` and ``lcot bill`` have them.
    """
    d, served = traced.plan.deployment, traced.plan.served
    load = "full to the target" if question.traffic.rate is None else f"{float(question.traffic.rate):g} requests/s"
    basis = question.basis if question.basis == "own" else f"rent {question.term.replace('_', ' ')}"
    told = (
        f"{d.model.id} on {int(value_of(served.systems))} x {d.system.id}: {int(value_of(served.copies))} x {d.label}, "
        f"{d.precision.label}, {d.engine.name}; {load}, {basis}, {question.site.id}"
    )
    about = {
        "system": d.system.id, "model": d.model.id, "layout": d.label, "basis": question.basis,
        "site": question.site.id,
    }  # fmt: skip
    found = {**numbers(traced), **following(traced, question)}
    return Derived(verb, told, found, about, traced.plan.steps.notes)


def following(traced: Traced, question: Question) -> dict[str, Cell]:
    """Prices that follow from a bill, what a chip costs, and the years. Those whose fact is missing are left out."""
    bill, served, d = traced.bill, traced.served, celled(traced.plan.deployment, traced.leaves)
    site, partner = traced.leaves.site(question.site), beside(d)
    found: dict[str, tuple[Any, str]] = {}
    with watching():
        found["short-run marginal cost"] = marginal_cost(bill), "USD/token"
        chips = served.systems * d.system.count
        found["cost of a chip"] = bill.total / chips, "USD/s"
        for name, line in bill.capital.items():
            found[f"{name} capital of a system"] = line / served.systems, "USD"
        if site.facts.has("market.price_decline"):
            found["first-year price"] = first_year_price(bill, site, question.traffic), "USD/token"
        if bill.basis == "own" and not d.system.pairs_with:
            level = bill.cost["bottleneck_seconds"].blended
            rent = break_even_price(level, d.system, served, question.traffic, site, "rent", "on_demand", partner)
            found["rent that costs the same"] = rent, "USD/s"
        found |= years(traced, question, d.system, site)
    return {name: named(name, value, unit) for name, (value, unit) in found.items() if isinstance(value, Cell)}


def years(traced: Traced, question: Question, system: Any, site: Any) -> dict[str, tuple[Any, str]]:
    """What is paid and delivered at the end of each year; nothing where lives are no whole years."""
    bill, d = traced.bill, celled(traced.plan.deployment, traced.leaves)
    try:
        found = by_year(bill, system, traced.served.systems, question.traffic, site, beside(d))
    except (DomainError, MissingFact):
        return {}
    made: dict[str, tuple[Any, str]] = {}
    paid = found.paid
    for year in range(len(value_of(found.tokens))):
        made[f"paid in year {year}"] = paid[year], "USD"
        if year:
            made[f"tokens in year {year}"] = found.tokens[year], "token"
    return made


def of_company(company: Company, market: str = "") -> Derived:
    """What a company is worth under one definition of the market, at the stated facts.

    Parameters
    ----------
    company : Company
        What is valued.
    market : str
        One of `lcot.market.value_worth.market_ids`; by default the company's own.

    Returns
    -------
    Derived
        As ``lcot value`` has them; value of the equity first. [USD]

    Raises
    ------
    UnknownName
        If there is no such definition of the market.
    MissingFact
        If a fact is not on record.
    """
    from lcot.facts import catalog
    from lcot.market.value import Valuation, valuation
    from lcot.market.value_terms import terms_of
    from lcot.market.value_worth import exit_of, market_fact

    leaves, name = Leaves(), market or company.market
    facts, key, _ = market_fact(name)
    machine = leaves.facts(catalog.system(company.system).facts) if company.system else None
    size, years = leaves.facts(facts).number(key), exit_of(company, name) - company.base_year
    with watching():
        terms = terms_of(company, leaves.facts(company.facts), size, years, machine)
        worth = valuation(terms)
    made = {"equity": worth.equity} | {
        one.replace("_", " "): getattr(worth, one) for one in Valuation.__dataclass_fields__ if one != "cash_flow"
    }
    units = {one.replace("_", " "): "USD" for one in USD} | {"volume": "token" if company.sells == "tokens" else "W"}
    cells = {one: named(one, value, units.get(one, "1")) for one, value in made.items() if isinstance(value, Cell)}
    year = company.base_year + years
    told = f"{company.name}: the exit in {year} seen from {company.base_year}, market {name}, at the stated facts"
    return Derived("value", told, cells, {"company": company.id, "market": name, "exit_year": year})


def of_market(costs: Mapping[str, Cell], results: Mapping[str, tuple[float, str]], why: str, scenario: str) -> Derived:
    """An outlook: costs of tokens from their factors, and results of the equilibrium, which are held.

    Parameters
    ----------
    costs : mapping of str to Cell
        From the factors. [USD/token]
    results : mapping of str to tuple of float and str
        Median and unit of each result.
    why : str
        What the results are of: method, draws, seed, and hash of the inputs.
    scenario : str
        Id of the scenario.

    Returns
    -------
    Derived
        As ``lcot market`` has them.
    """
    held = {name: leaf(value, Held(name, unit, f"median of {why}")) for name, (value, unit) in results.items()}
    return Derived("market", f"scenario {scenario}: {why}", {**costs, **held}, {"scenario": scenario})


def named(name: str, value: Any, unit: str) -> Any:
    """A cell with its unit, and a name where it has none."""
    if isinstance(value, Cell) and value.operation:
        value.name, value.unit = value.name or name, unit
    return value
