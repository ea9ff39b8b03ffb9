"""From what a row states to deployments: engine by name and version, precision, layout, and the copies of each pool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from lcot.errors import DomainError, Infeasible, UnknownName
from lcot.facts import catalog
from lcot.facts.types import Chip, Engine, Facts, System
from lcot.steptime.types import Deployment, Precision, Speculation
from lcot.validation.types import Condition, Layout
from lcot.workload.architecture import Architecture
from lcot.workload.formats import UNITS, native

Overrides = Mapping[str, Mapping[str, float]]  # engine id -> fact key -> value, SI
OFF = Speculation()


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to run a condition: a pool of copies, and a prefill pool where the two are apart."""

    deployment: Deployment
    copies: int
    prefill: Deployment | None = None
    prefill_copies: int = 0


def version_of(text: str) -> tuple[int, ...]:
    """Leading numbers of a version; empty where there is none.

    >>> version_of("1.2.0rc6.post3")
    (1, 2, 0)
    """
    found = re.match(r"\s*v?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def in_range(version: tuple[int, ...], versions: str) -> bool:
    """Whether a version lies in a range such as ``>=0.9,<0.20``; an unknown version lies in no bounded range."""
    for bound in filter(None, (part.strip() for part in versions.split(","))):
        found = re.fullmatch(r"(>=|<=|<|>|==)\s*([\w.]+)", bound)
        if not found:
            raise DomainError("versions", versions, "bounds such as >=0.9,<0.20")
        limit = version_of(found[2])
        width = max(len(limit), len(version))
        left, right = (v + (0,) * (width - len(v)) for v in (version, limit))
        holds = {">=": left >= right, "<=": left <= right, "<": left < right, ">": left > right, "==": left == right}
        if not version or not holds[found[1]]:
            return False
    return True


def engine_for(name: str, version: str, system: System, engines: Iterable[Engine]) -> Engine:
    """The engine entry for a name and a version on a system.

    Parameters
    ----------
    name : str
        Engine as the row names it, in the vocabulary's words: ``vllm``, ``trtllm`` ... [text]
    version : str
        Its version; empty: the newest. [text]
    system : System
        Where it runs.
    engines : iterable of Engine
        What is on record for the system's family.

    Returns
    -------
    Engine
        The entry of that name whose range holds the version, else the one nearest to it, else the system's usual one.

    Raises
    ------
    UnknownName
        If the family has no engine at all.
    """
    every = sorted(engines, key=lambda engine: _lowest(engine.versions))
    if not every:
        raise UnknownName("engine", name, [], system.family)
    wanted = version_of(version)
    named = [engine for engine in every if is_named(engine, name)]
    if not named:
        return catalog.engine_of(system)
    holding = [engine for engine in named if wanted and in_range(wanted, engine.versions)]
    if holding:
        return holding[-1]
    older = [engine for engine in named if wanted and _lowest(engine.versions) <= wanted]
    return (older or (named[:1] if wanted else named))[-1]


def is_named(engine: Engine, name: str) -> bool:
    return engine.id == name or engine.id.startswith(name + "-") or engine.name.lower() == name.lower()


def _lowest(versions: str) -> tuple[int, ...]:
    found = re.search(r">=?\s*([\w.]+)", versions)
    return version_of(found[1]) if found else ()


def supported(chip: Chip) -> tuple[str, ...]:
    """Number formats that the chip's matrix units multiply."""
    return tuple(unit for unit in UNITS if chip.facts.has(f"peak.{unit}"))


def plans(condition: Condition, speculation: Speculation = OFF, overrides: Overrides | None = None) -> list[Plan]:
    """The ways to run a condition: one where the layout is stated, else each that is usual.

    Parameters
    ----------
    condition : Condition
        What the row states.
    speculation : Speculation
        Speculative decoding to assume.
    overrides : mapping, optional
        Values of engine facts to use instead of those on record, by engine id. [SI]

    Returns
    -------
    list of Plan
        At least one.

    Raises
    ------
    Infeasible
        If no usual layout exists for that many devices.
    """
    system, model = _system(condition.system), _model(condition.model)
    engine = overridden(_engine(condition.engine, condition.engine_version, condition.system), overrides)
    precision = condition.precision or native(model, supported(system.chip))

    def one(layout: Layout, spoken: Speculation) -> Deployment:
        return make(system, model, engine, precision, layout, spoken)

    if condition.layout is not None:
        decode, prefill = condition.layout, condition.prefill_layout
        if prefill is None:
            return [Plan(one(decode, speculation), decode.copies)]
        return [Plan(one(decode, speculation), decode.copies, one(prefill, OFF), prefill.copies)]
    found = usual_layouts(system, model, condition.devices)
    if not found:
        raise Infeasible(f"no usual layout of {model.id} on {condition.devices} x {system.id}", "layout")
    return [Plan(one(layout, speculation), layout.copies) for layout in found]


def overridden(engine: Engine, overrides: Overrides | None) -> Engine:
    """The engine with other values of some facts."""
    values = (overrides or {}).get(engine.id)
    return replace(engine, facts=engine.facts.with_values(values)) if values else engine


def make(
    system: System, model: Architecture, engine: Engine, precision: Precision, layout: Layout, speculation: Speculation
) -> Deployment:
    """One copy of a pool as a deployment."""
    return Deployment(
        system=system,
        model=model,
        engine=engine,
        precision=precision,
        tensor=layout.tensor,
        data=layout.data,
        pipeline=layout.pipeline,
        expert=layout.expert,
        expert_tensor=layout.expert_tensor,
        speculation=speculation,
    )


def usual_layouts(system: System, model: Architecture, devices: int) -> list[Layout]:
    """Layouts that engines use where nothing is said: whole copies of 1, 2, 4 ... devices, widest first.

    Beyond the scale-up domain a copy is cut into pipeline stages, one per domain.
    """
    domain = _domain(system)
    heads = max(block.attention.heads for block in model.blocks)
    moe = any(block.feed_forward is not None and block.feed_forward.experts for block in model.blocks)
    found: list[Layout] = []
    width = 1
    while width <= devices:
        if devices % width == 0:
            tensor = min(width, domain)
            while heads and heads % tensor and tensor > 1:
                tensor -= 1
            if width % tensor == 0 and width // tensor <= model.layers:
                expert_tensor = tensor if moe else 1
                found.append(Layout(devices // width, tensor, 1, width // tensor, 1, expert_tensor))
        width *= 2
    if devices & (devices - 1) and devices not in [layout.chips // layout.copies for layout in found]:
        found.append(Layout(1, min(devices, domain), 1, max(devices // min(devices, domain), 1), 1, 1))
    return list(reversed(found))


def _domain(system: System) -> int:
    facts: Facts = system.chip.facts
    for level in system.chip.levels[:1]:
        if facts.has(f"fabric.{level}.size"):
            return max(int(facts.number(f"fabric.{level}.size")), 1)
    return max(system.count, 1)


@lru_cache(maxsize=512)
def _system(name: str) -> System:
    return catalog.system(name)


def model_of(name: str) -> Architecture:
    """The model of this catalogue id, kept."""
    return _model(name)


def engine_id(condition: Condition) -> str:
    """Id of the engine entry that a condition is predicted with."""
    return _engine(condition.engine, condition.engine_version, condition.system).id


def engine_entry(condition: Condition) -> Engine:
    """The engine entry that a condition is predicted with."""
    return _engine(condition.engine, condition.engine_version, condition.system)


@lru_cache(maxsize=512)
def _model(name: str) -> Architecture:
    from lcot.workload.models import model

    return model(name)


@lru_cache(maxsize=4096)
def _engine(name: str, version: str, system: str) -> Engine:
    machine = _system(system)
    return engine_for(name, version, machine, _engines(machine.family))


@lru_cache(maxsize=8)
def _engines(family: str) -> tuple[Engine, ...]:
    return tuple(catalog.engines(family))
