"""Ranges around the answer: the same plan on drawn facts, and the price at which an unpriced system would win."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lcot.choice.search import plan
from lcot.choice.types import Entry, Plan, Question, Spread
from lcot.cost.pricing import break_even_price
from lcot.errors import Infeasible, MissingFact
from lcot.facts.draw import draw, draw_system, moving_together
from lcot.facts.types import Facts, Site, System

Draws = NDArray[np.float64]


def with_spread(entries: list[Entry], question: Question) -> list[Entry]:
    """Entries with P10, P50, P90 and, for ranked ones, the probability of being the cheapest.

    Parameters
    ----------
    entries : list of Entry
        As searched, at the stated values.
    question : Question
        Number of draws [1] and seed; 0 draws leave the entries as they are.

    Returns
    -------
    list of Entry
        In the same order.

    Notes
    -----
    The deployment is held, facts and the engine's constants are drawn, and the same functions run on arrays:
    :math:`c_k = f(x_k)`. Draws of a fact that several systems share are the same, so systems are compared draw by draw.

    References
    ----------
    :cite:t:`mckay1979`.
    """
    if not question.draws:
        return entries
    priced = [e for e in entries if e.plan is not None and e.plan.bill is not None]
    costs = {e.system.id: drawn_cost(e.plan, question, priced) for e in priced if e.plan is not None}
    ranked = [e.system.id for e in priced if e.status == "ranked" and e.system.id in costs]
    table = np.stack([costs[id] for id in ranked]) if ranked else np.empty((0, question.draws))
    finite = np.isfinite(table).any(axis=0) if ranked else np.zeros(question.draws, dtype=bool)
    winners = np.where(finite, table.argmin(axis=0), -1) if ranked else np.empty(0)
    result: list[Entry] = []
    for item in entries:
        cost = costs.get(item.system.id)
        if cost is None or not np.isfinite(cost).any():
            result.append(item)
            continue
        low, middle, high = (float(np.quantile(cost, q, method="nearest")) for q in (0.1, 0.5, 0.9))
        wins = float(np.mean(winners == ranked.index(item.system.id))) if item.system.id in ranked else 0.0
        result.append(replace(item, spread=Spread(low, middle, high, wins)))
    return result


def drawn_cost(chosen: Plan, question: Question, among: list[Entry]) -> Draws:
    """Blended cost of one plan in every draw; infinite where it does not meet the target. [USD/token]

    Parameters
    ----------
    chosen : Plan
        Deployment to hold.
    question : Question
        Draws [1] and seed.
    among : list of Entry
        The systems compared, whose facts may move together.

    Returns
    -------
    ndarray, shape (draws,)
        Cost. [USD/token]

    Notes
    -----
    :math:`c_k = f(x_k)`, :math:`k = 1 \\dots n`.

    References
    ----------
    :cite:t:`mckay1979`.
    """
    deployment = chosen.deployment
    system, engine, site = deployment.system, deployment.engine, question.site
    together = moving_together([e.system for e in among], [site])
    parts: list[Facts] = [system.facts, system.chip.facts, engine.facts, site.facts]
    drawn = draw(parts, question.draws, question.seed, together)
    by_owner = {facts.owner: facts for facts in drawn[:2]}
    elsewhere: System = draw_system(system, by_owner)
    moved = replace(deployment, system=elsewhere, engine=replace(engine, facts=drawn[2]))
    there: Site = replace(site, facts=drawn[3])
    try:
        again = plan(moved, replace(question, site=there))
    except Infeasible:
        return np.full(question.draws, np.inf)
    if again.bill is None:
        return np.full(question.draws, np.inf)
    cost = np.asarray(again.bill.cost["bottleneck_seconds"].blended, dtype=float)
    return np.nan_to_num(np.broadcast_to(cost, (question.draws,)), nan=np.inf)


def with_break_even(entries: list[Entry], question: Question) -> list[Entry]:
    """Entries with the price at which each would cost as much as the cheapest ranked system.

    Parameters
    ----------
    entries : list of Entry
        As searched.
    question : Question
        Basis of cost and site.

    Returns
    -------
    list of Entry
        In the same order; none for the cheapest itself, where even a gift would not do, or where another fact is
        missing.

    Notes
    -----
    See `lcot.cost.pricing.break_even_price`: :math:`c(P^*) = \\min_j c_j`.

    References
    ----------
    :cite:t:`short1995`, chapter 4.
    """
    costs = {
        e.system.id: float(e.plan.bill.cost["bottleneck_seconds"].blended)
        for e in entries
        if e.status == "ranked" and e.plan is not None and e.plan.bill is not None
    }
    if not costs:
        return entries
    best = min(costs, key=lambda id: costs[id])
    result: list[Entry] = []
    for item in entries:
        if item.plan is None or item.system.id == best:
            result.append(item)
            continue
        try:
            price = break_even_price(
                costs[best],
                item.system,
                item.plan.served,
                question.traffic,
                question.site,
                question.basis,
                question.term,
            )
            result.append(replace(item, break_even_price=float(price) if price > 0 else None))
        except MissingFact:
            result.append(item)
    return result
