"""Whether anything near an answer was measured: same family, engine and model-size class."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from lcot.choice.types import Entry, Question
from lcot.workload.architecture import Architecture
from lcot.workload.counts import parameters

COVERAGE = Path(__file__).parent.parent / "catalog" / "coverage.yaml"
CLASSES = ((15e9, "up to 15B"), (100e9, "15B to 100B"), (300e9, "100B to 300B"), (float("inf"), "above 300B"))


def size_class(model: Architecture) -> str:
    """Class of model size, by parameters."""
    count = parameters(model)
    return next(name for limit, name in CLASSES if count <= limit)


@cache
def coverage() -> dict[tuple[str, str, str], dict[str, Any]]:
    """What was measured: (family, engine, size class) -> systems and number of points."""
    from lcot.facts.reading import read_yaml

    rows = read_yaml(COVERAGE)["measured"]
    return {(r["family"], r["engine"], r["size"]): r for r in rows}


def with_confidence(item: Entry, question: Question) -> Entry:
    """The entry with ``validated`` or ``extrapolated``, and why."""
    if item.plan is None:
        return item
    engine, size = item.plan.deployment.engine, size_class(question.model)
    row = coverage().get((item.system.family, engine.id, size))
    asked = f"{item.system.family} systems with {engine.name} on models of {size} parameters"
    if row is None:
        return replace(item, confidence="extrapolated", confidence_reason=f"no measurement on record of {asked}")
    here = item.system.id in row["systems"]
    near = "on this system" if here else "on " + ", ".join(row["systems"][:3])
    reason = f"{row['points']} measured points of {asked}, {near}"
    return replace(item, confidence="validated", confidence_reason=reason)
