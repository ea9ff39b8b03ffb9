"""Every deployment of every system, evaluated; the cheapest that meets the target, and why others do not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from lcot.choice.candidate import billed, grid_for, merit, on_curve, with_settings
from lcot.choice.pareto import front
from lcot.choice.space import deployments
from lcot.choice.speculation import speculation_of
from lcot.choice.types import Entry, Plan, Question, Rejection
from lcot.errors import Infeasible, MissingFact
from lcot.facts import catalog
from lcot.facts.override import override_engine, parse
from lcot.facts.types import Engine, System
from lcot.serving.abreast import curves, pools
from lcot.serving.curve import Curve
from lcot.serving.pools import Pool
from lcot.serving.prompts import decoding
from lcot.serving.steady import bought, fleet_power
from lcot.steptime.estimate import apart, estimate
from lcot.steptime.machine import fewest
from lcot.steptime.types import Deployment, StepTime
from lcot.workload.formats import precision, supported

CHAINED = ("wafer", "lpu")  # families whose copies are chains of whole systems
TIE = 0.01  # costs closer than this are the same: a rack costs what it costs, however it is cut
TRIED = 3  # best deployments of a system that are kept for the draws


def engine_for(system: System, name: str, settings: tuple[str, ...] = ()) -> Engine:
    """The engine asked for, or the one that this vendor's systems are usually served with, with the user's facts."""
    engine = catalog.engine(name) if name else catalog.engine_of(system)
    return override_engine(map(parse, settings), engine) if settings else engine


Searched = tuple[list[Plan], list[Rejection]]
Outcome = Plan | Infeasible | MissingFact


@dataclass(slots=True)
class Search:
    """What is found of one system while its layouts are tried, each in its place."""

    system: System
    candidates: list[Deployment]
    found: dict[int, Outcome] = field(default_factory=dict[int, Outcome])
    made: dict[int, tuple[StepTime, Curve]] = field(default_factory=dict[int, tuple[StepTime, Curve]])
    apart: list[Plan] = field(default_factory=list[Plan])  # with prompts on copies of their own

    def places(self, beyond: bool) -> list[int]:
        """Candidates of which a copy fits into one system; ``beyond`` it, those that do what one system cannot do."""
        spans = [one.chips > self.system.count and self.system.family not in CHAINED for one in self.candidates]
        if not beyond:
            return [i for i, spanning in enumerate(spans) if not spanning]
        alone = any(isinstance(one, Plan) and one.deployment.chips <= self.system.count for one in self.found.values())
        return [i for i, spanning in enumerate(spans) if spanning and (not alone or tight(self.candidates[i]))]

    def result(self) -> Searched:
        """Plans, cheapest first, and what was rejected. Raises `MissingFact` where a fact is all that is missing."""
        every = [self.found[i] for i in sorted(self.found)]
        good = [one for one in every if isinstance(one, Plan)]
        missing = [one for one in every if isinstance(one, MissingFact)]
        if missing and not good:
            raise missing[0]
        bad = [
            Rejection(self.candidates[i].label, str(one), one.limit, one.reached)
            for i, one in sorted(self.found.items())
            if isinstance(one, Infeasible)
        ]
        return by_merit(good + self.apart), bad


def plans(question: Question, system: System) -> Searched:
    """Every deployment that meets the target, cheapest first, and the rest with their reasons.

    Raises `MissingFact` where a fact is all that is missing, and `Infeasible` where there is nothing to try.
    """
    found = plans_of(question, [system])[0]
    if isinstance(found, Exception):
        raise found
    return found


def plans_of(question: Question, systems: Sequence[System]) -> list[Searched | Infeasible | MissingFact]:
    """The plans of several systems: copies whose steps take the same formulas are timed in one go."""
    searches: list[Search | Infeasible | MissingFact] = []
    for system in systems:
        try:
            searches.append(Search(system, candidates(question, system)))
        except (Infeasible, MissingFact) as error:
            searches.append(error)
    todo = [one for one in searches if isinstance(one, Search)]
    for beyond in (False, True):
        tried([(one, i) for one in todo for i in one.places(beyond)], question)
    if question.pools == "any":
        prompts_apart([one for one in todo if one.system.family == "gpu" and one.made], question)
    results: list[Searched | Infeasible | MissingFact] = []
    for one in searches:
        try:
            results.append(one.result() if isinstance(one, Search) else one)
        except MissingFact as error:
            results.append(error)
    return results


def candidates(question: Question, system: System) -> list[Deployment]:
    """The deployments of a system that are worth trying, with the user's facts."""
    engine = engine_for(system, question.engine, question.settings)
    speculation = speculation_of(question.model, question.speculative)
    formats = precision(question.precision, question.model, supported(system.chip))
    made = deployments(system, question.model, engine, formats, speculation)
    return [with_settings(one, question.settings) if question.settings else one for one in made]


def tried(places: Sequence[tuple[Search, int]], question: Question) -> None:
    """Candidates under the question, each to its place: a plan, or what stands against it."""
    copies: list[tuple[Search, int, StepTime, np.ndarray]] = []
    for search, i in places:
        try:
            steps = estimate(search.candidates[i])
            copies.append((search, i, steps, grid_for(steps, question)))
        except (Infeasible, MissingFact) as error:
            search.found[i] = error
    found = curves([one[2] for one in copies], question.traffic, question.target, [one[3] for one in copies])
    for (search, i, steps, _), points in zip(copies, found, strict=True):
        if not isinstance(points, Curve):
            search.found[i] = points
            continue
        search.made[i] = steps, points
        try:
            search.found[i] = on_curve(steps, points, None, question)
        except Infeasible as error:
            search.found[i] = error


def tight(deployment: Deployment) -> bool:
    """Whether the weights take more than half of one system, so that little is left there for caches."""
    return 2 * fewest(replace(deployment, tensor=1)) > deployment.system.count


def prompts_apart(searches: Sequence[Search], question: Question) -> None:
    """Plans that compute prompts on copies of their own, in the layout that takes the fewest chips for them."""
    best: dict[int, tuple[float, int]] = {}
    known: dict[int, dict[int, Pool]] = {id(one): {} for one in searches}
    waiting = [(one, by_chips(one)) for one in searches]
    while waiting:
        waiting = [
            (one, groups) for one, groups in waiting
            # twice the chips were no better, so more are not
            if groups and not (id(one) in best and chips_of(one, best[id(one)][1]) < chips_of(one, groups[0][0]) / 2)
        ]  # fmt: skip
        places = [(one, i) for one, groups in waiting for i in groups.pop(0)]
        found = pools([one.made[i][0] for one, i in places], question.traffic, question.target)
        for (one, i), pool in zip(places, found, strict=True):
            if isinstance(pool, Pool) and np.isfinite(pool.waits):
                known[id(one)][i] = pool
                rank = float(pool.chips * pool.seconds / pool.group), i
                best[id(one)] = min(best.get(id(one), rank), rank)
    for one in searches:
        if id(one) in best:
            place = best[id(one)][1]
            pool = known[id(one)][place]
            for steps, mixed in (one.made[i] for i in sorted(one.made)):
                joint = apart(steps, one.made[place][0])
                points = decoding(joint, question.traffic, mixed.batch, pool, mixed.decode)
                with suppress(Infeasible):
                    one.apart.append(on_curve(joint, points, pool, question))


def chips_of(search: Search, place: int) -> int:
    """Chips of one copy of a candidate. [1]"""
    return search.candidates[place].chips


def by_chips(search: Search) -> list[list[int]]:
    """Places of the candidates with a curve, those with equally many chips together, the fewest first."""
    ordered = sorted(search.made, key=lambda i: (chips_of(search, i), i))
    return [list(alike) for _, alike in groupby(ordered, key=lambda i: chips_of(search, i))]


def by_merit(good: list[Plan]) -> list[Plan]:
    """Cheapest first; of those that cost the same to within `TIE`, the one with the most room goes first."""
    ordered = sorted(good, key=merit)
    alike = [p for p in ordered if merit(p) <= merit(ordered[0]) * (1.0 + TIE)]
    return sorted(alike, key=room, reverse=True) + ordered[len(alike) :]


def room(candidate: Plan) -> float:
    """What one system delivers within the target. [request/s]"""
    return float(candidate.served.capacity / candidate.served.systems)


def entry(question: Question, system: System) -> Entry:
    """The system's place in the answer."""
    return searched(question, [system])[0][0]


def searched(question: Question, systems: Sequence[System]) -> list[tuple[Entry, list[Plan]]]:
    """The place of systems in the answer, and every plan of each that meets the target, cheapest first."""
    found = plans_of(question, systems)
    return [placed(question, system, one) for system, one in zip(systems, found, strict=True)]


def placed(question: Question, system: System, found: Searched | Infeasible | MissingFact) -> tuple[Entry, list[Plan]]:
    """A system's place in the answer by what was found of it, and its plans."""
    if isinstance(found, MissingFact):
        what = f"no sourced value for {found.owner}.{found.key}"
        what += f", needed for {found.needed_for}" if found.needed_for else ""
        return Entry(system, "missing_fact", what), []
    if isinstance(found, Infeasible):
        return Entry(system, "infeasible", f"{found}"), []
    good, bad = found
    if not good:
        return Entry(system, "infeasible", nearest_miss(bad), rejections=tuple(bad)), []
    best = good[0]
    status, reason = "ranked", ""
    if best.bill is None:
        status, reason = "unpriced", f"no sourced value for {best.unpriced}"
    if not on_sale(system, question.available_by):
        when = system.available or "no date published"
        status, reason = "announced", f"{system.status}, {when}" + (f"; {reason}" if reason else "")
    others = tuple(found.deployment for found in good[:TRIED])
    placed = Entry(
        system, status, reason, best, others, system_front(good, question), rejections=tuple(bad),
        deliverable=max(map(room, good)),
    )  # fmt: skip
    return placed, good


def on_sale(system: System, by: str) -> bool:
    """Whether the system can be bought by an ISO date."""
    return system.status != "announced" and (not by or not system.available or system.available <= by)


def nearest_miss(bad: list[Rejection]) -> str:
    """The reason of the deployment that failed last: the limits in the order in which they bind."""
    order = ["speed", "time to first token", "KV cache", "context", "batch limit"]
    ranked = sorted(bad, key=lambda r: (order.index(r.limit) if r.limit in order else len(order), -r.reached))
    return f"{ranked[0].layout}: {ranked[0].reason}" if ranked else "no deployment to try"


def system_front(good: list[Plan], question: Question) -> np.ndarray | None:
    """Speed against cost at full load, over all deployments and batches of one system.

    Parameters
    ----------
    good : list of Plan
        Deployments that meet the target.
    question : Question
        Traffic, site and basis.

    Returns
    -------
    ndarray or None, shape (n, 4)
        Speed, cost, throughput of a chip, and throughput for the power, slowest first; None without a price; not a
        number where the power is not on record. [token/s, USD/token, token/s, token/J]
    """
    rows: list[np.ndarray] = []
    for candidate in good:
        if candidate.bill is None:
            continue
        points = candidate.points
        keep = (points.batch >= 1.0) & (points.batch <= points.held)
        deployment = candidate.deployment
        fleet = bought(points.rate, deployment.chips, deployment.system.count, candidate.pool)
        full = replace(
            candidate.served, copies=fleet.copies, systems=fleet.systems, batch=points.batch, rate=fleet.capacity,
            capacity=fleet.capacity, prefill_copies=fleet.prompts,
            power=fleet_power(points, candidate.steps, 1.0, np.asarray, fleet, candidate.pool, fleet.capacity),
            time_per_output_token=points.time_per_output_token, time_to_first_token=points.time_to_first_token,
            prefill_seconds=points.prefill_seconds, cached_seconds=points.cached_seconds,
            decode_seconds=points.decode_seconds, cached_token_seconds=points.cached_token_seconds,
        )  # fmt: skip
        bill = billed(deployment, full, question)
        cost = bill.cost["bottleneck_seconds"].blended
        tokens = fleet.capacity * question.traffic.output_tokens
        per_chip = tokens / (fleet.systems * deployment.system.count)
        per_joule = tokens / (np.nan if full.power is None else full.power)
        rows.append(np.stack([1.0 / points.time_per_output_token, cost, per_chip, per_joule], axis=1)[keep])
    if not rows:
        return None
    cloud = np.concatenate(rows)
    return cloud[front(cloud[:, 0], cloud[:, 1])]
