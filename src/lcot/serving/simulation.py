"""What users of a deployment see when it serves a trace: latencies, goodput, utilisation, power, line by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lcot.errors import Infeasible, MissingFact
from lcot.serving.kernel.records import TIMELINE
from lcot.serving.lines import meets, rows_of, write_parquet
from lcot.serving.overload import overload
from lcot.serving.replay import simulate
from lcot.serving.spread import Spread, spread, spread_of_counts
from lcot.serving.types import Outcome, Policy, Requests, Target
from lcot.steptime.tables import tables
from lcot.steptime.types import Step, StepTable, StepTime

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """Copies that can serve: step time, rules that they can hold to, and tables for the kernel."""

    steps: StepTime
    policy: Policy  # with the number of copies
    table: StepTable
    prefill_table: StepTable | None = None  # of the copies that compute prompts, where those are apart


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a fleet of copies did with a trace. Times in seconds as the client sees them."""

    requests: int
    finished: int
    rejected: int
    preemptions: int
    duration: float  # s, from the first arrival to the last delivery
    first_token: Spread  # s after sending
    between_tokens: Spread  # s, between two steps that give a user tokens, as the engine sees it
    per_token: Spread  # s per output token after the first delivery, one value per request
    end_to_end: Spread  # s
    rate: float  # request/s finished
    goodput: float  # request/s finished within the target
    within_target: float  # share of all requests
    input_rate: float  # token/s, computed
    cached_rate: float  # token/s, found in the prefix cache
    output_rate: float  # token/s
    utilisation: float  # share of the time in which a copy was at work, mean over copies (that decode, with pools)
    batch: float  # decoding sequences of a copy, mean over its decode steps
    power: float  # W of all copies, mean over the run
    idle_power: float  # W of all copies doing nothing
    copies: int  # that decode
    systems: int  # whole systems that hold all copies
    policy: Policy
    outcome: Outcome
    notes: tuple[str, ...] = ()
    prefill_copies: int = 0  # that compute prompts, where those are apart
    prefill_utilisation: float = 0.0  # of those

    @property
    def overloaded(self) -> bool:
        """Whether requests arrived faster than they were served."""
        return bool(overload(self.outcome))

    def rows(self) -> pl.DataFrame:
        """One line per request, times in seconds."""
        return rows_of(self.outcome)

    def write_rows(self, path: Path | str) -> None:
        """Write the lines as Parquet, all or nothing."""
        write_parquet(self.rows(), Path(path))

    def timeline(self) -> pl.DataFrame:
        """Means over bins of time: requests running and waiting, KV tokens in use, share at work, tokens/s."""
        import polars as pl

        bins = min(int(np.ceil(self.outcome.duration / self.outcome.bin_width)), len(self.outcome.timeline))
        values = self.outcome.timeline[:bins] / self.outcome.bin_width
        named = {name: values[:, i] for i, name in enumerate(TIMELINE)}
        return pl.DataFrame({"time": np.arange(bins) * self.outcome.bin_width, **named})


def simulate_deployment(
    steps: StepTime,
    requests: Requests,
    policy: Policy,
    target: Target | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """What users see when copies of a model that do all the work serve a trace.

    Parameters
    ----------
    steps : StepTime
        One copy.
    requests : Requests
        The traffic.
    policy : Policy
        Rules and number of copies.
    target, progress
        See `simulate_ready`.

    Returns
    -------
    Simulated
        Latencies, goodput, utilisation and power; the lines of all requests.

    Raises
    ------
    Infeasible
        If the cache holds not even one sequence's state.
    DomainError
        If a rule or request is outside its domain.

    Notes
    -----
    No formula: `prepared`, then `simulate_ready`.
    """
    return simulate_ready(Ready(steps, *prepared(steps, policy)), requests, target, progress)


def simulate_ready(
    ready: Ready, requests: Requests, target: Target | None = None, progress: Progress | None = None
) -> Simulated:
    """What users see when copies that are ready serve a trace.

    Parameters
    ----------
    ready : Ready
        The copies.
    requests : Requests
        The traffic.
    target : Target, optional
        The service level for goodput: time to first token and speed of each request. [s], [token/s]
    progress : callable, optional
        Called now and then with the requests ended and the simulated time. [request], [s]

    Returns
    -------
    Simulated
        Latencies, goodput, utilisation and power; the lines of all requests.

    Raises
    ------
    DomainError
        If a rule or request is outside its domain.

    Notes
    -----
    Goodput counts requests that meet every part of the target: :math:`g = \\#\\{i: f_i \\le f, v_i \\ge v\\} / T`.

    References
    ----------
    :cite:t:`zhong2024`.
    """
    outcome = simulate(ready.table, requests, ready.policy, ready.prefill_table, progress)
    return summary(outcome, ready.policy, ready.steps, target or Target())


def prepared(steps: StepTime, policy: Policy, mixed: bool = True) -> tuple[Policy, StepTable]:
    """Rules that the copy can hold to, and its table.

    Parameters
    ----------
    steps : StepTime
        One copy.
    policy : Policy
        Rules asked for.
    mixed : bool
        Whether prompts and decoding sequences share steps; see `lcot.steptime.tables.tables`.

    Returns
    -------
    tuple
        Policy with no more sequences than the copy takes, no longer context than the model's, and the deployment's
        acceptance length where none is given; and table.

    Raises
    ------
    Infeasible
        If the fixed state of one sequence exceeds the cache.

    Notes
    -----
    Fixed state of s tokens a sequence takes :math:`n s` tokens of the cache for n sequences at most.

    References
    ----------
    :cite:t:`kwon2023`.
    """
    capacity, state = float(np.min(steps.kv_capacity)), float(np.max(steps.state_bytes))
    most = int(min(policy.max_sequences, steps.max_sequences, max(capacity, 1.0)))
    if state > 0:
        most = min(most, int(capacity / (2.0 * state)))  # half of the memory at most for states
    if most < 1 or capacity < 1:
        raise Infeasible("the KV cache does not hold one sequence beside the weights", "KV capacity")
    longest = steps.deployment.model.max_context
    gained = (
        steps.deployment.speculation.acceptance_length if policy.acceptance_length == 1 else policy.acceptance_length
    )
    chosen = replace(
        policy,
        max_sequences=most,
        max_context=min(policy.max_context or longest, longest),
        acceptance_length=gained,
    )
    table = tables(steps, most, policy.max_batched_tokens, mixed=mixed)
    return chosen, replace(table, kv_capacity=capacity - most * state)


def summary(outcome: Outcome, policy: Policy, steps: StepTime, target: Target) -> Simulated:
    """The figures of a run.

    Parameters
    ----------
    outcome : Outcome
        What the kernel returned.
    policy : Policy
        The rules of the run.
    steps : StepTime
        One copy (of each pool), for power and systems.
    target : Target
        The service level. [s], [token/s]

    Returns
    -------
    Simulated
        The figures.

    Notes
    -----
    Time per output token is :math:`(t_{end} - t_{first}) / (n - 1)`.

    References
    ----------
    :cite:t:`agrawal2024vidur`.
    """
    done = ~outcome.rejected
    first = outcome.first_token - outcome.arrival
    more = outcome.output_tokens > 1
    per_token = np.where(
        more, (outcome.finish - outcome.first_token) / np.maximum(outcome.output_tokens - 1, 1), np.nan
    )
    good = done & meets(first, per_token, target)
    begin = float(np.min(outcome.arrival)) if len(outcome.arrival) else 0.0
    end = float(np.max(outcome.finish[done])) if done.any() else begin
    duration = max(end - begin, 1e-12)
    apart = policy.prefill_replicas
    pools, copies = (
        ([steps.prefill or steps, steps], [apart, policy.replicas]) if apart else ([steps], [policy.replicas])
    )
    chips = sum(n * pool.deployment.chips for n, pool in zip(copies, pools, strict=True))
    notes = (*steps.notes, *overload(outcome))
    try:
        power, idle = _power(outcome, pools, copies, duration)
    except MissingFact as error:
        power = idle = float("nan")
        notes = (*notes, f"no watts: no sourced value for {error.owner}.{error.key}")
    decode = outcome.decode_use[-1]
    batches = np.arange(len(decode))
    fresh = outcome.input_tokens - outcome.cached_tokens
    return Simulated(
        requests=len(done),
        finished=int(done.sum()),
        rejected=int((~done).sum()),
        preemptions=int(outcome.preemptions.sum()),
        duration=duration,
        first_token=spread(first[done]),
        between_tokens=spread_of_counts(outcome.interval_counts, outcome.interval_edges),
        per_token=spread(per_token[done]),
        end_to_end=spread((outcome.finish - outcome.arrival)[done]),
        rate=float(done.sum()) / duration,
        goodput=float(good.sum()) / duration,
        within_target=float(good.sum()) / max(len(done), 1),
        input_rate=float(fresh[done].sum()) / duration,
        cached_rate=float(outcome.cached_tokens[done].sum()) / duration,
        output_rate=float(outcome.output_tokens[done].sum()) / duration,
        utilisation=float(np.mean(outcome.busy[apart:])) / duration,
        batch=float((decode[:, 0] * batches).sum() / max(decode[:, 0].sum(), 1e-12)),
        power=power,
        idle_power=idle,
        copies=policy.replicas,
        systems=-(-chips // steps.deployment.system.count),
        policy=policy,
        outcome=outcome,
        notes=notes,
        prefill_copies=apart,
        prefill_utilisation=float(np.mean(outcome.busy[:apart])) / duration if apart else 0.0,
    )


def _power(outcome: Outcome, pools: list[StepTime], copies: list[int], duration: float) -> tuple[float, float]:
    """Mean power of all copies over the run, and their idle power. [W, W]"""
    energy, idle = 0.0, 0.0
    for pool, (steps, count) in enumerate(zip(pools, copies, strict=True)):
        rest = float(np.mean(steps.idle_power))
        decode, prompt = outcome.decode_use[pool], outcome.prompt_use[pool]
        used = np.flatnonzero(decode[:, 0] > 0)
        seconds = decode[used, 0]
        step = Step(
            decode_sequences=used.astype(np.float64), decode_context=decode[used, 1] / np.maximum(seconds, 1e-30)
        )
        energy += float(np.sum(seconds * np.asarray(steps.power(step)))) if len(used) else 0.0
        mixed = prompt[prompt[:, 0] > 0]
        mean = (mixed[:, 1:6] / mixed[:, :1]).T
        energy += float(np.sum(mixed[:, 0] * np.asarray(steps.power(Step(*mean))))) if len(mixed) else 0.0
        energy += rest * max(count * duration - float(seconds.sum()) - float(mixed[:, 0].sum()), 0.0)
        idle += rest * count
    return energy / duration, idle
