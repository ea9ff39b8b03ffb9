"""Facts that a user supplies: ``owner.key=VALUE UNIT``, for a chip, a system or the site of a question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lcot.errors import DomainError, InputError, UnknownName
from lcot.facts import keys
from lcot.facts.keys import Key
from lcot.facts.types import Engine, Fact, Facts, Site, Source, System
from lcot.units import UNITS, from_si, to_si

NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Setting:
    """One ``owner.key=VALUE UNIT``, taken apart. ``number`` is None for a text."""

    text: str
    owner: str
    key: str
    number: float | None
    unit: str
    scope: str
    words: str


def parse(text: str) -> Setting:
    """A setting, taken apart; the unit must be known. Raises `InputError`, `UnknownName`.

    >>> parse("h200.memory.hbm.bandwidth=5 TB/s").number
    5.0
    """
    name, equals, value = text.partition("=")
    owner, dot, key = name.strip().partition(".")
    value = value.strip().strip("'\"").strip()
    if not (equals and dot and owner and key and value):
        raise InputError(
            f"--set {text!r}: not a setting; allowed: OWNER.KEY='VALUE UNIT', such as h200.power.tdp='650 W'"
        )
    match = NUMBER.fullmatch(value)
    if match is None:
        return Setting(text, owner, key, None, "text", "", value)
    number, rest = float(match.group(1)), match.group(2).split()
    if not math.isfinite(number):
        raise DomainError(f"{owner}.{key}", value, "a finite number", f"--set {text!r}")
    if rest and rest[0] not in UNITS and len(rest) <= 2 and not re.match(r"[-\d]", rest[0]):
        raise UnknownName("unit", rest[0], UNITS, f"--set {text!r}")
    if rest and rest[0] not in UNITS:
        return Setting(text, owner, key, None, "text", "", value)
    return Setting(text, owner, key, number, rest[0] if rest else "", " ".join(rest[1:]), value)


def make_fact(setting: Setting, known: Key, before: Fact | None) -> Fact:
    """The fact that a setting states; its source is the user. Raises `DomainError`, `InputError`."""
    where = f"--set {setting.text!r}"
    source = Source("user", "Set by the user", "user", note=setting.text)
    if known.dimension == "text":
        if known.texts and setting.words not in known.texts:
            raise UnknownName("value", setting.words, known.texts, where)
        return Fact(setting.key, setting.words, "text", sources=(source,), kind="user")
    units = [unit for unit, (its, _) in UNITS.items() if its == known.dimension]
    unit = setting.unit or ("1" if known.dimension == "1" else "")
    if setting.number is None or unit not in units:
        raise DomainError(
            f"{setting.owner}.{setting.key}", setting.words, "a number and one of " + ", ".join(units), where
        )
    if not known.low <= to_si(setting.number, unit) <= known.high:
        low, high = from_si(known.low, unit), from_si(known.high, unit)
        raise DomainError(f"{setting.owner}.{setting.key}", setting.words, f"{low:g} to {high:g} {unit}", where)
    scope = setting.scope or (before.scope if before is not None else "")
    if known.scopes and (setting.scope or not scope) and scope not in known.scopes:
        if setting.scope:
            raise UnknownName("scope", setting.scope, known.scopes, where)
        scope = "system" if "system" in known.scopes else known.scopes[0]
    return Fact(setting.key, to_si(setting.number, unit), unit, sources=(source,), kind="user", scope=scope)


def changed(facts: Facts, setting: Setting, known: Key) -> Facts:
    """The facts with one replaced or added."""
    fact = make_fact(setting, known, facts.get(setting.key))
    return Facts(facts.owner, {**facts.items_by_key, setting.key: fact})


def override(
    settings: Iterable[str], systems: Sequence[System], site: Site, engines: Sequence[Engine] = ()
) -> tuple[tuple[System, ...], Site]:
    """The systems and the site of a question with the user's facts.

    An owner is the id of a system, of its chip or of the site. A key of the chip given for a system holds in that
    system only. A setting that names one of the engines is checked and left to `override_engine`.

    Raises
    ------
    InputError
        `UnknownName` for an owner, key or unit that does not exist, `DomainError` for a value that cannot be.
    """
    for text in settings:
        setting = parse(text)
        named = [engine for engine in engines if engine.id == setting.owner]
        for engine in named:
            override_engine([setting], engine)
        if named:
            continue
        owners = {site.id, *(s.id for s in systems), *(s.chip.id for s in systems), *(e.id for e in engines)}
        if setting.owner not in owners:
            raise UnknownName("owner", setting.owner, owners, f"--set {text!r}")
        if setting.owner == site.id:
            site = replace(site, facts=changed(site.facts, setting, _open_key(setting, site.facts)))
        systems = [_set_in(system, setting) for system in systems]
    return tuple(systems), site


def override_engine(settings: Iterable[Setting], engine: Engine) -> Engine:
    """The engine with the user's facts among those settings that name it. Raises as `override` does."""
    for setting in settings:
        if setting.owner == engine.id:
            engine = replace(engine, facts=changed(engine.facts, setting, _open_key(setting, engine.facts)))
    return engine


def _set_in(system: System, setting: Setting) -> System:
    if setting.owner not in (system.id, system.chip.id):
        return system
    names = {"memory": system.chip.tiers, "fabric": system.chip.levels}
    of_chip = _key(setting, keys.CHIP, names)
    of_system = _key(setting, keys.SYSTEM, names) if setting.owner == system.id else None
    if of_system is not None:
        return replace(system, facts=changed(system.facts, setting, of_system))
    if of_chip is not None:
        return replace(system, chip=replace(system.chip, facts=changed(system.chip.facts, setting, of_chip)))
    allowed = keys.spelled_out(keys.CHIP, names)
    allowed += list(keys.SYSTEM) if setting.owner == system.id else []
    raise UnknownName(f"key of {setting.owner}", setting.key, allowed, f"--set {setting.text!r}")


def _key(setting: Setting, table: Mapping[str, Key], names: Mapping[str, tuple[str, ...]]) -> Key | None:
    return keys.lookup(setting.key, table) if setting.key in keys.spelled_out(table, names) else None


def _open_key(setting: Setting, facts: Facts) -> Key:
    """What a fact of a site or engine must be: of the dimension of the fact that it replaces."""
    before = facts.get(setting.key)
    if before is None:
        raise UnknownName(f"key of {setting.owner}", setting.key, facts, f"--set {setting.text!r}")
    return Key(UNITS[before.unit][0] if before.unit in UNITS else "text", low=-1e30)
