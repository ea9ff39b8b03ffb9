"""The cross-checks of a file: between facts, keys, units and sources. Every problem is told, at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lcot.errors import ParseError, UnknownName
from lcot.facts import keys
from lcot.facts.build import units_of
from lcot.facts.keys import Key
from lcot.facts.reading import line_of, read_yaml, validate
from lcot.facts.schema import FILES, KEY, ChipFile, FactEntry, Owner, SystemFile
from lcot.facts.types import Chip, Source
from lcot.units import UNITS, from_si, to_si

Names = Mapping[str, tuple[str, ...]]
Problem = tuple[str, str, str]  # key, what is wrong, what is allowed


def check_form(kind: str, path: Path, text: str) -> tuple[Owner | None, list[ParseError]]:
    """The file as its kind describes it, or every problem of form. Raises `ParseError` if it is not YAML."""
    data = read_yaml(path, text)
    if kind == "systems" and "family" in data and "chip" not in data:
        return None, [
            ParseError(
                path,
                "describes a chip, not a system",
                key="chip",
                allowed="a file with chip: (an id, or the chip itself) and count:",
            )
        ]
    file, problems = validate(FILES[kind], data, path, text)
    if file is None:
        return None, problems
    if path.parent.name == kind and path.stem != file.id:
        problems.append(
            ParseError(
                path,
                f"is {file.id!r} in a file named {path.name}",
                line=line_of(text, ["id"]),
                key="id",
                allowed=path.stem,
            )
        )
    return file, problems


def check_chip(file: ChipFile, shared: Mapping[str, Source], path: object, text: str) -> list[ParseError]:
    """Problems between the facts of a chip."""
    problems = [*_facts(file.facts, keys.CHIP, _names(file.tiers, file.levels)), *_sources(file, [file.facts], shared)]
    return [*_located(problems, path, text, ("facts",)), *_tiers(file, path, text)]


def check_system(
    file: SystemFile, chip: Chip, shared: Mapping[str, Source], path: object, text: str
) -> list[ParseError]:
    """Problems between the facts of a system, of the chip in the same file, and of the chip in this system."""
    names = _names(chip.tiers, chip.levels)
    inline = file.chip if isinstance(file.chip, ChipFile) else None
    problems = [
        *_located(_facts(file.facts, keys.SYSTEM, {}), path, text, ("facts",)),
        *_located(_facts(file.chip_facts, keys.CHIP, names), path, text, ("chip_facts",)),
        *_located(_dates(file), path, text, ("facts",)),
    ]
    entries = [file.facts, file.chip_facts]
    if inline is not None:
        problems += _located(_facts(inline.facts, keys.CHIP, names), path, text, ("chip", "facts"))
        problems += _located(
            _sources(inline, [inline.facts], {**shared, **dict.fromkeys(file.sources)}), path, text, ("chip", "facts")
        )
        problems += _tiers(inline, path, text, ("chip", "facts"))
        entries.append(inline.facts)
    return [
        *problems,
        *_located(
            _sources(file, entries, {**shared, **dict.fromkeys(inline.sources if inline else ())}),
            path,
            text,
            ("facts",),
        ),
    ]


def check_open(file: Owner, shared: Mapping[str, Source], path: object, text: str) -> list[ParseError]:
    """Problems between the facts of a file whose keys are free: an engine, a site, a company, a deal, a claim."""
    return _located([*_facts(file.facts, None, {}), *_sources(file, [file.facts], shared)], path, text, ("facts",))


def _names(tiers: Any, levels: Any) -> Names:
    return {"memory": tuple(tiers), "fabric": tuple(levels)}


def _tiers(file: ChipFile, path: object, text: str, under: tuple[str, ...] = ("facts",)) -> list[ParseError]:
    """A tier without capacity, or a level without bandwidth, is a slip of the pen: null says not found."""
    wanted = [f"memory.{tier}.capacity" for tier in file.tiers] + [f"fabric.{level}.bandwidth" for level in file.levels]
    line, problem = line_of(text, under), "is missing; null says looked for and not found"
    return [
        ParseError(path, problem, line=line, key=".".join([*under, key])) for key in wanted if key not in file.facts
    ]


def _dates(file: SystemFile) -> Iterator[Problem]:
    from lcot.facts.schema import check_date

    fact = file.facts.get("available")
    if fact is not None and isinstance(fact.value, str):
        try:
            check_date(fact.value)
        except ValueError as error:
            yield "available", str(error), ""


def _located(problems: Any, path: object, text: str, under: tuple[str, ...]) -> list[ParseError]:
    made: list[ParseError] = []
    for key, what, allowed in problems:
        place = [*under[:-1], *key.split(".", 1)] if key.startswith("sources.") else [*under, key]
        made.append(
            ParseError(path, what, line=line_of(text, place) if text else None, key=".".join(place), allowed=allowed)
        )
    return made


def _facts(entries: Mapping[str, FactEntry], table: Mapping[str, Key] | None, names: Names) -> Iterator[Problem]:
    """Problems of facts as (key, what is wrong, what is allowed).

    ``table`` is closed where given; ``names`` are the names that ``*`` stands for under ``memory`` and ``fabric``.
    """
    for key, entry in entries.items():
        if not KEY.fullmatch(key):
            yield key, "is not a fact key", "lower-case words, digits and _ joined by dots"
        elif table is not None and not key.startswith(keys.FREE):
            yield from _check_key(key, entry, table, names)


def _check_key(key: str, entry: FactEntry, table: Mapping[str, Key], names: Names) -> Iterator[Problem]:
    known = keys.lookup(key, table)
    if known is None:
        yield key, str(UnknownName("fact key", key, keys.spelled_out(table, names))), ""
        return
    (
        first,
        *_,
    ) = key.split(".")
    if "." in key and first in names and len(key.split(".")) == 3 and key.split(".")[1] not in names[first]:
        what = {"memory": "memory tier", "fabric": "fabric level"}[first]
        yield key, str(UnknownName(what, key.split(".")[1], names[first])), ""
    yield from _check_value(key, entry, known)


def _check_value(key: str, entry: FactEntry, known: Key) -> Iterator[Problem]:
    value, unit = entry.value, entry.unit or ("text" if isinstance(entry.value, str) else "")
    if known.scopes and value is not None and entry.scope not in known.scopes:
        yield key, f"has the scope {entry.scope!r}", ", ".join(known.scopes)
    if unit and UNITS[unit][0] != known.dimension:
        yield key, f"has the unit {unit!r}, which is {UNITS[unit][0]}", ", ".join(units_of(known.dimension))
    elif isinstance(value, str):
        if known.texts and value not in known.texts:
            yield key, f"is {value!r}", ", ".join(known.texts)
    elif value is not None:
        for name, number in (("value", value), ("low", entry.low), ("high", entry.high)):
            if number is not None and not known.low <= to_si(number, unit) <= known.high:
                low, high = from_si(known.low, unit), from_si(known.high, unit)
                yield key, f"{name} is {number:g} {unit}", f"{low:g} to {high:g} {unit}"
                break


def _sources(
    file: Owner, entries: list[dict[str, FactEntry]], shared: Mapping[str, Source | None]
) -> Iterator[Problem]:
    """Sources that facts name and nobody declares, and sources of the file that no fact names."""
    used: set[str] = set()
    for key, entry in (pair for facts in entries for pair in facts.items()):
        for id in [*entry.source_ids, *entry.confirming_ids]:
            used.add(id)
            if id != "estimate" and id not in file.sources and id not in shared:
                yield key, str(UnknownName("source", id, [*file.sources, *shared, "estimate"])), ""
    for id in file.sources:
        if id not in used:
            yield f"sources.{id}", "no fact of this file uses the source", ""
        if id == "estimate":
            yield "sources.estimate", "the id is taken by declared estimates", ""
