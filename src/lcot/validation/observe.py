"""What the clients of a benchmark would see of a deployment: one protocol per scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np

from lcot.errors import Infeasible
from lcot.serving.curve import Curve, batches, curve
from lcot.serving.types import Policy, Traffic
from lcot.steptime.types import Step, StepTable, StepTime
from lcot.validation.batch import BatchRun, decode_seconds, in_waves, prefill_seconds, run_alone, run_batch
from lcot.validation.recipes import limit_of, recipe_of, requests_of, shortest
from lcot.validation.types import Condition
from lcot.validation.users import Client, closed_loop, open_loop

THROUGHPUT = ("output_tok_s_total", "total_tok_s_total", "input_tok_s_total")
Values = dict[tuple[str, str], float]  # (metric, statistic) -> value in the unit of a points file
STATISTICS = ("mean", "p50", "p90", "p95", "p99")


@dataclass(frozen=True, slots=True)
class Pool:
    """Copies of one deployment, with what the protocols need of it."""

    steps: StepTime
    copies: int
    table: Callable[[], StepTable]  # made only where the kernel runs


@dataclass(frozen=True, slots=True)
class Setup:
    """The machine of one condition."""

    serving: Pool
    prefill: Pool | None
    policy: Policy


def observe(condition: Condition, setup: Setup, input_tokens: float, output_tokens: float) -> Values:
    """Every quantity that a points file may hold, for one run.

    Parameters
    ----------
    condition : Condition
        Scenario, users, rate; metric, statistic and value are not read.
    setup : Setup
        The machine and the engine's rules.
    input_tokens, output_tokens : float
        Mean lengths. [token]

    Returns
    -------
    dict
        By metric and statistic, in the units of points files. [ms, tok/s, W, J]

    Raises
    ------
    Infeasible
        If the run does not fit the machine.
    """
    protocol = PROTOCOLS[protocol_of(condition)]
    return protocol(condition, setup, input_tokens, output_tokens)


def protocol_of(condition: Condition) -> str:
    """Name of the protocol: from the scenario, and from what the row says of how its batch was run."""
    scenario, note = condition.scenario, condition.note.lower()
    if scenario in ("prefill_only", "decode_only", "server"):
        return scenario
    if condition.concurrency is None and scenario != "single_stream":
        if condition.rate is not None:
            return "server"
        whole = condition.metric in THROUGHPUT and condition.devices > 0  # what a machine gives, not one user's
        if scenario == "offline" or whole:
            return "offline"
    if "avg_batch_size" in note or "steady state" in note:
        return "steady"
    alone = scenario in ("single_stream", "interactive") and (condition.concurrency or 1) <= 1
    if alone or scenario == "offline" or "static batch" in note or condition.engine in STATIC:
        return "batch"
    return "users"


SMALLEST = 8  # the smallest share of its budget that a step of prompts is taken to fill: one in so many
VARIATION = 1.0  # of prompt lengths over their mean, as in public chat traces (Azure 2023: P90 over P50 2.7)
ALONE = ("llama.cpp",)  # engines whose public results call batch what a pass takes of one sequence's prompt
# engines whose published runs are one batch started together
STATIC = ("neuronx", "tt-metal", "sambaflow", "deepspeed", "llama.cpp", "chitu", "vllm-splitwise")


def _sizes(condition: Condition, pool: Pool) -> float:
    """Requests on one copy."""
    return max((condition.concurrency or 1.0) / pool.copies, 1.0)


def _rates(copies: float, seconds: float, n: float, i: float, o: float, watts: float) -> Values:
    """Throughput and energy of n requests on each copy in a time."""
    out = copies * n * o / seconds
    return {
        ("output_tok_s_total", "mean"): out,
        ("total_tok_s_total", "mean"): copies * n * (i + o) / seconds,
        ("input_tok_s_total", "mean"): copies * n * i / seconds,
        ("watts_system", "mean"): copies * watts,
        ("joules_per_token", "mean"): copies * watts / out if out else 0.0,
    }


def _everywhere(metric: str, value: float) -> Values:
    """One value for every statistic, where all requests are alike."""
    return {(metric, name): value for name in STATISTICS}


def _batch(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    pool = setup.serving
    n = _sizes(condition, pool)
    alone = condition.engine in ALONE
    if alone:
        run: BatchRun = run_alone(pool.steps, n, i, o)
        n = 1.0
    else:
        run = run_batch(pool.steps, n, i, o, setup.policy.max_batched_tokens)
    seconds = run.seconds
    values = _rates(min(pool.copies, condition.concurrency or pool.copies), seconds, n, i, o, run.power)
    waits = setup.policy.before if condition.scenario == "interactive" else 0.0  # clients of a service
    values |= _everywhere("ttft_ms", 1e3 * (run.prefill + waits))
    if run.per_token > 0:
        speed = 1.0 / run.per_token
        if "end-to-end" in condition.note.lower():
            speed = o / seconds
        values |= _everywhere("tpot_ms", 1e3 * run.per_token) | _everywhere("output_tok_s_per_user", speed)
        if not alone:
            middle, _ = decode_seconds(pool.steps, n / run.groups, i + (o - 1.0) / 2.0, 1.0)
            values[("tpot_ms", "p50")] = 1e3 * middle
    return values


def _prefill_only(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    pool = setup.prefill or setup.serving
    budget = setup.policy.max_batched_tokens
    full = max(1.0, np.ceil(budget / i))  # prompts that fill a step, where the row names no batch
    n = _sizes(condition, pool) if condition.concurrency else (full if "tok_s" in condition.metric else 1.0)
    seconds, joules = prefill_seconds(pool.steps, n, i, budget)
    values = _everywhere("ttft_ms", 1e3 * seconds)
    return values | _rates(pool.copies, seconds, n, i, max(o, 1.0), joules / seconds)


def _decode_only(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    pool = setup.serving
    full = condition.concurrency is None and condition.metric in THROUGHPUT and condition.devices > 0
    tokens = max(o, 2.0)
    n = filling(pool, i + o / 2.0) if full else _sizes(condition, pool)
    if full and limit_of(condition) < float("inf"):
        sizes = batches(n)
        times = np.array([decode_seconds(pool.steps, size, i, tokens - 1.0)[0] for size in sizes]) / (tokens - 1.0)
        n = float(max(sizes[times <= limit_of(condition)], default=1.0))
    seconds, joules = decode_seconds(pool.steps, n, i, tokens - 1.0)
    per_token = seconds / (tokens - 1.0) + driving(pool)
    values = _rates(pool.copies, per_token, n, i, 1.0, joules / seconds)
    first, _ = prefill_seconds(pool.steps, 1.0, i, setup.policy.max_batched_tokens)  # of one prompt, as such demos say
    values |= _everywhere("ttft_ms", 1e3 * first)
    return values | _everywhere("tpot_ms", 1e3 * per_token) | _everywhere("output_tok_s_per_user", 1.0 / per_token)


def driving(pool: Pool) -> float:
    """Time that a host which drives all copies adds to a step of each; 0 where each has its own. [s]"""
    facts = pool.steps.deployment.engine.facts
    return float(facts.number("copy.latency")) * (pool.copies - 1) if facts.has("copy.latency") else 0.0


LARGEST_BATCH = 1024.0  # of a device, that engines capture graphs for


def filling(pool: Pool, length: float) -> float:
    """Sequences of this length that the cache of one copy holds, at most `LARGEST_BATCH` on each device. [1]"""
    held = float(pool.steps.kv_capacity) / (length + float(pool.steps.fixed(length)))
    chips = pool.steps.deployment.chips
    return float(min(max(held, 1.0), LARGEST_BATCH * chips, pool.steps.max_sequences))


def _offline(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    """Everything at once: the batch that gives the highest rate of those that the cache holds."""
    pool = setup.serving
    traffic, requests = Traffic(max(i, 1.0), max(o, 1.0)), requests_of(condition)
    each = float("inf") if requests is None else ceil(requests / pool.copies)
    top = min(pool.steps.max_sequences, setup.policy.max_sequences, each)
    points = curve(pool.steps, traffic, batches(top), setup.policy.max_batched_tokens)
    fits = (points.batch <= points.held) & (points.time_per_output_token <= limit_of(condition))
    rate = np.where(fits, in_waves(points.batch, points.rate, each), 0.0)
    best = int(np.argmax(rate))
    if not rate[best] > 0:
        if float(np.max(points.held)) >= 1.0:
            raise Infeasible("no batch keeps the time per output token that the benchmark allows", "time per token")
        raise Infeasible("the KV cache does not hold one request beside the weights", "KV cache")
    values = _rates(pool.copies, 1.0 / float(rate[best]), 1.0, i, o, _power(points, best))
    each = float(points.time_per_output_token[best])
    values |= _everywhere("tpot_ms", 1e3 * each) | _everywhere("output_tok_s_per_user", 1.0 / each)
    return values | _everywhere("ttft_ms", 1e3 * float(points.time_to_first_token[best]))


def _power(points: Curve, place: int) -> float:
    """Power at one batch of a curve; NaN where it is not on record. [W]"""
    return float("nan") if points.power is None else float(points.power[place])


def _steady(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    """A batch kept full: the mean step, and the spread of steps with and without prompts."""
    pool, chunk = setup.serving, float(setup.policy.max_batched_tokens)
    n = _sizes(condition, pool)
    point = curve(pool.steps, Traffic(i, o), np.array([n]), chunk)
    values = _rates(pool.copies, 1.0 / float(point.rate[0]), 1.0, i, o, _power(point, 0))
    tpot = 1e3 * float(point.time_per_output_token[0])
    values[("tpot_ms", "mean")] = tpot
    gained = pool.steps.deployment.speculation.acceptance_length
    arriving = n * gained / o  # prompts per step
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        count = _poisson_quantile(arriving, share)
        longer = 1.0 + NormalDist().inv_cdf(share) * VARIATION / sqrt(max(count, 1.0))
        tokens = min(count * i * longer, chunk)
        step = Step(
            decode_sequences=n,
            decode_context=n * (i + o / 2),
            prefill_tokens=tokens,
            prefill_pairs=tokens * i / 2,
            prefill_sequences=tokens / i,
        )
        values[("tpot_ms", name)] = 1e3 * float(pool.steps.latency(step).total) / gained
    values |= _everywhere("ttft_ms", 1e3 * float(point.time_to_first_token[0]))
    return values | _everywhere("output_tok_s_per_user", 1e3 / tpot)


def _poisson_quantile(mean: float, share: float) -> float:
    """Least count whose cumulative probability reaches ``share``; a normal one where the mean is large."""
    if mean > 50:
        return mean + sqrt(mean) * NormalDist().inv_cdf(share)
    term = total = float(np.exp(-mean))
    count = 0
    while total < share:
        count += 1
        term *= mean / count
        total += term
    return float(count)


def _users(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    users = max(round(condition.concurrency or 1.0), 1)
    narrowest, policy = shortest(condition), _with_copies(setup)
    recipe = recipe_of(condition, setup.serving.steps.deployment)
    if narrowest == 1.0 and policy.batching == "mixed" and not (recipe.chunk or recipe.mixed):
        policy = replace(policy, max_batched_tokens=met_together(policy.max_batched_tokens, i, users))
    client = closed_loop(
        setup.serving.table(),
        policy,
        users,
        i,
        max(o, 1.0),
        narrowest=narrowest,
        prefill_table=setup.prefill.table() if setup.prefill else None,
    )
    values = _seen(client, setup, i, o)
    if "end-to-end" in condition.note.lower():  # speed over the whole request, its first token included
        for name in STATISTICS:
            whole = values[("ttft_ms", name)] + (o - 1.0) * values.get(("tpot_ms", name), 0.0)
            values[("output_tok_s_per_user", name)] = 1e3 * o / whole
    return values


def met_together(budget: int, prompt: float, users: int) -> int:
    """Tokens of a step of users who are all alike: one prompt beside them, as their requests come one after another.

    >>> met_together(8192, 4000.0, 64), met_together(8192, 100.0, 64), met_together(2048, 4000.0, 64)
    (4064, 1088, 2048)
    """
    return min(budget, round(max(prompt, budget / SMALLEST)) + users)


def _server(condition: Condition, setup: Setup, i: float, o: float) -> Values:
    """Poisson arrivals; lengths spread exponentially around their means where the row gives means only."""
    from lcot.validation.users import OPEN_REQUESTS, SEED

    if condition.rate is None:
        return _offline(condition, setup, i, o)
    random = np.random.default_rng(SEED)
    count = OPEN_REQUESTS
    inputs = np.maximum(random.gamma(2.0, i / 2.0, count).round(), 1).astype(np.int64)
    outputs = np.maximum(random.gamma(2.0, o / 2.0, count).round(), 1).astype(np.int64)
    single = replace(setup.policy, replicas=1)
    client = open_loop(setup.serving.table(), single, condition.rate / setup.serving.copies, inputs, outputs)
    values = _seen(client, setup, i, o)
    for name in ("output_tok_s_total", "total_tok_s_total", "input_tok_s_total", "watts_system"):
        values[(name, "mean")] *= setup.serving.copies
    return values


def _with_copies(setup: Setup) -> Policy:
    prefill = setup.prefill.copies if setup.prefill else 0
    return replace(setup.policy, replicas=setup.serving.copies, prefill_replicas=prefill)


def _seen(client: Client, setup: Setup, i: float, o: float) -> Values:
    values: Values = {}
    for name in STATISTICS:
        values[("ttft_ms", name)] = 1e3 * client.statistic(client.first_token, name)
        if len(client.per_token):
            per_token = client.statistic(client.per_token, name)
            values[("tpot_ms", name)] = 1e3 * per_token
            values[("output_tok_s_per_user", name)] = 1.0 / per_token if per_token > 0 else 0.0
    watts = _watts(client, setup, i, o)
    values[("output_tok_s_total", "mean")] = client.output_rate
    values[("total_tok_s_total", "mean")] = client.output_rate + client.input_rate
    values[("input_tok_s_total", "mean")] = client.input_rate
    values[("watts_system", "mean")] = watts
    values[("joules_per_token", "mean")] = watts / client.output_rate if client.output_rate else 0.0
    return values


def _watts(client: Client, setup: Setup, i: float, o: float) -> float:
    """Mean power: each pool busy for its share of the run, with its mean step."""
    steps, outcome = setup.serving.steps, client.outcome
    busy = float(outcome.busy[-1]) / outcome.duration if outcome.duration else 0.0
    running = client.output_rate * float(np.mean(client.per_token)) if len(client.per_token) else 1.0
    each = max(running / setup.serving.copies, 1.0)
    point = curve(steps, Traffic(max(i, 1.0), max(o, 1.0)), np.array([each]), float(setup.policy.max_batched_tokens))
    idle = float(steps.idle_power)
    total = setup.serving.copies * (idle + (_power(point, 0) - idle) * min(busy, 1.0))
    if setup.prefill:
        total += setup.prefill.copies * float(setup.prefill.steps.idle_power)
    return total


PROTOCOLS: dict[str, Callable[[Condition, Setup, float, float], Values]] = {
    "batch": _batch,
    "prefill_only": _prefill_only,
    "decode_only": _decode_only,
    "offline": _offline,
    "steady": _steady,
    "users": _users,
    "server": _server,
}
