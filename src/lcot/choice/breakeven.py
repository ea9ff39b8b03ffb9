"""Where the cheapest changes, as a price, the load, the tariff or the speed asked for varies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.search import plans
from lcot.choice.types import Question
from lcot.cost.pricing import priced_at
from lcot.errors import DomainError, Infeasible, InputError, MissingFact, UnknownName
from lcot.facts.types import System

VARIED = ("price", "rate", "tariff", "speed")
POINTS = 33  # values tried before refining
TOLERANCE = 1e-4  # of the value at which the cheapest changes

Costs = Callable[[float], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Flip:
    """A value at which the cheapest changes: ``before`` below it, ``after`` above; "" where nothing serves."""

    value: float
    before: str
    after: str
    cost: float  # of the cheaper of both just below the value; infinite where nothing serves [USD/token]


def flips(costs: Costs, low: float, high: float, points: int = POINTS, tolerance: float = TOLERANCE) -> list[Flip]:
    """Values at which the cheapest changes.

    Parameters
    ----------
    costs : callable
        Cost by name at one value, infinite where it does not serve.
    low, high : float
        Ends of the search, both above 0, in the unit of the value. [1]
    points : int
        Values tried, evenly in the logarithm; two changes between neighbours are not seen. [1]
    tolerance : float
        Relative accuracy of the values found. [1]

    Returns
    -------
    list of Flip
        In increasing order of the value.

    Raises
    ------
    DomainError
        If the ends are out of order or not positive.

    Notes
    -----
    Each change between neighbours is halved in the logarithm until its ends agree, so jumps (one system more) are found
    as well as crossings.
    """
    if not 0 < low < high:
        raise DomainError("low, high", (low, high), "0 < low < high")

    def cheapest(value: float) -> tuple[str, float]:
        found = costs(value)
        name = min(found, key=lambda one: found[one], default="")
        return (name, found[name]) if name and np.isfinite(found[name]) else ("", float("inf"))

    values = [float(value) for value in np.geomspace(low, high, points)]
    best = [cheapest(value) for value in values]
    made: list[Flip] = []
    for i in range(points - 1):
        (left, at_left), (right, at_right) = (values[i], best[i]), (values[i + 1], best[i + 1])
        if at_left[0] == at_right[0]:
            continue
        while right / left - 1.0 > tolerance:
            middle = float(np.sqrt(left * right))
            here = cheapest(middle)
            if here[0] == at_left[0]:
                left, at_left = middle, here
            else:
                right, at_right = middle, here
        made.append(Flip(float(np.sqrt(left * right)), at_left[0], at_right[0], at_left[1]))
    return made


def changed(question: Question, systems: Sequence[System], vary: str, value: float) -> tuple[Question, list[System]]:
    """The question and its systems at another value.

    Parameters
    ----------
    question : Question
        As asked.
    systems : sequence of System
        The first is the one whose price (or rent) varies.
    vary : str
        ``price`` (USD a system, or USD/s a chip if rented), ``rate`` (request/s), ``tariff`` (USD/J) or ``speed``
        (tokens/s a user).
    value : float
        The value, in SI. [1]

    Returns
    -------
    tuple of Question and list of System
        With everything else as it was.

    Raises
    ------
    UnknownName
        If there is no such thing to vary.
    """
    if vary == "price":
        first = priced_at(systems[0], value, question.basis, question.term)
        return question, [first, *systems[1:]]
    if vary == "rate":
        return replace(question, traffic=replace(question.traffic, rate=value)), list(systems)
    if vary == "tariff":
        facts = question.site.facts.with_values({"electricity.price": value})
        return replace(question, site=replace(question.site, facts=facts)), list(systems)
    if vary == "speed":
        return replace(question, target=replace(question.target, speed=value)), list(systems)
    raise UnknownName("thing to vary", vary, VARIED)


def costs_along(question: Question, systems: Sequence[System], vary: str) -> Costs:
    """Cost by system as one thing varies, each time with the best deployment for it.

    Parameters
    ----------
    question : Question
        As asked.
    systems : sequence of System
        The first is the one whose price (or rent) varies.
    vary : str
        One of `VARIED`.

    Returns
    -------
    callable
        For `flips`.

    Raises
    ------
    InputError
        When called, if a system lacks a price or another fact, so that it has no cost.
    """
    if vary not in VARIED:
        raise UnknownName("thing to vary", vary, VARIED)

    rest: dict[str, float] = {}  # a price that varies leaves the other systems alone

    def costs(value: float) -> dict[str, float]:
        asked, some = changed(question, systems, vary, value)
        if vary != "price":
            return {system.id: best_cost(asked, system) for system in some}
        rest.update({system.id: best_cost(asked, system) for system in some[1:] if system.id not in rest})
        return {some[0].id: best_cost(asked, some[0]), **rest}

    return costs


def best_cost(question: Question, system: System) -> float:
    """Cost of the cheapest deployment that serves; infinite where none does. [USD/token].

    Parameters
    ----------
    question : Question
        What is asked.
    system : System
        On what.

    Returns
    -------
    float
        Blended cost. [USD/token]

    Raises
    ------
    InputError
        If the system lacks a fact that its cost needs.
    """
    try:
        good, _ = plans(question, system)
    except Infeasible:
        return float("inf")
    except MissingFact as error:
        raise InputError(f"{system.id} has no cost to compare: {error}") from None
    if not good:
        return float("inf")
    bill = good[0].bill
    if bill is None:
        raise InputError(f"{system.id} has no cost to compare: no sourced value for {good[0].unpriced}")
    return float(bill.cost["bottleneck_seconds"].blended)
