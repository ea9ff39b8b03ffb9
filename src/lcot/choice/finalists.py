"""The finalists of a comparison through the event kernel: what users get under load, and who then gives way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import gcd

import numpy as np

from lcot.choice.candidate import billed, merit, plan
from lcot.choice.sharing import shared
from lcot.choice.types import Entry, Plan, Question, Rejection, UnderLoad, layout_of
from lcot.errors import DomainError, Infeasible
from lcot.serving.capacity import interpolate
from lcot.serving.policy import starting
from lcot.serving.pools import transfer
from lcot.serving.replay import simulate
from lcot.serving.simulation import prepared
from lcot.serving.spread import spread
from lcot.serving.steady import at_load
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Outcome, Policy, Requests, Target, Traffic
from lcot.steptime.types import Deployment, StepTable, StepTime

TURNS = 20  # times that all sequences in service are replaced in a run
LEAST, MOST = 1000, 20_000  # requests of a run
SETTLED = slice(0.2, 0.9)  # part of a run that counts: neither the empty start nor the empty end
TRIES = 12  # plans of a system that are run before it is given up
STEP = 0.9  # of the capacity that missed the target: what is tried next
LATE = 0.05  # share of requests that may still wait when the last one arrives, or be turned away
BUDGET = 65_536  # prompt tokens of a cycle through a pipeline, at most
PROMPTS = 128  # prompts in one step of a pool, at most
SEQUENCES = 8192  # of a copy, at most; each rank of data-parallel attention takes as many as an engine alone
BLOCK = 64  # tokens of a block of a shared prefix


def with_finalists(
    entries: Sequence[Entry], question: Question, ids: Sequence[str], trace: Requests | None, processes: int = 1
) -> list[Entry]:
    """Entries, those named by ``ids`` as the kernel sees them.

    Parameters
    ----------
    entries : sequence of Entry
        As searched.
    question : Question
        Load, target and site.
    ids : sequence of str
        Systems to run.
    trace : Requests or None
        What to replay on the whole fleet; None: requests alike that arrive at random on one copy.
    processes : int
        Copies of this process that share the work. [1]

    Returns
    -------
    list of Entry
        In the same order. A plan that misses the target has given way to the next one of its system, or to more
        copies of it; a system of which no plan is left is infeasible.

    Raises
    ------
    DomainError
        If the trace has a length or time outside its domain.

    Notes
    -----
    Candidates wait in the order of their cost, and each that misses is replaced by itself with a capacity of at
    most :math:`0.9^k` of that in closed form.

    References
    ----------
    :cite:t:`zhong2024`.
    """
    chosen = [e for e in entries if e.system.id in ids]
    same = [*question.systems, question.model]
    found = shared(partial(finalist, question=question, trace=trace), chosen, processes, same)
    by_id = {e.system.id: e for e in found}
    return [by_id.get(e.system.id, e) for e in entries]


def finalist(item: Entry, question: Question, trace: Requests | None) -> Entry:
    """One system with the cheapest of its plans that meets the target under load (see `with_finalists`)."""
    if item.plan is None:
        return item
    waiting: list[tuple[Plan, Plan]] = [(item.plan, item.plan)]  # as it would run, as searched
    ready: dict[str, tuple[Policy, StepTable, StepTable | None]] = {}
    missed: list[Rejection] = []
    ran: set[str] = set()
    while waiting and len(missed) < TRIES:
        waiting.sort(key=lambda pair: merit(pair[0]))
        candidate, base = waiting.pop(0)
        label = candidate.deployment.label
        try:
            if label not in ready:
                ready[label] = tables(candidate.steps)
            seen, miss = under_load(candidate, question, trace, *ready[label])
        except Infeasible as error:
            seen, miss = None, Rejection(label, str(error), error.limit)
        if seen is not None and miss is None:
            return placed(item, candidate, base, seen, missed, ran)
        assert miss is not None
        if not missed:
            waiting += next_plans(item, question)
        missed.append(miss)
        ran.add(label)
        more = eased(candidate, question, miss.limit) if seen is not None else None
        if more is not None:
            waiting.append((more, base))
    best = missed[0]
    reason = f"{best.layout}: {best.reason}, and so do {len(missed) - 1} other plans"
    return replace(item, status="infeasible", reason=reason, plan=None, rejections=(*missed, *item.rejections))


def next_plans(item: Entry, question: Question) -> list[tuple[Plan, Plan]]:
    """The system's next plans, those that meet the target in closed form."""
    found: list[tuple[Plan, Plan]] = []
    for deployment in item.tried[1:]:
        with suppress(Infeasible):
            one = plan(deployment, question)
            found.append((one, one))
    return found


def placed(item: Entry, found: Plan, base: Plan, seen: UnderLoad, missed: Sequence[Rejection], ran: set[str]) -> Entry:
    """The entry with the plan that meets the target, its times as simulated."""
    served = replace(
        found.served,
        time_per_output_token=seen.time_per_output_token.mean,
        time_to_first_token=seen.time_to_first_token.mean,
    )
    others = tuple(d for d in item.tried if d.label not in ran and d.label != found.deployment.label)
    dearer = merit(found) / merit(base)
    seen = replace(seen, dearer=dearer, gave_way=tuple(missed))
    tried = (found.deployment, *(() if dearer != 1.0 else others))
    return replace(item, plan=replace(found, served=served), tried=tried, simulated=seen)


def policy_of(deployment: Deployment) -> Policy:
    """Admission rules of the deployment's engine on its chip, vLLM's for engines without rules of their own.

    Each micro-batch of a pipeline and each rank of data-parallel attention has a budget of tokens of its own.
    """
    rules = starting(deployment.engine, deployment.system.chip)
    budget = rules.max_batched_tokens * deployment.pipeline * deployment.data
    budget = max(rules.max_batched_tokens, min(budget, BUDGET))
    sequences = max(rules.max_sequences, min(rules.max_sequences * deployment.data, SEQUENCES))
    return replace(
        rules, max_sequences=sequences, max_batched_tokens=budget,
        acceptance_length=deployment.speculation.acceptance_length,
    )  # fmt: skip


def tables(steps: StepTime) -> tuple[Policy, StepTable, StepTable | None]:
    """Rules and table of the copies that decode, and the table of those that compute prompts, where apart."""
    rules = policy_of(steps.deployment)
    if steps.prefill is None:
        return (*prepared(steps, rules), None)
    budget = max(rules.max_batched_tokens, min(rules.max_batched_tokens * steps.prefill.deployment.data, BUDGET))
    latency, each = transfer(steps.prefill.deployment)
    rules = replace(
        rules,
        max_batched_tokens=budget,
        transfer_latency=latency,
        transfer_per_token=float(each),
        routing="least_loaded",
    )
    rules, table = prepared(steps, rules, mixed=False)
    together = min(PROMPTS, rules.max_sequences)
    return rules, table, prepared(steps.prefill, replace(rules, max_sequences=together), mixed=False)[1]


def under_load(
    candidate: Plan, question: Question, trace: Requests | None, rules: Policy, table: StepTable,
    prefill_table: StepTable | None,
) -> tuple[UnderLoad, Rejection | None]:  # fmt: skip
    """What the kernel sees of a plan, and by what it misses the target, if it does."""
    served = candidate.served
    copies, prompts = int(served.copies), int(served.prefill_copies)
    if trace is None:
        groups = gcd(copies, prompts) if prompts else copies  # alike, so one is enough
        requests = alike(float(served.rate) / groups, float(served.batch) * copies / groups, question)
        rules = replace(rules, replicas=copies // groups, prefill_replicas=prompts // groups)
    else:
        requests = trace
        rules = replace(rules, replicas=copies, prefill_replicas=prompts, routing="least_loaded")
    rules = replace(rules, prefix_cache=requests.hashes is not None)
    outcome = simulate(table, requests, rules, prefill_table)
    seen = settled(outcome, trace is not None)
    begun = outcome.first_token <= np.max(requests.arrival)
    late = float(np.mean(~begun & ~outcome.rejected)) if trace is None else 0.0
    why = missed_by(seen, question.target, late, float(np.mean(outcome.rejected)))
    if why is None:
        return seen, None
    reason, limit = why
    return seen, Rejection(layout_of(candidate), reason, limit)


def missed_by(seen: UnderLoad, target: Target, late: float, refused: float) -> tuple[str, str] | None:
    """What is missed under load, and the limit; None where the target is met.

    Parameters
    ----------
    seen : UnderLoad
        Times in the run.
    target : Target
        The service level.
    late : float
        Share of the requests with no token yet when the last one arrives. [1]
    refused : float
        Share of the requests turned away. [1]

    Returns
    -------
    tuple of str or None
        In words, and the name of the limit.
    """
    first, token = seen.time_to_first_token, seen.time_per_output_token
    if refused > LATE:
        return f"turns {refused:.0%} of the requests away", "KV cache"
    if late > LATE:
        return "does not keep up with the load", "rate"
    if target.speed is not None and token.p90 * target.speed > 1.0:
        return f"gives one user in ten less than {1 / token.p90:.1f} tokens/s under load", "speed"
    if target.time_to_first_token is not None and first.p95 > target.time_to_first_token:
        return f"has a P95 time to first token of {first.p95:.2f} s under load", "time to first token"
    return None


def settled(outcome: Outcome, whole: bool) -> UnderLoad:
    """Times of the requests that count: all of a trace, those of the settled part of a made-up run."""
    count = len(outcome.arrival)
    part = slice(None) if whole else slice(int(SETTLED.start * count), int(SETTLED.stop * count))
    first = (outcome.first_token - outcome.arrival)[part]
    tokens = outcome.output_tokens[part]
    per_token = (outcome.finish - outcome.first_token)[part] / np.maximum(tokens - 1, 1)
    return UnderLoad(count, spread(first), spread(np.where(tokens > 1, per_token, np.nan)))


def alike(rate: float, batch: float, question: Question) -> Requests:
    """Requests of the question's lengths that arrive at random on one copy; cached input is a prefix they share.

    Parameters
    ----------
    rate : float
        Arrivals at the copy. [request/s]
    batch : float
        Sequences decoding on average; the run replaces them all a few times. [1]
    question : Question
        Traffic and seed.

    Returns
    -------
    Requests
        In order of arrival.
    """
    traffic = question.traffic
    count = int(np.clip(TURNS * batch, LEAST, MOST))
    inputs, outputs = round(float(traffic.input_tokens)), round(float(traffic.output_tokens))
    burstiness = max(float(traffic.burstiness), 1e-3)
    made = open_loop(rate, count, [max(inputs, 1)], [max(outputs, 1)], burstiness, seed=question.seed)
    shared = int(inputs * float(traffic.cached_fraction)) // BLOCK
    if not shared:
        return made
    start = np.arange(count + 1, dtype=np.int64) * shared
    return replace(made, hashes=np.tile(np.arange(shared), count), hash_start=start, hash_block=BLOCK)


def eased(candidate: Plan, question: Question, limit: str) -> Plan | None:
    """The same deployment with less load on each copy: a lower capacity, hence more systems for an asked rate.

    Where prompts are computed apart and come late, it is their copies that get less.
    """
    served, points, pool = candidate.served, candidate.points, candidate.pool
    rate = question.traffic.rate
    best = STEP * float(served.capacity / served.copies)
    if rate is not None:
        best = min(best, float(served.rate / served.copies) * (1.0 - 1e-9))
    if best < float(points.rate[0]):
        return None
    if pool is not None and limit == "time to first token":
        pool = replace(pool, waits=pool.waits * STEP)
        while rate is not None and pool.capacity(served.prefill_copies) >= rate:
            pool = replace(pool, waits=pool.waits * STEP)
        best = float(served.capacity / served.copies) if rate is None else best
    mean = np.asarray(interpolate(best, points.rate, points.batch))
    factor = question.site.facts.number("load_factor") if rate is None else 1.0
    less = at_load(points, mean, limit, candidate.steps, question.traffic, factor, pool)
    return replace(candidate, served=less, bill=billed(candidate.deployment, less, question), pool=pool, mean=mean)


def traffic_of(trace: Requests) -> Traffic:
    """A trace as a load of requests alike, for the search.

    Parameters
    ----------
    trace : Requests
        At least two requests.

    Returns
    -------
    Traffic
        Mean lengths [token], mean rate [request/s], and the share of input that an endless prefix cache would find.

    Raises
    ------
    DomainError
        If all requests arrive at once, so that there is no rate.

    Notes
    -----
    .. math:: r = (n - 1) / (t_n - t_1)

    References
    ----------
    :cite:t:`qin2025`.
    """
    span = float(np.max(trace.arrival) - np.min(trace.arrival)) if len(trace) else 0.0
    if trace.concurrency or not span > 0:
        raise DomainError("trace", f"{len(trace)} requests at one time", "requests that arrive at times of their own")
    inputs, outputs = float(np.mean(trace.input_tokens)), float(np.mean(trace.output_tokens))
    return Traffic(inputs, outputs, (len(trace) - 1) / span, repeated(trace))


def repeated(trace: Requests) -> float:
    """Share of input tokens in prompt blocks that came before in the trace. [1]"""
    if trace.hashes is None or trace.hash_start is None:
        return 0.0
    start = np.asarray(trace.hash_start)
    counts = np.diff(start)
    place = np.arange(start[-1]) - np.repeat(start[:-1], counts)
    prompt = place < np.repeat(trace.input_tokens // trace.hash_block, counts)
    first = np.zeros(len(trace.hashes), bool)
    first[np.unique(trace.hashes, return_index=True)[1]] = True
    return float(np.sum(prompt & ~first)) * trace.hash_block / float(np.sum(trace.input_tokens))
