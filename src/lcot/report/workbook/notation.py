"""Formulas of cells in the language of sheets, one element of an array at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lcot.cell import Cell, value_of

LONGEST = 8000  # characters of a formula; Excel takes 8,192
Refer = Callable[[Cell, int], str | None]  # where an element of a cell stands; None: write its formula

INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2), "greater": (">", 0),
         "greater_equal": (">=", 0), "less": ("<", 0), "less_equal": ("<=", 0), "equal": ("=", 0),
         "not_equal": ("<>", 0)}  # fmt: skip
# {0} and {1} stand for the inputs. The exponential less one and the logarithm of one more keep the digits of small
# numbers, as NumPy's do; a power is a function because a sheet takes a minus sign before a power first.
WORDS = {
    "power": "POWER({0},{1})", "square": "POWER({0},2)", "sqrt": "SQRT({0})", "absolute": "ABS({0})",
    "maximum": "MAX({0},{1})", "minimum": "MIN({0},{1})", "exp": "EXP({0})", "log": "LN({0})", "log2": "LOG({0},2)",
    "expm1": "IF(EXP({0})=1,{0},(EXP({0})-1)*({0})/LN(EXP({0})))",
    "log1p": "IF(1+({0})=1,{0},LN(1+({0}))*({0})/((1+({0}))-1))",
    "floor": "INT({0})", "ceil": "(-INT(-({0})))", "negative": "(-({0}))", "positive": "({0})",
    "logical_and": "AND({0},{1})", "bitwise_and": "AND({0},{1})", "logical_or": "OR({0},{1})",
    "bitwise_or": "OR({0},{1})", "logical_not": "NOT({0})", "invert": "NOT({0})", "where": "IF({0},{1},{2})",
    "isnan": "ISNA({0})",
}  # fmt: skip


def formula(cell: Cell, element: int, refer: Refer) -> str:
    """The formula of one element, with its equals sign."""
    return "=" + _operation(cell, element, refer)[0]


def literal(number: Any) -> str:
    """A plain number as a sheet writes it."""
    value = float(number)
    if np.isnan(value):
        return "NA()"
    if np.isinf(value):
        return "9.99E+307" if value > 0 else "-9.99E+307"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).upper()


def _term(number: Any, element: int, refer: Refer) -> tuple[str, int]:
    if not isinstance(number, Cell):
        text = literal(np.asarray(number).flat[element])
        return text, 9 if not text.startswith("-") else 1
    place = refer(number, element)
    return (place, 9) if place is not None else _operation(number, element, refer)


def _operation(cell: Cell, element: int, refer: Refer) -> tuple[str, int]:
    operation, shape = cell.operation, np.shape(cell.value)
    if operation == "pick":
        source = cell.inputs[0]
        places = np.asarray(np.arange(np.size(source.value)).reshape(source.shape)[cell.inputs[1]])
        return _term(source, int(places.flat[element]), refer)
    if operation == "interp":
        return _interpolated(cell, refer), 1
    if operation == "total":
        return f"SUM({','.join(_summed(cell, element, refer))})", 9
    terms = [_term(one, _place(one, element, shape), refer) for one in cell.inputs]
    if operation in INFIX:
        sign, level = INFIX[operation]
        return _bracketed(terms[0], level + (level == 0)) + sign + _bracketed(terms[1], level + 1), level
    return WORDS[operation].format(*(text for text, _ in terms)), 9


def _place(number: Any, element: int, shape: tuple[int, ...]) -> int:
    """Which element of an input goes into an element of the result."""
    own = np.shape(value_of(number))
    if own == shape or not own:
        return element if own else 0
    return int(np.broadcast_to(np.arange(np.prod(own)).reshape(own), shape).flat[element])


def _summed(cell: Cell, element: int, refer: Refer) -> list[str]:
    if len(cell.inputs) == 1:
        one = cell.inputs[0]
        return [_term(one, place, refer)[0] for place in range(np.size(one.value))]
    shape = np.shape(cell.value)
    return [_term(one, _place(one, element, shape), refer)[0] for one in cell.inputs]


def _interpolated(cell: Cell, refer: Refer) -> str:
    """Straight lines between points, held outside: a sum of parts that each begin and end with their line."""
    x = _bracketed(_term(cell.inputs[0], 0, refer), 2)
    count = np.size(value_of(cell.inputs[1]))
    xs, ys = ([_bracketed(_term(one, i, refer), 2) for i in range(count)] for one in cell.inputs[1:])
    parts = [
        f"IF({xs[i + 1]}>{xs[i]},({ys[i + 1]}-{ys[i]})*MAX(0,MIN(1,({x}-{xs[i]})/({xs[i + 1]}-{xs[i]}))),0)"
        for i in range(count - 1)
    ]
    return "+".join([ys[0], *parts])


def _bracketed(term: tuple[str, int], least: int) -> str:
    text, level = term
    return text if level >= least else f"({text})"
