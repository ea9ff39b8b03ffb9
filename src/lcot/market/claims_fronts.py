"""Where the fronts of wafers and GPUs cross on the map, and the price of a wafer that turns a cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.breakeven import best_cost
from lcot.cost.pricing import break_even_price, priced_at
from lcot.facts import catalog
from lcot.facts.types import System
from lcot.market.claims_map import GPUS, WAFERS, Cell, best_of, cost, question_of


@dataclass(frozen=True, slots=True)
class Crossing:
    """The speed from which the wafer is cheaper, at one load of one model. None: never, within the map."""

    model: str
    load: float
    speed: float | None  # at the stated facts, tokens/s a user
    mid: float | None  # P50 of the draws that cross
    low: float | None  # P10
    high: float | None  # P90
    share: float  # of the draws that cross within the map [1]


def crossings(found: tuple[Cell, ...]) -> tuple[Crossing, ...]:
    """The speeds at which the fronts cross.

    Parameters
    ----------
    found : tuple of Cell
        From `cells`.

    Returns
    -------
    tuple of Crossing
        One for each model and load.

    Notes
    -----
    The lowest speed of the map from which the wafer stays cheaper, between it and the speed before, in the middle of
    their logarithms; likewise in each draw.
    """
    made: list[Crossing] = []
    for model, load in dict.fromkeys((one.model, one.load) for one in found):
        row = sorted((o for o in found if (o.model, o.load) == (model, load)), key=lambda o: o.speed)
        speeds = [one.speed for one in row]
        stated = first([_ratio(one) for one in row], speeds)
        ends: list[float] = []
        drawn = [one.draws for one in row]
        count = max((int(d.size) for d in drawn if d is not None), default=0)
        for i in range(count):
            at = first([float("nan") if d is None else float(d[i]) for d in drawn], speeds)
            if at is not None:
                ends.append(at)
        low, mid, high = (float(np.quantile(ends, q)) for q in (0.1, 0.5, 0.9)) if ends else (None, None, None)
        crossed = len(ends) / count if count else float(stated is not None)
        made.append(Crossing(model, load, stated, mid, low, high, crossed))
    return tuple(made)


def _ratio(one: Cell) -> float:
    """Wafer's cost over the GPUs' at the stated facts. [1]"""
    if one.wafer_cost is None:
        return float("nan") if one.gpu_cost is None else float("inf")
    return 0.0 if one.gpu_cost is None else one.wafer_cost / one.gpu_cost


def first(ratios: list[float], speeds: list[float]) -> float | None:
    """Speed from which a ratio stays below 1 as long as anything serves; None where there is none.

    Parameters
    ----------
    ratios : list of float
        By speed; NaN where nothing serves. [1]
    speeds : list of float
        Increasing. [token/s]

    Returns
    -------
    float or None
        Middle of the two speeds between which it changes; the lowest speed where it is below 1 from the start.
        [token/s]

    Notes
    -----
    .. math:: v^* = \\sqrt{v_{k-1} v_k}, \\quad k = \\min\\{j : q_i < 1 \\; \\forall i \\ge j\\}
    """
    known = [(v, q) for v, q in zip(speeds, ratios, strict=True) if not np.isnan(q)]
    start = len(known)
    while start and known[start - 1][1] < 1.0:
        start -= 1
    if start == len(known):
        return None
    return known[start][0] if start == 0 else float(np.sqrt(known[start - 1][0] * known[start][0]))


def wafer_price(model: str, speed: float, load: float) -> float | None:
    """Price of a wafer system at which it costs as much as the cheapest GPUs, in one cell.

    Parameters
    ----------
    model : str
        Id of the model.
    speed : float
        Tokens/s a user, at least. [token/s]
    load : float
        Of the whole fleet. [request/s]

    Returns
    -------
    float or None
        Of one system; None where one of them does not serve. [USD]

    Notes
    -----
    No formula: `lcot.cost.pricing.break_even_price` of the cheapest plans.
    """
    question = question_of(model, speed, load, 0, 0)
    gpus, wafers = best_of(question, GPUS), best_of(question, WAFERS)
    if not gpus or not wafers:
        return None
    least = min(cost(some[0]) for some in gpus.values())
    name, some = next(iter(wafers.items()))
    return float(
        break_even_price(least, catalog.system(name), some[0].served, question.traffic, question.site)
    )  # fmt: skip


def wins_at(model: str, speed: float, load: float, price: float) -> bool:
    """Whether the wafer is cheaper than every GPU system in one cell, at another price of it.

    Parameters
    ----------
    model : str
        Id of the model.
    speed : float
        Tokens/s a user, at least. [token/s]
    load : float
        Of the whole fleet. [request/s]
    price : float
        Of one wafer system. [USD]

    Returns
    -------
    bool
        By the cheapest deployment of each.
    """
    question = question_of(model, speed, load, 0, 0)
    machine: System = priced_at(catalog.system(WAFERS[0]), price)
    asked = replace(question, systems=(machine,))
    return best_cost(asked, machine) < min(best_cost(asked, catalog.system(name)) for name in GPUS)
