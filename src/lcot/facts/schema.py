"""What a YAML file of the catalogue may say. The classes and what stands below each attribute make the JSON Schemas."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from lcot.errors import UnknownName
from lcot.facts.keys import Key
from lcot.units import UNITS

Kind = Literal["datasheet", "filing", "paper", "measured", "press", "analyst", "secondary", "estimate", "user"]
# From the strongest to the weakest; a fact is as weak as the weakest source that it rests on.
STRENGTH: tuple[str, ...] = (
    "user", "datasheet", "filing", "paper", "measured", "press", "analyst", "secondary", "estimate",
)  # fmt: skip
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
KEY = re.compile(r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")


def check_date(text: str) -> str:
    """A date as YYYY, YYYY-MM or YYYY-MM-DD. Raises `ValueError`."""
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise ValueError(f"{text!r} is not a date; allowed: YYYY, YYYY-MM or YYYY-MM-DD")
    parts = [int(part) for part in text.split("-")]
    try:
        date(*[*parts, 1, 1][:3])
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date: {error}") from None
    return text


Date = Annotated[str, Field(description="YYYY, YYYY-MM or YYYY-MM-DD")]


class Strict(BaseModel):
    """No unknown keys, no conversion from text to number, no infinities."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class SourceEntry(Strict):
    """Where facts come from."""

    title: Text
    """Title of the document or page."""
    kind: Kind
    """What sort of source it is; the weakest source of a fact sets the confidence that answers show."""
    url: str | None = None
    """Address. May be missing only for the kinds secondary, estimate and user, with a locator or a note."""
    publisher: str = ""
    """Who published it."""
    date: Date = ""
    """Date of the source."""
    accessed: Date = ""
    """Date on which it was read."""
    locator: str = ""
    """Where to find it if it has no address of its own."""
    note: str = ""
    """Anything the reader must know of it."""

    @model_validator(mode="after")
    def _address(self) -> SourceEntry:
        if self.url is not None and not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", self.url):
            raise ValueError(f"url {self.url!r} is not an address that begins with https:// or http://")
        if self.url is None and self.kind not in ("secondary", "estimate", "user"):
            raise ValueError(f"kind {self.kind} needs a url; allowed without: secondary, estimate, user")
        if self.url is None and not (self.locator or self.note):
            raise ValueError("a source without url needs a locator or a note")
        for name in (self.date, self.accessed):
            if name:
                check_date(name)
        return self


class FactEntry(Strict):
    """One fact: a value with its range, unit and origin."""

    value: float | int | str | None
    """Number in `unit`, text, or null: looked for and not found."""
    low: float | int | None = None
    """Low end, in the same unit. Where sources disagree, both values stand here and in `high`."""
    high: float | int | None = None
    """High end, in the same unit."""
    unit: str = ""
    """One of the closed table of units; may be left out for text and null."""
    source: list[str] | str = Field(default_factory=list[str])
    """Ids of the sources that the value rests on; `estimate` declares an estimate, which needs a range and a note."""
    confirmed: list[str] | str = Field(default_factory=list[str])
    """Ids of further sources that state the same value."""
    at: str = ""
    """Place in the source: page, table, footnote."""
    date: Date = ""
    """Date for which the value holds."""
    kind: Kind | None = None
    """Only where it is not the kind of the weakest source."""
    scope: str = ""
    """What is counted: chip, board, server, rack ... for power; modules, card, server, rack ... for a price."""
    note: str = ""
    """Anything the reader must know of it."""

    @field_validator("value", "low", "high", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float | str | None):
            raise ValueError(f"is {type(value).__name__} {str(value)[:40]!r}; allowed: a number, text or null")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"is {value}; allowed: a finite number")
        return value

    @field_validator("source", "confirmed", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        ids = [value] if isinstance(value, str) else value
        if not isinstance(ids, list) or not all(isinstance(one, str) and one for one in ids):
            raise ValueError("must be the id of a source or a list of ids")
        return ids

    @property
    def source_ids(self) -> list[str]:
        """Ids of the sources that the value rests on."""
        return [self.source] if isinstance(self.source, str) else self.source

    @property
    def confirming_ids(self) -> list[str]:
        """Ids of the sources that confirm it."""
        return [self.confirmed] if isinstance(self.confirmed, str) else self.confirmed

    @model_validator(mode="after")
    def _whole(self) -> FactEntry:
        problems = [*self._unit_problems(), *self._range_problems()]
        if self.value is not None and not self.source_ids:
            problems.append("a value needs a source")
        if "estimate" in (self.kind, *self.source_ids):
            if not self.note:
                problems.append("an estimate needs a note that says how it was made")
            if not isinstance(self.value, str) and self.value is not None and self.low is None:
                problems.append("an estimate needs low and high")
        if self.date:
            check_date(self.date)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unit_problems(self) -> list[str]:
        if isinstance(self.value, str):
            return [] if self.unit in ("", "text") else [f"text has the unit {self.unit!r}; allowed: text, or none"]
        if self.unit in UNITS:
            return ["a number cannot have the unit text"] if self.unit == "text" and self.value is not None else []
        if not self.unit:
            return [] if self.value is None else ["a number needs a unit"]
        return [str(UnknownName("unit", self.unit, UNITS))]

    def _range_problems(self) -> list[str]:
        if (self.low is None) != (self.high is None):
            return ["low and high go together"]
        if self.low is None or self.high is None:
            return []
        if not isinstance(self.value, int | float):
            return ["low and high need a number as value"]
        if not self.low <= self.value <= self.high:
            return [f"low {self.low:g}, value {self.value:g}, high {self.high:g} are out of order"]
        return []


class Owner(Strict):
    """What every file has: an id (the name of the file), a name, sources and facts."""

    keys: ClassVar[dict[str, Key] | None] = None

    id: Identifier
    """Short name, the same as the file's."""
    name: Text
    """Full name."""
    sources: dict[str, SourceEntry] = Field(default_factory=dict[str, SourceEntry])
    """Sources of this file by id; shared ones stand in sources.yaml."""
    facts: dict[str, FactEntry] = Field(default_factory=dict[str, FactEntry])
    """Facts by dotted key, for instance memory.hbm.bandwidth."""
    note: str = ""
    """Anything the reader must know."""


class ChipFile(Owner):
    """An accelerator."""

    vendor: Text
    """Who makes it."""
    family: Literal["gpu", "wafer", "lpu", "rdu", "mesh"]
    """Architecture family: which step time it has."""
    tiers: Annotated[list[Identifier], Field(min_length=1)]
    """Memory tiers, nearest to the compute first."""
    levels: list[Identifier] = Field(default_factory=list[str])
    """Fabric levels, nearest first."""
    aliases: list[Text] = Field(default_factory=list[str])
    """Other names under which it is found."""


def _which_chip(value: object) -> str:
    return "(itself)" if isinstance(value, dict | ChipFile) else "(id)"


class SystemFile(Owner):
    """The smallest thing that can be bought: a card, a server, a rack, a wafer system."""

    vendor: Text
    """Who sells it."""
    chip: Annotated[
        Annotated[Identifier, Tag("(id)")] | Annotated[ChipFile, Tag("(itself)")], Discriminator(_which_chip)
    ]
    """Id of the chip, or the chip itself (a file of one's own)."""
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    """Chips in one system."""
    status: Literal["shipping", "announced", "retired"]
    """Whether it can be bought today."""
    aliases: list[Text] = Field(default_factory=list[str])
    """Other names under which it is found."""
    pairs_with: Identifier | None = None
    """A system that must be bought beside it."""
    chip_facts: dict[str, FactEntry] = Field(default_factory=dict[str, FactEntry])
    """Facts of the chip that differ in this system, for instance fabric.scale_up.size."""


class EngineFile(Owner):
    """A serving engine: its fixed costs and attainable fractions, each with a spread."""

    family: Literal["gpu", "wafer", "lpu", "rdu", "mesh"]
    """Architecture family that it serves."""
    versions: str = ""
    """Range of versions for which the constants hold."""
    usual_for: list[Text] = Field(default_factory=list[str])
    """Chips (ids), vendors or families whose systems are usually served with it; answers assume it unless told."""
    inherits: Identifier | None = None
    """An engine whose facts hold here where this file does not say otherwise."""
    aliases: list[Text] = Field(default_factory=list[str])
    """Other names under which it is found."""


class SiteFile(Owner):
    """Where and how systems run and are paid for."""

    inherits: Identifier | None = None
    """A site whose facts hold here where this file does not say otherwise."""
    aliases: list[Text] = Field(default_factory=list[str])
    """Other names under which it is found."""


class SourcesFile(Strict):
    """The sources that several files share."""

    sources: dict[Identifier, SourceEntry]
    """Sources by id."""


FILES: dict[str, type[Owner]] = {"chips": ChipFile, "systems": SystemFile, "engines": EngineFile, "sites": SiteFile}
