"""One deployment under the question: what it serves, and what that costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcot.choice.types import Plan, Question
from lcot.cost.bill import price
from lcot.cost.types import Bill
from lcot.errors import MissingFact
from lcot.facts.override import override, parse
from lcot.facts.types import Facts, Site, System
from lcot.serving.capacity import capacity
from lcot.serving.curve import Curve, batches, sequences_held
from lcot.serving.pools import Pool
from lcot.serving.prompts import curve_of
from lcot.serving.steady import at_load, check
from lcot.serving.types import Served
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment, StepTime

GRID = 24  # batch sizes at which a deployment is evaluated
DRAWN_GRID = 12  # the same, in each draw


def plan(
    deployment: Deployment,
    question: Question,
    steps: StepTime | None = None,
    drawn: bool = False,
    pool: Pool | None = None,
) -> Plan:
    """One deployment under the question's load, with its bill.

    Parameters
    ----------
    deployment : Deployment
        What runs where.
    question : Question
        The load, the target and the site.
    steps : StepTime, optional
        Its step time, where it is not the estimate.
    drawn : bool
        Whether facts or step times are draws.
    pool : Pool, optional
        The copies that compute prompts, where they are apart and known.

    Returns
    -------
    Plan
        What it serves and costs; numbers are arrays over the draws if ``drawn``.

    Raises
    ------
    Infeasible
        If it does not fit, or does not meet the target.
    MissingFact
        If step time needs a fact that nobody published. A missing price is no error: the plan is then unpriced.
    """
    steps = estimate(deployment) if steps is None else steps
    points, pool = curve_for(steps, question, drawn, pool)
    return on_curve(steps, points, pool, question)


def curve_for(
    steps: StepTime, question: Question, drawn: bool = False, pool: Pool | None = None
) -> tuple[Curve, Pool | None]:
    """The curve of a copy over the batches that it holds. Raises `Infeasible` where it cannot hold one request."""
    grid = grid_for(steps, question, DRAWN_GRID if drawn else GRID)
    return curve_of(steps, question.traffic, question.target, grid[:, None] if drawn else grid, pool)


def grid_for(steps: StepTime, question: Question, points: int = GRID) -> np.ndarray:
    """Batches that a copy holds. Raises `Infeasible` where it cannot hold one request. [1]"""
    traffic = question.traffic
    check(steps, traffic)
    fixed = steps.fixed(traffic.input_tokens + traffic.output_tokens)
    held = sequences_held(steps.kv_capacity, traffic.input_tokens, traffic.output_tokens, fixed)
    return batches(float(min(np.max(held), steps.max_sequences)), points, below=True)


def on_curve(steps: StepTime, points: Curve, pool: Pool | None, question: Question) -> Plan:
    """A plan from the curve of its copy, which the speed, the load, the site and the basis do not change.

    Parameters
    ----------
    steps : StepTime
        The copy.
    points : Curve
        Over its batch.
    pool : Pool, optional
        The copies that compute prompts, where they are apart.
    question : Question
        The load, the target and the site.

    Returns
    -------
    Plan
        What it serves and costs.

    Raises
    ------
    Infeasible
        If it does not meet the target.

    Notes
    -----
    No formula: capacity, steady state and bill one after the other.
    """
    traffic, deployment = question.traffic, steps.deployment
    mean, limit = capacity(points, question.target, traffic.burstiness)
    load_factor = question.site.facts.number("load_factor") if traffic.rate is None else 1.0
    served = at_load(points, mean, limit, steps, traffic, load_factor, pool)
    try:
        bill = billed(deployment, served, question)
    except MissingFact as error:
        return Plan(deployment, steps, points, served, None, f"{error.owner}.{error.key}", pool, mean)
    return Plan(deployment, steps, points, served, bill, pool=pool, mean=mean)


def beside(deployment: Deployment) -> System | None:
    """The system that must be bought beside this one, as the deployment has it."""
    return deployment.paired.system if deployment.paired and deployment.system.pairs_with else None


def with_settings(deployment: Deployment, settings: tuple[str, ...]) -> Deployment:
    """The deployment with the user's facts of what is bought beside it."""
    other = beside(deployment)
    if other is None or deployment.paired is None:
        return deployment
    texts = [text for text in settings if parse(text).owner in (other.id, other.chip.id)]
    (other,), _ = override(texts, (other,), Site("", "", Facts("")))
    return replace(deployment, paired=replace(deployment.paired, system=other))


def billed(deployment: Deployment, served: Served, question: Question) -> Bill:
    """The bill of a deployment's fleet. Raises `MissingFact`."""
    q = question
    return price(deployment.system, served, q.traffic, q.site, q.basis, q.term, beside(deployment))


def merit(candidate: Plan) -> float:
    """What the search minimises: cost of a token, or systems per rate where there is no price. [USD/token or s]"""
    if candidate.bill is not None:
        return float(candidate.bill.cost["bottleneck_seconds"].blended)
    return float(candidate.served.systems / candidate.served.rate)
