"""The workbook of an answer that was simulated: live formulas where numbers are traced, tables of values beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lcot.cell import Cell, in_order
from lcot.facts.types import Fact
from lcot.report.workbook.book import Book, at, writing
from lcot.report.workbook.inputs import write_held, write_inputs, write_sources
from lcot.report.workbook.live import held_in, order
from lcot.report.workbook.model import shown, write_model
from lcot.trace.leaves import Asked, Given
from lcot.trace.nodes import nodes_of

ANSWER = "Answer"
Row = Mapping[str, object]


def write(
    path: Path,
    title: str,
    lines: Sequence[str],
    tables: Mapping[str, Sequence[Row]],
    facts: Iterable[tuple[str, Fact]],
    held: Iterable[str],
    results: Mapping[str, Cell] | None = None,
) -> None:
    """Write a workbook of tables, of numbers in cells, and of the facts under both.

    Parameters
    ----------
    path : Path
        Ends in .xlsx.
    title : str
        Of the first sheet.
    lines : sequence of str
        The answer in words.
    tables : mapping of str to rows
        A sheet each, by name; the keys of a row are the headings. Put units into the headings.
    facts : iterable of owner and Fact
        Every fact of the answer that is not under ``results``.
    held : iterable of str
        What does not move with the inputs, and why: method, seed and the inputs' hash of a simulation.
    results : mapping of str to Cell, optional
        Traced numbers, written as live formulas with their inputs.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    results = results or {}
    leaves = in_order(results.values())
    live = sorted((cell for cell in leaves if isinstance(cell.origin, Given | Asked)), key=order)
    with writing(path) as book:
        first = book.sheet(ANSWER, (40, 16, 14, *([10] * 14)), (), title=title)
        for row, line in enumerate(lines, 1):
            book.paragraph(first, row, line, 14)
        for name, rows in tables.items():
            write_table(book, name, rows)
        if live:
            write_inputs(book, live)
        write_held(book, [("", held_in(results))], held)
        if results:
            write_model(book, "", title, nodes_of(results).values())
            for row, (name, cell) in enumerate(results.items(), len(lines) + 2):
                book.text(first, row, 0, name)
                shown(book, first, row, 1, cell, at(*book.places[id(cell)]))
        under = [(cell.origin.owner, cell.origin.fact, "live") for cell in live if isinstance(cell.origin, Given)]
        write_sources(book, [*under, *((owner, fact, "held") for owner, fact in facts)])
        first.activate()


def write_table(book: Book, name: str, rows: Sequence[Row]) -> None:
    """One table on a sheet of its own."""
    headings = list(dict.fromkeys(key for row in rows for key in row))
    sheet = book.sheet(name[:31], [max(12, min(30, len(heading) + 2)) for heading in headings], headings, title=name)
    for place, row in enumerate(rows, 3):
        for column, heading in enumerate(headings):
            _item(book, sheet, place, column, row.get(heading))


def _item(book: Book, sheet: Any, row: int, column: int, value: object) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        book.value(sheet, row, column, float(value))
    elif value is not None:
        book.text(sheet, row, column, value)
