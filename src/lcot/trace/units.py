"""Units of cells that no docstring tells: carried through products and quotients, kept by sums and choices."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from lcot.cell import Cell
from lcot.trace.formulas import SI
from lcot.units import HOUR, YEAR

Powers = dict[str, Fraction]
KEPT = {"add", "subtract", "maximum", "minimum", "total", "pick", "negative", "absolute", "where", "interp", "floor",
        "ceil", "positive"}  # fmt: skip


def unit_of(cell: Cell) -> str:
    """Unit of a cell: the one told for it, else the one that follows from its inputs; "" where none does."""
    if not cell.unit and cell.operation:
        cell.unit = _followed(cell)
    return cell.unit


def complete(cells: list[Cell]) -> None:
    """Follow the units of all cells, inputs first."""
    for cell in cells:
        unit_of(cell)


def _followed(cell: Cell) -> str:
    inputs = cell.inputs[1:] if cell.operation == "where" else cell.inputs[2:] if cell.operation == "interp" else (
        cell.inputs[:1] if cell.operation == "pick" else cell.inputs
    )  # fmt: skip
    if cell.operation in KEPT:
        found = {one.unit for one in inputs if isinstance(one, Cell) and one.unit}
        return found.pop() if len(found) == 1 else ""
    if cell.operation in ("multiply", "divide"):
        first, second = (_powers(one) for one in cell.inputs)
        if first is None or second is None:
            return ""
        if not second and isinstance(cell.inputs[0], Cell):
            return cell.inputs[0].unit  # a dollar for a joule is one for a watt and second: keep the name
        if not first and isinstance(cell.inputs[1], Cell) and cell.operation == "multiply":
            return cell.inputs[1].unit
        for symbol, power in second.items():
            first[symbol] = first.get(symbol, Fraction(0)) + (power if cell.operation == "multiply" else -power)
        return _written(first)
    if cell.operation == "sqrt" and isinstance(cell.inputs[0], Cell):
        found = _powers(cell.inputs[0])
        return _written({s: p / 2 for s, p in found.items()}) if found is not None else ""
    if cell.operation in ("exp", "expm1", "log", "log1p", "log2", "power"):
        return "1" if not isinstance(cell.inputs[0], Cell) or cell.inputs[0].unit == "1" else ""
    return ""


def _powers(number: object) -> Powers | None:
    """Powers of the symbols of a unit; a plain number has none, but a year and an hour are seconds. None: not known."""
    if not isinstance(number, Cell):
        return {"s": Fraction(1)} if isinstance(number, int | float) and number in (YEAR, HOUR) else {}
    unit = number.unit
    if not unit and np.ndim(number.value) == 0 and not number.operation:
        return None
    return powers(unit) if unit else None


def powers(unit: str) -> Powers:
    """Powers of the symbols of an SI unit.

    >>> sorted(powers("USD/(W*s)").items())
    [('USD', Fraction(1, 1)), ('W', Fraction(-1, 1)), ('s', Fraction(-1, 1))]
    """
    found: Powers = {}
    above, _, below = unit.replace("J", "W*s").partition("/")
    for part, sign in ((above, 1), (below, -1)):
        for symbol in re.findall(r"[A-Za-z]\w*", part):
            found[symbol] = found.get(symbol, Fraction(0)) + sign
    return found


WRITTEN = {
    frozenset((s, p) for s, p in powers(unit).items() if p): unit for unit in sorted(SI - {"text"}, reverse=True)
}


def _written(found: Powers) -> str:
    return WRITTEN.get(frozenset((s, Fraction(p)) for s, p in found.items() if p), "")
