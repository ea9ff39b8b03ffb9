"""Deployments through the event kernel at a few loads, so that draws can be made of what users get under load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd

import numpy as np

from lcot.choice.candidate import billed, plan
from lcot.choice.finalists import LATE, alike, settled, tables
from lcot.choice.surrogate import Surrogate, surrogate
from lcot.choice.types import Entry, Plan, Question
from lcot.errors import Infeasible, MissingFact
from lcot.serving.capacity import interpolate
from lcot.serving.replay import simulate
from lcot.serving.steady import at_load
from lcot.serving.synthetic import scaled
from lcot.serving.types import Target
from lcot.steptime.types import Deployment

FIRST, TOKEN = "P95 time to first token", "P90 time per output token"
Seen = Mapping[str, Mapping[str, "Ran"]]  # by system, then by the label of the deployment


@dataclass(frozen=True, slots=True)
class Ran:
    """A deployment that ran, and where its step time is compared with that of a draw."""

    times: Surrogate
    batch: float  # of a copy, where step times are compared [1]
    token: float  # time per output token there, at the stated facts [s]


def through_simulator(entries: Sequence[Entry], question: Question) -> dict[str, dict[str, Ran]]:
    """Runs of the finalists' deployments, at most three each.

    Parameters
    ----------
    entries : sequence of Entry
        Those that were simulated are run again at other loads.
    question : Question
        Load, target and site.

    Returns
    -------
    dict of str to dict of str to Ran
        By system and label; deployments that do not serve at the stated facts are left out.
    """
    found: dict[str, dict[str, Ran]] = {}
    for item in entries:
        if item.simulated is None:
            continue
        runs = {one.label: ran for one in item.tried if (ran := run_of(one, question)) is not None}
        if runs:
            found[item.system.id] = runs
    return found


def with_runs(entries: Sequence[Entry], seen: Seen) -> list[Entry]:
    """Entries that say how many runs are behind the range of their cost, and how far off it is between them."""
    made: list[Entry] = []
    for item in entries:
        runs = seen.get(item.system.id, {}).values()
        if item.simulated is None or not runs:
            made.append(item)
            continue
        count, error = sum(ran.times.runs for ran in runs), max(ran.times.error for ran in runs)
        made.append(replace(item, simulated=replace(item.simulated, draw_runs=count, interpolation=error)))
    return made


def run_of(deployment: Deployment, question: Question) -> Ran | None:
    """One copy (with its share of copies for prompts) at several loads. None where it does not serve."""
    try:
        found = plan(deployment, question)
    except (Infeasible, MissingFact):
        return None
    served, points = found.served, found.points
    copies, prompts = int(served.copies), int(served.prefill_copies)
    groups = gcd(copies, prompts) if prompts else copies
    top = float(np.max(points.rate[points.batch <= points.held], initial=points.rate[0]))
    batch = float(np.max(served.batch))
    requests = alike(top * copies / groups, batch * copies / groups, question)
    rules, table, prompt_table = tables(found.steps)
    rules = replace(rules, replicas=copies // groups, prefill_replicas=prompts // groups)
    rules = replace(rules, prefix_cache=requests.hashes is not None)

    def times_at(intensity: float) -> dict[str, float] | None:
        outcome = simulate(table, scaled(requests, intensity / top), rules, prompt_table)
        begun = outcome.first_token <= np.max(outcome.arrival)
        if np.mean(outcome.rejected) > LATE or np.mean(~begun & ~outcome.rejected) > LATE:
            return None
        seen = settled(outcome, False)
        times = {FIRST: seen.time_to_first_token.p95, TOKEN: seen.time_per_output_token.p90}
        return {name: times[name] for name in limits(question.target) or (TOKEN,)}

    times = surrogate(times_at, top)
    if times is None:
        return None
    return Ran(times, max(batch, 1.0), float(interpolate(max(batch, 1.0), points.batch, points.time_per_output_token)))


def limits(target: Target) -> dict[str, float]:
    """The times that a target allows. [s]"""
    allowed = {FIRST: target.time_to_first_token, TOKEN: None if target.speed is None else 1.0 / target.speed}
    return {name: limit for name, limit in allowed.items() if limit is not None}


def kept_to(found: Plan, question: Question, ran: Ran) -> Plan:
    """A drawn plan with the load of each copy that the simulator allows in place of the closed form's.

    Parameters
    ----------
    found : Plan
        Of draws.
    question : Question
        Load, target and site.
    ran : Ran
        The deployment's runs at the stated facts.

    Returns
    -------
    Plan
        Not a number in draws in which no load is within the target.

    Notes
    -----
    The step-time factor of a draw is its time per output token over that at the stated facts, at one batch:

    .. math:: f_k = t_k(b) / t_0(b)

    References
    ----------
    :cite:t:`zhong2024`.
    """
    points, steps = found.points, found.steps
    factor = np.asarray(interpolate(ran.batch, points.batch, points.time_per_output_token)) / ran.token
    load = ran.times.most(limits(question.target), factor)
    load = np.where(load > 0, np.maximum(load, points.rate[0] * (1.0 + 1e-9)), np.nan)
    mean = np.asarray(interpolate(np.nan_to_num(load, nan=1e-9), points.rate, points.batch))
    share = question.site.facts.number("load_factor") if question.traffic.rate is None else 1.0
    served = at_load(points, mean, found.served.limit, steps, question.traffic, share, found.pool)
    served = replace(served, rate=np.where(np.isnan(load), np.nan, served.rate))
    return replace(found, served=served, bill=billed(found.deployment, served, question))
