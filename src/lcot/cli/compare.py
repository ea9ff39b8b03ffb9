"""`lcot compare`: who is cheapest for this model at this speed and load?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.question import Asked
from lcot.errors import UnknownName

if TYPE_CHECKING:
    from lcot.choice.types import Answer

DEFAULT = Asked()


def compare(
    model: str,
    /,
    *,
    asked: Asked = DEFAULT,
    why_not: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    svg: Path | None = None,
    html: Path | None = None,
) -> None:
    """Who is cheapest for this model at this speed and load?

    Parameters
    ----------
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    why_not
        Say why one system does not win or does not fit.
    json_
        Print the answer as JSON.
    svg
        Write the front as SVG (or PNG, by the name's ending).
    html
        Write the answer as one self-contained HTML file: verdict, front, table, assumptions, sources.
    """
    from lcot.choice.compare import compare as answer_of

    question = asked.question(model)
    if asked.basis == "api":
        from lcot.report.offers import as_dict, as_text

        found = as_dict(question)
        print(json.dumps(found, indent=1) if json_ else as_text(found))
        return
    answer = answer_of(question)
    if json_:
        from lcot.report.contract import to_dict

        print(json.dumps(to_dict(answer), indent=1))
    else:
        show(answer, why_not)
    write(answer, svg, html)


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


def write(answer: Answer, svg: Path | None, html: Path | None) -> None:
    """Write the front as SVG and the report as HTML, each whole or not at all."""
    if svg is not None:
        from lcot.report.charts.front import front
        from lcot.report.contract import front_rows
        from lcot.report.render import write as write_chart

        chart = front(front_rows(answer), target=answer.question.target.speed, title=answer.question.model.id)
        write_chart(svg, chart)
    if html is not None:
        from lcot.report.answer import whole_report
        from lcot.report.render import save

        save(html, whole_report(answer))
