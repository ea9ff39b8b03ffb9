"""Names for cells, from the functions that make them: while these run, every return tells which local holds what."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from types import FrameType
from typing import Any

from lcot.cell import CALLS, MADE, Call, Cell
from lcot.trace.formulas import formula, units_of_fields
from lcot.workload.operators import Elementwise, Experts, Gemm, Mixing

FLOORS = ("lcot.steptime.", "lcot.serving.", "lcot.cost.", "lcot.market.value")
# functions that only add up or repeat, so that what they make belongs to the formula that asks
PLUMBING = frozenset(
    {"plus", "times", "part_of", "_network", "some", "number", "total", "latency", "interval", "interpolate", "read"}
)
OPERATORS = (Elementwise, Experts, Gemm, Mixing)


@contextmanager
def watching() -> Generator[None]:
    """Tell each cell that is made inside which call made it, and its name and unit there."""
    before = sys.getprofile()
    sys.setprofile(_seen)
    try:
        yield
    finally:
        sys.setprofile(before if callable(before) else None)
        CALLS.clear()
        MADE.clear()


def _seen(frame: FrameType, event: str, result: Any) -> None:
    if event not in ("call", "return"):
        return
    module = frame.f_globals.get("__name__", "")
    if not module.startswith(FLOORS):
        return
    code = frame.f_code
    if code.co_name in PLUMBING or code.co_name.startswith("<"):
        return
    if event == "call":
        _begin(module, frame)
    elif CALLS:
        _end(module, frame, result)


def _begin(module: str, frame: FrameType) -> None:
    code, values = frame.f_code, frame.f_locals
    label = next((one.name for one in values.values() if isinstance(one, OPERATORS)), "")
    parent = CALLS[-1] if CALLS else None
    CALLS.append(Call(code.co_qualname, module, label or (parent.label if parent else ""), parent))
    units = formula(module, code.co_qualname).parameters
    for name, value in values.items():
        for place, cell in _cells(name, value):
            if not cell.unit:
                cell.unit = units.get(name, "") if place == name else _unit_of_field(value, place)


def _end(module: str, frame: FrameType, result: Any) -> None:
    call = CALLS.pop()
    for name, value in frame.f_locals.items():
        for place, cell in _cells(name, value):
            if cell.call is call and not cell.name and cell.operation:
                cell.name = place
                cell.unit = cell.unit or _unit_of_field(value, place)
    function = frame.f_code.co_name.strip("_")
    for place, cell in _cells(function, result):
        unit = _unit_of_field(result, place) if place != function else formula(module, frame.f_code.co_qualname).result
        if cell.call is call and cell.operation:
            cell.name = cell.name or (place if place == function else place.partition(".")[2])
            cell.unit = unit or cell.unit
        cell.unit = cell.unit or unit


def _cells(name: str, value: Any) -> Iterator[tuple[str, Cell]]:
    """Cells in a value: itself, the fields of a dataclass, the items of a dict, list or tuple."""
    if isinstance(value, Cell):
        yield name, value
    elif is_dataclass(value) and not isinstance(value, type) and type(value).__module__.startswith(FLOORS):
        for one in fields(value):
            inner = getattr(value, one.name, None)
            if isinstance(inner, Cell):
                yield f"{name}.{one.name}", inner
            elif isinstance(inner, dict):
                yield from _cells(f"{name}.{one.name}", inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, Cell):
                yield f"{name}.{key}", inner
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            if isinstance(inner, Cell):
                yield f"{name}.{place + 1}", inner


def _unit_of_field(value: Any, place: str) -> str:
    return units_of_fields(type(value)).get(place.split(".")[1], "") if is_dataclass(value) else ""
