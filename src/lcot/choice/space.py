"""Deployments worth trying on a system, by family. Whether they fit is for step time to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lcot.facts import catalog
from lcot.facts.types import Engine, System
from lcot.steptime.types import Deployment, Precision, Speculation
from lcot.workload.architecture import Architecture

MOST_CHIPS = 512  # chips of one copy of a model, except where the family needs more
MOST_SYSTEMS = 4  # systems that one copy may span, where it does not fit in one
PARTNER_CHIPS = (8, 64)  # GPUs beside LPUs that one copy takes


def sizes(system: System, most_systems: int = MOST_SYSTEMS) -> list[int]:
    """Chips of one model copy: powers of two within a system, the whole system, then whole systems together."""
    inside = [2**i for i in range(10) if 2**i < system.count]
    whole = [system.count * n for n in (1, 2, 4) if n <= most_systems]
    return [*inside, *(n for n in whole if n <= MOST_CHIPS)]


def experts(model: Architecture) -> int:
    """Routed experts of the widest layer; 0 for a dense model."""
    return max((b.feed_forward.experts for b in model.blocks if b.feed_forward is not None), default=0)


def heads(model: Architecture) -> int:
    """Attention heads of the widest layer."""
    return max(b.attention.heads for b in model.blocks)


def switched(system: System, model: Architecture) -> Iterator[dict[str, int]]:
    """Ways to cut one copy over GPUs.

    Tensor parallel inside the scale-up domain, whole experts spread over the chips, attention either tensor or data
    parallel, and pipeline stages between systems.
    """
    routed, width = experts(model), heads(model)
    for chips in sizes(system):
        pipeline = max(1, chips // system.count)
        inside = chips // pipeline
        if inside <= width:
            yield {"tensor": inside, "pipeline": pipeline}
        spread = max((d for d in range(1, inside + 1) if inside % d == 0 and routed and routed % d == 0), default=1)
        if spread == 1:
            continue
        common = {"expert": spread, "expert_tensor": inside // spread, "pipeline": pipeline}
        if inside <= width:
            yield {"tensor": inside, **common}
        yield {"tensor": 1, "data": inside, **common}
        if inside >= 8 and inside % 4 == 0:
            yield {"tensor": 4, "data": inside // 4, **common}
        if pipeline > 1:
            yield from wide(system, chips, routed)


def wide(system: System, chips: int, routed: int) -> Iterator[dict[str, int]]:
    """Whole experts over the chips of several systems, attention data parallel over chips or over systems."""
    spread = max((d for d in range(1, chips + 1) if chips % d == 0 and routed % d == 0), default=1)
    common = {"expert": spread, "expert_tensor": chips // spread}
    yield {"tensor": 1, "data": chips, **common}
    yield {"tensor": system.count, "data": chips // system.count, **common}


def meshed(system: System, model: Architecture) -> Iterator[dict[str, int]]:
    """Chips on a mesh, a torus or in one fused group: every chip shares every layer."""
    yield from ({"tensor": n} for n in sizes(system, most_systems=1))


def wafers(system: System, model: Architecture) -> Iterator[dict[str, int]]:
    """Layers in contiguous blocks over a chain of wafers; more wafers than the weights need hold more context."""
    counts = sorted({round(2 ** (i / 2)) for i in range(14)})
    yield from ({"pipeline": n} for n in counts if n <= model.layers * 2)


def groups(system: System, model: Architecture) -> Iterator[dict[str, int]]:
    """LPUs: tensor parallel inside a node of 8 or 16, a pipeline over the nodes of whole systems."""
    for node in (8, 16):
        if system.count % node == 0:
            yield from ({"tensor": node, "pipeline": system.count // node * n} for n in (1, 2, 4, 8, 16))


LAYOUTS = {"gpu": switched, "mesh": meshed, "rdu": meshed, "wafer": wafers, "lpu": groups}


def deployments(
    system: System, model: Architecture, engine: Engine, precision: Precision, speculation: Speculation
) -> Iterator[Deployment]:
    """Every deployment of one copy worth trying, with the machine beside it where the system is sold with one."""
    first = Deployment(system, model, engine, precision, speculation=speculation)
    for cut in LAYOUTS[system.family](system, model):
        one = replace(first, **cut)
        yield from paired(one) if system.pairs_with else [one]


def paired(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment with GPUs that compute prompts, or that hold attention and the cache."""
    other = catalog.system(deployment.system.pairs_with)
    routed = experts(deployment.model)
    for chips in PARTNER_CHIPS:
        if chips > min(other.count, heads(deployment.model)):
            continue
        spread = chips if routed and routed % chips == 0 else 1
        beside = Deployment(
            other, deployment.model, catalog.engine_of(other), deployment.precision,
            tensor=chips, expert=spread, expert_tensor=chips // spread,
        )  # fmt: skip
        yield replace(deployment, mode="decode", paired=beside)
        yield replace(deployment, mode="afd", paired=beside)
