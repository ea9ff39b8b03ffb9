"""The sheets that compute: a row for each named number, a column for each element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lcot.cell import Cell
from lcot.report.amounts import unit_for
from lcot.report.workbook.book import NUMBERS, OTHER, Book, at, cached
from lcot.report.workbook.notation import formula
from lcot.trace.nodes import Node
from lcot.units import UNITS

COLUMNS = ("part", "quantity", "shown", "unit", "SI unit", "what", "in words", "in SI")
FIRST = len(COLUMNS) - 1  # column of the first element
WIDTHS = (20, 26, 11, 11, 10, 44, 60, *([12] * 28))
FLOORS = (("lcot.steptime.", "Step time"), ("lcot.serving.", "Fleet"), ("lcot.cost.", "Bill"))


def write_model(book: Book, prefix: str, what: str, nodes: Iterable[Node]) -> None:
    """Sheets of one traced answer by floor: step time, fleet, bill. Leaves must stand already."""
    live = [node for node in nodes if node.cell.operation]
    for beginning, title in FLOORS:
        chosen = [node for node in live if _floor(node) == beginning]
        if chosen:
            _place(book, f"{prefix} {title}".strip(), chosen)
    for beginning, title in FLOORS:
        chosen = [node for node in live if _floor(node) == beginning]
        if chosen:
            _sheet(book, f"{prefix} {title}".strip(), f"{title}: {what}", chosen)


def _floor(node: Node) -> str:
    place = node.cell.call.place if node.cell.call is not None else "lcot.cost."
    return next((beginning for beginning, _ in FLOORS if place.startswith(beginning)), "lcot.cost.")


def _place(book: Book, name: str, nodes: Sequence[Node]) -> None:
    for row, node in enumerate(nodes, 3):
        book.put(node.cell, name, row, FIRST)


def _sheet(book: Book, name: str, title: str, nodes: Sequence[Node]) -> None:
    most = max(int(np.size(node.value)) for node in nodes)
    sheet = book.sheet(name, WIDTHS, (*COLUMNS, *(str(place) for place in range(2, most + 1))), title=title)
    for row, node in enumerate(nodes, 3):
        call = node.cell.call
        if node.label:
            sheet.set_row(row, None, None, {"level": 1})
        told = ""
        if node.told is not None:
            told = node.told.title + (f" [{'; '.join(node.told.references)}]" if node.told.references else "")
        for column, text in ((0, node.label or (call.function if call else "")), (1, node.name), (4, node.unit),
                             (5, told), (6, node.formula())):  # fmt: skip
            book.text(sheet, row, column, text)
        book.write(sheet, name, row, FIRST, node.cell)
        if np.ndim(node.value) == 0:
            shown(book, sheet, row, 2, node.cell, at(name, row, FIRST))


def shown(book: Book, sheet: Any, row: int, column: int, cell: Cell, place: str, **properties: Any) -> None:
    """A number in the unit in which people write it, and the unit beside it."""
    unit = unit_for(float(cell.value), cell.unit)
    factor = UNITS[unit][1] if unit in UNITS and cell.unit in UNITS else 1.0
    value = float(cell.value) / factor
    text = f"={place}" if factor == 1.0 else f"={place}/{factor!r}".upper()
    style = NUMBERS.get(unit) or ("0.000" if 0.01 <= abs(value) < 1e6 else OTHER)
    sheet.write_formula(row, column, text, book.format(num_format=style, **properties), cached(value))
    book.text(sheet, row, column + 1, "" if unit == "1" else unit, **properties)


def affected(nodes: Iterable[Node], leaves: Iterable[Cell]) -> list[Node]:
    """Nodes whose value follows from some of the leaves, in order."""
    moved = {id(leaf) for leaf in leaves}
    found: list[Node] = []
    for node in nodes:
        if node.cell.operation and any(id(one.cell) in moved for one in node.inputs):
            moved.add(id(node.cell))
            found.append(node)
    return found


def scenario_formula(book: Book, node: Node, own: Mapping[int, str]) -> str:
    """The formula of a node in a scenario: what the scenario changes is read from its own column."""

    def refer(cell: Cell, element: int) -> str | None:
        if cell is node.cell:
            return None
        return own.get(id(cell)) or book.refer(cell, element)

    return formula(node.cell, 0, refer)
