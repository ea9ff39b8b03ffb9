"""`lcot explain`: where does this number come from?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.question import Asked
from lcot.errors import DomainError, Infeasible, InputError, MissingFact

if TYPE_CHECKING:
    from lcot.choice.sizing import Fleet
    from lcot.choice.types import Plan, Question
    from lcot.trace.derived import Derived

DEFAULT = Asked()
DRAWS = 64  # of a run of the market, as `lcot market` has by default


def explain(
    system: str = "",
    model: str = "",
    /,
    *,
    of: str = "",
    names: Annotated[bool, Parameter(name="--list", negative=())] = False,
    depth: int = 3,
    against: str | None = None,
    trace: Path | None = None,
    synthetic: str | None = None,
    slo: str | None = None,
    company: str | None = None,
    market: str = "",
    scenario: str | None = None,
    asked: Asked = DEFAULT,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    html: Path | None = None,
) -> None:
    """Where does this number come from? The formulas, down to facts with their sources.

    With a system and a model: the numbers of lcot compare and lcot bill. With --trace or --synthetic too: those of lcot
    simulate, and with --slo those of lcot size. With --company: those of lcot value; with --scenario: of lcot market.

    Parameters
    ----------
    system
        A system's id or YAML file.
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    of
        The number; --list names all. By default the main one: blended cost, value of the equity, cost of a token.
    names
        List every number that can be followed, with value and unit.
    depth
        Levels of the tree; 0 for all.
    against
        Another system: which facts make the difference of the two costs, in dollars.
    trace
        A trace that the event kernel replays; see lcot simulate --help for the formats.
    synthetic
        A made-up load for the event kernel, such as poisson:rate=5,input=1000,output=500.
    slo
        With a load: the service level of each request that the fleet is sized for, such as ttft=2s,speed=20.
    company
        A company to value; see lcot value --help.
    market
        With --company: the definition of the market that counts.
    scenario
        A scenario of the market; see lcot market --scenarios. Takes a quarter of a minute.
    json_
        Print as JSON, every node of the tree.
    html
        Write the whole tree as one HTML file that folds.
    """
    if depth < 0:
        raise DomainError("--depth", depth, "0 or more")
    loaded = trace is not None or synthetic is not None
    check(system, model, company, scenario, loaded, against)
    if company is not None:
        found = company_of(company, market)
    elif scenario is not None:
        found = market_of(scenario, asked.seed)
    else:
        question = replace(asked, system=[system]).question(model)
        if against is not None:
            difference(question, replace(asked, system=[against]).question(model), json_, html)
            return
        found = fleet_of(question, model, trace, synthetic, slo) if loaded else plan_of(question)
    tell(found, of or found.main, names, depth, json_, html)


def check(
    system: str, model: str, company: str | None, scenario: str | None, loaded: bool, against: str | None
) -> None:
    """Whether one thing is asked for. Raises `InputError`."""
    given = [bool(system or model), company is not None, scenario is not None]
    if sum(given) != 1:
        raise InputError("give one thing to explain: SYSTEM MODEL, --company NAME or --scenario NAME")
    if given[0] and not (system and model):
        raise InputError(f"a system and a model are needed; {system!r} is alone")
    if (loaded or against is not None) and not given[0]:
        raise InputError("--trace, --synthetic and --against go with SYSTEM MODEL")
    if loaded and against is not None:
        raise InputError("--against compares costs in closed form; leave --trace and --synthetic out")


def tell(found: Derived, of: str, names: bool, depth: int, json_: bool, html: Path | None) -> None:
    """Print or write what was found."""
    from lcot.report.explained import as_dict, names_dict, names_text

    if names:
        print(dumped(names_dict(found)) if json_ else names_text(found))
        return
    answer = as_dict(found, of)
    if json_:
        print(dumped(answer))
    elif html is None:
        show(found, of, depth)
    if html is not None:
        from lcot.report.explained_page import page
        from lcot.report.render import save

        save(html, page(answer))


def best(question: Question) -> Plan:
    """The cheapest plan of the one system asked for. Raises `Infeasible` or `MissingFact`."""
    from lcot.choice.search import nearest_miss, plans

    system = question.systems[0]
    good, bad = plans(question, system)
    if not good:
        raise Infeasible(f"{system.id} does not serve {question.model.id} as asked: {nearest_miss(bad)}")
    return good[0]


def plan_of(question: Question) -> Derived:
    """The best plan, as compare and bill have it."""
    from lcot.trace.derived import of_plan
    from lcot.trace.plans import trace

    if question.basis == "api":
        raise InputError("--basis api: an API's price is one fact; lcot facts and lcot compare --basis api show it")
    return of_plan(trace(best(question), question), question)


def fleet_of(
    question: Question, model: str, trace: Path | None, synthetic: str | None, slo: str | None
) -> Derived:  # fmt: skip
    """The fleet through the event kernel: sized for a service level, or as many copies as fill one system."""
    from lcot.choice.finalists import repeated
    from lcot.cli.load import load_of, mean_of, target_of
    from lcot.cli.size import rate_of
    from lcot.trace.derived import of_plan
    from lcot.trace.runs import trace_fleet

    requests, _ = load_of(trace, synthetic, 1.0, False, question.seed)
    traffic = mean_of(requests, repeated(requests), rate_of(requests))
    question = replace(question, traffic=traffic, target=target_of(slo))
    if slo is None:
        fleet, verb = simulated(question, model, requests), "simulate"
    else:
        fleet, verb = sized(question, requests), "size"
    if fleet.bill is None:
        raise MissingFact(question.systems[0].id, "price", "the bill")
    return of_plan(trace_fleet(fleet, question, question.seed), question, verb)


def sized(question: Question, requests: object) -> Fleet:
    """The fleet that lcot size finds. Raises `Infeasible`."""
    from lcot.choice.deploy import Layout
    from lcot.choice.sizing import Margins, fleet

    found = fleet(question, Layout(), requests, question.target, Margins())  # pyright: ignore[reportArgumentType]
    if found.run is None:
        raise Infeasible(f"{found.system.id} has no fleet for this: {found.rejected[0].reason}")
    return found


def simulated(question: Question, model: str, requests: object) -> Fleet:
    """The copies that lcot simulate plays the load on."""
    from lcot.choice.deploy import Layout, bill_of
    from lcot.choice.sizing import Fleet
    from lcot.cli.simulate import copies_of
    from lcot.serving.simulation import simulate_ready

    q, system = question, question.systems[0]
    copies = copies_of(
        system, model, Layout(), requests, q.target, q.site, q.settings, q.basis, q.term, "", 0,  # pyright: ignore[reportArgumentType]
        bool(q.traffic.cached_fraction),
    )  # fmt: skip
    run = simulate_ready(copies, requests, q.target)  # pyright: ignore[reportArgumentType]
    return Fleet(system, copies.steps, None, run, bill_of(run, copies.steps, q.site, q.basis, q.term))


def company_of(name: str, market: str) -> Derived:
    """What a company is worth. Raises `UnknownName`."""
    from lcot.market.companies import company
    from lcot.trace.derived import of_company

    return of_company(company(name), market)


def market_of(scenario: str, seed: int) -> Derived:
    """A run of the market: costs from their factors, results of the equilibrium held."""
    import numpy as np

    from lcot.cli.market import run
    from lcot.cli.progress import telling
    from lcot.report.market_iamc import variables
    from lcot.report.workbook.outlook import costs, why_of
    from lcot.trace.derived import of_market

    with telling("reading the facts") as progress:
        o = run(scenario, DRAWS, seed, False, progress)
    held: dict[str, tuple[float, str]] = {}
    for region, name, unit, values in variables(o):
        for year, row in zip(o.years, np.atleast_2d(values), strict=False):
            middle = float(np.median(row))
            if np.isfinite(middle):
                held[f"{name.replace('|', ', ')}, {region}, {year}"] = middle, unit
    return of_market(costs(o, why_of(o)), held, why_of(o), o.scenario.id)


def show(found: Derived, of: str, depth: int) -> None:
    """Print the tree and the sources."""
    from rich.console import Console

    from lcot.report.explained import opening, sources_table, tree

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160
    console.print(opening(found, of), markup=False)
    console.print(tree(found, of, depth))
    console.print(sources_table(found, of))


def difference(question: Question, other: Question, json_: bool, html: Path | None) -> None:
    """Print or write which facts make the difference between two systems."""
    from lcot.report.differing import as_dict, as_text, page
    from lcot.report.render import save
    from lcot.trace.differences import difference_of

    answer = as_dict(difference_of(best(question), question, best(other), other))
    if json_ or html is None:
        print(dumped(answer) if json_ else as_text(answer))
    if html is not None:
        save(html, page(answer))
