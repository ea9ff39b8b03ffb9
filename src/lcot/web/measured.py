"""Measured runs beside a front: those nearest to the question, and how near they are."""

from __future__ import annotations

from functools import lru_cache
from math import log2
from typing import Any

from lcot.choice.types import Answer, Plan
from lcot.choice.validated import size_class
from lcot.report.contract import MEASURES
from lcot.validation.pairs import Run, runs_of
from lcot.workload.architecture import Architecture
from lcot.workload.counts import active_parameters, parameters
from lcot.workload.models import model, model_ids

MOST = 6  # points of a system
ENOUGH = 3  # points of the model itself after which no other model's are shown
FAR = 4.0  # doublings of lengths, input and output together, that are still near
OTHER = 2.0  # the same for other models, with those of their parameters
ALIKE = 0.1  # doublings of parameters below which two models are of one make


def measured(answer: Answer, measure: str) -> list[dict[str, Any]]:
    """Runs on the ranked systems: of the model or its make where there are some, else near ones of its size class.

    One device counts at our cost of one, so a run has a cost of its own.
    """
    if measure not in MEASURES[:2]:
        return []  # the power of a measured run is not on record
    plans = {item.system.id: item.plan for item in answer.by_status("ranked") if item.plan and item.plan.bill}
    found: list[dict[str, Any]] = []
    for system, plan in plans.items():
        near = nearest(system, answer)
        own = [one for one in near if alike(one[1], answer.question.model)]
        for _, name, run in (own if len(own) >= ENOUGH else near)[:MOST]:
            value = run.throughput if measure == MEASURES[1] else cost(run, plan, answer)
            said = f"{name}, {run.input_tokens:,.0f} tokens in and {run.output_tokens:,.0f} out"
            same = alike(name, answer.question.model)
            if name != answer.question.model.id:
                said += ": a model of the same make" if same else ": another model of its size class"
            row = {"system": system, "speed": run.speed, "value": value, "source": run.source, "run": said}
            found.append(row | {"same": same})
    return found


def nearest(system: str, answer: Answer) -> list[tuple[float, str, Run]]:
    """Runs on a system with how far they are from the question, the nearest first; the model's own before others."""
    asked, traffic = answer.question.model, answer.question.traffic
    found: list[tuple[float, str, Run]] = []
    for name in (asked.id, *(id for id in model_ids() if id != asked.id)):
        for run in runs_of(name):
            if run.system != system:
                continue
            far = abs(log2(run.input_tokens / float(traffic.input_tokens)))
            far += abs(log2(run.output_tokens / float(traffic.output_tokens)))
            same = alike(name, asked)
            if not same and size_class(known(name)) != size_class(asked):
                continue
            far += 0.0 if same else apart(known(name), asked)
            if far <= (FAR if same else OTHER):
                found.append((far, name, run))
    return sorted(found, key=lambda one: (one[1] != asked.id, not alike(one[1], asked), one[0]))


def alike(name: str, asked: Architecture) -> bool:
    """Whether a model is the one that is asked for, or of its make: as large, and with as many parameters in use."""
    return name == asked.id or apart(known(name), asked) < ALIKE


def apart(one: Architecture, other: Architecture) -> float:
    """Doublings between two models, of all parameters and of those that a token uses. [1]"""
    return sum(abs(log2(count(one) / count(other))) for count in (parameters, active_parameters))


@lru_cache(maxsize=512)
def known(name: str) -> Architecture:
    """A model of the catalogue."""
    return model(name)


def cost(run: Run, plan: Plan, answer: Answer) -> float:
    """What the tokens of a run cost, a device at our cost of one. [USD/Mtok]"""
    traffic, served, bill = answer.question.traffic, plan.served, plan.bill
    assert bill is not None
    chips = float(served.systems) * plan.deployment.system.count
    tokens = float(served.rate) * float(traffic.input_tokens + traffic.output_tokens)
    second = float(bill.cost["bottleneck_seconds"].blended) * tokens / chips  # USD of a chip and second
    return 1e6 * second / (run.throughput * (1.0 + run.input_tokens / run.output_tokens))
