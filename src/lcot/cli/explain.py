"""`lcot explain`: where does this number come from?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.question import Asked
from lcot.errors import DomainError, Infeasible, InputError

if TYPE_CHECKING:
    from lcot.choice.types import Plan, Question
    from lcot.trace.plans import Traced

DEFAULT = Asked()


def explain(
    system: str,
    model: str,
    /,
    *,
    of: str = "blended",
    depth: int = 3,
    against: str | None = None,
    asked: Asked = DEFAULT,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    html: Path | None = None,
) -> None:
    """Where does this number come from? The formulas, down to facts with their sources.

    Parameters
    ----------
    system
        A system's id or YAML file.
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    of
        The number: blended, input, output, total, systems, capacity, power, time per output token ...
    depth
        Levels of the tree; 0 for all.
    against
        Another system: which facts make the difference of the two costs, in dollars.
    json_
        Print as JSON, every node of the tree.
    html
        Write the whole tree as one HTML file that folds.
    """
    if depth < 0:
        raise DomainError("--depth", depth, "0 or more")
    if asked.basis == "api":
        raise InputError("--basis api: an API's price is one fact; lcot facts and lcot compare --basis api show it")
    question = replace(asked, system=[system]).question(model)
    traced = traced_best(question)
    if against is not None:
        difference(traced, question, replace(asked, system=[against]).question(model), json_)
        return
    from lcot.report.explained import as_dict

    answer = as_dict(traced, question, of)
    if json_:
        print(dumped(answer))
    elif html is None:
        show(traced, question, of, depth)
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


def traced_best(question: Question) -> Traced:
    """The best plan, traced."""
    from lcot.trace.plans import trace

    return trace(best(question), question)


def show(traced: Traced, question: Question, of: str, depth: int) -> None:
    """Print the tree and the sources."""
    from rich.console import Console

    from lcot.report.explained import opening, sources_table, tree

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160
    console.print(opening(traced, question, of), markup=False)
    console.print(tree(traced, of, depth))
    console.print(sources_table(traced, of))


def difference(traced: Traced, question: Question, other: Question, json_: bool) -> None:
    """Print which facts make the difference between two systems."""
    from lcot.report.differing import as_dict, as_text
    from lcot.trace.differences import difference_of

    answer = as_dict(difference_of(traced.plan, question, best(other), other))
    print(dumped(answer) if json_ else as_text(answer))
