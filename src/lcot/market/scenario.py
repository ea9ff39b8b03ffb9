"""Scenarios: what the market starts from, read from files of facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from lcot.errors import InputError, ParseError, UnknownName
from lcot.facts import catalog
from lcot.facts.catalog import SHIPPED, Folders, search_path
from lcot.facts.schema import Identifier, Owner, Strict, Text
from lcot.facts.types import Fact, Facts, System
from lcot.market.companies import read
from lcot.market.types import TRAINING, Resource, Scenario, Segment, Vendor

DATED = re.compile(r"\.\d{4}$")  # a year of a series
BASE = SHIPPED / "market" / "base.yaml"
DEFAULT = "goldman"


class SegmentEntry(Strict):
    """A segment: who serves it with which models, and where."""

    name: Text
    """Name in tables."""
    site: Identifier
    """Site where it runs."""
    models: Annotated[dict[str, float], Field(min_length=1)]
    """Model ids and their shares of the segment's tokens."""


class VendorEntry(Strict):
    """An offering."""

    name: Text
    """Name in tables."""
    company: Text
    """Whose sales they are."""
    architecture: Literal["gpu", "captive", "wafer", "lpu", "rdu", "mesh", "china"]
    """Architecture under which it is summed."""
    nest: Identifier
    """Alternatives of one nest resemble each other."""
    systems: Annotated[dict[str, int], Field(min_length=1)]
    """System ids and the first full year on sale."""
    segments: Annotated[list[str], Field(min_length=1)]
    """Segments that may buy it."""
    engine: str = ""
    """Engine with which its systems are costed, where it is not the usual one."""
    engine_note: str = ""
    """Why."""


class ResourceEntry(Strict):
    """Something that may run short."""

    name: Text
    """Name in tables."""
    counts: Literal["wafer", "memory", "power", "chip"]
    """What of a chip is counted."""
    vendors: Annotated[list[str], Field(min_length=1)]
    """Who needs it."""


class BaseFile(Owner):
    """What all scenarios start from."""

    years: Annotated[list[int], Field(min_length=2)]
    """Years solved, the base year first."""
    segments: Annotated[dict[Identifier, SegmentEntry], Field(min_length=1)]
    """Segments of demand."""
    vendors: Annotated[dict[Identifier, VendorEntry], Field(min_length=2)]
    """Offerings."""
    resources: dict[Identifier, ResourceEntry]
    """What may run short."""


class ScenarioFile(Owner):
    """What differs from the base: facts alone."""


def scenario_ids(folders: Folders = ()) -> list[str]:
    """Names of the scenarios, sorted."""
    return sorted({p.stem for folder in search_path(folders) for p in (folder / "market" / "scenarios").glob("*.yaml")})


def scenario(name: str | Path = DEFAULT, folders: Folders = ()) -> Scenario:
    """The scenario of this name or path.

    Parameters
    ----------
    name : str or Path
        Name of a scenario, or path of a YAML file that says what differs from the base.
    folders : sequence of str or Path
        Catalogue folders to search first.

    Returns
    -------
    Scenario
        Facts of the base with those of the file above them.

    Raises
    ------
    UnknownName
        If there is no such scenario, or the file sets a fact that the base does not have; of a series any year may be
        set.
    ParseError
        If a file is not what it should be.

    Notes
    -----
    No formula: files are read and checked.
    """
    file, facts = read(BaseFile, BASE)
    checked(file)
    path = found(str(name), folders)
    changes, changed = read(ScenarioFile, path)
    series = {DATED.sub("", key) for key in facts if DATED.search(key)}
    unknown = [key for key in changed if key not in facts and DATED.sub("", key) not in series]
    if unknown:
        raise UnknownName("fact", unknown[0], facts, f"{path}: facts")
    merged = {**facts.items_by_key, **changed.items_by_key}
    return Scenario(
        changes.id, changes.name, tuple(file.years),
        tuple(Segment(id, one.name, shares(one.models), one.site) for id, one in file.segments.items()),
        tuple(
            Vendor(id, v.name, v.company, v.architecture, v.nest, dict(v.systems), tuple(v.segments), v.engine)
            for id, v in file.vendors.items()
        ),
        tuple(Resource(id, r.name, r.counts, tuple(r.vendors)) for id, r in file.resources.items()),
        Facts("market", merged), changes.note, tuple(changed),
    )  # fmt: skip


def found(name: str, folders: Folders = ()) -> Path:
    """The file of a scenario by name or path. Raises `UnknownName`."""
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    for folder in search_path(folders):
        path = folder / "market" / "scenarios" / f"{name}.yaml"
        if name in scenario_ids(folders) and path.is_file():
            return path
    raise UnknownName("scenario", name, scenario_ids(folders))


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights made to sum to one. Raises `InputError`."""
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise InputError(f"{BASE}: shares of models are {dict(weights)}; allowed: positive numbers")
    return {name: weight / total for name, weight in weights.items()}


def checked(file: BaseFile) -> None:
    """Names in the base that point at each other. Raises `ParseError`."""
    segments, vendors = {*file.segments, TRAINING}, set(file.vendors)
    for id, vendor in file.vendors.items():
        for one in vendor.segments:
            if one not in segments:
                raise ParseError(BASE, str(UnknownName("segment", one, segments)), key=f"vendors.{id}.segments")
    for id, resource in file.resources.items():
        for one in resource.vendors:
            if one not in vendors:
                raise ParseError(BASE, str(UnknownName("vendor", one, vendors)), key=f"resources.{id}.vendors")


def assumed(system: System, facts: Facts) -> System:
    """The system with the prices and powers that the market assumes where none are on record.

    Parameters
    ----------
    system : System
        From the catalogue.
    facts : Facts
        Of the scenario: ``assumed.<system>.<key>``, dashes of the id written as underscores.

    Returns
    -------
    System
        Facts on record stay as they are.

    Notes
    -----
    No formula: facts are laid over facts.
    """
    from dataclasses import replace

    prefix = f"assumed.{system.id.replace('-', '_')}."
    here: dict[str, Fact] = {}
    for key, fact in facts.items():
        if key.startswith(prefix) and not system.facts.has(key.removeprefix(prefix)):
            here[key.removeprefix(prefix)] = replace(fact, key=key.removeprefix(prefix))
    return replace(system, facts=Facts(system.id, {**system.facts.items_by_key, **here}))


def systems_of(scenario: Scenario) -> dict[str, System]:
    """Every system that is in an offer, by id. Raises `UnknownName`."""
    ids = dict.fromkeys(id for vendor in scenario.vendors for id in vendor.systems)
    return {id: assumed(catalog.system(id), scenario.facts) for id in ids}
