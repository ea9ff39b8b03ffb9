"""Buying tokens beside serving them: where a fleet becomes cheaper than a host, and what is left of a host's price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from lcot.choice.candidate import billed, plan
from lcot.choice.search import on_sale, plans
from lcot.choice.types import Plan, Question
from lcot.cost.api import Offer, break_even_rate, gross_margin
from lcot.cost.types import Bill
from lcot.errors import Infeasible, MissingFact
from lcot.facts.types import System
from lcot.serving.types import Traffic

FULL = 1.0 - 1e-6  # of a fleet's capacity


@dataclass(frozen=True, slots=True)
class Ours:
    """What one system costs whoever serves with it, on one basis."""

    system: System
    basis: str  # own | rent
    scale: Bill  # of a fleet that is full up to the site's load factor, as a host's
    asked: Bill | None  # at the load asked for; None where none was
    fleets: tuple[Bill, ...]  # the smallest fleet and the most efficient one, each serving all that it can


def delivered(bill: Bill, traffic: Traffic) -> float:
    """Requests that a bill pays for. [request/s]"""
    return float(bill.tokens["output"] / traffic.output_tokens)


def each(bill: Bill, traffic: Traffic) -> float:
    """Cost of a request. [USD]"""
    return float(bill.total) / delivered(bill, traffic)


def ours(question: Question, bases: Sequence[str]) -> dict[str, list[Ours]]:
    """The cost of serving on every system on sale that has a price or a rent, cheapest at scale first.

    Parameters
    ----------
    question : Question
        Model, systems, traffic, target and site.
    bases : sequence of str
        Of ``own`` and ``rent``.

    Returns
    -------
    dict of str to list of Ours
        By basis, without systems that do not meet the target or lack a fact.
    """
    found: dict[str, list[Ours]] = {basis: [] for basis in bases}
    question = replace(question, basis="own")
    for system in question.systems:
        wanted = [basis for basis in bases if has_price(system, basis, question.term)]
        if not wanted or not on_sale(system, question.available_by):
            continue
        scale = at_rate(question, system, None)
        asked = at_rate(question, system, question.traffic.rate) if question.traffic.rate is not None else []
        for basis in wanted:
            made = served_by(system, replace(question, basis=basis), scale, asked)
            if made is not None:
                found[basis].append(made)
    return {basis: sorted(some, key=lambda one: each(one.scale, question.traffic)) for basis, some in found.items()}


def has_price(system: System, basis: str, term: str) -> bool:
    """Whether a system can be bought, or rented."""
    if basis == "own":
        return system.facts.has("price") or system.chip.facts.has("price")
    return system.facts.has(f"rent.{term}")


def at_rate(question: Question, system: System, rate: float | None) -> list[Plan]:
    """Every plan of a system at a load.

    Parameters
    ----------
    question : Question
        Model, target and site.
    system : System
        Where.
    rate : float or None
        The load [request/s]; None: fleets full up to the site's load factor.

    Returns
    -------
    list of Plan
        Cheapest first; empty where there is none.

    Notes
    -----
    No formula: it searches.
    """
    try:
        return plans(replace(question, traffic=replace(question.traffic, rate=rate)), system)[0]
    except (Infeasible, MissingFact):
        return []


def served_by(system: System, question: Question, scale: Sequence[Plan], asked: Sequence[Plan]) -> Ours | None:
    """The cost of serving on one system; None where it does not serve or has no cost."""
    endless = replace(question.traffic, rate=None)
    best = cheapest(scale, question, endless)
    if best is None or (question.traffic.rate is not None and not asked):
        return None
    small = min(scale, key=lambda one: (float(one.served.systems), -float(one.served.capacity)))
    load = cheapest(asked, question, question.traffic)
    fleets = tuple(bill for one in (small, best[0]) if (bill := full(one, question)) is not None)
    return Ours(system, question.basis, best[1], load[1] if load else None, fleets)


def cheapest(some: Sequence[Plan], question: Question, traffic: Traffic) -> tuple[Plan, Bill] | None:
    """The plan that costs least on the question's basis, with its bill; None where a fact is missing."""
    found: list[tuple[Plan, Bill]] = []
    for one in some:
        with suppress(MissingFact):
            found.append((one, billed(one.deployment, one.served, replace(question, traffic=traffic))))
    return min(found, key=lambda pair: each(pair[1], traffic)) if found else None


def full(one: Plan, question: Question) -> Bill | None:
    """The bill of the same fleet serving all that it can within the target."""
    traffic = replace(question.traffic, rate=FULL * float(one.served.capacity))
    try:
        return plan(one.deployment, replace(question, traffic=traffic), one.steps).bill
    except Infeasible:
        return None


def break_even(candidates: Iterable[Ours], offer: Offer, traffic: Traffic) -> tuple[float, Ours] | None:
    """The lowest load from which a fleet costs less than buying its tokens, and the fleet's system.

    Parameters
    ----------
    candidates : iterable of Ours
        Systems to choose from.
    offer : Offer
        A host's list prices. [USD/token]
    traffic : Traffic
        Tokens of a request. [token]

    Returns
    -------
    tuple of float and Ours, or None
        Load [request/s]; None where the host is cheaper than a fleet that serves all that it can.

    Notes
    -----
    The fleet is paid whatever the load, its energy as at full load:

    .. math:: \\lambda^* = \\min_f \\{ \\dot C_f / p : \\dot C_f / p \\le \\lambda_f \\}

    References
    ----------
    :cite:t:`short1995`, chapter 4, break-even analysis.
    """
    loads = [
        (load, one)
        for one in candidates
        for fleet in one.fleets
        if (load := float(break_even_rate(fleet, offer, traffic))) <= delivered(fleet, traffic)
    ]
    return min(loads, key=lambda pair: pair[0]) if loads else None


def margins(candidates: Sequence[Ours], offer: Offer, traffic: Traffic) -> dict[str, tuple[float, str]]:
    """Gross margin that a host's price leaves at our cost of each architecture.

    Parameters
    ----------
    candidates : sequence of Ours
        Cheapest at scale first.
    offer : Offer
        A host's list prices. [USD/token]
    traffic : Traffic
        Tokens of a request. [token]

    Returns
    -------
    dict of str to (float, str)
        By family: margin of its cheapest system [1], and its id; where the host has silicon of its own, that system's
        under ``own silicon``, if it has a cost.

    Notes
    -----
    See `lcot.cost.api.gross_margin`: :math:`m = 1 - C / p`.

    References
    ----------
    :cite:t:`horngren2015`.
    """
    found: dict[str, tuple[float, str]] = {}
    for one in candidates:
        margin = float(gross_margin(one.scale, offer, traffic))
        found.setdefault(one.system.family, (margin, one.system.id))
        if one.system.id == offer.system:
            found["own silicon"] = (margin, one.system.id)
    return found
