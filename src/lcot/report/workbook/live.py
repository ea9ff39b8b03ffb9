"""The sheets between the first and the sources: scenarios, inputs, what is held, and the models of traced answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lcot.cell import Cell, in_order
from lcot.choice.types import Question
from lcot.facts.types import Facts
from lcot.report.workbook.book import Book
from lcot.report.workbook.inputs import facts_of, write_held, write_inputs, write_sources
from lcot.report.workbook.model import write_model
from lcot.report.workbook.scenarios import SHEET as SCENARIOS
from lcot.report.workbook.scenarios import write_scenarios
from lcot.trace.leaves import Asked, Given, Held
from lcot.trace.nodes import nodes_of
from lcot.trace.numbers import MAIN, numbers
from lcot.trace.plans import Traced


def write_live(
    book: Book, traced: Sequence[Traced], question: Question, remarks: Iterable[str]
) -> list[dict[str, Cell]]:
    """All sheets of some traced answers but the first; the numbers of each by name."""
    found = [numbers(one) for one in traced]
    every = in_order(cell for one in found for cell in one.values())
    live = sorted((cell for cell in every if isinstance(cell.origin, Given | Asked)), key=order)
    if traced:
        nodes = [nodes_of(one) for one in found]
        book.writer.add_worksheet(SCENARIOS)  # stands second, is filled last
        write_inputs(book, live)
        held = [(one.label, held_in(cells)) for one, cells in zip(traced, found, strict=True)]
        write_held(book, without_repeats(held), remarks)
        for number, (one, made) in enumerate(zip(traced, nodes, strict=True), 1):
            prefix = str(number) if len(traced) > 1 else ""
            write_model(book, prefix, f"{one.label}, {one.plan.deployment.label}", made.values())
            name_numbers(book, one, found[number - 1])
        parts = zip(traced, found, nodes, strict=True)
        systems = [(one.label, cells[MAIN], list(made.values())) for one, cells, made in parts]
        write_scenarios(book, systems, live, "Scenarios: blended cost, US dollars per million tokens")
    write_sources(book, facts_of(owners(traced, question), live))
    return found


def held_in(found: Mapping[str, Cell]) -> list[Cell]:
    """What is held under some numbers."""
    return [cell for cell in in_order(found.values()) if isinstance(cell.origin, Held)]


def order(cell: Cell) -> tuple[bool, str]:
    """What was asked first, then facts by name."""
    return isinstance(cell.origin, Given), cell.name


def without_repeats(groups: Sequence[tuple[str, Sequence[Cell]]]) -> list[tuple[str, list[Cell]]]:
    """Held numbers that several systems share stand once, under the first."""
    seen: set[int] = set()
    made: list[tuple[str, list[Cell]]] = []
    for label, cells in groups:
        made.append((label, [cell for cell in cells if id(cell) not in seen]))
        seen |= {id(cell) for cell in cells}
    return made


def name_numbers(book: Book, traced: Traced, found: Mapping[str, Cell]) -> None:
    """Names for the main numbers of a system, such as hgx_h200_blended."""
    for name, cell in found.items():
        book.name(f"{traced.label}_{name}", *book.places[id(cell)])


def owners(traced: Sequence[Traced], question: Question) -> list[Facts]:
    """Whose facts are in the answer."""
    found: dict[str, Facts] = {question.site.facts.owner: question.site.facts}
    for one in traced:
        d = one.plan.deployment
        for each in (d, d.paired):
            if each is not None:
                found |= {f.owner: f for f in (each.system.facts, each.system.chip.facts, each.engine.facts)}
    return list(found.values())
