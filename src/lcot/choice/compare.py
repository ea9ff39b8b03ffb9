"""The answer: every system once, ranked, with a verdict in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from lcot.choice.ranges import HERE, Sampling, with_break_even, with_spread
from lcot.choice.search import searched
from lcot.choice.sharing import shared
from lcot.choice.types import Answer, Entry, Question, layout_of
from lcot.facts.types import Facts, Site, System
from lcot.serving.types import Requests

SHARES = 4  # of the search for each process
FINALISTS = 3  # systems that are simulated unless asked otherwise
ORDER = ("ranked", "unpriced", "announced", "missing_fact", "infeasible")


def compare(
    question: Question,
    progress: Callable[[str], None] | None = None,
    finalists: int = FINALISTS,
    trace: Requests | None = None,
    sampling: Sampling = HERE,
    simulated_ranges: bool = False,
) -> Answer:
    """Answer the question: which system serves the model cheapest.

    Parameters
    ----------
    question : Question
        Model, systems, traffic, target, site and rules of comparison.
    progress : callable, optional
        Called with the id of each system before it is searched.
    finalists : int
        Systems, from the cheapest on, whose plans run through the event kernel. [1]
    trace : Requests, optional
        What the finalists replay; by default requests alike that arrive at random.
    sampling : Sampling
        Where the draws are made: any executor of `concurrent.futures`, and a folder to go on from.
    simulated_ranges : bool
        Whether the draws of the finalists go through the event kernel too, by interpolation between a few runs.

    Returns
    -------
    Answer
        Ranked systems first, cheapest first; announced ones never among them.
    """
    from lcot.choice.validated import with_confidence

    def found(systems: Sequence[System]) -> list[Entry]:
        for system in systems:
            if progress:
                progress(system.id)
        return [item for item, _ in searched(question, systems)]

    groups = shares_of(question, sampling.processes)
    results = shared(found, groups, sampling.processes, [*question.systems, question.model])
    entries = [item for some in results for item in some]
    entries = through_kernel(entries, question, finalists, trace, sampling)
    if simulated_ranges and question.draws:
        from lcot.choice.simulated import through_simulator, with_runs

        seen = through_simulator(entries, question)
        entries = with_spread(with_runs(entries, seen), question, sampling, seen)
    entries = [with_confidence(e, question) for e in with_break_even(entries, question)]
    entries.sort(key=lambda e: (ORDER.index(e.status), expected(e), e.system.id))
    answer = Answer(question, tuple(entries), "", newest(entries, question))
    return replace(answer, verdict=verdict(answer))


def shares_of(question: Question, processes: int) -> list[list[System]]:
    """The systems in shares for copies of this process; those that are timed together stay together."""
    ordered = sorted(question.systems, key=lambda one: (one.family, one.chip.vendor))
    count = min(len(ordered), SHARES * processes if processes > 1 else 1)
    bounds = [round(i * len(ordered) / count) for i in range(count + 1)]
    return [ordered[a:b] for a, b in pairwise(bounds)]


def through_kernel(
    entries: list[Entry],
    question: Question,
    finalists: int,
    trace: Requests | None,
    sampling: Sampling,
) -> list[Entry]:
    """Entries with their ranges, the first ``finalists`` of the ranking simulated; others may follow when one drops."""
    entries = with_spread(entries, question, sampling)
    while finalists > 0:
        from lcot.choice.finalists import with_finalists

        ranked = sorted((e for e in entries if e.status == "ranked"), key=expected)
        ids = [e.system.id for e in ranked[:finalists] if e.simulated is None]
        if not ids:
            break
        found = with_finalists(entries, question, ids, trace, sampling.processes)
        moved = any(e.status != "ranked" or (e.simulated and e.simulated.gave_way) for e in found if e.system.id in ids)
        entries = with_spread(found, question, sampling) if moved else found
    return entries


def blended(item: Entry) -> float:
    """Blended cost, or infinity where there is none. [USD/token]"""
    if item.plan is None or item.plan.bill is None:
        return float("inf")
    return float(item.plan.bill.cost["bottleneck_seconds"].blended)


def expected(item: Entry) -> float:
    """What the ranking goes by: the median of the draws, or the cost at the stated values without draws. [USD/token]

    Systems are bought whole, so the cost at the stated values can stand just before a step up; the median does not.
    """
    return item.spread.p50 if item.spread else blended(item)


def export_limit(system: System, site: Site) -> str:
    """What limits exports of a system to the country of a site; "" where nothing on record does."""
    if not site.facts.has("country") or not system.facts.has("export"):
        return ""
    limit = system.facts.text("export")
    return limit if site.facts.text("country") in limit else ""


def newest(entries: list[Entry], question: Question) -> str:
    """Date of the newest fact among the systems and the site compared."""
    groups: list[Facts] = [question.site.facts]
    for item in entries:
        groups += [item.system.facts, item.system.chip.facts]
    return max((fact.date for group in groups for fact in group.values() if fact.date), default="")


def verdict(answer: Answer) -> str:
    """Who, at what cost and range, by how much and on what load in one sentence; how sure, and on what, after it."""
    question = answer.question
    ranked = answer.by_status("ranked")
    load = "capacity at the target times the site's load factor"
    if question.traffic.rate is not None:
        load = f"{float(question.traffic.rate):g} requests/s"
    speed = f" at {question.target.speed:g} tokens/s a user or more" if question.target.speed else ""
    if not ranked:
        return f"No priced system on sale serves {question.model.id}{speed} under {load}."
    best = ranked[0]
    assert best.plan is not None
    served, deployment = best.plan.served, best.plan.deployment
    systems = int(served.systems)
    text = (
        f"{best.system.name} is the cheapest for {question.model.id}{speed} under {load}: "
        f"${expected(best) * 1e6:.3g} per million tokens"
    )
    if best.spread:
        text += f" (P10 {best.spread.p10 * 1e6:.3g}, P90 {best.spread.p90 * 1e6:.3g})"
    text += f", {question.basis}"
    if len(ranked) > 1:
        second = ranked[1]
        text += f"; next {second.system.name}, {expected(second) / expected(best) - 1:+.0%}"
    text += ". "
    if best.spread:
        text += f"Cheapest in {best.spread.probability_cheapest:.0%} of the draws"
        often = max(ranked, key=lambda e: e.spread.probability_cheapest if e.spread else 0.0)
        if often.spread and often.spread.probability_cheapest > best.spread.probability_cheapest:
            text += f" ({often.system.name} in {often.spread.probability_cheapest:.0%})"
        text += f", ${blended(best) * 1e6:.3g} at the stated facts. "
    weights, plural = deployment.precision.label, "s" if systems > 1 else ""
    layout = f"{layout_of(best.plan)}, {weights} weights, {deployment.engine.name}"
    text += f"{systems} system{plural} ({layout}) at {best.utilisation:.0%} utilisation. "
    text += f"{best.confidence.capitalize()}: {best.confidence_reason}."
    limit = export_limit(best.system, question.site)
    if limit:
        text += f" Export limit on it there: {limit}."
        free = next((e for e in ranked if not export_limit(e.system, question.site)), None)
        if free is not None:
            ratio = expected(free) / expected(best) - 1
            text += f" Cheapest without one: {free.system.name}, ${expected(free) * 1e6:.3g} ({ratio:+.0%})."
    safe = next((e for e in ranked if e.confidence == "validated"), None)
    if safe is not None and safe is not best:
        text += (
            f" Cheapest of those validated: {safe.system.name}, ${expected(safe) * 1e6:.3g} "
            f"({expected(safe) / expected(best) - 1:+.0%})."
        )
    return text
