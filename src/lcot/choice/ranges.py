"""Ranges around the answer: the same plan on drawn facts, and the price at which an unpriced system would win."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from lcot.choice.chunks import run
from lcot.choice.types import Entry, Question
from lcot.choice.uncertainty import evaluate, spreads
from lcot.cost.pricing import break_even_price
from lcot.errors import MissingFact

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from lcot.choice.simulated import Seen


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where and how draws are made, and the search; answers are the same whatever the workers."""

    executor: Executor | None = None  # any of concurrent.futures; None: here
    folder: Path | None = None  # where finished chunks are kept, and found again
    progress: Callable[[int, int], None] | None = None  # called with chunks done and chunks in all
    processes: int = 1  # copies of this process that share what the executor does not do, itself included


HERE = Sampling()


def with_spread(
    entries: list[Entry], question: Question, sampling: Sampling = HERE, seen: Seen | None = None
) -> list[Entry]:
    """Entries with P10, P50, P90 and, for ranked ones, the probability of being the cheapest.

    Parameters
    ----------
    entries : list of Entry
        As searched, at the stated values.
    question : Question
        Number of draws [1] and seed; 0 draws leave the entries as they are.
    sampling : Sampling
        Where the draws are made.
    seen : mapping of str to mapping of str to Ran, optional
        Runs through the simulator by system and label, which then say in each draw what a copy carries.

    Returns
    -------
    list of Entry
        In the same order.

    Notes
    -----
    In each draw a system takes the best of the few deployments that were best at the stated values:
    :math:`c_k = \\min_d f_d(x_k)`; a plan that needs more copies under load than in closed form is dearer by the same
    factor in every draw. Systems that are not ranked have a range but no probability.

    References
    ----------
    :cite:t:`joe2008`.
    """
    if not question.draws:
        return entries
    tried = {e.system.id: e.tried for e in entries if e.plan is not None and e.plan.bill is not None}
    dearer = {e.system.id: e.simulated.dearer for e in entries if e.simulated and e.system.id not in (seen or {})}
    work = partial(evaluate, question, tried, seen=seen)
    if sampling.executor is None:
        work = partial(work, processes=sampling.processes)
    key, folder = "", None
    if sampling.folder is not None:
        runs = sorted((id, sorted(some)) for id, some in (seen or {}).items())
        key = sha256(repr((question, sorted(tried.items()), runs)).encode()).hexdigest()
        folder = sampling.folder / key[:16]
    found = run(
        work, question.draws, question.seed,
        executor=sampling.executor, folder=folder, key=key, progress=sampling.progress,
    )  # fmt: skip
    costs = {id: cost * dearer.get(id, 1.0) for id, cost in found.items()}
    ranked = {e.system.id for e in entries if e.status == "ranked"}
    ranges = spreads({id: cost for id, cost in costs.items() if id in ranked})
    for id, cost in costs.items():
        if id not in ranked:
            ranges[id] = replace(spreads({id: cost})[id], probability_cheapest=0.0)
    return [replace(e, spread=ranges.get(e.system.id)) for e in entries]


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
        In the same order; negative where even a gift would not do, none for the cheapest itself and where another
        fact is missing.

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
            result.append(replace(item, break_even_price=float(price)))
        except MissingFact:
            result.append(item)
    return result
