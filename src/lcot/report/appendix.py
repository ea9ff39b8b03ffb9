"""What stands behind an answer: its sources, and how far off its predictions have been."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from lcot.choice.model_error import ERROR, error_of
from lcot.choice.validated import coverage, size_class
from lcot.facts.types import Facts
from lcot.report.contract import source_row
from lcot.steptime.types import Deployment

Rows = list[dict[str, Any]]
NORMAL_P90 = 1.2816  # standard deviations from the median to the 90 % quantile of a normal distribution


def fact_rows(things: Iterable[Facts]) -> Rows:
    """Every known fact of some things with its sources, each thing once."""
    once = {facts.owner: facts for facts in things}
    return [source_row(fact, owner) for owner, facts in once.items() for fact in facts.values()
            if fact.value is not None]  # fmt: skip


def accuracy_rows(deployments: Iterable[Deployment]) -> Rows:
    """What was measured near each deployment, and the error of the step time that its range allows for."""
    return [accuracy_row(one) for one in deployments]


def accuracy_row(one: Deployment) -> dict[str, Any]:
    """One deployment: points measured in its class, and P10 to P90 of measured over predicted time."""
    engine, size = one.engine, size_class(one.model)
    measured = coverage().get((one.system.family, engine.id, size))
    spread = error_of(engine)
    factor = math.exp(NORMAL_P90 * spread)
    return {
        "system": one.system.name,
        "engine": engine.name,
        "models_measured": size if measured else f"none of {size} parameters",
        "points": measured["points"] if measured else 0,
        "measured_on": ", ".join(measured["systems"]) if measured else "",
        "measured_over_predicted_P10_to_P90": f"{1 / factor:.2f} to {factor:.2f}",
        "error": "fitted on measurements" if engine.facts.has(ERROR) else "declared estimate",
    }
