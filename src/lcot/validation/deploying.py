"""From what a row states to deployments: engine by name and version, precision, layout, and the copies of each pool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from lcot.errors import Infeasible, UnknownName
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
            continue  # a year, or words: no bound
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
    vendor = system.chip.vendor.lower()
    named = [engine for engine in every if _is_named(engine, name)]
    ported = [engine for engine in named if engine.id.endswith("-" + vendor)]
    common = [engine for engine in named if not engine.id.endswith(PORTS)]
    wanted = version_of(version)
    for choice in (ported, common):
        holding = [engine for engine in choice if not engine.versions or in_range(wanted, engine.versions)]
        if holding:
            return holding[-1]
    if not common or vendor == "amd":  # constants fitted on one vendor's chips do not carry over
        return usual_engine(system, every)
    older = [engine for engine in common if wanted and _lowest(engine.versions) <= wanted]
    return (older or (common[:1] if wanted else common))[-1]


PORTS = ("-amd", "-intel")  # entries of an engine's port to the chips of one vendor
# First month of releases, by engine: the version of a row that states only its date (public release pages)
RELEASES: dict[str, tuple[tuple[str, str], ...]] = {
    "vllm": (("2023-06", "0.1"), ("2023-12", "0.2.5"), ("2024-05", "0.4.2"), ("2024-09", "0.6.0"), ("2025-02", "0.7.2"),
             ("2025-06", "0.9.0"), ("2025-10", "0.11.0"), ("2026-01", "0.13.0"), ("2026-03", "0.17.0")),
    "trtllm": (("2023-10", "0.5"), ("2024-04", "0.9"), ("2024-10", "0.13"), ("2025-02", "0.17"), ("2025-09", "1.0"),
               ("2026-01", "1.2")),
    "sglang": (("2024-01", "0.1"), ("2024-12", "0.4.0"), ("2025-09", "0.5.2"), ("2026-02", "0.5.8")),
}  # fmt: skip


def version_by_date(name: str, date: str) -> str:
    """Newest release of an engine at a date, where a row states no version; empty where neither is known.

    >>> version_by_date("vllm", "2024-10")
    '0.6.0'
    """
    before = [version for month, version in RELEASES.get(name, ()) if date and month <= date]
    return before[-1] if before else ""


SAME = {"xdeepserve": "cloudmatrix-infer", "rtp-llm": "vllm", "tgi": "vllm", "llmboost": "vllm"}  # nearest entries


def _is_named(engine: Engine, name: str) -> bool:
    plain = SAME.get(name, name).replace(".", "-")
    return engine.id == plain or re.fullmatch(re.escape(plain) + r"(-\d{4})?(-amd|-intel)?", engine.id) is not None


def _lowest(versions: str) -> tuple[int, ...]:
    found = re.search(r">=?\s*([\w.]+)", versions)
    return version_of(found[1]) if found else ()


def usual_engine(system: System, every: list[Engine]) -> Engine:
    """The engine that a system is usually served with."""
    for wanted in (system.chip.id, system.vendor, system.chip.vendor, system.family):
        for engine in every:
            if wanted in engine.usual_for:
                return engine
    return every[-1]


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
    engine = overridden(engine_entry(condition), overrides)
    precision = condition.precision or native(model, supported(system.chip))

    def one(layout: Layout, spoken: Speculation) -> Deployment:
        return make(system, model, engine, precision, layout, spoken)

    if condition.layout is not None:
        decode = _spread(condition, _serial(condition, completed(condition.layout, condition.devices)))
        prefill = condition.prefill_layout
        if prefill is None:
            return [Plan(one(decode, speculation), decode.copies)]
        return [Plan(one(decode, speculation), decode.copies, one(prefill, OFF), prefill.copies)]
    found = usual_layouts(system, model, condition.devices) if condition.devices else whole_systems(system, model)
    if not found:
        raise Infeasible(f"no usual layout of {model.id} on {condition.devices} x {system.id}", "layout")
    return [Plan(one(layout, speculation), layout.copies) for layout in found]


def _spread(condition: Condition, layout: Layout) -> Layout:
    """Attention data parallel and whole experts over all devices, where the row's note says so."""
    if "attention dp" not in condition.note.lower() or layout.data > 1 or layout.expert_tensor == 1:
        return layout
    return replace(layout, tensor=1, data=layout.tensor, expert=layout.tensor, expert_tensor=1)


def whole_systems(system: System, model: Architecture) -> list[Layout]:
    """Layouts over 1, 2, 3 ... whole systems in stages, for services whose size nobody states; the caller takes the
    first that holds the model.
    """
    counts = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48)
    if system.family == "wafer":
        return [Layout(pipeline=count) for count in counts if count <= model.layers]
    if system.family == "lpu":  # tensor parallel in nodes of eight, a pipeline across them
        return [Layout(tensor=8 * count, pipeline=min(system.count // 8, model.layers)) for count in counts]
    tensor = min(system.count, _domain(system))
    widths = [count * system.count // tensor for count in counts]
    return [Layout(tensor=tensor, pipeline=width) for width in widths if width <= model.layers]


def completed(layout: Layout, devices: int) -> Layout:
    """The layout with the attention's tensor ranks filled up, where only the experts are stated to use all devices."""
    experts = layout.expert * layout.expert_tensor
    if layout.chips == devices or experts * layout.pipeline * layout.copies != devices or experts % layout.data:
        return layout
    return replace(layout, tensor=experts // layout.data)


def _serial(condition: Condition, layout: Layout) -> Layout:
    """llama.cpp cuts a model by layers over its devices by default, whatever a row calls it."""
    if condition.engine != "llama.cpp" or layout.tensor == 1:
        return layout
    return replace(layout, tensor=1, pipeline=layout.tensor * layout.pipeline, expert=1, expert_tensor=1)


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
    return engine_entry(condition).id


def engine_entry(condition: Condition) -> Engine:
    """The engine entry that a condition is predicted with."""
    version = condition.engine_version or version_by_date(condition.engine, condition.date)
    return _engine(condition.engine, version, condition.system)


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
