"""`lcot market`: demand, supply, choice: shares and cost per token to 2030."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.progress import telling
from lcot.errors import DomainError, InputError

if TYPE_CHECKING:
    from lcot.market.types import Outlook

CHARTS = ("shares", "cost", "rents", "tokens")


def market(
    *,
    scenario: str = "goldman",
    draws: int = 64,
    seed: int = 2026,
    backtest: Annotated[bool, Parameter(negative="--no-backtest")] = True,
    iamc: Path | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    chart: str = "shares",
    svg: Path | None = None,
    html: Path | None = None,
    xlsx: Path | None = None,
    scenarios: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Who takes what share of inference and training, and what does a token cost, to 2030?

    Takes a quarter of a minute, less where the search was kept from a run before. Progress is told on a terminal.

    Parameters
    ----------
    scenario
        A scenario's name (see --scenarios), or the path of a YAML file that says what differs from the base.
    draws
        Draws over facts, costs and parameters.
    seed
        Seed of the draws; the same seed gives the same result.
    backtest
        Test the choice on the years that are on record, and fit its parameters on them.
    iamc
        Write all results as a long CSV in IAMC columns: model, scenario, region, variable, unit, year, value.
    json_
        Print as JSON.
    chart
        What --svg draws: shares, cost, rents or tokens. For the map of crossovers see lcot claims C11 --svg.
    svg
        Write a chart, as .svg, .png, .html or .json.
    html
        Write the answer with all charts as one self-contained HTML file.
    xlsx
        Write the answer as a workbook: results by year, cost per token from its factors, every fact with its source.
    scenarios
        List the scenarios and end.
    """
    from lcot.errors import UnknownName
    from lcot.market.scenario import scenario as scenario_of
    from lcot.market.scenario import scenario_ids
    from lcot.report.market import as_dict
    from lcot.report.render import SUFFIXES

    if scenarios:
        for one in map(scenario_of, scenario_ids()):
            print(f"{one.id:12s} {one.name}")
        return
    if draws < 1 or draws > 1 << 14:
        raise DomainError("--draws", draws, f"1 to {1 << 14}")
    if chart not in CHARTS:
        raise UnknownName("value of --chart", chart, CHARTS)
    for name, path in (("--iamc", iamc), ("--svg", svg), ("--html", html), ("--xlsx", xlsx)):
        if path is not None and not path.absolute().parent.is_dir():
            raise InputError(f"{name} {path}: there is no folder {path.absolute().parent}")
    if svg is not None and svg.suffix.lower() not in SUFFIXES:
        raise InputError(f"--svg {svg}: cannot write this; allowed: {', '.join(SUFFIXES)}")
    with telling("reading the facts") as progress:
        outlook = run(scenario, draws, seed, backtest, progress)
    answer = as_dict(outlook)
    if json_:
        print(dumped(answer))
    else:
        from lcot.report.market_text import as_text

        print(as_text(answer))
    written(outlook, answer, iamc, svg, html, chart)
    if xlsx is not None:
        from lcot.report.workbook.outlook import write

        write(xlsx, outlook)


def run(
    scenario: str, draws: int, seed: int, backtest: bool, progress: Callable[[str], None] | None
) -> Outlook:  # fmt: skip
    """Solve the scenario, test the choice on the record where that is asked for, and find what moves the answer."""
    from dataclasses import replace

    from lcot.market.backtest import with_backtest
    from lcot.market.drivers import drivers
    from lcot.market.outlook import solved
    from lcot.market.scenario import scenario as scenario_of
    from lcot.report.market_store import offers_of

    start = scenario_of(scenario)
    found = offers_of(start, draws, seed, progress)
    outlook = (with_backtest if backtest else solved)(start, found, draws, seed, progress)
    return replace(outlook, drivers=drivers(start, found, outlook.posteriors))


def written(
    outlook: Outlook, answer: dict[str, object], iamc: Path | None, svg: Path | None, html: Path | None, chart: str
) -> None:
    """Write the files asked for, each whole or not at all."""
    from lcot.report.render import save
    from lcot.report.render import write as write_chart

    if iamc is not None:
        from lcot.report.market_iamc import as_csv

        save(iamc, as_csv(outlook))
    if svg is not None:
        from lcot.report.charts.market_outlook import charts

        made = charts(answer)
        if chart not in made:
            raise InputError(f"--chart {chart}: nothing to draw; nothing is short in one draw of ten in this scenario")
        write_chart(svg, made[chart])
    if html is not None:
        from lcot.report.market_page import page

        save(html, page(answer, outlook.scenario.facts))
