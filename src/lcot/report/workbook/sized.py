"""The workbook of a sized fleet: the bill live, over what the event kernel found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lcot.choice.sizing import Fleet
from lcot.choice.types import Question
from lcot.errors import InputError, MissingFact
from lcot.report.workbook.book import Book, at, writing
from lcot.report.workbook.live import write_live
from lcot.report.workbook.model import shown
from lcot.trace.runs import trace_fleet

ANSWER = "Answer"
REMARKS = (
    "Copies, systems, rates, batch, seconds and power are those of the simulated fleet: no fact of the hardware moves",
    "them. The sheet Step time shows what the facts say of a step at the mean batch, in closed form; the bill does not",
    "read it. Prices, tariff, finance, facility and operations move the bill as they do in Python.",
)


def write(path: Path, fleet: Fleet, question: Question, lines: Sequence[str], seed: int) -> None:
    """Write the workbook of a fleet; ``lines`` say the answer in words. Raises `InputError` without a priced fleet."""
    try:
        traced = trace_fleet(fleet, question, seed)
    except MissingFact as error:
        raise InputError(f"{path}: no workbook without a priced fleet: {fleet.unpriced or error}") from error
    with writing(path) as book:
        opening = book.sheet(ANSWER, (34, 14, 14, *([10] * 14)), (), title=f"{fleet.system.name}: {question.model.id}")
        found = write_live(book, [traced], question, REMARKS)[0]
        for row, line in enumerate(lines, 1):
            book.paragraph(opening, row, line, 14)
        numbers_of(book, opening, len(lines) + 2, found)
        opening.activate()


def numbers_of(book: Book, sheet: Any, top: int, found: dict[str, Any]) -> None:
    """Every number of the fleet, live where facts move it."""
    book.text(sheet, top, 0, "number", bold=True, bottom=1)
    book.text(sheet, top, 1, "value", bold=True, bottom=1)
    book.text(sheet, top, 2, "unit", bold=True, bottom=1)
    for row, (name, cell) in enumerate(found.items(), top + 1):
        book.text(sheet, row, 0, name)
        shown(book, sheet, row, 1, cell, at(*book.places[id(cell)]))
