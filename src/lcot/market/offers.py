"""What a token costs on every system on sale, at each segment's speed, in every draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.candidate import plan
from lcot.choice.search import entry
from lcot.choice.types import Question
from lcot.choice.uncertainty import drawn, slowed
from lcot.errors import Infeasible, MissingFact
from lcot.facts import catalog
from lcot.facts.types import Facts, System
from lcot.market.mixing import cheaper, mixed, reference
from lcot.market.scenario import systems_of
from lcot.market.types import Array, Parts, Scenario, Segment
from lcot.serving.types import Target, Traffic
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment
from lcot.units import HOUR
from lcot.workload.models import model as model_of

RUNNING = ("energy", "staff", "software", "support", "spares")  # lines of a bill that end when a chip is switched off
SERVED = 0.5  # share of a segment's models that a system must be able to serve to be on offer
Says = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Offers:
    """Every system on every segment, and what a chip of it is."""

    parts: dict[str, dict[str, Parts]]  # segment -> system -> parts, each of shape (draws,)
    price: dict[str, Array]  # system -> USD per chip
    systems: dict[str, System]
    left_out: dict[str, str]  # system -> why it is in no offer
    estimates: tuple[str, ...]  # declared estimates in the bills


def question_of(scenario: Scenario, segment: Segment, model: str, systems: tuple[System, ...]) -> Question:
    """The question of one segment and model, to which each system is one answer.

    Parameters
    ----------
    scenario : Scenario
        Lengths [token], cache [1] and speed [token/s] of the segment.
    segment : Segment
        Its site.
    model : str
        Catalogue id.
    systems : tuple of System
        Those that may be bought for it.

    Returns
    -------
    Question
        At the capacity within the target, times the site's load factor.

    Notes
    -----
    No formula: facts are put in their places.
    """
    facts = scenario.facts

    def number(key: str) -> float:
        return float(facts.number(f"segment.{segment.id}.{key}"))

    traffic = Traffic(number("input"), number("output"), None, number("cached"))
    return Question(model_of(model), systems, traffic, Target(number("speed")), catalog.site(segment.site), draws=0)


def parts_of(deployment: Deployment, question: Question, factor: Array) -> Parts:
    """Where the cost per token of one deployment comes from, draw by draw.

    Parameters
    ----------
    deployment : Deployment
        Its facts are draws.
    question : Question
        Its site is drawn.
    factor : ndarray, shape (n,)
        Real over predicted step time. [1]

    Returns
    -------
    Parts
        Of shape (n,); infinite where the speed is not met.

    Raises
    ------
    Infeasible
        If no draw meets the target.
    MissingFact
        If a price or another fact is missing.

    Notes
    -----
    With the bill's rate :math:`\\dot C`, n chips, utilisation u and cost per token c, the throughput of a chip is the
    one that makes the identity exact over the years that the bill levels:

    .. math:: c = \\frac{h}{3600 \\, \\Theta \\, u}, \\quad h = 3600 \\, \\dot C / n
    """
    found = plan(deployment, question, slowed(estimate(deployment), factor), drawn=True)
    if found.bill is None:
        raise MissingFact(*found.unpriced.split(".", 1))
    bill, served = found.bill, found.served
    chips = np.asarray(served.systems, dtype=float) * deployment.system.count
    used = np.asarray(served.rate / served.capacity, dtype=float)
    cost = np.asarray(bill.cost["bottleneck_seconds"].blended, dtype=float)
    running = sum(bill.lines[name] for name in RUNNING if name in bill.lines)
    with np.errstate(divide="ignore", invalid="ignore"):
        hour = np.asarray(bill.total, dtype=float) / chips * HOUR
        values = (
            hour, hour / (HOUR * cost * used), used, cost, 1.0 / np.asarray(served.time_per_output_token),
            np.asarray(bill.site_power) / chips, np.asarray(running) / chips * HOUR,
        )  # fmt: skip
    met = np.isfinite(cost)
    whole = [np.where(met, np.broadcast_to(value, factor.shape), np.nan) for value in values]
    whole[3] = np.where(met, np.broadcast_to(cost, factor.shape), np.inf)
    return Parts(*whole)


def one_model(
    question: Question, n: int, seed: int, engines: Mapping[str, str]
) -> tuple[dict[str, Parts], dict[str, str], set[str]]:
    """Every system on one question: the cheapest deployment in each draw.

    Parameters
    ----------
    question : Question
        Model, systems, traffic, target and site.
    n : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws. [1]
    engines : mapping of str to str
        Engine by system, where it is not the usual one.

    Returns
    -------
    tuple of dict, dict and set
        Parts by system, reasons why others are not on offer, declared estimates in use.

    Notes
    -----
    .. math:: c_k = \\min_d c_{kd}
    """
    entries = [entry(replace(question, engine=engines.get(s.id, "")), s) for s in question.systems]
    why = {e.system.id: e.reason for e in entries if e.plan is None or e.plan.bill is None}
    tried = {e.system.id: e.tried for e in entries if e.system.id not in why}
    used: set[str] = set()
    for e in entries:
        if e.plan is not None and e.plan.bill is not None:
            used |= set(e.plan.bill.estimates)
    sample = drawn(question, tried, n, seed)
    found: dict[str, Parts] = {}
    for id, deployments in sample.deployments.items():
        best: Parts | None = None
        for one in deployments:
            try:
                other = parts_of(one, sample.question, sample.factors[id])
            except Infeasible:
                continue
            best = other if best is None else cheaper(best, other)
        if best is None:
            why[id] = "meets the target at the stated facts but in no draw"
        else:
            found[id] = best
    return found, why, used


def offers(scenario: Scenario, n: int, seed: int, progress: Says | None = None) -> Offers:
    """Search every system on every segment and model, once, and draw its cost.

    Parameters
    ----------
    scenario : Scenario
        Segments, vendors and their facts.
    n : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws. [1]
    progress : callable, optional
        Called before each search.

    Returns
    -------
    Offers
        Parts by segment and system.

    Notes
    -----
    No formula: `lcot.choice.search` finds deployments, `parts_of` draws them, `mixed` adds models up.
    """
    systems = systems_of(scenario)
    engines = {id: v.engine for v in scenario.vendors for id in v.systems if v.engine}
    known: dict[tuple[object, ...], tuple[dict[str, Parts], dict[str, str], set[str]]] = {}
    table: dict[str, dict[str, Parts]] = {}
    reasons: dict[str, list[str]] = {}
    used: set[str] = set()
    for segment in scenario.segments:
        wanted = tuple(id for v in scenario.vendors if segment.id in v.segments for id in v.systems)
        by_system: dict[str, dict[str, Parts]] = {}
        for model in segment.models:
            question = question_of(scenario, segment, model, tuple(on_sale(systems[id]) for id in wanted))
            key = (model, question.traffic, question.target, segment.site, wanted)
            if key not in known:
                if progress:
                    progress(f"{segment.name}: {model} on {len(wanted)} systems")
                known[key] = one_model(question, n, seed, engines)
            found, why, estimates = known[key]
            used |= estimates
            for id, parts in found.items():
                by_system.setdefault(id, {})[model] = parts
            for id, reason in why.items():
                reasons.setdefault(id, []).append(f"{segment.name}, {model}: {reason}")
        usual = {m: reference(found[m] for found in by_system.values() if m in found) for m in segment.models}
        table[segment.id] = {
            id: mixed(segment.models, found, usual)
            for id, found in by_system.items()
            if sum(segment.models[m] for m in found) >= SERVED
        }
    offered = {id for found in table.values() for id in found}
    left_out = {id: reasons[id][0] for id in systems if id not in offered and id in reasons}
    prices = {id: price_of(systems[id], n, seed) for id in offered}
    return Offers(table, prices, systems, left_out, tuple(sorted(used)))


def on_sale(system: System) -> System:
    """The system as if it could be bought; the market keeps its own calendar."""
    return replace(system, status="shipping")


def price_of(system: System, n: int, seed: int) -> Array:
    """Draws of the price of a chip with its share of the system.

    Parameters
    ----------
    system : System
        With a price.
    n : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws as in the bills. [1]

    Returns
    -------
    ndarray, shape (n,)
        Price of the system over its chips. [USD]

    Raises
    ------
    MissingFact
        Without a price.

    Notes
    -----
    .. math:: p = P / n_{chips}
    """
    from lcot.choice.uncertainty import samples
    from lcot.facts.draw import moving_together

    facts: Facts = samples([system.facts], n, seed, moving_together([system]))[system.facts.owner]
    return np.broadcast_to(np.asarray(facts.number("price"), dtype=float), (n,)) / system.count
