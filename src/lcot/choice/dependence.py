"""On what the cost of a token depends, architecture by architecture: what a better machine would buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from lcot.choice.ranges import with_break_even
from lcot.choice.search import entry
from lcot.choice.sensitivity import evaluator, improved
from lcot.choice.types import Entry, Plan, Question
from lcot.cost.pricing import priced_at
from lcot.steptime.types import Deployment

ASKED = ("memory bandwidth", "data movement between chips", "power")  # causes that the direct answer names
STRONG, WEAK = 0.3, 0.05  # elasticities from which the cost depends strongly, and below which it hardly does
STEP = 1.01  # how much better, for an elasticity


@dataclass(frozen=True, slots=True)
class Dependence:
    """How the cost of a token on one system answers to better hardware, all else as it is."""

    family: str
    system: str
    layout: str
    cost: float  # USD/token
    assumed_price: float | None  # USD, where none is on record: at which it would cost as much as the cheapest, or 0
    elasticity: dict[str, float]  # per cent of cost saved by a machine one per cent better, by cause [1]
    twice: dict[str, float]  # share of the cost saved by a machine twice as good, by cause [1]


def by_architecture(question: Question) -> list[Dependence]:
    """The cheapest system of every architecture, and on what its cost depends.

    Parameters
    ----------
    question : Question
        Model, systems, target and site. A load that is asked for is left aside: fleets are full up to the site's load
        factor, so that whole systems make no steps.

    Returns
    -------
    list of Dependence
        Cheapest first; an architecture without any price on record stands at the price at which it would cost as much
        as the cheapest of the others, or as a gift where it would be dearer even so.
    """
    endless = replace(question, traffic=replace(question.traffic, rate=None))
    entries = with_break_even([entry(endless, system) for system in question.systems], endless)
    found: list[Dependence] = []
    for family in dict.fromkeys(item.system.family for item in entries):
        best = representative([item for item in entries if item.system.family == family])
        if best is not None:
            found.append(dependence(*best, endless))
    return sorted(found, key=lambda one: one.cost)


def representative(some: Sequence[Entry]) -> tuple[Deployment, float | None] | None:
    """The cheapest deployment of a family, and the price that it is given where it has none; None without any. [USD]"""
    priced = [item.plan for item in some if item.plan and item.plan.bill and item.status == "ranked"]
    if priced:
        return min(priced, key=cost_of_plan).deployment, None
    given = [item for item in some if item.plan and item.break_even_price is not None]
    given = [item for item in given if item.status != "announced"] or given
    if not given:
        return None
    best = max(given, key=lambda item: (item.break_even_price or 0.0) / item.system.count)
    assert best.plan is not None
    return best.plan.deployment, max(best.break_even_price or 0.0, 0.0)


def cost_of_plan(plan: Plan) -> float:
    """Blended cost. [USD/token]"""
    assert plan.bill is not None
    return float(plan.bill.cost["bottleneck_seconds"].blended)


def dependence(deployment: Deployment, price: float | None, question: Question) -> Dependence:
    """How the cost on one deployment answers to better hardware.

    Parameters
    ----------
    deployment : Deployment
        One that meets the target.
    price : float or None
        Price of a system [USD] (rented: of a chip [USD/s]), where none is on record.
    question : Question
        Traffic, target, site and basis.

    Returns
    -------
    Dependence
        At the stated facts.

    Notes
    -----
    .. math:: \\epsilon = -\\frac{\\ln c(k x) - \\ln c(x)}{\\ln k}, \\quad k = 1.01

    with all facts of a cause made better together.

    References
    ----------
    :cite:t:`saltelli2008`, chapter 1.
    """
    system = deployment.system
    if price is not None:
        system = priced_at(system, price, question.basis, question.term)
    facts, evaluate, engines = evaluator(replace(deployment, system=system), question)
    little, twice = (improved(evaluate, facts, factor, engines) for factor in (STEP, 2.0))
    return Dependence(
        family=system.family,
        system=system.id,
        layout=deployment.label,
        cost=float(evaluate(facts)),
        assumed_price=price,
        elasticity={cause: -log(ratio) / log(STEP) for cause, ratio in little.items()},
        twice={cause: 1.0 - ratio for cause, ratio in twice.items()},
    )


def sentence(one: Dependence) -> str:
    """Whether the cost depends on memory bandwidth, data movement between chips and power, in words."""
    parts: list[str] = []
    for cause in ASKED:
        share = one.elasticity.get(cause)
        if share is None:
            parts.append(f"{cause}: nothing on record")
            continue
        word = "strongly" if share >= STRONG else "hardly" if share < WEAK else "somewhat"
        parts.append(f"{cause} {word} ({max(0.0, share):.2f})")
    return f"{one.family} ({one.system}): " + ", ".join(parts)
