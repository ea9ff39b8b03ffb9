"""Copies of a model side by side: layouts and chips that differ in numbers alone are timed in one go.

A search asks the same few steps of hundreds of layouts, and what that costs is calls, not arithmetic. So copies whose
formulas take the same way become one, its facts and ranks arrays with one number for each copy, as draws are.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from lcot.cell import several
from lcot.errors import MissingFact
from lcot.facts.types import Fact, Facts, Numeric
from lcot.steptime import network, power
from lcot.steptime.gpu import crosses, hides, timed
from lcot.steptime.passes import Pass, cut, varied
from lcot.steptime.passes import abreast as passes_abreast
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Deployment, Step, StepTime
from lcot.workload.formats import Precision
from lcot.workload.operators import Operator
from lcot.workload.sharding import Ranks, ranks_of


def kinds_of(copies: Sequence[StepTime]) -> list[Hashable]:
    """What copies must share to be timed abreast; no two copies share it where theirs are not known to.

    Parameters
    ----------
    copies : sequence of StepTime
        Any copies.

    Returns
    -------
    list of hashable
        The way that the formulas of each take.

    Notes
    -----
    No formula: every number of ranks, and every fact, that a formula of `lcot.steptime.gpu` decides by.
    """
    chips: dict[tuple[int, int, Precision], Hashable] = {}
    return [_kind(one, chips) for one in copies]


def _kind(steps: StepTime, chips: dict[tuple[int, int, Precision], Hashable]) -> Hashable:
    """The kind of one copy; ``chips`` are the parts of kinds that its chip and engine settle, as known so far."""
    d = steps.deployment
    chip, engine = d.system.chip, d.engine.facts
    if d.system.family != "gpu" or steps.prefill is not None or d.paired is not None:
        return id(steps)
    key = id(chip), id(engine), d.precision
    if key not in chips:
        drawn = any(True for facts in (chip.facts, engine) for _ in varied(facts))
        chips[key] = None if drawn else (main_tier(chip), chip.levels[:1], chip.levels[-1:], *_facts(d))
    if chips[key] is None:
        return id(steps)
    ranks = _ranks(d)
    ways: list[Hashable] = [several(one) for one in (ranks.tensor, ranks.data, ranks.pipeline, ranks.expert)]
    try:
        for count in (ranks.tensor, ranks.stage):
            group = network.group(chip, count)
            ways += [several(group.inside), several(group.outside)]
        ways += [hides(d, ranks), crosses(d, ranks)]
    except MissingFact:
        return id(steps)
    return (id(d.model), id(engine), d.precision, d.speculation, *ways, bool(np.isnan(steps.idle_power)), chips[key])


def abreast(copies: Sequence[StepTime]) -> StepTime:
    """Copies of one kind as one, with a last axis over them.

    Parameters
    ----------
    copies : sequence of StepTime
        All of one kind (see `kinds_of`).

    Returns
    -------
    StepTime
        Its steps take, and its times have, a last axis with one place for each copy.

    Raises
    ------
    MissingFact
        By its functions: if a fact is not on record.

    Notes
    -----
    No formula: see `lcot.steptime.gpu`.
    """
    each = [one.deployment for one in copies]
    first, layouts = each[0], [_ranks(one) for one in each]
    ranks = Ranks(
        *(
            np.array([getattr(one, name) for one in layouts])
            for name in ("tensor", "data", "pipeline", "expert", "expert_tensor")
        )
    )
    by_chip = {id(one.system): _facts(one) for one in each}
    facts = [by_chip[id(one.system)] for one in each]
    columns = {key: Fact(key, np.array([one[key] for one in facts]), "") for key in facts[0]}
    chip = replace(first.system.chip, facts=Facts(first.system.chip.facts.owner, columns))
    d = replace(first, system=replace(first.system, chip=chip), tensor=ranks.tensor, data=ranks.data,
                pipeline=ranks.pipeline)  # fmt: skip

    def pass_made(body: tuple[Operator, ...], one: Deployment) -> Pass:
        return passes_abreast([cut(body, layout) for layout in layouts], ranks, one)

    latency, interval = timed(d, ranks, pass_made)

    def watts(step: Step) -> Numeric:
        hosts = np.array([power.host_watts(own.system, own.engine.facts) for own in each])
        return d.chips * (power.chip_watts(latency(step), d.system, d.engine.facts) + hosts)

    def column(name: str) -> Numeric:
        return np.array([getattr(one, name) for one in copies], dtype=float)

    return replace(
        copies[0], deployment=d, latency=latency, interval=interval, power=watts, idle_power=column("idle_power"),
        kv_capacity=column("kv_capacity"), state_bytes=column("state_bytes"), state_growth=column("state_growth"),
        stages=ranks.pipeline, max_sequences=column("max_sequences"),
    )  # fmt: skip


def _ranks(d: Deployment) -> Ranks:
    return ranks_of(d.model, d.tensor, d.data, d.pipeline, d.expert, d.expert_tensor)


def _facts(d: Deployment) -> dict[str, Numeric]:
    """The facts that the time and power of a step rest on; those that only refine others stand for them."""
    chip = d.system.chip
    facts, p = chip.facts, d.precision
    level = (*chip.levels[:1], *chip.levels[-1:])
    keys = [f"memory.{main_tier(chip)}.bandwidth", *(f"fabric.{one}.{key}" for one in level for key in FABRIC)]
    computes = dict.fromkeys((p.compute, p.dense_compute or p.compute, p.expert_compute, "bf16", "fp8"))
    keys += [f"peak.{compute}" for compute in computes]
    found = {key: facts.number(key) for key in keys if facts.has(key)}
    for compute in computes:
        key = f"achievable.{compute}"
        found[key] = facts.number(key) if facts.has(key) else np.inf
        key = f"synchronous.{compute}"
        if facts.has(key) or f"peak.{compute}" in found:
            found[key] = facts.number(key if facts.has(key) else f"peak.{compute}")
    if facts.has("power.tdp"):
        found |= {"power.tdp": facts.number("power.tdp"), "power.idle": power.idle(d.system, d.engine.facts)}
    return found


FABRIC = ("bandwidth", "size")
