"""The numbers of a traced plan by name, each in cells, and the facts and held numbers under them."""

from __future__ import annotations

from collections.abc import Iterable

from lcot.cell import Cell, in_order
from lcot.errors import UnknownName
from lcot.trace.leaves import Asked, Given, Held
from lcot.trace.plans import Traced

MAIN = "blended"
ALLOCATION = "bottleneck_seconds"
KINDS = ("input", "cached_input", "output", "blended")
SERVED = ("systems", "copies", "prefill_copies", "batch", "rate", "capacity", "utilisation", "power",
          "time_per_output_token", "time_to_first_token", "prefill_seconds", "cached_seconds",
          "decode_seconds")  # fmt: skip
UNITS = {"systems": "1", "copies": "1", "prefill_copies": "1", "batch": "1", "utilisation": "1", "power": "W",
         "rate": "request/s", "capacity": "request/s"}  # fmt: skip


def numbers(traced: Traced) -> dict[str, Cell]:
    """Every number of the plan that rests on facts: costs first, then the bill's lines, then the fleet."""
    bill, served = traced.bill, traced.served
    found: dict[str, object] = {MAIN: bill.cost[ALLOCATION].blended}
    for method, cost in bill.cost.items():
        for kind in KINDS:
            name = kind.replace("_", " ")
            found.setdefault(
                name if method == ALLOCATION else f"{name}, {method.replace('_', ' ')}", getattr(cost, kind)
            )
    found |= {"total": bill.total, "site power": bill.site_power}
    found |= {f"{name} line": value for name, value in bill.lines.items()}
    found |= {f"{name} capital": value for name, value in bill.capital.items()}
    for name in SERVED:
        value = getattr(served, name)
        found[name.replace("_", " ")] = value
        if isinstance(value, Cell) and not value.unit:
            value.unit = UNITS.get(name, "s")
    if isinstance(served.systems, Cell) and not served.systems.operation:  # simulated: times in closed form beside it
        found["time per output token at the mean batch"] = traced.points.time_per_output_token[0]
    return {name: value for name, value in found.items() if isinstance(value, Cell)}


def number(traced: Traced, name: str) -> Cell:
    """One number of the plan. Raises `UnknownName`."""
    known = numbers(traced)
    if name not in known:
        raise UnknownName("number", name, known, "--of")
    return known[name]


def facts_under(results: Iterable[Cell]) -> list[Cell]:
    """Facts on which the results rest, by owner and key."""
    found = [one for one in in_order(results) if isinstance(one.origin, Given)]
    return sorted(found, key=lambda one: one.origin.name)


def held_under(results: Iterable[Cell]) -> list[Cell]:
    """What is held fixed or asked under the results, in order."""
    return [one for one in in_order(results) if isinstance(one.origin, Held | Asked)]
