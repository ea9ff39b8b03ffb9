"""The sheet of scenarios: the fleet and the bill again, a column for each change of inputs, all of it live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcot.cell import Cell, evaluate
from lcot.facts.draw import span
from lcot.report.workbook.book import OTHER, Book, at, cached
from lcot.report.workbook.inputs import INPUTS
from lcot.report.workbook.model import affected, scenario_formula
from lcot.trace.leaves import Asked, Given
from lcot.trace.nodes import Node
from lcot.units import UNITS

SHEET = "Scenarios"
FIRST = 3  # column of the first scenario
PER_MTOK = 1e6
# what is varied: how the keys of facts end, and whether more of it costs more
VARIED = (("price of systems", (".price",), True), ("rent", (".rent.on_demand", ".rent.reserved", ".rent.spot"), True),
          ("electricity", (".electricity.price",), True), ("life of accelerators", (".life.accelerator",), False),
          ("cost of money", (".finance.discount_rate",), True), ("load factor", (".load_factor",), False))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name, and which end of its range each changed input takes: 0 low, 1 high; a load is halved or doubled."""

    name: str
    ends: Mapping[int, int]  # by the cell's id


def scenarios_of(leaves: Sequence[Cell]) -> list[Scenario]:
    """As stated, one thing at a time, and everything for the better or the worse."""
    found = [Scenario("as stated", {})]
    better: dict[int, int] = {}
    for what, endings, dear in VARIED:
        cells = [id(one) for one in leaves if isinstance(one.origin, Given) and one.name.endswith(endings)
                 and span(one.origin.fact) is not None]  # fmt: skip
        if cells:
            found += [Scenario(f"{what}: {name}", dict.fromkeys(cells, end)) for end, name in ((0, "low"), (1, "high"))]
            better |= dict.fromkeys(cells, 0 if dear else 1)
    loads = [id(one) for one in leaves if isinstance(one.origin, Asked)]
    if loads:
        found += [Scenario(f"{name} the load", dict.fromkeys(loads, end)) for end, name in ((0, "half"), (1, "twice"))]
    found.append(Scenario("facts: all for the better", better))
    return [*found, Scenario("facts: all for the worse", {key: 1 - end for key, end in better.items()})]


def write_scenarios(
    book: Book, systems: Sequence[tuple[str, Cell, Sequence[Node]]], leaves: Sequence[Cell], title: str
) -> None:
    """Blended cost of each system (label, cost, nodes) in each scenario, above the formulas that make it."""
    found = scenarios_of(leaves)
    varied = [one for one in leaves if any(id(one) in scenario.ends for scenario in found)]
    headings = ("system", "quantity", "unit", *(scenario.name for scenario in found))
    sheet = book.sheet(SHEET, (24, 30, 12, *([13] * len(found))), headings, title=title)
    top = 3 + len(systems) + 1
    book.text(sheet, top, 0, "Inputs of each scenario", bold=True)
    own: list[dict[int, str]] = [{} for _ in found]
    for row, cell in enumerate(varied, top + 1):
        book.text(sheet, row, 1, cell.name)
        book.text(sheet, row, 2, cell.unit)
        for number, scenario in enumerate(found):
            _input(book, sheet, row, FIRST + number, cell, scenario)
            own[number][id(cell)] = at(SHEET, row, FIRST + number)
    top += len(varied) + 2
    for place, (label, cost, nodes) in enumerate(systems, 3):
        chosen = affected(nodes, varied)
        book.text(sheet, top, 0, label, bold=True)
        values = [_values(chosen, varied, scenario) for scenario in found]
        for row, node in enumerate(chosen, top + 1):
            sheet.set_row(row, None, None, {"level": 1})
            book.text(sheet, row, 1, node.shown)
            book.text(sheet, row, 2, node.unit)
            for number in range(len(found)):
                text = scenario_formula(book, node, own[number])
                book.live(sheet, row, FIRST + number, text, values[number][id(node.cell)])
                own[number][id(node.cell)] = at(SHEET, row, FIRST + number)
        _summary(book, sheet, place, label, cost, own, values)
        top += len(chosen) + 2


def _input(book: Book, sheet: Any, row: int, column: int, cell: Cell, scenario: Scenario) -> None:
    place, text, value = book.refer(cell), "", cell.value
    end = scenario.ends.get(id(cell))
    if end is None:
        text = f"={place}"
    elif isinstance(cell.origin, Given):
        factor = UNITS[cell.origin.fact.unit][1] if cell.origin.fact.unit in UNITS else 1.0
        where = at(INPUTS, book.places[id(cell)][1], 3 + end)
        text, value = f"={where}*{factor!r}".upper().replace(INPUTS.upper(), INPUTS), end_of(cell, end)
    else:
        text, value = f"={place}{('/2', '*2')[end]}", end_of(cell, end)
    sheet.write_formula(row, column, text, book.format(num_format=OTHER), cached(value))


def end_of(cell: Cell, end: int) -> float:
    """Value of an input at the low or the high end."""
    if isinstance(cell.origin, Given):
        ends = span(cell.origin.fact)
        assert ends is not None
        return ends[end]
    return float(cell.value) * (0.5, 2.0)[end]


def _values(nodes: Sequence[Node], varied: Iterable[Cell], scenario: Scenario) -> dict[int, Any]:
    changed = {cell: end_of(cell, scenario.ends[id(cell)]) for cell in varied if id(cell) in scenario.ends}
    return dict(zip((id(node.cell) for node in nodes), evaluate([node.cell for node in nodes], changed), strict=True))


def _summary(
    book: Book, sheet: Any, row: int, label: str, cost: Cell, own: Sequence[Mapping[int, str]],
    values: Sequence[Mapping[int, Any]],
) -> None:  # fmt: skip
    book.text(sheet, row, 0, label, bold=True)
    book.text(sheet, row, 1, "blended cost")
    book.text(sheet, row, 2, "USD/Mtok")
    for number, places in enumerate(own):
        value = float(np.asarray(values[number].get(id(cost), cost.value))) * PER_MTOK
        text = f"={places.get(id(cost)) or book.refer(cost)}*1000000"
        sheet.write_formula(row, FIRST + number, text, book.format(num_format="0.0000", bold=True), cached(value))
