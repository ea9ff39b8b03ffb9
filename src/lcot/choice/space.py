"""Deployments worth trying on a system, by family. Whether they fit is for step time to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lcot.facts.types import Engine, System
from lcot.steptime.types import Deployment, Precision, Speculation
from lcot.workload.architecture import Architecture

MOST_SYSTEMS = 4  # systems that one copy may span, where it does not fit in one


def sizes(system: System) -> list[int]:
    """Chips of one model copy: powers of two within a system, the whole system, then whole systems together."""
    inside = [2**i for i in range(12) if 2**i < system.count]
    return [*inside, *(system.count * n for n in (1, 2, 4) if n <= MOST_SYSTEMS)]


def experts(model: Architecture) -> int:
    """Routed experts of the widest layer; 0 for a dense model."""
    return max((b.feed_forward.experts for b in model.blocks if b.feed_forward is not None), default=0)


def heads(model: Architecture) -> int:
    """Attention heads of the widest layer."""
    return max(b.attention.heads for b in model.blocks)


def layouts(system: System, model: Architecture) -> Iterator[dict[str, int]]:
    """Ways to cut one copy over the chips of a switched or meshed system.

    Tensor parallel inside the scale-up domain, whole experts spread over the chips, attention either tensor or data
    parallel, and pipeline stages between systems.
    """
    routed, width = experts(model), heads(model)
    for chips in sizes(system):
        pipeline = max(1, chips // system.count) if chips > system.count else 1
        inside = chips // pipeline
        if inside <= width:
            yield {"tensor": inside, "pipeline": pipeline}
        if not routed or inside == 1:
            continue
        spread = max(d for d in range(1, min(inside, routed) + 1) if inside % d == 0 and routed % d == 0)
        if spread == 1:
            continue
        common = {"expert": spread, "expert_tensor": inside // spread, "pipeline": pipeline}
        if inside <= width:
            yield {"tensor": inside, **common}
        yield {"tensor": 1, "data": inside, **common}
        if inside >= 8 and inside % 4 == 0:
            yield {"tensor": 4, "data": inside // 4, **common}


def deployments(
    system: System, model: Architecture, engine: Engine, precision: Precision, speculation: Speculation
) -> Iterator[Deployment]:
    """Every deployment of one copy worth trying.

    Wafers and LPUs cut layers into stages over whole chips; their stage counts grow geometrically from one, so that
    capacity for context can be bought.
    """
    first = Deployment(system, model, engine, precision, speculation=speculation)
    if system.family in ("wafer", "lpu"):
        for cut in stages(system, model):
            yield replace(first, **cut)
        return
    for cut in layouts(system, model):
        yield replace(first, **cut)


def stages(system: System, model: Architecture) -> Iterator[dict[str, int]]:
    """Pipelines over wafers (one wafer a stage), or over groups of LPUs (tensor parallel inside a node)."""
    if system.family == "wafer":
        counts = sorted({round(2 ** (i / 2)) for i in range(14)})
        yield from ({"pipeline": n} for n in counts if n <= model.layers * 2)
        return
    node = 8 if system.count % 8 == 0 else 1
    group = system.count // node
    yield from ({"tensor": node, "pipeline": group * n} for n in (1, 2, 4, 8, 16))
