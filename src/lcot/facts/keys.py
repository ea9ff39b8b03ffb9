"""The closed table of fact keys of chips and systems: dimension, bounds of the plausible, allowed texts and scopes.

``*`` stands for one name (a number format, a memory tier, a fabric level, a rent term). Keys that begin with
``other.`` are free: they inform the reader and no formula reads them. Engines and sites name their own keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FORMATS = ("fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp6", "fp4", "int4")
TOPOLOGIES = ("switch", "ring", "torus2d", "torus3d", "mesh2d", "all_to_all", "dragonfly", "none")
POWER_SCOPES = ("chip", "package", "module", "board", "card", "server", "system", "wafer", "rack", "pod", "datacentre")
PRICE_SCOPES = ("chip", "modules", "card", "server", "rack", "system", "bom")
TERMS = ("spot", "on_demand", "reserved", "index")
FREE = "other."


@dataclass(frozen=True, slots=True)
class Key:
    """What a fact of this key must be: its dimension, SI bounds (absurd outside), allowed texts or scopes."""

    dimension: str
    low: float = 0.0
    high: float = 1e30
    texts: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def _tail(prefix: str, tails: dict[str, Key]) -> dict[str, Key]:
    return {prefix + tail: key for tail, key in tails.items()}


MEMORY = {
    "capacity": Key("B", 1e5, 1e16),
    "usable": Key("B", 1e5, 1e16),
    "bandwidth": Key("B/s", 1e8, 1e18),
    "latency": Key("s", 0, 1e-2),
    "technology": Key("text"),
}
FABRIC = {
    "bandwidth": Key("B/s", 1e7, 1e18),
    "latency": Key("s", 0, 1e-2),
    "size": Key("1", 1, 1e6),
    "topology": Key("text", texts=TOPOLOGIES),
}

CHIP: dict[str, Key] = {
    **{f"peak.{name}": Key("FLOP/s", 1e9, 1e20) for name in FORMATS},
    **{f"achievable.{name}": Key("1", 0.01, 1.2) for name in FORMATS},  # of the peak, by the best matrix product
    "synchronous.bf16": Key("FLOP/s", 1e9, 1e20),  # of older matrix instructions, where newer ones are faster
    **_tail("memory.*.", MEMORY),
    **_tail("fabric.*.", FABRIC),
    "power.tdp": Key("W", 0.1, 1e6, scopes=POWER_SCOPES),
    "power.idle": Key("W", 0.1, 1e6, scopes=POWER_SCOPES),
    "power.typical": Key("W", 0.1, 1e6, scopes=POWER_SCOPES),
    "price": Key("USD", 1, 1e8, scopes=PRICE_SCOPES),
    "clock": Key("1/s", 1e6, 1e11),
    "cores": Key("1", 1, 1e8),
    "dies": Key("1", 1, 64),  # parts with a memory of their own that software sees as devices
    "die.area": Key("m2", 1e-6, 1),
    "transistors": Key("1", 1e6, 1e15),
    "process": Key("text"),
    "export": Key("text"),
}

SYSTEM: dict[str, Key] = {
    "price": Key("USD", 1, 1e10, scopes=PRICE_SCOPES),
    **{f"rent.{term}": Key("USD/s", 1e-7, 1) for term in TERMS},
    **{f"power.{name}": Key("W", 0.1, 1e9, scopes=POWER_SCOPES) for name in ("max", "typical", "all_in", "idle")},
    "available": Key("text"),
    "cooling": Key("text"),
    "supply": Key("text"),
    "export": Key("text"),
    "host.count": Key("1", 1, 1e6),
    "host.price": Key("USD", 1, 1e9),
    "host.power": Key("W", 0.1, 1e8),
    "host.memory": Key("B", 1e6, 1e18),
    "host.bandwidth": Key("B/s", 1e8, 1e18),
    "network.price": Key("USD", 1, 1e10),
    "network.power": Key("W", 0.1, 1e8),
}


def lookup(key: str, table: Mapping[str, Key]) -> Key | None:
    """The entry of ``table`` for ``key``, where one dotted part may stand for ``*``; None if there is none."""
    if key in table:
        return table[key]
    parts = key.split(".")
    if len(parts) == 3:
        return table.get(f"{parts[0]}.*.{parts[2]}")
    return None


def spelled_out(table: Mapping[str, Key], names: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The keys of ``table``, with ``*`` replaced by each name that it stands for."""
    made: list[str] = []
    for key in table:
        made += [key.replace("*", name) for name in names.get(key.split(".")[0], ())] if "*" in key else [key]
    return made
