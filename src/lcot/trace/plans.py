"""A plan as a trace: step time at its deployment and batches, fleet, bill and cost of tokens, down to the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from lcot.cell import Cell, value_of
from lcot.choice.candidate import billed
from lcot.choice.types import Plan, Question
from lcot.cost.types import Bill
from lcot.errors import MissingFact
from lcot.facts.types import Numeric
from lcot.serving.curve import Curve
from lcot.serving.prompts import curve_of, pool_of
from lcot.serving.steady import at_load
from lcot.serving.types import Served, Traffic
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Breakdown, Deployment, Step, StepTime
from lcot.trace.leaves import Asked, Held, Leaves, leaf
from lcot.trace.watching import watching

POINTS = 6  # batches at most at which the curve of a copy is traced


@dataclass(frozen=True, slots=True)
class Traced:
    """A plan in cells. Numbers that rest on no fact are plain."""

    plan: Plan
    label: str
    leaves: Leaves
    points: Curve
    served: Served
    bill: Bill


def trace(plan: Plan, question: Question, leaves: Leaves | None = None, label: str = "") -> Traced:
    """The plan computed again, on cells, by the functions that made it.

    Deployment, batches and the requests' lengths are held; times, fleet, power and bill follow from the facts.

    Raises
    ------
    MissingFact
        If the plan has no bill.
    """
    if plan.bill is None:
        owner, _, key = plan.unpriced.partition(".")
        raise MissingFact(owner, key, "the bill")
    leaves = leaves or Leaves()
    mark = digest(plan, question)
    batches, mean = operating(plan)
    why = f"points of the search's grid of batches next to those it found; inputs {mark}"
    batch = leaf(batches, Held("batch", "1", why))
    best = leaf(mean, Held("capacity batch", "1", capacity_of(plan, question, mark)))
    own = celled(plan.deployment, leaves)
    with watching():
        points, served, bill = computed(
            own, replace(question, site=leaves.site(question.site)), asked(question.traffic, leaves), batch, best,
            plan.served.limit, waiting(plan, question, mark), held_steps,
        )  # fmt: skip
        total = bill.total
    if isinstance(total, Cell):
        total.name, total.unit = total.name or "total", "USD/s"
    return Traced(plan, label or plan.deployment.system.id, leaves, points, served, bill)


def computed(
    deployment: Deployment, question: Question, traffic: Traffic, batch: Numeric, capacity_batch: Numeric, limit: str,
    wait: Numeric = 1.0, hold: Callable[[StepTime], StepTime] = lambda steps: steps,
) -> tuple[Curve, Served, Bill]:  # fmt: skip
    """Curve, fleet and bill of a deployment at given batches, on floats or on cells.

    Parameters
    ----------
    deployment : Deployment
        What runs where.
    question : Question
        Its site, target, basis of cost, and the lengths that the steps see. [token]
    traffic : Traffic
        The load as the fleet and the bill see it. [token], [request/s]
    batch : numeric, shape (n,)
        Batches at which the copy is timed. [1]
    capacity_batch : numeric
        Mean batch that a copy may run at within the target. [1]
    limit : str
        What stops a larger one.
    wait : numeric
        Share of the wait that prompts apart are allowed in closed form. [1]
    hold : callable
        Step time as it is to be asked.

    Returns
    -------
    tuple of Curve, Served and Bill
        Times [s], fleet, and costs. [USD/s]

    Raises
    ------
    MissingFact
        If a price is missing.

    Notes
    -----
    The functions of the floors below in the order of `lcot.choice.candidate.plan`, without its search for batches:
    :math:`c = \\dot C(S(r(B))) / \\dot n`.
    """
    steps = hold(estimate(deployment))
    points, pool = curve_of(steps, question.traffic, question.target, batch)
    pool = replace(pool, waits=pool.waits * wait) if pool is not None else None
    load = question.site.facts.number("load_factor") if question.traffic.rate is None else 1.0
    served = at_load(points, capacity_batch, limit, steps, traffic, load, pool)
    return points, served, billed(deployment, served, replace(question, traffic=traffic))


def celled(deployment: Deployment, leaves: Leaves) -> Deployment:
    """The deployment with cells for the facts of its systems and engines."""
    paired = celled(deployment.paired, leaves) if deployment.paired is not None else None
    system, engine = leaves.system(deployment.system), leaves.engine(deployment.engine)
    return replace(deployment, system=system, engine=engine, paired=paired)


def asked(traffic: Traffic, leaves: Leaves) -> Traffic:
    """The load in cells: the rate moves the fleet; lengths are held, since the steps and the batch rest on them."""
    why = "asked; what a step holds and the batch follow from the lengths"
    rate = traffic.rate
    return replace(
        traffic,
        input_tokens=leaves.one(float(traffic.input_tokens), Held("input tokens", "token", why)),
        output_tokens=leaves.one(float(traffic.output_tokens), Held("output tokens", "token", why)),
        rate=None if rate is None else leaves.one(float(rate), Asked("load", "request/s", "asked")),
    )


def operating(plan: Plan) -> tuple[np.ndarray, float]:
    """Batches of the plan's grid around its capacity and its operating point, and the batch at capacity."""
    points, served = plan.points, plan.served
    grid, rates = np.asarray(points.batch, dtype=float), np.asarray(points.rate, dtype=float)
    mean = float(plan.mean)
    each = float(served.rate / served.copies)
    chosen = {0, len(grid) - 1}
    for place in (np.searchsorted(grid, mean), np.searchsorted(rates, each)):
        chosen |= {int(np.clip(place - 1, 0, len(grid) - 1)), int(np.clip(place, 0, len(grid) - 1))}
    return grid[sorted(chosen)], mean


def waiting(plan: Plan, question: Question, mark: str) -> Numeric:
    """Share of the wait in closed form that the event kernel left to prompts computed apart; 1 where it took none."""
    if plan.pool is None or plan.steps.prefill is None:
        return 1.0
    stated = pool_of(plan.steps.prefill, question.traffic, question.target)
    share = float(plan.pool.waits / stated.waits)
    why = (
        f"share of the wait allowed in closed form that held in the event kernel (seed {question.seed}); inputs {mark}"
    )
    return leaf(share, Held("wait of prompts", "1", why)) if abs(share - 1.0) > 1e-12 else 1.0


def held_steps(steps: StepTime) -> StepTime:
    """Step time whose steps are leaves: what a step processes is held with the batch."""
    made: list[tuple[Step, Step]] = []

    def held(step: Step) -> Step:
        for before, cells in made:
            if before is step:
                return cells
        why = "what a step processes: follows from the batch and the lengths of requests"
        cells = Step(**{key: shown(value, key, why) for key, value in fields_of(step).items()})
        made.append((step, cells))
        return cells

    def latency(step: Step) -> Breakdown:
        return steps.latency(held(step))

    def interval(step: Step) -> Breakdown:
        return steps.interval(held(step))

    def power(step: Step) -> Numeric:
        return steps.power(held(step))

    prefill = None if steps.prefill is None else held_steps(steps.prefill)
    return replace(steps, latency=latency, interval=interval, power=power, prefill=prefill)


def fields_of(step: Step) -> dict[str, Any]:
    """Numbers of a step by name."""
    return {name: value_of(getattr(step, name)) for name in Step.__dataclass_fields__}


def shown(value: Any, key: str, why: str) -> Any:
    """A leaf, unless there is nothing of it."""
    unit = "1" if key in ("decode_sequences", "prefill_sequences") else "token"
    return leaf(value, Held(key.replace("_", " "), unit, why)) if np.any(value) else value


def capacity_of(plan: Plan, question: Question, mark: str) -> str:
    """How the batch at capacity was found."""
    target = question.target
    asked = [f"{target.speed:g} tokens/s a user" if target.speed else "",
             f"first token within {target.time_to_first_token:g} s" if target.time_to_first_token else ""]  # fmt: skip
    within = " and ".join(one for one in asked if one) or "no target"
    return (
        f"largest mean batch within the target ({within}) by the closed form over the search's grid, limit: "
        f"{plan.served.limit}; eased where the event kernel asked for it (seed {question.seed}); inputs {mark}"
    )


def digest(plan: Plan, question: Question) -> str:
    """Hash of what a search or simulation started from: deployment, traffic, target, draws and seed."""
    d = plan.deployment
    texts = (d.system.id, d.model.id, d.engine.id, d.label, d.precision.label, d.mode, asdict(question.traffic),
             asdict(question.target), question.seed, facts_of(plan, question))  # fmt: skip
    return sha256(repr(texts).encode()).hexdigest()[:12]


def facts_of(plan: Plan, question: Question) -> list[tuple[str, Any]]:
    """Every fact of the plan's owners, in order."""
    d = plan.deployment
    owners = (d.system.facts, d.system.chip.facts, d.engine.facts, question.site.facts)
    return [(f"{one.owner}.{key}", one[key].value) for one in owners for key in sorted(one)]
