"""Formulas of cells as text: infix, with names for what is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lcot.cell import Cell

INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2), "power": ("**", 4),
         "greater": (">", 0), "greater_equal": (">=", 0), "less": ("<", 0), "less_equal": ("<=", 0),
         "equal": ("==", 0), "not_equal": ("!=", 0)}  # fmt: skip
WORDS = {"maximum": "max", "minimum": "min", "invert": "logical_not", "absolute": "abs", "bitwise_and": "logical_and",
         "bitwise_or": "logical_or"}  # fmt: skip
Refer = Callable[[Cell], str | None]


def written(cell: Cell, refer: Refer) -> str:
    """The formula of a cell; ``refer`` names the cells at which it stops."""
    return _operation(cell, refer)[0]


def _term(number: Any, refer: Refer) -> tuple[str, int]:
    if not isinstance(number, Cell):
        return plain(number), 9 if np.all(np.asarray(number) >= 0) else 1
    name = refer(number)
    return (name, 9) if name is not None else _operation(number, refer)


def _operation(cell: Cell, refer: Refer) -> tuple[str, int]:
    operation = cell.operation
    if operation == "pick":
        return f"{_bracketed(_term(cell.inputs[0], refer), 9)}[{_index(cell.inputs[1])}]", 9
    terms = [_term(one, refer) for one in cell.inputs]
    if operation in INFIX:
        sign, level = INFIX[operation]
        left, right = terms
        least = level + 1 if level in (0, 4) else level  # (a ** b) ** c; otherwise in the order of the calculation
        return f"{_bracketed(left, least)} {sign} {_bracketed(right, level + 1)}", level
    if operation in ("negative", "positive"):
        return f"-{_bracketed(terms[0], 3)}" if operation == "negative" else terms[0][0], 3
    return f"{WORDS.get(operation, operation)}({', '.join(text for text, _ in terms)})", 9


def _bracketed(term: tuple[str, int], least: int) -> str:
    text, level = term
    return text if level >= least else f"({text})"


def _index(index: Any) -> str:
    return ", ".join(map(str, index)) if isinstance(index, tuple) else str(index)


def plain(number: Any) -> str:
    """A plain number or array in full."""
    array = np.asarray(number)
    return _items(array) if array.ndim == 0 else f"array({_items(array)})"


def _items(array: Any) -> str:
    if array.ndim:
        return f"[{', '.join(_items(one) for one in array)}]"
    value = array.item()
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else repr(value)
