"""`lcot compare`: who is cheapest for this model at this speed and load?"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.question import Asked
from lcot.cli.workers import Workers
from lcot.errors import InputError, UnknownName

if TYPE_CHECKING:
    from lcot.choice.ranges import Sampling
    from lcot.choice.types import Answer

DEFAULT = Asked()
HERE = Workers()
RANGES = ("closed", "simulated")


def compare(
    model: str,
    /,
    *,
    asked: Asked = DEFAULT,
    drawing: Workers = HERE,
    trace: Path | None = None,
    finalists: str = "3",
    ranges: str = "closed",
    why_not: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    svg: Path | None = None,
    html: Path | None = None,
    xlsx: Path | None = None,
) -> None:
    """Who is cheapest for this model at this speed and load?

    Parameters
    ----------
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    trace
        Rank at the traffic of this trace: its mean lengths and rate in the search, the trace itself for the finalists.
    finalists
        How many systems of the ranking run through the event kernel, or all.
    ranges
        closed, or simulated: draws of the finalists through the event kernel too, by interpolation between runs.
    why_not
        Say why one system does not win or does not fit.
    json_
        Print the answer as JSON.
    svg
        Write the front as SVG (or PNG, by the name's ending).
    html
        Write the answer as one self-contained HTML file: verdict, front, table, assumptions, sources.
    xlsx
        Write the answer as a workbook with live formulas: change a fact, and every cost follows.
    """
    count = how_many(finalists)
    if xlsx is not None:
        from lcot.report.workbook.book import check

        check(xlsx)
    if ranges not in RANGES:
        raise UnknownName("value of --ranges", ranges, RANGES)
    if ranges == "simulated" and (trace is not None or not count or not asked.draws):
        raise InputError("--ranges simulated needs draws, finalists and a load without a --trace")
    if asked.basis == "api":
        from lcot.report.offers import as_dict, as_text

        found = as_dict(asked.question(model))
        print(dumped(found) if json_ else as_text(found))
        return
    if count:
        from lcot.serving.kernel.native import ready

        if not ready():
            print("lcot: compiling the simulator, once, about half a minute", file=sys.stderr)
    with drawing.sampling() as sampling:
        answer = answered(model, asked, trace, count, sampling, ranges == "simulated")
    if json_:
        from lcot.report.contract import to_dict

        print(dumped(to_dict(answer)))
    else:
        show(answer, why_not)
    write(answer, svg, html, xlsx)


def answered(
    model: str,
    asked: Asked,
    trace: Path | None,
    finalists: int,
    sampling: Sampling | None = None,
    simulated_ranges: bool = False,
) -> Answer:
    """The answer to a question, at the traffic of a trace where there is one. Raises `InputError`."""
    from lcot.choice.compare import compare as answer_of
    from lcot.choice.ranges import HERE as ALONE

    question, requests = asked.question(model), None
    if trace is not None:
        from lcot.choice.finalists import traffic_of
        from lcot.cli.load import load_of

        if asked.rate or asked.tokens_per_day or (asked.input, asked.output) != (DEFAULT.input, DEFAULT.output):
            raise InputError("--trace brings lengths and rate of its own; leave --input, --output and the rate out")
        requests, _ = load_of(trace, None, 1.0, False, asked.seed)
        question = replace(question, traffic=traffic_of(requests))
    return answer_of(
        question, finalists=finalists, trace=requests, sampling=sampling or ALONE,
        simulated_ranges=simulated_ranges,
    )  # fmt: skip


def how_many(finalists: str) -> int:
    """Number of finalists. Raises `InputError`."""
    if finalists == "all":
        return 1 << 30
    if not finalists.isdecimal():
        raise InputError(f"--finalists is {finalists!r}; allowed: a number from 0 on, or all")
    return int(finalists)


def show(answer: Answer, why_not: str | None) -> None:
    """Print the answer, or why one system is not the winner."""
    from rich.console import Console

    from lcot.report.terminal import explain_absence, render

    console = Console(highlight=False)
    if why_not is None:
        render(answer, console)
        return
    known = {e.system.id: e for e in answer.entries} | {a: e for e in answer.entries for a in e.system.aliases}
    if why_not not in known:
        raise UnknownName("system", why_not, known, "--why-not")
    for line in explain_absence(answer, known[why_not]):
        console.print(line, markup=False)


def write(answer: Answer, svg: Path | None, html: Path | None, xlsx: Path | None) -> None:
    """Write the front as SVG, the report as HTML and the workbook, each whole or not at all."""
    if svg is not None:
        from lcot.report.answer import front_of
        from lcot.report.render import write as write_chart

        write_chart(svg, front_of(answer))
    if html is not None:
        from lcot.report.answer import whole_report
        from lcot.report.render import save

        save(html, whole_report(answer))
    if xlsx is not None:
        from lcot.report.workbook.compared import write as write_workbook

        write_workbook(xlsx, answer)
