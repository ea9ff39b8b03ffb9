"""The catalogue as plain data, for tables and fact cards."""

from __future__ import annotations

from typing import Any

from lcot.facts import catalog
from lcot.facts.catalog import Folders
from lcot.facts.types import Chip, Engine, Fact, Facts, Site, System
from lcot.units import from_si

CONFIDENCE = {
    **dict.fromkeys(("user", "datasheet", "filing", "paper", "measured"), "high"),
    **dict.fromkeys(("press", "analyst"), "medium"),
    **dict.fromkeys(("secondary", "estimate", ""), "low"),
}


def rows(folders: Folders = ()) -> list[dict[str, Any]]:
    """One row a system: id, name, vendor, family, chip, count, status, available, and how many facts were found."""
    made: list[dict[str, Any]] = []
    for id in catalog.system_ids(folders):
        system = catalog.system(id, folders)
        facts = [*system.facts.values(), *system.chip.facts.values()]
        made.append(
            {
                "system": id,
                "name": system.name,
                "vendor": system.vendor,
                "family": system.family,
                "chip": system.chip.id,
                "count": system.count,
                "status": system.status,
                "available": system.available,
                "facts": sum(fact.value is not None for fact in facts),
                "not_found": sum(fact.value is None for fact in facts),
                "estimates": sum(fact.is_estimate for fact in facts),
            }
        )
    return made


def card(fact: Fact, owner: str) -> dict[str, Any]:
    """One fact in the unit in which its file states it."""

    def shown(value: Any) -> Any:
        if value is None or isinstance(value, str) or not fact.unit:
            return value
        return float(f"{from_si(float(value), fact.unit):.10g}")

    return {
        "fact": f"{owner}.{fact.key}",
        "value": shown(fact.value),
        "low": shown(fact.low),
        "high": shown(fact.high),
        "unit": fact.unit,
        "scope": fact.scope,
        "kind": fact.kind,
        "confidence": confidence(fact),
        "date": fact.date,
        "at": fact.at,
        "note": fact.note,
        "sources": [_source(source) for source in fact.sources],
        "confirmed": [_source(source) for source in fact.confirmed],
    }


def _source(source: Any) -> dict[str, str | None]:
    names = ("id", "title", "kind", "url", "date", "locator", "note")
    return {name: getattr(source, name) for name in names if getattr(source, name)}


def confidence(fact: Fact) -> str:
    """high, medium or low: by the weakest source, one step up where a second agrees; "" where nothing was found."""
    if fact.value is None:
        return ""
    steps = ("low", "medium", "high")
    step = steps.index(CONFIDENCE[fact.kind])
    return steps[min(step + 1, 2)] if fact.confirmed else steps[step]


def show(name: str, folders: Folders = ()) -> list[dict[str, Any]]:
    """The facts of a system with its chip, or of a chip, engine or site. Raises `UnknownName` of the system."""
    from lcot.errors import UnknownName

    found: System | Chip | Engine | Site | None = None
    for look in (catalog.system, catalog.chip, catalog.engine, catalog.site):
        try:
            found = look(name, folders)
            break
        except UnknownName:
            continue
    if found is None:
        every = [
            id
            for ids in (catalog.system_ids, catalog.chip_ids, catalog.engine_ids, catalog.site_ids)
            for id in ids(folders)
        ]
        raise UnknownName("system, chip, engine or site", name, every)
    owners: list[Facts] = [found.facts, *([found.chip.facts] if isinstance(found, System) else [])]
    return [card(fact, facts.owner) for facts in owners for fact in facts.values()]
