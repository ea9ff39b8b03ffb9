"""A number's derivation as plain data (schema ``lcot.explain/1``) and as a tree on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from lcot.cell import Cell
from lcot.facts.listing import card, confidence
from lcot.report.amounts import amount
from lcot.trace.derived import Derived
from lcot.trace.leaves import Asked, Given, Held
from lcot.trace.nodes import Node, nodes_of
from lcot.trace.numbers import facts_under, held_under
from lcot.trace.units import unit_of

if TYPE_CHECKING:
    from rich.tree import Tree

SCHEMA, NUMBERS = "lcot.explain/1", "lcot.numbers/1"
WIDEST = 110  # characters of a formula in the tree
SOURCE = 50  # characters of a source in the tree


def as_dict(found: Derived, of: str = "") -> dict[str, Any]:
    """The derivation of a number: every node with formula, value, unit and inputs, and the leaves with sources."""
    of = of or found.main
    result = found.number(of)
    nodes = nodes_of({of: result})
    return {
        "schema": SCHEMA,
        "verb": found.verb,
        "of": of,
        "id": nodes[id(result)].id,
        "value": plain(result.value),
        "unit": result.unit,
        **found.about,
        "told": found.told,
        "nodes": [node_dict(node) for node in nodes.values()],
        "facts": [card(one.origin.fact, one.origin.owner) for one in facts_under([result])],
        "held": [held_dict(one) for one in held_under([result])],
        "notes": list(found.notes),
    }


def names_dict(found: Derived) -> dict[str, Any]:
    """Every number that can be followed (schema ``lcot.numbers/1``), the main one first."""
    rows = [{"of": name, "value": plain(cell.value), "unit": unit_of(cell)} for name, cell in found.numbers.items()]
    return {"schema": NUMBERS, "verb": found.verb, **found.about, "told": found.told, "numbers": rows}


def names_text(found: Derived) -> str:
    """The same for a reader."""
    rows = [(name, amount(cell.value, unit_of(cell))) for name, cell in found.numbers.items()]
    width = max(len(name) for name, _ in rows)
    return "\n".join([found.told, "", *(f"{name:{width}}  {value}" for name, value in rows)])


def node_dict(node: Node) -> dict[str, Any]:
    """One node as plain data; ``expression`` is the formula in ids, with NumPy's meaning of each function."""
    told = node.told
    return {
        "id": node.id,
        "name": node.shown,
        "kind": kind_of(node.cell),
        "value": plain(node.value),
        "unit": node.unit,
        "formula": node.formula(),
        "expression": node.expression(),
        "inputs": [one.id for one in node.inputs],
        "title": told.title if told else "",
        "function": told.name if told else "",
        "math": list(told.math) if told else [],
        "references": list(told.references) if told else [],
    }


def kind_of(cell: Cell) -> str:
    """What a cell is: formula, fact, asked or held."""
    if cell.operation:
        return "formula"
    return {Given: "fact", Asked: "asked", Held: "held"}[type(cell.origin)]


def held_dict(cell: Cell) -> dict[str, Any]:
    """A number that does not move with the facts, and why."""
    kind = "asked" if isinstance(cell.origin, Asked) else "held"
    return {"name": cell.name, "kind": kind, "value": plain(cell.value), "unit": cell.unit, "why": cell.origin.why}


def plain(value: Any) -> Any:
    """A number or nested lists of numbers."""
    return np.asarray(value).tolist()


def tree(found: Derived, of: str, depth: int) -> Tree:
    """The derivation as a tree of ``depth`` levels; 0 for all."""
    from rich.text import Text
    from rich.tree import Tree

    result = found.number(of)
    nodes = nodes_of({of: result})
    seen: set[str] = set()
    said: set[str] = set()

    def grow(branch: Tree, node: Node, level: int) -> None:
        again = node.id in seen and bool(node.inputs)
        seen.add(node.id)
        if again:
            branch.add(Text(f"{node.shown}  {amount(node.value, node.unit)}  (see above)", style="dim"))
            return
        twig = branch.add(line(node, said))
        if depth and level >= depth:
            if node.inputs:
                twig.add(Text(f"… from {', '.join(one.shown for one in node.inputs)}"[:WIDEST], style="dim"))
            return
        for one in node.inputs:
            grow(twig, one, level + 1)

    top = nodes[id(result)]
    root = Tree(line(top, said))
    seen.add(top.id)
    for one in top.inputs:
        grow(root, one, 1)
    return root


def line(node: Node, said: set[str]) -> Any:
    """One node on a terminal; what a function computes is said once."""
    from rich.text import Text

    text = Text(f"{node.shown}  ", style="bold")
    text.append(amount(node.value, node.unit), style="cyan")
    if node.cell.operation:
        formula = node.formula()
        text.append(f"  = {formula if len(formula) <= WIDEST else formula[: WIDEST - 1] + '…'}", style="not bold")
        if node.told and node.told.title and node.told.name not in said:
            said.add(node.told.name)
            cited = f" [{'; '.join(one.split()[0] for one in node.told.references)}]" if node.told.references else ""
            text.append(f"\n{node.told.title}{cited}", style="dim not bold")
    elif isinstance(node.cell.origin, Given):
        text.append(f"  {source_of(node.cell)}", style="green not bold")
    elif isinstance(node.cell.origin, Held):
        text.append(f"  held: {node.cell.origin.why}", style="yellow not bold")
    else:
        text.append("  asked", style="yellow not bold")
    return text


def source_of(cell: Cell) -> str:
    """Range, first source, date, kind and confidence of a fact; the rest is in the list of sources."""
    fact = cell.origin.fact
    title = fact.sources[0].title if fact.sources else "no source"
    more = f" and {len(fact.sources) - 1} more" if len(fact.sources) > 1 else ""
    parts = [title if len(title) <= SOURCE else title[: SOURCE - 1] + "…", fact.date, fact.kind, confidence(fact)]
    parts[0] += more
    span = f"({ends_of(cell)})  " if fact.low is not None else ""
    return span + ", ".join(part for part in parts if part)


def ends_of(cell: Cell) -> str:
    """Low and high of a fact."""
    fact = cell.origin.fact
    return "" if fact.low is None else amount(np.array([fact.low, fact.high]), cell.unit)


def sources(results: Iterable[Cell]) -> list[tuple[str, ...]]:
    """Rows of the sources section: fact, value, range, source, place, date, kind, confidence."""
    rows: list[tuple[str, ...]] = []
    for cell in facts_under(results):
        fact = cell.origin.fact
        titles = "; ".join(source.title for source in fact.sources)
        value = amount(cell.value, cell.unit)
        rows.append((cell.name, value, ends_of(cell), titles, fact.at, fact.date, fact.kind, confidence(fact)))
    return rows


def opening(found: Derived, of: str) -> str:
    """What the number is of, in two lines."""
    result = found.number(of)
    return f"{of}: {amount(result.value, result.unit)}, at the stated facts\n{found.told}\n"


def sources_table(found: Derived, of: str) -> Any:
    """The facts under the number, with sources and confidence."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title="Sources", box=None, pad_edge=False, header_style="bold", title_justify="left")
    for name in ("fact", "value", "low to high", "source", "at", "date", "kind", "confidence"):
        made.add_column(name, overflow="fold" if name in ("source", "at", "fact") else "ellipsis")
    for row in sources([found.number(of)]):
        made.add_row(*map(Text, row))
    return made
