"""A simulated fleet as a trace: what the event kernel saw is held, the bill follows from the facts."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np

from lcot.cell import Cell
from lcot.choice.candidate import billed
from lcot.choice.deploy import served_of
from lcot.choice.sizing import Fleet
from lcot.choice.types import Plan, Question
from lcot.errors import MissingFact
from lcot.facts.types import Numeric
from lcot.serving.prompts import curve_of
from lcot.serving.simulation import Simulated
from lcot.serving.types import Served, Traffic
from lcot.steptime.estimate import estimate
from lcot.trace.leaves import Held, Leaves, leaf
from lcot.trace.plans import Traced, celled, held_steps
from lcot.trace.watching import watching

UNITS = {"copies": "1", "systems": "1", "batch": "1", "rate": "request/s", "capacity": "request/s", "power": "W",
         "prefill_copies": "1"}  # fmt: skip


def trace_fleet(fleet: Fleet, question: Question, seed: int, leaves: Leaves | None = None) -> Traced:
    """A sized fleet: its bill in cells over what the simulation gave, and the time of its steps at its mean batch.

    Raises
    ------
    MissingFact
        If the fleet is not priced.
    """
    run, steps = fleet.run, fleet.steps
    if run is None or steps is None or fleet.bill is None:
        raise MissingFact(fleet.system.id, "price", "the bill")
    leaves = leaves or Leaves()
    served, traffic = served_of(run, steps)
    why = f"event kernel, admission rules {run.policy.name}, seed {seed}; inputs {digest(run, fleet)}"
    batch = np.array([max(run.batch, 1.0)])
    own, site = celled(steps.deployment, leaves), leaves.site(question.site)
    plan = Plan(
        steps.deployment, steps, curve_of(steps, question.traffic, question.target, batch)[0], served, fleet.bill
    )
    with watching():
        timed = held_steps(estimate(own))
        points = curve_of(timed, question.traffic, question.target, leaf(batch, Held("mean batch", "1", why)))[0]
        seen = held(served, why)
        bill = billed(own, seen, replace(question, site=site, traffic=lengths(traffic, leaves, why)))
        total = bill.total
    if isinstance(total, Cell):
        total.name, total.unit = total.name or "total", "USD/s"
    return Traced(plan, fleet.system.id, leaves, points, seen, bill)


def held(served: Served, why: str) -> Served:
    """What was served, every number a leaf."""

    def number(name: str) -> Numeric:
        value = getattr(served, name)
        if value is None or isinstance(value, str) or not np.any(value):
            return value
        return leaf(float(value), Held(name.replace("_", " "), UNITS.get(name, "s"), why))

    return Served(**{name: number(name) for name in Served.__dataclass_fields__})


def lengths(traffic: Traffic, leaves: Leaves, why: str) -> Traffic:
    """The load as it was delivered, held."""
    return replace(
        traffic,
        input_tokens=leaves.one(float(traffic.input_tokens), Held("input tokens", "token", why)),
        output_tokens=leaves.one(float(traffic.output_tokens), Held("output tokens", "token", why)),
    )


def digest(run: Simulated, fleet: Fleet) -> str:
    """Hash of what was simulated: deployment, rules and requests."""
    assert fleet.steps is not None
    d, outcome = fleet.steps.deployment, run.outcome
    made = sha256(repr((d.system.id, d.model.id, d.engine.id, d.label, d.precision.label, run.policy)).encode())
    for array in (outcome.arrival, outcome.input_tokens, outcome.output_tokens):
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()[:12]
