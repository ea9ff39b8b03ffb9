"""The named numbers of a trace in order, each with its formula in terms of the named numbers before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcot.cell import Cell, in_order
from lcot.trace.formulas import Formula, formula
from lcot.trace.notation import written
from lcot.trace.units import complete

LONGEST = 40  # operations in one formula; beyond it a part gets a line of its own
SHORT = 4  # operations of a part that may be written twice
WHOLE = {"pick", "interp", "total"}  # operations whose array inputs have lines of their own


@dataclass(frozen=True, slots=True)
class Node:
    """One named number."""

    id: str
    cell: Cell
    name: str
    label: str  # operator or part that it belongs to
    told: Formula | None  # what the function that made it says; None for leaves
    inputs: tuple[Node, ...]

    @property
    def value(self) -> Any:
        """Its value."""
        return self.cell.value

    @property
    def unit(self) -> str:
        """Its SI unit."""
        return self.cell.unit

    def formula(self) -> str:
        """Its formula in the names of its inputs; "" for a leaf."""
        return self._written({id(one.cell): one.shown for one in self.inputs})

    def expression(self) -> str:
        """Its formula in the ids of its inputs."""
        return self._written({id(one.cell): one.id for one in self.inputs})

    def _written(self, names: Mapping[int, str]) -> str:
        if not self.cell.operation:
            return ""
        return written(self.cell, lambda cell: names.get(id(cell)) if cell is not self.cell else None)

    @property
    def shown(self) -> str:
        """Name with the operator that it belongs to."""
        return f"{self.name} ({self.label})" if self.label else self.name


def nodes_of(results: Mapping[str, Cell]) -> dict[int, Node]:
    """Nodes of all cells that have a name, are used more than once or make a formula too long, by the cell's id."""
    cells = in_order(results.values())
    complete(cells)
    chosen = _chosen(cells, {id(one) for one in results.values()})
    nodes: dict[int, Node] = {}
    inputs: dict[int, tuple[Node, ...]] = {}
    for cell in cells:
        below = {one.id: one for part in cell.inputs if isinstance(part, Cell)
                 for one in ([nodes[id(part)]] if id(part) in nodes else inputs[id(part)])}  # fmt: skip
        inputs[id(cell)] = tuple(below.values())
        if id(cell) in chosen:
            nodes[id(cell)] = _node(f"n{len(nodes) + 1}", cell, inputs[id(cell)])
    return nodes


def _chosen(cells: list[Cell], results: set[int]) -> set[int]:
    uses = Counter(id(part) for cell in cells for part in cell.inputs if isinstance(part, Cell))
    lines = {id(part) for cell in cells if cell.operation in WHOLE for part in cell.inputs
             if isinstance(part, Cell) and part.ndim > 0}  # fmt: skip
    chosen: set[int] = set()
    size: dict[int, int] = {}
    for cell in cells:
        key = id(cell)
        count = 1 + sum(size[id(part)] for part in cell.inputs if isinstance(part, Cell))
        named = not cell.operation or cell.name or key in lines or key in results
        if named or count > LONGEST or (uses[key] > 1 and count > SHORT):
            chosen.add(key)
            count = 1
        size[key] = count
    return chosen


def _node(id: str, cell: Cell, inputs: tuple[Node, ...]) -> Node:
    call = cell.call if cell.operation else None
    name, label, told = cell.name or "part", "", None
    if call is not None:
        told = formula(call.place, call.function)
        label = "" if cell.common else call.label
        if not cell.name:
            name = f"part of {call.function.rpartition('.')[2].strip('_')}"
    return Node(id, cell, name.replace("_", " ") if cell.operation else name, label, told, inputs)
