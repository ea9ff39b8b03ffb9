"""Published claims against the record: what was said, what is on record, and under what facts the reading turns.

A claim's file holds the record with its sources, the reading of it (`verdict`), and what is assumed. A rule
(`lcot.market.claims_record`) says in arithmetic when the claim holds; `flips_when` are changes of facts with which the
same rule, or the model, was run again and came out the other way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import Field

from lcot.facts.catalog import Folders
from lcot.facts.schema import Strict, Text
from lcot.facts.types import Facts
from lcot.market import companies

VERDICTS = ("confirm", "partly", "differs", "opinion")


class Change(Strict):
    """Facts of a scenario, and what they become when the market is run again, one after the other until it turns."""

    key: Text
    """Fact of the scenario; with an asterisk at its end, all facts that begin so; or ``costs of`` a vendor."""
    values: list[float | int] = Field(default_factory=list[float | int])
    """What it is changed to, in `unit`."""
    times: list[float | int] = Field(default_factory=list[float | int])
    """Or by what it is multiplied."""
    unit: Text = "1"
    """Unit of the values."""
    besides: dict[str, float | int] = Field(default_factory=dict[str, float | int])
    """Facts that are multiplied besides, each by its number."""


class ClaimFile(companies.Owner):
    """A published claim."""

    verdict: Literal["confirm", "partly", "differs", "opinion"]
    """How the claim reads against the record."""
    record: Text
    """What is on record, in a sentence or two."""
    reading: Text
    """What follows for the claim."""
    assumptions: list[Text] = Field(default_factory=list[str])
    """How the claim's words were turned into something that can be tested."""
    texts: dict[str, Text] = Field(default_factory=dict[str, str])
    """Facts in words, changed one by one, with which the rule is run again."""
    changes: list[Change] = Field(default_factory=list[Change])
    """Facts of a scenario to change, one by one, where a run of the market tests the claim."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of one fact that was run and turned the claim."""

    key: str
    before: float | str | None  # in the unit
    after: float | str
    unit: str
    holds_before: bool
    holds_after: bool
    note: str = ""
    run: str = "record"  # record | map | market: what was run with the change


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability that the model gives, and what it is of."""

    test: str
    probability: float
    draws: int
    low: float  # P10 of the quantity tested
    mid: float  # P50
    high: float  # P90
    threshold: float
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its record, and what was run."""

    id: str  # C1 ... C12
    text: str
    record: str
    reading: str
    verdict: str
    facts: Facts
    assumptions: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    changes: tuple[Change, ...] = ()
    chances: tuple[Chance, ...] = ()  # the first is the claim's probability
    flips: tuple[Flip, ...] = ()

    @property
    def probability(self) -> float | None:
        """Probability of the claim; None where the model does not test it. [1]"""
        return self.chances[0].probability if self.chances else None


def claim(name: str, folders: Folders = ()) -> Claim:
    """The claim of this id, such as C1, or path. Raises `UnknownName`, `ParseError`."""
    file, facts = companies.read(ClaimFile, companies.find("claims", name, folders))
    return Claim(
        file.id.upper(), file.name, file.record, file.reading, file.verdict, facts, tuple(file.assumptions),
        file.texts, tuple(file.changes),
    )  # fmt: skip


def claim_ids(folders: Folders = ()) -> list[str]:
    """Ids of all claims in their order: C1, C2 ... C12."""
    return sorted((one.upper() for one in companies.ids("claims", folders)), key=lambda one: (len(one), one))


def with_record_flips(one: Claim) -> Claim:
    """The claim with the changes of its own facts that turn it, each run."""
    from lcot.market.claims_record import flips

    return replace(one, flips=(*one.flips, *flips(one)))
