"""The catalogue: chips, systems, engines and sites by id, alias or path, read from YAML when asked for.

Folders are searched in order: those given, those in the environment variable ``LCOT_CATALOG``, the shipped one. Each
has the sub-folders ``chips``, ``systems``, ``engines``, ``sites`` and may have a ``sources.yaml``; a file found first
stands above one of the same id found later.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lcot.errors import InputError, ParseError, UnknownName
from lcot.facts.shelf import take
from lcot.facts.types import Chip, Engine, Facts, Site, Source, System

if TYPE_CHECKING:
    from lcot.facts.schema import ChipFile, EngineFile, Owner, SiteFile, SystemFile

SHIPPED = Path(__file__).parent.parent / "catalog"
Folders = Sequence[str | Path]


def search_path(folders: Folders = ()) -> tuple[Path, ...]:
    """The folders in which names are looked up, first found first. Raises `InputError` for one that is not there."""
    given = [Path(folder) for folder in folders]
    given += [Path(folder) for folder in os.environ.get("LCOT_CATALOG", "").split(os.pathsep) if folder]
    for folder in given:
        if not folder.is_dir():
            raise InputError(
                f"{folder}: not a folder; allowed: a folder with chips/, systems/, engines/ or sites/ in it"
            )
    return (*given, SHIPPED)


def system(name: str | Path, folders: Folders = ()) -> System:
    """The system of this id, alias or path. Raises `UnknownName`, `ParseError`."""
    found = _taken("systems", name, folders)
    assert isinstance(found, System)
    return found


def chip(name: str | Path, folders: Folders = ()) -> Chip:
    """The chip of this id, alias or path. Raises `UnknownName`, `ParseError`."""
    return _chip(_find("chips", name, folders), search_path(folders))


def engine(name: str | Path, folders: Folders = ()) -> Engine:
    """The engine of this id, alias or path, with what it inherits. Raises `UnknownName`, `ParseError`."""
    found = _taken("engines", name, folders)
    assert isinstance(found, Engine)
    return found


def engines(family: str | None = None, folders: Folders = ()) -> list[Engine]:
    """All engines, or those of one architecture family."""
    places = search_path(folders)
    state = tuple(stamp for folder in places for stamp in _stamps(folder / "engines"))
    return [one for one in _every_engine(places, state) if family is None or one.family == family]


def _stamps(folder: Path) -> list[tuple[str, int]]:
    """Files of a folder with their times; every search asks for them many times, so in one go."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted((entry.path, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".yaml"))


@lru_cache(maxsize=8)
def _every_engine(places: tuple[Path, ...], state: object) -> tuple[Engine, ...]:
    """All engines while no file of theirs changes."""
    return tuple(engine(id, places[:-1]) for id in _ids("engines", places[:-1]))


def engine_of(system: System, folders: Folders = ()) -> Engine:
    """The engine that a system is usually served with: by its chip, its vendor or its family. Raises `UnknownName`."""
    every = engines(system.family, folders)
    for wanted in (system.chip.id, system.vendor, system.chip.vendor, system.family):
        for one in every:
            if wanted in one.usual_for:
                return one
    if len(every) == 1:
        return every[0]
    raise UnknownName("usual engine of", system.id, [one.id for one in every], "--engine")


def site(name: str | Path, folders: Folders = ()) -> Site:
    """The site of this id, alias or path, with what it inherits. Raises `UnknownName`, `ParseError`."""
    found = _taken("sites", name, folders)
    assert isinstance(found, Site)
    return found


def _taken(kind: str, name: str | Path, folders: Folders) -> System | Engine | Site:
    """From the shelf if it is shipped and no other folder is searched, otherwise read."""
    path, places = _find(kind, name, folders), search_path(folders)
    if places == (SHIPPED,) and path.parent == SHIPPED / kind:
        found = take(SHIPPED, kind, path.stem)
        if found is not None:
            return found
    return read(kind, path, places)


def read(kind: str, path: Path, places: tuple[Path, ...]) -> System | Engine | Site:
    """A system, engine or site from its file. Raises `ParseError`."""
    if kind == "systems":
        return _system(path, places)
    return _engine(path, places) if kind == "engines" else _site(path, places)


def made_from(kind: str, path: Path, places: tuple[Path, ...]) -> tuple[Path, ...]:
    """The file of a thing and those of its chip or of what it inherits from."""
    file, _ = _opened(kind, path)
    if kind == "systems":
        chip = getattr(file, "chip", None)
        return (path, _find("chips", chip, places[:-1])) if isinstance(chip, str) else (path,)
    parent = getattr(file, "inherits", None)
    return (path, *made_from(kind, _find(kind, parent, places[:-1]), places)) if parent else (path,)


def system_ids(folders: Folders = ()) -> list[str]:
    """Ids of all systems, sorted."""
    return _ids("systems", folders)


def chip_ids(folders: Folders = ()) -> list[str]:
    """Ids of all chips, sorted."""
    return _ids("chips", folders)


def engine_ids(folders: Folders = ()) -> list[str]:
    """Ids of all engines, sorted."""
    return _ids("engines", folders)


def site_ids(folders: Folders = ()) -> list[str]:
    """Ids of all sites, sorted."""
    return _ids("sites", folders)


def sources(folders: Folders = ()) -> dict[str, Source]:
    """The sources that several files share, by id."""
    merged: dict[str, Source] = {}
    for folder in reversed(search_path(folders)):
        path = folder / "sources.yaml"
        if path.is_file():
            merged.update(_shared(path, path.stat().st_mtime_ns))
    return merged


def _ids(kind: str, folders: Folders) -> list[str]:
    return sorted({path.stem for folder in search_path(folders) for path in (folder / kind).glob("*.yaml")})


def _find(kind: str, name: str | Path, folders: Folders) -> Path:
    """The file of a thing. A name that ends in .yaml or .yml is a path, and so is one with a slash that is no alias."""
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")):
        return Path(name)
    places = search_path(folders)
    slash = "/" in text or os.sep in text
    for folder in places if not slash else ():
        for stem in dict.fromkeys((text, text.lower())):
            path = folder / kind / f"{stem}.yaml"
            if stem and "\0" not in stem and path.is_file():
                return path
    aliases = _aliases(kind, places)
    alias = " ".join(text.lower().split())
    if alias in aliases:
        return aliases[alias]
    if slash:
        return Path(text)
    raise UnknownName(kind.removesuffix("s"), text, {*_ids(kind, folders), *aliases})


def _aliases(kind: str, places: tuple[Path, ...]) -> dict[str, Path]:
    """Alias in lower case -> file, for all files of one kind."""
    found: dict[str, Path] = {}
    for folder in reversed(places):
        for path in sorted((folder / kind).glob("*.yaml")):
            found.update(dict.fromkeys(_aliases_of(path, path.stat().st_mtime_ns), path))
    return found


@lru_cache(maxsize=1024)
def _aliases_of(path: Path, changed: int) -> tuple[str, ...]:
    from lcot.facts.reading import read_yaml

    try:
        aliases = read_yaml(path).get("aliases", [])
    except ParseError:
        return ()  # reported when the file itself is asked for
    return (
        tuple(" ".join(one.lower().split()) for one in aliases if isinstance(one, str))
        if isinstance(aliases, list)
        else ()
    )


@lru_cache(maxsize=16)
def _shared(path: Path, changed: int) -> Mapping[str, Source]:
    from lcot.facts.build import make_source
    from lcot.facts.reading import raise_problems, read_text, read_yaml, validate
    from lcot.facts.schema import SourcesFile

    text = read_text(path)
    file, problems = validate(SourcesFile, read_yaml(path, text), path, text)
    raise_problems(path, problems)
    assert file is not None
    return {id: make_source(id, entry) for id, entry in file.sources.items()}


def _opened(kind: str, path: Path) -> tuple[Owner, str]:
    """A file of this kind, checked by itself, and its text. Raises `ParseError`."""
    from lcot.facts.reading import read_text

    try:
        stat = path.stat()
    except OSError:
        read_text(path)  # raises, and says why
        raise
    return _checked(kind, path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def _checked(kind: str, path: Path, changed: int, size: int) -> tuple[Owner, str]:
    from lcot.facts.checking import check_form
    from lcot.facts.reading import raise_problems, read_text

    text = read_text(path)
    file, problems = check_form(kind, path, text)
    raise_problems(path, problems)
    assert file is not None
    return file, text


def _chip(path: Path, places: tuple[Path, ...]) -> Chip:
    from lcot.facts.build import make_chip
    from lcot.facts.checking import check_chip
    from lcot.facts.reading import raise_problems

    file, text = _opened("chips", path)
    if TYPE_CHECKING:
        assert isinstance(file, ChipFile)
    shared = sources(places[:-1])
    raise_problems(path, check_chip(file, shared, path, text))
    return make_chip(file, shared)


def _system(path: Path, places: tuple[Path, ...]) -> System:
    from lcot.facts.build import make_facts, make_system, own_sources
    from lcot.facts.checking import check_system
    from lcot.facts.reading import raise_problems

    file, text = _opened("systems", path)
    if TYPE_CHECKING:
        assert isinstance(file, SystemFile)
    shared = sources(places[:-1])
    within = file.chip
    if isinstance(within, str):
        try:
            bare = chip(within, places[:-1])
        except UnknownName as error:
            raise ParseError(path, str(error), key="chip") from None
    else:
        bare = Chip(
            within.id,
            within.name,
            within.vendor,
            within.family,
            tuple(within.tiers),
            tuple(within.levels),
            Facts(within.id),
        )
    raise_problems(path, check_system(file, bare, shared, path, text))
    if not isinstance(within, str):
        known = {**shared, **own_sources(file), **own_sources(within)}
        bare = replace(bare, facts=make_facts(within.id, within.facts, known))
    return make_system(file, bare, {**shared, **own_sources(file)})


def _engine(path: Path, places: tuple[Path, ...]) -> Engine:
    file, facts = _inherited("engines", path, places)
    if TYPE_CHECKING:
        assert isinstance(file, EngineFile)
    return Engine(file.id, file.name, file.family, file.versions, facts, file.inherits or "", tuple(file.usual_for))


def _site(path: Path, places: tuple[Path, ...]) -> Site:
    file, facts = _inherited("sites", path, places)
    return Site(file.id, file.name, facts)


def _inherited(kind: str, path: Path, places: tuple[Path, ...], below: tuple[str, ...] = ()) -> tuple[Owner, Facts]:
    """A file that may inherit, and its facts above those that it inherits."""
    from lcot.facts.build import make_facts, own_sources
    from lcot.facts.checking import check_open
    from lcot.facts.reading import raise_problems

    file, text = _opened(kind, path)
    if TYPE_CHECKING:
        assert isinstance(file, EngineFile | SiteFile)
    shared = sources(places[:-1])
    raise_problems(path, check_open(file, shared, path, text))
    own = make_facts(file.id, file.facts, {**shared, **own_sources(file)})
    if not file.inherits:
        return file, own
    if file.inherits in (file.id, *below):
        raise ParseError(path, f"inherits itself by way of {file.inherits!r}", key="inherits")
    try:
        parent = _find(kind, file.inherits, places[:-1])
    except UnknownName as error:
        raise ParseError(path, str(error), key="inherits") from None
    _, base = _inherited(kind, parent, places, (*below, file.id))
    return file, Facts(file.id, {**base.items_by_key, **own.items_by_key})
