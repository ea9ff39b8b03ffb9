"""The same question at other lengths, among the few layouts that were best at lengths nearby."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf

import numpy as np

from lcot.choice.candidate import grid_for, merit, on_curve
from lcot.choice.search import on_sale
from lcot.choice.slide import Prepared, priced
from lcot.choice.types import Plan, Question
from lcot.errors import Infeasible
from lcot.serving.abreast import curves, pools
from lcot.serving.curve import Curve
from lcot.serving.pools import Pool
from lcot.serving.prompts import decoding
from lcot.steptime.types import StepTime

TAKEN = 2  # layouts of a system: the cheapest as asked, at the lengths that were searched


def leading(prepared: Prepared, question: Question) -> Prepared:
    """The few layouts that cost least as asked at the lengths that were searched, of systems that can be ranked.

    Parameters
    ----------
    prepared : Prepared
        Of the same model, systems and precision, at lengths of its own.
    question : Question
        With the speed and the load that are asked.

    Returns
    -------
    Prepared
        For `at_lengths`, without what has no price or is not on sale.

    Notes
    -----
    No formula: the plans in order of their cost.
    """

    def cost(one: Plan) -> float:
        try:
            return merit(on_curve(one.steps, one.points, one.pool, question))
        except Infeasible:
            return inf

    entries = [one for one in prepared.entries if one.plan and priced(one.system)]
    entries = [replace(one, front=None) for one in entries if on_sale(one.system, question.available_by)]
    every = {one.system.id: prepared.layouts[one.system.id] for one in entries}
    layouts = {id: tuple(sorted(some, key=cost)[:TAKEN]) for id, some in every.items()}
    return Prepared(prepared.question, layouts, tuple(entries))


def at_lengths(few: Prepared, question: Question) -> Prepared:
    """The layouts of `leading` at the question's lengths.

    Parameters
    ----------
    few : Prepared
        Of the same model, systems and precision.
    question : Question
        With the lengths that are asked.

    Returns
    -------
    Prepared
        For `lcot.choice.slide.slid`. Fronts are not drawn again, and a layout that only a search at these lengths
        finds is missing.

    Notes
    -----
    No formula: curves of a few layouts.
    """
    free = replace(question, target=replace(question.target, speed=None), traffic=replace(question.traffic, rate=None))
    layouts: dict[str, tuple[Plan, ...]] = {}
    for plan in again([one for some in few.layouts.values() for one in some], free):
        id = plan.deployment.system.id
        layouts[id] = (*layouts.get(id, ()), plan)
    return Prepared(free, layouts, tuple(one for one in few.entries if one.system.id in layouts))


def same_lengths(one: Question, other: Question) -> bool:
    """Whether two questions have the same curves: tokens in and out, share found in the cache, and wait allowed."""
    return _lengths(one) == _lengths(other)


def _lengths(question: Question) -> tuple[float | None, ...]:
    traffic = question.traffic
    asked = traffic.input_tokens, traffic.output_tokens, traffic.cached_fraction
    return (*map(float, asked), question.target.time_to_first_token)


def again(layouts: Sequence[Plan], question: Question) -> list[Plan]:
    """Layouts with their curves at the question's lengths, without those that do not fit there."""
    traffic, target = question.traffic, question.target
    known: list[tuple[Plan, np.ndarray]] = []
    for one in layouts:
        with suppress(Infeasible):
            known.append((one, grid_for(one.steps, question)))
    prompts = [one.steps.prefill for one, _ in known if one.steps.prefill is not None]
    found = iter(pools(prompts, traffic, target))
    made: list[Plan] = []
    together = curves([alone(one.steps) for one, _ in known], traffic, target, [grid for _, grid in known])
    for (one, grid), points in zip(known, together, strict=True):
        pool = next(found) if one.steps.prefill is not None else None
        if isinstance(points, Curve) and pool is None:
            made.append(replace(one, points=points))
        elif isinstance(points, Curve) and isinstance(pool, Pool):
            points = decoding(one.steps, traffic, grid, pool, points.decode)
            made.append(replace(one, points=points, pool=pool))
    return made


def alone(steps: StepTime) -> StepTime:
    """The copy that decodes, where prompts are computed on others of the same kind of system."""
    deployment = steps.deployment
    if steps.prefill is None or deployment.mode != "apart":
        return steps
    return replace(steps, deployment=replace(deployment, mode="", paired=None), prefill=None)
