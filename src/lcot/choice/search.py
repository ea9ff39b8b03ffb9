"""Every deployment of every system, evaluated; the cheapest that meets the target, and why others do not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import groupby

import numpy as np

from lcot.choice.pareto import front
from lcot.choice.space import deployments
from lcot.choice.speculation import speculation_of
from lcot.choice.types import Entry, Plan, Question, Rejection
from lcot.cost.bill import price
from lcot.cost.types import Bill
from lcot.errors import Infeasible, MissingFact
from lcot.facts import catalog
from lcot.facts.override import override, override_engine, parse
from lcot.facts.types import Engine, Facts, Site, System
from lcot.serving.capacity import capacity
from lcot.serving.curve import Curve, batches, sequences_held
from lcot.serving.pools import Pool
from lcot.serving.prompts import curve_of, decoding, pool_of
from lcot.serving.steady import at_load, bought, check, fleet_power
from lcot.serving.types import Served
from lcot.steptime.estimate import apart, estimate
from lcot.steptime.machine import fewest
from lcot.steptime.types import Deployment, StepTime
from lcot.workload.formats import precision, supported

GRID = 24  # batch sizes at which a deployment is evaluated
DRAWN_GRID = 12  # the same, in each draw
CHAINED = ("wafer", "lpu")  # families whose copies are chains of whole systems
TIE = 0.01  # costs closer than this are the same: a rack costs what it costs, however it is cut
TRIED = 3  # best deployments of a system that are kept for the draws


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
    traffic = question.traffic
    check(steps, traffic)
    fixed = steps.fixed(traffic.input_tokens + traffic.output_tokens)
    held = sequences_held(steps.kv_capacity, traffic.input_tokens, traffic.output_tokens, fixed)
    grid = batches(float(min(np.max(held), steps.max_sequences)), DRAWN_GRID if drawn else GRID)
    return curve_of(steps, traffic, question.target, grid[:, None] if drawn else grid, pool)


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


def engine_for(system: System, name: str, settings: tuple[str, ...] = ()) -> Engine:
    """The engine asked for, or the one that this vendor's systems are usually served with, with the user's facts."""
    engine = catalog.engine(name) if name else catalog.engine_of(system)
    return override_engine(map(parse, settings), engine) if settings else engine


def plans(question: Question, system: System) -> tuple[list[Plan], list[Rejection]]:
    """Every deployment that meets the target, cheapest first, and the rest with their reasons."""
    good: list[Plan] = []
    bad: list[Rejection] = []
    missing: list[MissingFact] = []
    made: list[tuple[StepTime, Curve]] = []
    engine = engine_for(system, question.engine, question.settings)
    speculation = speculation_of(question.model, question.speculative)
    formats = precision(question.precision, question.model, supported(system.chip))
    for one in deployments(system, question.model, engine, formats, speculation):
        deployment = with_settings(one, question.settings) if question.settings else one
        alone = any(found.deployment.chips <= system.count for found in good)
        if alone and deployment.chips > system.count and system.family not in CHAINED and not tight(deployment):
            continue  # a copy over several systems is for what one system cannot do
        try:
            steps = estimate(deployment)
            points, pool = curve_for(steps, question)
            made.append((steps, points))
            good.append(on_curve(steps, points, pool, question))
        except Infeasible as error:
            bad.append(Rejection(deployment.label, str(error), error.limit, error.reached))
        except MissingFact as error:
            missing.append(error)
    if missing and not good:
        raise missing[0]
    if question.pools == "any" and system.family == "gpu":
        good += prompts_apart(made, question)
    return by_merit(good), bad


def tight(deployment: Deployment) -> bool:
    """Whether the weights take more than half of one system, so that little is left there for caches."""
    return 2 * fewest(replace(deployment, tensor=1)) > deployment.system.count


def prompts_apart(made: list[tuple[StepTime, Curve]], question: Question) -> list[Plan]:
    """Plans that compute prompts on copies of their own, in the layout that takes the fewest chips for them."""
    found: list[tuple[float, int]] = []
    pools: dict[int, Pool] = {}
    chips_of = [steps.deployment.chips for steps, _ in made]
    for chips, alike in groupby(sorted(range(len(made)), key=chips_of.__getitem__), key=chips_of.__getitem__):
        if found and chips_of[min(found)[1]] < chips / 2:
            break  # twice the chips were no better, so more are not
        for i in alike:
            with suppress(MissingFact):
                pools[i] = pool = pool_of(made[i][0], question.traffic, question.target)
                if np.isfinite(pool.waits):
                    found.append((float(pool.chips * pool.seconds / pool.group), i))
    if not found:
        return []
    best = min(found)[1]
    good: list[Plan] = []
    for steps, mixed in made:
        joint = apart(steps, made[best][0])
        points = decoding(joint, question.traffic, mixed.batch, pools[best], mixed.decode)
        with suppress(Infeasible):
            good.append(on_curve(joint, points, pools[best], question))
    return good


def by_merit(good: list[Plan]) -> list[Plan]:
    """Cheapest first; of those that cost the same to within `TIE`, the one with the most room goes first."""
    ordered = sorted(good, key=merit)
    alike = [p for p in ordered if merit(p) <= merit(ordered[0]) * (1.0 + TIE)]
    return sorted(alike, key=room, reverse=True) + ordered[len(alike) :]


def room(candidate: Plan) -> float:
    """What one system delivers within the target. [request/s]"""
    return float(candidate.served.capacity / candidate.served.systems)


def entry(question: Question, system: System) -> Entry:
    """The system's place in the answer."""
    return searched(question, system)[0]


def searched(question: Question, system: System) -> tuple[Entry, list[Plan]]:
    """The system's place in the answer, and every plan that meets the target, cheapest first."""
    try:
        good, bad = plans(question, system)
    except MissingFact as error:
        what = f"no sourced value for {error.owner}.{error.key}"
        what += f", needed for {error.needed_for}" if error.needed_for else ""
        return Entry(system, "missing_fact", what), []
    except Infeasible as error:
        return Entry(system, "infeasible", f"{error}"), []
    if not good:
        return Entry(system, "infeasible", nearest_miss(bad), rejections=tuple(bad)), []
    best = good[0]
    status, reason = "ranked", ""
    if best.bill is None:
        status, reason = "unpriced", f"no sourced value for {best.unpriced}"
    if not on_sale(system, question.available_by):
        when = system.available or "no date published"
        status, reason = "announced", f"{system.status}, {when}" + (f"; {reason}" if reason else "")
    others = tuple(found.deployment for found in good[:TRIED])
    placed = Entry(
        system, status, reason, best, others, system_front(good, question), rejections=tuple(bad),
        deliverable=max(map(room, good)),
    )  # fmt: skip
    return placed, good


def on_sale(system: System, by: str) -> bool:
    """Whether the system can be bought by an ISO date."""
    return system.status != "announced" and (not by or not system.available or system.available <= by)


def nearest_miss(bad: list[Rejection]) -> str:
    """The reason of the deployment that failed last: the limits in the order in which they bind."""
    order = ["speed", "time to first token", "KV cache", "context", "batch limit"]
    ranked = sorted(bad, key=lambda r: (order.index(r.limit) if r.limit in order else len(order), -r.reached))
    return f"{ranked[0].layout}: {ranked[0].reason}" if ranked else "no deployment to try"


def system_front(good: list[Plan], question: Question) -> np.ndarray | None:
    """Speed against cost at full load, over all deployments and batches of one system.

    Parameters
    ----------
    good : list of Plan
        Deployments that meet the target.
    question : Question
        Traffic, site and basis.

    Returns
    -------
    ndarray or None, shape (n, 4)
        Speed, cost, throughput of a chip, and throughput for the power, slowest first; None without a price; not a
        number where the power is not on record. [token/s, USD/token, token/s, token/J]
    """
    rows: list[np.ndarray] = []
    for candidate in good:
        if candidate.bill is None:
            continue
        points = candidate.points
        keep = points.batch <= points.held
        deployment = candidate.deployment
        fleet = bought(points.rate, deployment.chips, deployment.system.count, candidate.pool)
        full = replace(
            candidate.served, copies=fleet.copies, systems=fleet.systems, batch=points.batch, rate=fleet.capacity,
            capacity=fleet.capacity, prefill_copies=fleet.prompts,
            power=fleet_power(points, candidate.steps, 1.0, np.asarray, fleet, candidate.pool, fleet.capacity),
            time_per_output_token=points.time_per_output_token, time_to_first_token=points.time_to_first_token,
            prefill_seconds=points.prefill_seconds, cached_seconds=points.cached_seconds,
            decode_seconds=points.decode_seconds, cached_token_seconds=points.cached_token_seconds,
        )  # fmt: skip
        bill = billed(deployment, full, question)
        cost = bill.cost["bottleneck_seconds"].blended
        tokens = fleet.capacity * question.traffic.output_tokens
        per_chip = tokens / (fleet.systems * deployment.system.count)
        per_joule = tokens / (np.nan if full.power is None else full.power)
        rows.append(np.stack([1.0 / points.time_per_output_token, cost, per_chip, per_joule], axis=1)[keep])
    if not rows:
        return None
    cloud = np.concatenate(rows)
    return cloud[front(cloud[:, 0], cloud[:, 1])]
