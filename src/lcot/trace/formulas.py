"""What the functions say of themselves: title, formula, references, and units of what they take and give."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

from lcot.units import UNITS

UNIT = re.compile(r"\[([^\[\]]+)\]")
CITED = re.compile(r":cite" r":t:`([^`]+)`([^;.\n]*(?:\n(?!\n)[^;.\n:]*)?)")
SI = {dimension for dimension, _ in UNITS.values()}
PLAIN = {"1": "1", "text": "", "any": ""}


@dataclass(frozen=True, slots=True)
class Formula:
    """What one function computes, in its own words."""

    name: str  # module and function
    title: str = ""
    math: tuple[str, ...] = ()  # LaTeX
    references: tuple[str, ...] = ()  # citation key, and the place in it
    parameters: dict[str, str] = field(default_factory=dict[str, str])  # unit of each parameter
    result: str = ""  # unit of the result


@cache
def formula(module: str, function: str) -> Formula:
    """What the docstring of a function says; only its name where it has none."""
    name = f"{module}.{function}"
    found: Any = import_module(module)
    for part in function.split("."):
        if part == "<locals>":
            return Formula(name)
        found = getattr(found, part, None)
    if isinstance(found, property):
        found = found.fget
    doc = inspect.getdoc(found) if found is not None else None
    return read(name, doc) if doc else Formula(name)


def read(name: str, doc: str) -> Formula:
    """A docstring taken apart."""
    title, _, rest = doc.partition("\n\n")
    parts = sections(rest)
    result = UNIT.findall(parts.get("Returns", "")) or UNIT.findall(title)
    title = UNIT.sub("", title.replace("\n", " ")).rstrip(" .")
    return Formula(
        name, title, tuple(maths(parts.get("Notes", ""))), tuple(cited(parts.get("References", ""))),
        units_of_parameters(parts.get("Parameters", "")), known(result[0]) if len(set(result)) == 1 else "",
    )  # fmt: skip


def sections(doc: str) -> dict[str, str]:
    """Text of each section of a numpydoc docstring."""
    parts = re.split(r"(?m)^(\w[\w ]*)\n-+\n", doc)
    return dict(zip(parts[1::2], parts[2::2], strict=False))


def maths(notes: str) -> list[str]:
    """Each formula of the notes, as LaTeX."""
    blocks = re.findall(r"(?ms)^\.\. math::(.*?)(?=\n\S|\Z)", notes)
    return [" ".join(block.split()) for block in blocks] or re.findall(r":math:`([^`]+)`", notes)[:1]


def cited(text: str) -> list[str]:
    """Citation keys with the place in each."""
    return [f"{key}{' '.join(place.split()) and ' ' + ' '.join(place.split()).strip(', ')}".strip()
            for key, place in CITED.findall(text)]  # fmt: skip


def units_of_parameters(text: str) -> dict[str, str]:
    """Unit of each parameter that has exactly one."""
    units: dict[str, str] = {}
    for names, description in re.findall(r"(?ms)^([\w*, ]+?) : [^\n]*\n(.*?)(?=^\S|\Z)", text):
        found = set(UNIT.findall(description))
        if len(found) == 1:
            units |= dict.fromkeys((one.strip(" *") for one in names.split(",")), known(found.pop()))
    return units


def known(unit: str) -> str:
    """A unit of the closed table in SI; other texts in brackets are not units."""
    unit = unit.split(",")[0].strip()
    if unit in SI or unit in PLAIN:
        return PLAIN.get(unit, unit)
    return UNITS[unit][0] if unit in UNITS else "1" if unit in ("sequence", "request") else ""


@cache
def units_of_fields(kind: type) -> dict[str, str]:
    """Unit of each field of a dataclass, from the remark beside it, else from the docstring of the class."""
    if not is_dataclass(kind):
        return {}
    doc = inspect.getdoc(kind) or ""
    found = UNIT.findall(doc)
    common = known(found[0]) if len(set(found)) == 1 else "s" if doc.startswith("Seconds") else ""
    units = dict.fromkeys(kind.__dataclass_fields__, common)
    for name, remark in re.findall(r"(?m)^    (\w+): [^#\n]*#\s*(.+)$", inspect.getsource(kind)):
        first = re.split(r"[,;: ]", remark)[0]
        unit = known(first) or ("s" if "seconds" in remark else "")
        units[name] = unit or ("" if common == "" else common)
    return units
