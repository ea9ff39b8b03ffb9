"""From checked descriptions to the frozen things that every floor above reads, in SI."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import replace

from lcot.facts.schema import STRENGTH, ChipFile, FactEntry, Owner, SourceEntry, SystemFile
from lcot.facts.types import Chip, Fact, Facts, Source, System
from lcot.units import UNITS, to_si

ESTIMATE = Source(
    "estimate", "Declared estimate", "estimate", note="not published; the fact's note says how it was made"
)


def make_source(id: str, entry: SourceEntry) -> Source:
    """A source of the catalogue from its description."""
    return Source(
        id, entry.title, entry.kind, entry.url, entry.publisher, entry.date, entry.accessed, entry.locator, entry.note
    )


def make_facts(owner: str, entries: Mapping[str, FactEntry], sources: Mapping[str, Source]) -> Facts:
    """Facts in SI. Every source id must be in ``sources``."""
    return Facts(owner, {key: make_fact(key, entry, sources) for key, entry in entries.items()})


def make_fact(key: str, entry: FactEntry, sources: Mapping[str, Source]) -> Fact:
    """One fact in SI."""
    known = {"estimate": ESTIMATE, **sources}
    rests = tuple(known[id] for id in entry.source_ids)
    unit = entry.unit or ("text" if isinstance(entry.value, str) else "")
    return Fact(
        key=key,
        value=_si(entry.value, unit),
        unit=unit,
        low=_si(entry.low, unit),
        high=_si(entry.high, unit),
        sources=rests,
        at=entry.at,
        date=entry.date,
        kind=entry.kind or weakest([source.kind for source in rests]),
        scope=entry.scope,
        note=entry.note,
        confirmed=tuple(known[id] for id in entry.confirming_ids),
    )


def _si(value: float | int | str | None, unit: str) -> float | str | None:
    return to_si(float(value), unit) if isinstance(value, int | float) else value


def weakest(kinds: list[str]) -> str:
    """The weakest of some kinds of source; "" of none."""
    return max(kinds, key=STRENGTH.index, default="")


def units_of(dimension: str) -> list[str]:
    """The units as written that have this dimension."""
    return [unit for unit, (its, _) in UNITS.items() if its == dimension]


def own_sources(file: Owner) -> dict[str, Source]:
    """The sources that a file declares, by id."""
    return {id: make_source(id, entry) for id, entry in file.sources.items()}


def make_chip(file: ChipFile, shared: Mapping[str, Source]) -> Chip:
    """A chip. Every source id must be declared."""
    facts = make_facts(file.id, file.facts, {**shared, **own_sources(file)})
    return Chip(file.id, file.name, file.vendor, file.family, tuple(file.tiers), tuple(file.levels), facts)


def make_system(file: SystemFile, chip: Chip, shared: Mapping[str, Source]) -> System:
    """A system; ``chip_facts`` stand above the facts of the chip alone."""
    known = {**shared, **own_sources(file)}
    here = make_facts(chip.id, file.chip_facts, known)
    facts = make_facts(file.id, file.facts, known)
    available = facts.text("available") if facts.has("available") else ""
    return System(
        id=file.id,
        name=file.name,
        vendor=file.vendor,
        chip=replace(chip, facts=Facts(chip.id, {**chip.facts.items_by_key, **here.items_by_key})),
        count=file.count,
        status=file.status,
        available=last_day(available),
        facts=facts,
        aliases=tuple(file.aliases),
        pairs_with=file.pairs_with or "",
    )


def last_day(date: str) -> str:
    """The last day of a year, month or day, so that something announced for 2027 is not sold in January.

    >>> last_day("2026-09"), last_day("2027"), last_day("")
    ('2026-09-30', '2027-12-31', '')
    """
    parts = [int(part) for part in date.split("-")] if date else []
    if len(parts) == 1:
        parts.append(12)
    if len(parts) == 2:
        parts.append(monthrange(parts[0], parts[1])[1])
    return "{:04d}-{:02d}-{:02d}".format(*parts) if parts else ""
