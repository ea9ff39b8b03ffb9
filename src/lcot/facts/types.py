"""What a fact is, and the things that facts describe.

A thing (chip, system, engine, site) is a name and a `Facts` mapping. Its numbers are asked for by key and come
in SI; a number that nobody published is a `MissingFact`, never a default. A draw replaces values by arrays, so
the same formulas serve a point, a sweep and a Monte Carlo sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lcot.errors import MissingFact

Numeric = Any  # float or ndarray; every formula takes either


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from.

    ``kind`` is one of datasheet, filing, paper, measured, press, analyst, secondary, estimate, or user (``--set``).
    ``url`` may be None only for kinds secondary, estimate and user, which then carry a ``locator`` or a ``note``.
    """

    id: str
    title: str
    kind: str
    url: str | None = None
    publisher: str = ""
    date: str = ""
    accessed: str = ""
    locator: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value with its range and origin. ``value``, ``low``, ``high`` are SI; ``unit`` is as written in the file."""

    key: str
    value: Numeric | str | None  # None: looked for and not found
    unit: str
    low: Numeric | None = None
    high: Numeric | None = None
    sources: tuple[Source, ...] = ()
    at: str = ""  # place in the source
    date: str = ""
    kind: str = ""  # kind of the weakest source
    scope: str = ""  # chip, board, module, server, system, rack, datacentre, spot, on-demand, reserved ...
    note: str = ""
    confirmed: tuple[Source, ...] = ()  # further sources that state the same value

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """As the standard library does, without looking up the fields of each of thousands of facts."""
        for name, value in zip(self.__slots__, state, strict=True):
            object.__setattr__(self, name, value)

    @property
    def is_estimate(self) -> bool:
        """Whether the value is a declared estimate, which every answer that uses it must show."""
        return self.kind == "estimate"


@dataclass(frozen=True, slots=True)
class Facts(Mapping[str, Fact]):
    """The facts of one thing, by key."""

    owner: str
    items_by_key: Mapping[str, Fact] = field(default_factory=dict[str, Fact])

    def __getitem__(self, key: str) -> Fact:
        return self.items_by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_by_key)

    def __len__(self) -> int:
        return len(self.items_by_key)

    def has(self, key: str) -> bool:
        """Whether there is a value for ``key``."""
        fact = self.items_by_key.get(key)
        return fact is not None and fact.value is not None

    def number(self, key: str, needed_for: str = "") -> Numeric:
        """SI value of ``key``. Raises `MissingFact` where nothing was found."""
        fact = self.items_by_key.get(key)
        if fact is None or fact.value is None or isinstance(fact.value, str):
            raise MissingFact(self.owner, key, needed_for)
        return fact.value

    def text(self, key: str, needed_for: str = "") -> str:
        """Text of ``key``. Raises `MissingFact` where nothing was found."""
        fact = self.items_by_key.get(key)
        if fact is None or not isinstance(fact.value, str):
            raise MissingFact(self.owner, key, needed_for)
        return fact.value

    def with_values(self, values: Mapping[str, Numeric]) -> Facts:
        """The same facts with some values replaced (a draw, or ``--set``)."""
        changed = dict(self.items_by_key)
        for key, value in values.items():
            changed[key] = replace(changed[key], value=value)
        return Facts(self.owner, changed)


@dataclass(frozen=True, slots=True)
class Chip:
    """An accelerator.

    Fact keys: ``peak.<format>`` [FLOP/s, dense; format in bf16 fp8 int8 fp4],
    ``memory.<tier>.capacity`` [B], ``memory.<tier>.usable`` [B], ``memory.<tier>.bandwidth`` [B/s],
    ``fabric.<level>.bandwidth`` [B/s, one way, per chip], ``fabric.<level>.latency`` [s, one hop],
    ``fabric.<level>.size`` [chips], ``fabric.<level>.topology`` [text: switch ring torus2d torus3d mesh2d
    all_to_all dragonfly], ``power.tdp`` [W, with scope], ``power.idle`` [W], ``price`` [USD].
    """

    id: str
    name: str
    vendor: str
    family: str  # gpu | wafer | lpu | rdu | mesh
    tiers: tuple[str, ...]  # memory tiers, nearest first, e.g. ("sram", "hbm")
    levels: tuple[str, ...]  # fabric levels, nearest first, e.g. ("scale_up", "scale_out")
    facts: Facts


@dataclass(frozen=True, slots=True)
class System:
    """The smallest thing that can be bought: a server, a rack, a wafer system, a card.

    Fact keys: ``price`` [USD, scope says what it includes: modules, card, server, rack, system, bom],
    ``rent.<term>`` [USD/s per chip; term in spot, on_demand, reserved, index], ``power.max``, ``power.typical``,
    ``power.all_in`` [W], ``available`` [text, ISO date of first shipment], ``cooling``, ``export`` [text].
    """

    id: str
    name: str
    vendor: str
    chip: Chip
    count: int  # chips in one system
    status: str  # shipping | announced | retired
    available: str  # ISO date from which it can be bought; "" if unknown
    facts: Facts
    aliases: tuple[str, ...] = ()
    pairs_with: str = ""  # a system that must be bought beside it (LPX racks need an NVL72)

    @property
    def family(self) -> str:
        """Architecture family of the chip."""
        return self.chip.family


@dataclass(frozen=True, slots=True)
class Engine:
    """A serving stack and its constants: fixed costs and attainable fractions, each with a spread."""

    id: str
    name: str
    family: str
    versions: str  # e.g. ">=0.9,<0.20"
    facts: Facts
    inherits: str = ""
    usual_for: tuple[str, ...] = ()  # chips or vendors whose systems are usually served with it


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how the systems run and are paid for: tariff, PUE, facility, finance, operations."""

    id: str
    name: str
    facts: Facts
