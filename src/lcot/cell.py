"""Cells: numbers that remember how they were made, so that a formula that ran can be printed, exported and run again.

A cell goes through the same functions as a float or an array. Operators and NumPy's element-wise functions keep the
trace; `where`, `interp`, `total` and indexing are primitives; whatever else would lose it in silence (``bool``,
``float``, ``int``, ``index``, conversion to an array, any other NumPy function) raises `TraceLost`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

# NumPy's functions that keep the trace: those that a sheet can compute too
OPERATIONS = {
    "add", "subtract", "multiply", "divide", "power", "negative", "positive", "absolute", "maximum", "minimum",
    "sqrt", "square", "exp", "expm1", "log", "log1p", "log2", "floor", "ceil", "greater", "greater_equal", "less",
    "less_equal", "logical_and", "bitwise_and", "logical_or", "bitwise_or", "logical_not", "invert", "isnan",
    "equal", "not_equal",
}  # fmt: skip


class TraceLost(TypeError):
    """A cell was asked for something that would cut it off from its formula."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} would lose the trace of a cell; use where, interp, total or value_of of lcot.cell")


class Call:
    """One call of a function while it is traced: what its cells belong to."""

    __slots__ = ("function", "label", "parent", "place")

    def __init__(self, function: str, place: str, label: str, parent: Call | None) -> None:
        self.function, self.place, self.label, self.parent = function, place, label, parent


CALLS: list[Call] = []  # functions at work while `lcot.trace` watches, innermost last
MADE: dict[Any, Cell] = {}  # what they made so far: the same operation on the same inputs is one cell


class Cell(NDArrayOperatorsMixin):
    """A number or array with the operation and the inputs that made it; without inputs, a leaf.

    ``origin`` of a leaf says what it is: a fact, or something held fixed. ``name``, ``unit`` and ``call`` are told by
    `lcot.trace` for the reader, ``common`` where several operators share the cell; no result depends on them.
    """

    __slots__ = ("call", "common", "inputs", "name", "operation", "origin", "unit", "value")

    def __init__(self, value: Any, operation: str = "", inputs: tuple[Any, ...] = (), origin: Any = None) -> None:
        self.value, self.operation, self.inputs, self.origin = value, operation, inputs, origin
        self.name, self.unit, self.common = "", "", False
        self.call = CALLS[-1] if CALLS else None

    def __hash__(self) -> int:  # cells are told apart by identity; == makes a cell
        return id(self)

    def __repr__(self) -> str:
        return f"Cell({self.value!r}, {self.name or self.operation or self.origin!r})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        """Axes of the value."""
        return np.ndim(self.value)

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **rest: Any) -> Any:
        name = function.__name__
        if method != "__call__" or rest or name not in OPERATIONS:
            raise TraceLost(f"numpy.{name}" + (f".{method}" if method != "__call__" else ""))
        value = function(*map(value_of, inputs))
        return _unchanged(name, inputs, value) if name in NEUTRAL else made(value, name, inputs)

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, named: Any) -> Any:
        if function in (np.shape, np.ndim):
            return function(value_of(arguments[0]))
        own: dict[Any, Callable[..., Any]] = {np.where: where, np.interp: interp, np.clip: _clip, np.sum: total}
        if function not in own or named:
            raise TraceLost(f"numpy.{function.__name__}")
        return own[function](*arguments)

    def __getitem__(self, index: Any) -> Cell:
        return made(self.value[index], "pick", (self, index))

    def _refuse(self, what: str) -> NoReturn:
        raise TraceLost(what)

    def __bool__(self) -> bool:
        self._refuse("bool()")

    def __float__(self) -> float:
        self._refuse("float()")

    def __int__(self) -> int:
        self._refuse("int()")

    def __index__(self) -> int:
        self._refuse("an index")

    def __complex__(self) -> complex:
        self._refuse("complex()")

    def __round__(self, digits: int = 0) -> float:
        self._refuse("round()")

    def __iter__(self) -> NoReturn:
        self._refuse("iteration")

    def __len__(self) -> int:
        self._refuse("len()")

    def __array__(self, *_: Any, **__: Any) -> Any:
        self._refuse("conversion to an array")


# operation -> (the plain number that changes nothing, whether it may stand first)
NEUTRAL = {"add": (0.0, True), "subtract": (0.0, False), "multiply": (1.0, True), "divide": (1.0, False),
           "power": (1.0, False)}  # fmt: skip


def _unchanged(name: str, inputs: tuple[Any, ...], value: Any) -> Any:
    """The cell that the operation does not change, or a plain zero where it leaves nothing of it; else a new cell."""
    first, second = inputs
    neutral, either = NEUTRAL[name]
    shape = np.shape(value)
    for one, other, allowed in ((first, second, True), (second, first, either)):
        plain = allowed and isinstance(one, Cell) and not isinstance(other, Cell)
        if plain and np.all(other == neutral) and np.shape(value_of(one)) == shape:
            return one
    if name in ("multiply", "divide") and not np.any(value):
        for one in inputs if name == "multiply" else inputs[:1]:
            if not isinstance(one, Cell) and not np.any(one):
                return value
    return made(value, name, inputs)


def made(value: Any, operation: str, inputs: tuple[Any, ...]) -> Cell:
    """The cell of an operation; while `lcot.trace` watches, the one that was made before from the same inputs."""
    if not CALLS:
        return Cell(value, operation, inputs)
    key = (operation, *(id(one) if isinstance(one, Cell) else _plain_key(one) for one in inputs))
    before = MADE.setdefault(key, Cell(value, operation, inputs))
    if before.call is not None and before.call.label != CALLS[-1].label:
        before.common = True
    return before


def _plain_key(number: Any) -> Any:
    array = np.asarray(number) if not isinstance(number, tuple | slice) else None
    return repr(number) if array is None else (array.shape, array.tobytes())


def value_of(number: Any) -> Any:
    """The plain value of a cell, for checks and for what is held fixed; any other number as it is.

    What is decided from it is not traced: only use it where no formula goes on from the decision.
    """
    return number.value if isinstance(number, Cell) else number


def whole(number: Any) -> int:
    """A count that shapes the calculation, such as chips in a domain: the largest of the values, held fixed."""
    return int(np.max(value_of(number)))


def several(count: Any) -> bool:
    """Whether a count that shapes the calculation is above one; of copies abreast, alike in this, the first tells."""
    return bool((count.flat[0] if isinstance(count, np.ndarray) else count) > 1)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """One of two numbers by a condition, on floats, arrays and cells."""
    if not any(isinstance(one, Cell) for one in (condition, yes, no)):
        return np.where(condition, yes, no)
    value = np.where(*(value_of(one) for one in (condition, yes, no)))[()]
    return made(value, "where", (condition, yes, no))


def interp(x: Any, xs: Any, ys: Any) -> Any:
    r"""Linear interpolation between points on one axis, held constant outside, on floats, arrays and cells.

    .. math:: y_0 + \sum_i (y_{i+1} - y_i) \min\left(1, \max\left(0, \frac{x - x_i}{x_{i+1} - x_i}\right)\right)

    so that a sheet needs no look-up. ``xs`` does not decrease.
    """
    if not any(isinstance(one, Cell) for one in (x, xs, ys)):
        return np.interp(x, xs, ys)
    return made(np.interp(*(value_of(one) for one in (x, xs, ys))), "interp", (x, xs, ys))


def total(parts: Iterable[Any] | Any) -> Any:
    """Sum of floats, arrays and cells."""
    if isinstance(parts, Cell):
        return made(np.asarray(parts.value).sum(), "total", (parts,))
    items = list(parts)
    if len(items) < 2 or not any(isinstance(one, Cell) for one in items):
        return sum(items)
    return made(sum(map(value_of, items)), "total", tuple(items))


def stacked(parts: Iterable[Any]) -> Any:
    """Floats, arrays and cells side by side along a new first axis."""
    items = list(parts)
    if not any(isinstance(one, Cell) for one in items):
        return np.stack(np.broadcast_arrays(*items))
    pairs = zip(items, np.eye(len(items)), strict=True)
    return total(part * place for part, place in pairs if isinstance(part, Cell) or np.any(part))


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


def compute(operation: str, values: Iterable[Any]) -> Any:
    """Result of an operation on plain values: what a cell of it holds."""
    items = list(values)
    if operation == "pick":
        return items[0][items[1]]
    if operation == "where":
        return np.where(*items)[()]
    if operation == "interp":
        return np.interp(*items)
    if operation == "total":
        return np.asarray(items[0]).sum() if len(items) == 1 else sum(items)
    return getattr(np, operation)(*items)


def in_order(results: Iterable[Cell]) -> list[Cell]:
    """Every cell on which the results depend, each once, inputs first."""
    made: list[Cell] = []
    seen: set[int] = set()
    waiting: list[tuple[Cell, bool]] = [(one, False) for one in reversed(list(results))]
    while waiting:
        cell, ready = waiting.pop()
        if ready:
            made.append(cell)
            continue
        if id(cell) in seen:
            continue
        seen.add(id(cell))
        waiting.append((cell, True))
        waiting += [(one, False) for one in reversed(cell.inputs) if isinstance(one, Cell)]
    return made


def evaluate(results: Iterable[Cell], changed: dict[Cell, Any] | None = None) -> list[Any]:
    """Values of the results when they are computed again from the leaves, some of them changed."""
    wanted = list(results)
    values: dict[int, Any] = {id(leaf): value for leaf, value in (changed or {}).items()}
    for cell in in_order(wanted):
        if id(cell) not in values:
            inputs = [values[id(one)] if isinstance(one, Cell) else one for one in cell.inputs]
            values[id(cell)] = compute(cell.operation, inputs) if cell.operation else cell.value
    return [values[id(one)] for one in wanted]
