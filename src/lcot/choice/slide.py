"""One question at many speeds and loads: what those do not change is worked out once, so that a slider can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.candidate import on_curve
from lcot.choice.compare import ORDER, expected, newest, verdict
from lcot.choice.search import by_merit, on_sale, room, searched, system_front
from lcot.choice.types import Answer, Entry, Plan, Question, Rejection
from lcot.choice.validated import with_confidence
from lcot.errors import Infeasible
from lcot.facts.types import System

SPEEDS = np.geomspace(1.0, 2000.0, 24)  # tokens/s a user at which layouts compete for a place
KEPT = 4  # layouts of a system


@dataclass(frozen=True, slots=True)
class Prepared:
    """The systems of a question with the few layouts of each that are the best at some speed."""

    question: Question
    layouts: Mapping[str, tuple[Plan, ...]]
    entries: tuple[Entry, ...]  # as at any speed and full load: fronts, and those that cannot serve the model


def prepare(question: Question) -> Prepared:
    """Work out what speed, load, site and basis do not change.

    Parameters
    ----------
    question : Question
        Model, systems, lengths, precision and time to first token; its speed and load do not count.

    Returns
    -------
    Prepared
        For `slid`.

    Notes
    -----
    No formula: the search without a target for the speed.
    """
    free = replace(question, target=replace(question.target, speed=None), traffic=replace(question.traffic, rate=None))
    found = searched(free, free.systems)
    layouts = {item.system.id: best_somewhere(good)[: KEPT if priced(item.system) else 1] for item, good in found}
    return Prepared(free, layouts, tuple(replace(item, rejections=()) for item, _ in found))


def priced(system: System) -> bool:
    """Whether any price or rent of the system is on record: one without is never ranked, so one layout tells enough."""
    return any(key.startswith(("price", "rent")) and system.facts.has(key) for key in system.facts)


def best_somewhere(good: list[Plan]) -> tuple[Plan, ...]:
    """The plans that deliver the most on a chip at one of many speeds, those that lead most often first."""
    if len(good) <= KEPT:
        return tuple(good)
    rates = np.zeros((len(good), len(SPEEDS)))
    for i, one in enumerate(good):
        points, chips = one.points, one.deployment.chips
        each = points.rate / chips
        if one.pool is not None:
            each = 1.0 / (chips / points.rate + one.pool.chips * one.pool.seconds / one.pool.group)
        kept = points.batch <= points.held
        fast = 1.0 / np.asarray(points.time_per_output_token)[kept]
        order = np.argsort(fast)
        rates[i] = np.interp(SPEEDS, fast[order], np.asarray(each)[kept][order], right=0.0)
    leads = np.bincount(np.argmax(rates, axis=0)[rates.max(axis=0) > 0], minlength=len(good))
    return tuple(good[i] for i in np.argsort(-leads, kind="stable")[:KEPT])


def slid(prepared: Prepared, question: Question) -> Answer:
    """The answer at another speed, load, site or basis: among the layouts kept, at the stated facts, not simulated.

    Parameters
    ----------
    prepared : Prepared
        Of the same model, systems, lengths and precision.
    question : Question
        The same with its own target, load, site and basis.

    Returns
    -------
    Answer
        As `lcot.choice.compare.compare` without draws and finalists.

    Notes
    -----
    No formula: steady state and bill of each layout.
    """
    entries = [with_confidence(moved(item, prepared, question), question) for item in prepared.entries]
    entries.sort(key=lambda e: (ORDER.index(e.status), expected(e), e.system.id))
    asked = replace(question, draws=0)
    answer = Answer(asked, tuple(entries), "", newest(entries, asked))
    return replace(answer, verdict=verdict(answer))


def moved(item: Entry, prepared: Prepared, question: Question) -> Entry:
    """One system's place at another speed or load."""
    good: list[Plan] = []
    missed: list[Rejection] = []
    for one in prepared.layouts.get(item.system.id, ()):
        try:
            good.append(on_curve(one.steps, one.points, one.pool, question))
        except Infeasible as error:
            missed.append(Rejection(one.deployment.label, str(error), error.limit, error.reached))
    if item.plan is None:
        return item
    if not good:
        nearest = max(missed, key=lambda r: r.reached)
        return Entry(item.system, "infeasible", f"{nearest.layout}: {nearest.reason}")
    best = by_merit(good)[0]
    status, reason = ("ranked", "") if best.bill is not None else ("unpriced", f"no sourced value for {best.unpriced}")
    if not on_sale(item.system, question.available_by):
        status, reason = "announced", item.reason
    front = item.front
    if (question.basis, question.site) != (prepared.question.basis, prepared.question.site):
        front = system_front(list(good), question)
    return Entry(item.system, status, reason, best, front=front, deliverable=max(map(room, good)))
