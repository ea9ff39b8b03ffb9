"""Where wafer-scale and LPU systems serve a token cheaper than GPU clusters: a map over speed, load and model.

Each cell is one question, put to every system by the same search and draws as any other comparison. A system without a
sourced price has no cost; the price at which it would be as cheap as the GPUs stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np

from lcot.choice.search import plans
from lcot.choice.types import Plan, Question
from lcot.choice.uncertainty import evaluate
from lcot.cost.pricing import break_even_price
from lcot.errors import DomainError, Infeasible, MissingFact
from lcot.facts import catalog
from lcot.market.types import Array
from lcot.serving.types import Target, Traffic
from lcot.workload.models import model as model_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

MODELS = ("gpt-oss-120b", "qwen3-32b", "llama-3.3-70b", "deepseek-v3")
SPEEDS = (20.0, 40.0, 60.0, 80.0, 110.0, 150.0, 200.0, 300.0, 500.0)  # tokens/s a user
LOADS = (1.0, 30.0, 1000.0)  # request/s
GPUS = ("hgx-h200", "dgx-b200", "gb200-nvl72", "gb300-nvl72", "mi355x-8")
WAFERS = ("cs-3",)
LPUS = ("lpx-rack", "groqrack-llama70b")
INPUT, OUTPUT = 1000.0, 500.0
POOLS = "any"  # prompts together with decoding, or on copies of their own where that is cheaper
TRIED = 2  # deployments of a system that are drawn


@dataclass(frozen=True, slots=True)
class Cell:
    """One speed and load of one model. Costs are in USD/token; None where nothing serves."""

    model: str
    speed: float
    load: float
    gpu: str | None
    gpu_cost: float | None
    wafer: str | None
    wafer_cost: float | None
    probability: float | None  # that the wafer is cheaper, over the draws; None where neither serves
    lpu: str | None  # the LPU system that comes nearest
    lpu_price: float | None  # USD a system at which it would cost as much as the GPUs; negative: not as a gift
    draws: Array | None = None  # (n,): wafer's cost over the GPUs'; 0 where only the wafer serves, inf the other way


def question_of(model: str, speed: float, load: float, draws: int, seed: int) -> Question:
    """The question of one cell.

    Parameters
    ----------
    model : str
        Id of the model.
    speed : float
        Tokens/s a user, at least. [token/s]
    load : float
        Of the whole fleet. [request/s]
    draws, seed : int
        Of the facts and the model's error. [1]

    Returns
    -------
    Question
        Owned, at the default site, native precision, no speculation.
    """
    return Question(
        model_of(model), (), Traffic(INPUT, OUTPUT, load), Target(speed), catalog.site("us-colocation"), draws=draws,
        seed=seed, pools=POOLS,
    )  # fmt: skip


def best_of(question: Question, systems: tuple[str, ...]) -> dict[str, list[Plan]]:
    """The cheapest few plans of each system that serves, by id."""
    found: dict[str, list[Plan]] = {}
    for name in systems:
        try:
            good, _ = plans(question, catalog.system(name))
        except (Infeasible, MissingFact):
            continue
        if good:
            found[name] = good[:TRIED]
    return found


def cost(plan: Plan) -> float:
    """Blended cost; infinite without a price. [USD/token].

    Parameters
    ----------
    plan : Plan
        What serves.

    Returns
    -------
    float
        Of a token. [USD/token]

    Notes
    -----
    No formula: a line of the bill.
    """
    return float("inf") if plan.bill is None else float(plan.bill.cost["bottleneck_seconds"].blended)


def cell(model: str, speed: float, load: float, draws: int, seed: int) -> Cell:
    """One cell of the map.

    Parameters
    ----------
    model : str
        Id of the model.
    speed : float
        Tokens/s a user, at least. [token/s]
    load : float
        Of the whole fleet. [request/s]
    draws, seed : int
        Of the facts and the model's error; 0 for none. [1]

    Returns
    -------
    Cell
        Who is cheapest of each kind, and how sure.
    """
    question = question_of(model, speed, load, draws, seed)
    gpus, wafers = best_of(question, GPUS), best_of(question, WAFERS)
    gpu = min(gpus, key=lambda name: cost(gpus[name][0]), default=None)
    wafer = min(wafers, key=lambda name: cost(wafers[name][0]), default=None)
    ratio = None
    if draws and (gpu or wafer):
        every = {name: tuple(p.deployment for p in some) for name, some in (gpus | wafers).items()}
        sample = evaluate(question, every, draws, seed)
        ratio = over([sample[name] for name in wafers], [sample[name] for name in gpus], draws)
    lpu, price = lpu_of(question, None if gpu is None else cost(gpus[gpu][0]))
    return Cell(
        model, speed, load, gpu, None if gpu is None else cost(gpus[gpu][0]), wafer,
        None if wafer is None else cost(wafers[wafer][0]), None if ratio is None else chance(ratio), lpu, price, ratio,
    )  # fmt: skip


def over(ours: list[Array], theirs: list[Array], draws: int) -> Array:
    """Cheapest of ours over cheapest of theirs, draw by draw.

    Parameters
    ----------
    ours, theirs : list of ndarray, shape (n,)
        Costs by system; infinite where it does not serve. [USD/token]
    draws : int
        n. [1]

    Returns
    -------
    ndarray, shape (n,)
        0 where only ours serves, infinite where only theirs does, NaN where neither. [1]

    Notes
    -----
    .. math:: q_i = \\min_a c_{ai} / \\min_b c_{bi}
    """
    none = np.full(draws, np.inf)
    mine, other = np.min([*ours, none], axis=0), np.min([*theirs, none], axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(other) & np.isinf(mine), np.nan, np.where(np.isinf(other), 0.0, mine / other))


def chance(ratio: Array) -> float | None:
    """Share of the draws with a ratio below 1, of those in which anything serves; None where nothing does. [1].

    Parameters
    ----------
    ratio : ndarray, shape (n,)
        From `over`. [1]

    Returns
    -------
    float or None
        Probability. [1]

    Notes
    -----
    .. math:: p = \\#\\{q_i < 1\\} / \\#\\{q_i\\}
    """
    known = ratio[~np.isnan(ratio)]
    return float(np.mean(known < 1.0)) if known.size else None


def lpu_of(question: Question, gpu: float | None) -> tuple[str | None, float | None]:
    """The LPU system that may cost most and still be as cheap as the GPUs, and that price.

    Parameters
    ----------
    question : Question
        Of the cell.
    gpu : float or None
        Cost on the cheapest GPUs. [USD/token]

    Returns
    -------
    tuple of str or None and float or None
        Id, and price of one system [USD]; no price where GPUs do not serve or another fact is missing.

    Notes
    -----
    No formula: `lcot.cost.pricing.break_even_price` of the cheapest plan of each.
    """
    found: list[tuple[float, str]] = []
    serves = best_of(question, LPUS)
    for name, some in serves.items():
        if gpu is None:
            continue
        machine, plan = catalog.system(name), some[0]
        partner = catalog.system(machine.pairs_with) if machine.pairs_with else None
        try:
            price = break_even_price(
                gpu, machine, plan.served, question.traffic, question.site, question.basis, question.term, partner
            )
        except MissingFact:
            continue
        found.append((float(price), name))
    if found:
        best = max(found)
        return best[1], best[0]
    return (next(iter(serves), None), None)


def cells(
    models: tuple[str, ...] = MODELS,
    speeds: tuple[float, ...] = SPEEDS,
    loads: tuple[float, ...] = LOADS,
    draws: int = 64,
    seed: int = 2026,
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
) -> tuple[Cell, ...]:
    """The whole map.

    Parameters
    ----------
    models : tuple of str
        Ids of models.
    speeds : tuple of float
        Tokens/s a user, increasing. [token/s]
    loads : tuple of float
        Of the whole fleet. [request/s]
    draws, seed : int
        Of the facts and the model's error. [1]
    progress : callable, optional
        Called with a word on each cell.
    executor : Executor, optional
        Of `concurrent.futures`: where cells are made; the map is the same wherever.

    Returns
    -------
    tuple of Cell
        Model by model, load by load, speed by speed.

    Raises
    ------
    DomainError
        If there is nothing to map.
    """
    if not (models and speeds and loads):
        raise DomainError("map", (models, speeds, loads), "at least one model, speed and load")
    asked = [(model, speed, load, draws, seed) for model in models for load in loads for speed in speeds]
    every = executor.map(cell, *zip(*asked, strict=True)) if executor else starmap(cell, asked)
    made: list[Cell] = []
    for (model, speed, load, *_), found in zip(asked, every, strict=True):
        made.append(found)
        if progress:
            progress(f"map {len(made)} of {len(asked)}: {model}, {load:g} requests/s, {speed:g} tokens/s a user")
    return tuple(made)
