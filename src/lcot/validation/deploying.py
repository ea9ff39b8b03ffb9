"""From what a row states to deployments: precision, layout, and the copies of each pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from lcot.errors import Infeasible
from lcot.facts import catalog
from lcot.facts.types import Engine, Facts, System
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Deployment, Precision, Speculation
from lcot.validation.engines import engine_for, version_by_date
from lcot.validation.recipes import scheduled_as, tuned_of
from lcot.validation.types import Condition, Layout
from lcot.workload.architecture import Architecture
from lcot.workload.counts import parameters
from lcot.workload.formats import native, supported

Overrides = Mapping[str, Mapping[str, float]]  # engine id -> fact key -> value, SI
OFF = Speculation()
LARGER = 4.0  # times as many parameters as a draft that pays


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to run a condition: a pool of copies, and a prefill pool where the two are apart."""

    deployment: Deployment
    copies: int
    prefill: Deployment | None = None
    prefill_copies: int = 0


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
    system, model = _as_used(_system(condition.system), condition), _model(condition.model)
    engine = overridden(engine_entry(condition), overrides)
    precision = condition.precision or native(model, supported(system.chip))

    def one(layout: Layout, spoken: Speculation) -> Deployment:
        made = make(system, model, engine, precision, layout, spoken)
        return replace(made, draft=draft_of(engine, model)) if spoken.method == "draft" else made

    if condition.layout is not None:
        stated = completed(condition.layout, condition.devices)
        decode = _spread(condition, _serial(condition, stated if system.family == "gpu" else in_copies(stated)))
        prefill = condition.prefill_layout
        if prefill is None:
            return [Plan(one(decode, speculation), decode.copies)]
        first = _prefilling(condition, prefill, one(prefill, OFF))
        return [Plan(one(decode, speculation), decode.copies, first, prefill.copies)]
    found = usual_layouts(system, model, condition.devices) if condition.devices else whole_systems(system, model)
    if not found:
        raise Infeasible(f"no usual layout of {model.id} on {condition.devices} x {system.id}", "layout")
    return [Plan(one(layout, speculation), layout.copies) for layout in found]


def _spread(condition: Condition, layout: Layout) -> Layout:
    """Attention data parallel and whole experts over all devices, where the row's note says so."""
    if "attention dp" not in condition.note.lower() or layout.data > 1 or layout.expert_tensor == 1:
        return layout
    return replace(layout, tensor=1, data=layout.tensor, expert=layout.tensor, expert_tensor=1)


def draft_of(engine: Engine, model: Architecture) -> Architecture | None:
    """The model that an engine's service drafts with, where that shares the vocabulary of a much larger one."""
    if not engine.facts.has("draft.model"):
        return None
    draft = _model(engine.facts.text("draft.model"))
    alike = draft.vocabulary == model.vocabulary and draft.id != model.id
    return draft if alike and parameters(model) >= LARGER * parameters(draft) else None


def drafted(condition: Condition) -> Speculation | None:
    r"""Speculation of a service that is known to draft, where the row leaves it open; None elsewhere.

    The operator takes the number of drafted tokens that gains most, with acceptance :math:`lpha` and the cost c of
    a draft relative to the model: the largest :math:`(1 - lpha^{\gamma+1}) / ((1 - lpha)(\gamma c + 1))`.
    :cite:t:`leviathan2023`, theorem 3.8.
    """
    engine, model = engine_entry(condition), _model(condition.model)
    draft = draft_of(engine, model)
    if draft is None:
        return None
    accepted = float(engine.facts.number("draft.acceptance"))
    cost = parameters(draft) / parameters(model)
    gained = {count: (1.0 - accepted ** (count + 1)) / (1.0 - accepted) for count in range(1, 17)}
    best = max(gained, key=lambda count: gained[count] / (count * cost + 1.0))
    return Speculation("draft", best, gained[best])


def in_copies(layout: Layout) -> Layout:
    """The layout of chips that have no data-parallel attention: its data ranks are whole copies.

    >>> in_copies(Layout(tensor=8, data=4)).copies
    4
    """
    return replace(layout, copies=layout.copies * layout.data, data=1, expert=1, expert_tensor=1)


def _prefilling(condition: Condition, layout: Layout, same: Deployment) -> Deployment:
    """The pool of prompts: of the same system, or of the other one that the row names."""
    if not condition.prefill_system:
        return same
    system = _system(condition.prefill_system)
    formats = native(same.model, supported(system.chip), same.precision.kv)
    return make(system, same.model, catalog.engine_of(system), formats, layout, OFF)


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


def _as_used(system: System, condition: Condition) -> System:
    """The system as the engine uses it: llama.cpp, which works layer after layer, has one die of a chip at work."""
    facts = system.chip.facts
    if condition.engine != "llama.cpp" or not facts.has("dies"):
        return system
    key = f"memory.{main_tier(system.chip)}.bandwidth"
    own = facts.with_values({key: float(facts.number(key)) / float(facts.number("dies"))})
    return replace(system, chip=replace(system.chip, facts=own))


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

    Beyond the scale-up domain a copy is cut into pipeline stages, one per domain. Models with experts also run with
    data-parallel attention and whole experts on each of the devices of a copy, on GPUs.
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
                if moe and system.family == "gpu" and 1 < width == tensor:
                    found.append(Layout(devices // width, 1, width, 1, width, 1))
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
    return _engine(tuned_of(condition), scheduled_as(condition, version), condition.system)


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
