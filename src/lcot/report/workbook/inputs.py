"""The sheets of inputs, of what is held fixed, and of sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lcot.cell import Cell
from lcot.facts.draw import span
from lcot.facts.listing import confidence
from lcot.facts.types import Fact, Facts
from lcot.report.workbook.book import Book
from lcot.trace.leaves import Asked, Given
from lcot.units import UNITS

INPUTS, HELD, SOURCES = "Inputs", "Held fixed", "Sources"
EDIT = {"bg_color": "#FFF6D6", "font_color": "#1F3FA8", "border": 1, "border_color": "#D8C98A"}
INPUT_COLUMNS = ("input", "value", "unit", "low", "high", "range", "in SI", "SI unit", "name in formulas", "kind",
                 "confidence", "date", "source", "at", "note")  # fmt: skip
SOURCE_COLUMNS = ("fact", "value", "unit", "use", "confidence", "source", "publisher", "kind", "date", "at", "address",
                  "accessed", "note")  # fmt: skip


def write_inputs(book: Book, leaves: Iterable[Cell]) -> None:
    """Everything that may be changed, facts and what was asked; formulas read the SI value beside each."""
    widths = (34, 11, 12, 11, 11, 8, 13, 11, 34, 10, 10, 10, 50, 30, 40)
    title = "Inputs: change a value in a yellow cell, and every cost follows"
    sheet = book.sheet(INPUTS, widths, INPUT_COLUMNS, title=title)
    row = 3
    for cell in leaves:
        origin = cell.origin
        if isinstance(origin, Given):
            factor = UNITS[origin.fact.unit][1] if origin.fact.unit in UNITS else 1.0
            unit = origin.fact.unit
            _fact_row(book, sheet, row, origin.fact, factor)
        else:
            assert isinstance(origin, Asked)
            factor, unit = 1.0, origin.unit
            book.text(sheet, row, 9, "asked")
        book.text(sheet, row, 0, origin.name)
        number = float(cell.value) / factor
        sheet.write_number(row, 1, number, book.format(num_format="General", **EDIT))
        book.text(sheet, row, 2, unit)
        text = f"=B{row + 1}" if factor == 1.0 else f"=B{row + 1}*{factor!r}".upper()
        sheet.write_formula(row, 6, text, book.format(num_format="General"), number * factor)
        book.text(sheet, row, 7, cell.unit)
        book.put(cell, INPUTS, row, 6)
        book.text(sheet, row, 8, book.call(cell, origin.name))
        row += 1
    sheet.autofilter(2, 0, row - 1, len(INPUT_COLUMNS) - 1)


def _fact_row(book: Book, sheet: Any, row: int, fact: Fact, factor: float) -> None:
    ends = span(fact)
    if ends is not None:
        for column, end in ((3, ends[0]), (4, ends[1])):
            sheet.write_number(row, column, end / factor, book.format(num_format="General"))
        book.text(sheet, row, 5, "stated" if fact.low is not None else "by kind")
    texts = (fact.kind, confidence(fact), fact.date, "; ".join(one.title for one in fact.sources), fact.at, fact.note)
    for column, text in enumerate(texts, 9):
        book.text(sheet, row, column, text)


def write_held(book: Book, groups: Sequence[tuple[str, Iterable[Cell]]], remarks: Iterable[str]) -> None:
    """What does not move when an input changes, and why."""
    widths = (22, 24, 10, 60, *([11] * 24))
    sheet = book.sheet(HELD, widths, ("system", "held", "unit", "why", "value"), title="Held fixed")
    row = 3
    for remark in remarks:
        book.text(sheet, row, 0, remark)
        row += 1
    for label, cells in groups:
        for cell in cells:
            for column, text in enumerate((label, cell.name, cell.unit, cell.origin.why)):
                book.text(sheet, row, column, text)
            for place, value in enumerate(np.ravel(cell.value)):
                sheet.write_number(row, 4 + place, float(value), book.format(num_format="#,##0.######"))
            book.put(cell, HELD, row, 4)
            row += 1


def write_sources(book: Book, facts: Iterable[tuple[str, Fact, str]]) -> None:
    """Every fact of the answer with each of its sources: owner, fact, and whether it is live or held."""
    widths = (34, 13, 12, 7, 10, 50, 24, 10, 11, 34, 50, 11, 50)
    sheet = book.sheet(SOURCES, widths, SOURCE_COLUMNS)
    row = 3
    for owner, fact, use in facts:
        factor = UNITS[fact.unit][1] if fact.unit in UNITS else 1.0
        for source in fact.sources or (None,):
            book.text(sheet, row, 0, f"{owner}.{fact.key}")
            if isinstance(fact.value, int | float):
                sheet.write_number(row, 1, float(fact.value) / factor, book.format(num_format="General"))
            else:
                book.text(sheet, row, 1, fact.value)
            rest = ("", "", "", "", "", "", "", "")
            if source is not None:
                at = fact.at or source.locator
                rest = (source.title, source.publisher, source.kind, source.date or fact.date, at, source.url or "",
                        source.accessed, fact.note or source.note)  # fmt: skip
            for column, text in enumerate((fact.unit, use, confidence(fact), *rest), 2):
                book.text(sheet, row, column, text)
            row += 1
    if row > 3:
        sheet.autofilter(2, 0, row - 1, len(SOURCE_COLUMNS) - 1)


def facts_of(owners: Iterable[Facts], live: Iterable[Cell]) -> list[tuple[str, Fact, str]]:
    """The live facts, and those of the same owners that shape the calculation or are texts."""
    found = {cell.origin.name: (cell.origin.owner, cell.origin.fact, "live") for cell in live
             if isinstance(cell.origin, Given)}  # fmt: skip
    for facts in owners:
        for key, fact in facts.items():
            if fact.value is not None and fact.key not in ("price",) and not key.startswith(("rent.", "other.")):
                found.setdefault(f"{facts.owner}.{key}", (facts.owner, fact, "held"))
    return list(found.values())
