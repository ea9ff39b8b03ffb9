"""Every problem in files of the catalogue: what loading refuses, and what only a review of facts can ask for."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from lcot.errors import InputError, LcotError, ParseError
from lcot.facts import catalog
from lcot.facts.catalog import Folders
from lcot.facts.reading import line_of, read_text, read_yaml
from lcot.facts.types import Fact, Source

KINDS = {"chips": catalog.chip, "systems": catalog.system, "engines": catalog.engine, "sites": catalog.site}
APART = 2.0  # high over low above which sources that disagree need a note


def check(
    paths: Sequence[str | Path] = (), folders: Folders = (), today: datetime.date | None = None
) -> list[InputError]:
    """Problems of the given files, or of the whole catalogue.

    Parameters
    ----------
    paths : sequence of str or Path
        YAML files, or folders of the catalogue's form; none: every file on the search path.
    folders : sequence of str or Path
        Folders in which ids are looked up before the shipped ones.
    today : date, optional
        No fact and no source may be younger.

    Returns
    -------
    list of InputError
        One for each problem, with file and key; empty if all is well.
    """
    day = (today or datetime.date.today()).isoformat()
    files: list[Path] = []
    for path in [Path(one) for one in paths] or list(catalog.search_path(folders)):
        inside = [file for kind in KINDS for file in sorted((path / kind).glob("*.yaml"))]
        files += inside if path.is_dir() else [path]
    problems: list[InputError] = []
    for file in files:
        problems += check_file(file, folders, day)
    return problems


def kind_of(path: Path) -> str:
    """Which kind of file it is, by its folder or else by its keys. Raises `ParseError`."""
    if path.parent.name in KINDS:
        return path.parent.name
    data = read_yaml(path)
    if "chip" in data or "count" in data:
        return "systems"
    if "tiers" in data:
        return "chips"
    return "engines" if "family" in data else "sites"


def check_file(path: Path, folders: Folders, today: str) -> list[InputError]:
    """Problems of one file."""
    try:
        thing = KINDS[kind_of(path)](path, folders)
        text = read_text(path)
    except LcotError as error:
        return [error] if isinstance(error, InputError) else [InputError(str(error))]
    facts = list(thing.facts.values())
    chip = getattr(thing, "chip", None)
    if chip is not None and kind_of(path) == "systems":
        facts += list(chip.facts.values())
    found: list[InputError] = []
    for fact in facts:
        line = line_of(text, ["facts", fact.key])
        found += [ParseError(path, what, line=line, key=f"facts.{fact.key}") for what in _review(fact, today)]
    pair = getattr(thing, "pairs_with", "")
    if pair and pair not in catalog.system_ids(folders):
        found.append(ParseError(path, f"there is no system {pair!r}", key="pairs_with"))
    return found


def _review(fact: Fact, today: str) -> Iterator[str]:
    """What a reader would object to in one fact."""
    if fact.date > today:
        yield f"is dated {fact.date}, which is to come"
    for source in (*fact.sources, *fact.confirmed):
        yield from _review_source(source, today)
    if fact.is_estimate and not fact.note:
        yield "is an estimate without a note"
    apart = fact.low is not None and fact.high is not None and fact.high > APART * fact.low
    if apart and len(fact.sources) > 1 and not fact.note and not any(source.note for source in fact.sources):
        yield f"has sources that stand more than {APART:g} to 1 apart, and no note"


def _review_source(source: Source, today: str) -> Iterator[str]:
    for what, date in (("dated", source.date), ("read on", source.accessed)):
        if date > today:
            yield f"source {source.id} is {what} {date}, which is to come"
