"""How many copies, chips, systems and megawatts a load needs within a service level, and what limits it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, gcd

import numpy as np

from lcot.errors import DomainError, Infeasible
from lcot.serving.lines import meets
from lcot.serving.replay import simulate
from lcot.serving.simulation import Ready, Simulated, summary
from lcot.serving.synthetic import scaled
from lcot.serving.types import Outcome, Requests, Target

SEEN = 2000  # requests that a trial looks at, at least, where the load has them
COPIES = 64  # copies of a fleet that a trial simulates, at most
APART = 1e6  # s between requests that shall not meet


@dataclass(frozen=True, slots=True)
class Sized:
    """A fleet that serves a load within the target."""

    copies: int  # that decode
    chips: int  # of all copies
    systems: int  # that serve
    spares: int  # systems beside them
    power: float  # W of the serving copies at this load, mean
    rate: float  # request/s asked for, headroom included
    rate_per_copy: float  # request/s
    within_target: float  # share of requests
    limit: str  # what one copy less would break
    groups: int  # alike parts of the fleet: copies, or the fewest of both pools in the fleet's proportion
    one_group: Simulated  # what one of them does
    prefill_copies: int = 0  # that compute prompts, where those are apart


@dataclass(frozen=True, slots=True)
class _Trial:
    within: float
    first: float  # share within the time to first token
    speed: float  # share within the speed
    kept: float  # rate out over rate in
    full: bool  # the cache threw requests out, or turned them away
    outcome: Outcome


def size(
    ready: Ready,
    requests: Requests,
    target: Target,
    headroom: float = 0.0,
    spares: float = 0.0,
    attainment: float = 0.95,
    prompts: float = 0.0,
) -> Sized:
    """The least number of copies that serves a load within a target.

    Parameters
    ----------
    ready : Ready
        One copy (of each pool); the number of copies in its rules is ignored.
    requests : Requests
        The load, an open loop. Requests go to the copies in turn.
    target : Target
        Time to first token and speed of each request. [s], [token/s]
    headroom : float
        Load to be prepared for beyond the one given. [1]
    spares : float
        Systems kept beside the serving ones, as a share of them. [1]
    attainment : float
        Share of requests that must meet the target. [1]
    prompts : float
        Where prompts are computed apart: copies for them to begin with, for each copy that decodes. [1]

    Returns
    -------
    Sized
        Copies, chips, whole systems, power, and the limit that binds.

    Raises
    ------
    Infeasible
        If not even a copy for each request meets the target; says what would.
    DomainError
        If headroom or spares are negative, the attainment is not in 0 to 1, or the load is a closed loop.

    Notes
    -----
    A fleet is alike parts that each see every n-th request, so a trial simulates some parts and not the fleet. The
    least n with a share within the target of at least a is found by bisection:

    .. math:: n^* = \\min \\{ n : \\Pr(f_i \\le f, v_i \\ge v) \\ge a \\}

    With pools both grow in proportion first; then the copies for prompts are as few as will do, then the others.

    References
    ----------
    :cite:t:`zhong2024`, section 4.
    """
    check_margins(headroom, spares, attainment)
    if requests.concurrency or requests.successor is not None or len(requests) < 2:
        raise DomainError(
            "load", "closed loop, sessions or fewer than two requests", "an open loop of requests", "size"
        )
    load = scaled(requests, 1.0 + headroom)
    alone = _seen([_served(ready, _one_at_a_time(load), 1, int(prompts > 0))], np.inf, target)
    if alone.within < attainment:
        raise _refusal(alone, target, attainment)
    last = float(load.arrival[-1]) + 2.0 * float(np.nanmedian(alone.outcome.finish - alone.outcome.arrival))

    def trial(n: int, p: int) -> _Trial:
        groups = gcd(n, p) if p else n
        count = min(groups, max(ceil(SEEN * groups / len(load)), 1), max(COPIES * groups // n, 1))
        return _seen(
            [_served(ready, thinned(load, groups, i), n // groups, p // groups) for i in range(count)], last, target
        )

    def enough(n: int, p: int) -> bool:
        found = trial(n, p)
        return n >= len(load) or (found.within >= attainment and found.kept >= attainment)

    copies = _least(lambda n: enough(n, ceil(prompts * n)), len(load))
    first = ceil(prompts * copies)
    if first:
        first = _least(lambda p: enough(copies, p), first)
        copies = _least(lambda n: enough(n, first), copies)
    limit = _limit(trial(copies - 1, first), target, attainment) if copies > 1 else "one copy is the least"
    return _fleet(ready, load, copies, first, trial(copies, first), spares, limit, target)


def check_margins(headroom: float, spares: float, attainment: float) -> None:
    """Refuse margins that have no meaning.

    Parameters
    ----------
    headroom, spares, attainment
        See `size`. [1]

    Raises
    ------
    DomainError
        If one is outside its domain.
    """
    for name, value in (("headroom", headroom), ("spares", spares)):
        if not value >= 0:
            raise DomainError(name, value, "0 or more", "size")
    if not 0 < attainment <= 1:
        raise DomainError("attainment", attainment, "above 0, at most 1", "size")


def _least(enough: Callable[[int], bool], most: int) -> int:
    """The least number from 1 on, at most ``most``, that is enough, found by doubling and halving."""
    high = 1
    while high < most and not enough(high):
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _served(ready: Ready, load: Requests, copies: int, prompts: int) -> Outcome:
    """What a part of a fleet does with its share of a load."""
    rules = replace(ready.policy, replicas=copies, prefill_replicas=prompts)
    return simulate(ready.table, load, rules, ready.prefill_table)


def _fleet(
    ready: Ready, load: Requests, copies: int, prompts: int, found: _Trial, spares: float, limit: str, target: Target
) -> Sized:
    """The fleet with its chips, systems and watts."""
    steps, groups = ready.steps, gcd(copies, prompts) if prompts else copies
    rules = replace(ready.policy, replicas=copies // groups, prefill_replicas=prompts // groups)
    seen = summary(found.outcome, rules, steps, target)
    chips = copies * steps.deployment.chips + (prompts * steps.prefill.deployment.chips if steps.prefill else 0)
    systems = -(-chips // steps.deployment.system.count)
    rate = (len(load) - 1) / float(load.arrival[-1] - load.arrival[0])
    return Sized(
        copies, chips, systems, ceil(systems * spares), seen.power * groups, rate, rate / copies, found.within, limit,
        groups, seen, prompts,
    )  # fmt: skip


def thinned(requests: Requests, n: int, offset: int = 0) -> Requests:
    """What one of ``n`` copies sees when requests go to them in turn.

    Parameters
    ----------
    requests : Requests
        The load of all copies.
    n : int
        Copies. [1]
    offset : int
        Which copy. [1]

    Returns
    -------
    Requests
        Every n-th request.

    Notes
    -----
    .. math:: \\{ i : i \\equiv o \\pmod n \\}

    References
    ----------
    :cite:t:`zhong2024`.
    """
    part = slice(offset, None, n)
    hashes, start = requests.hashes, requests.hash_start
    if hashes is not None and start is not None:
        chosen = np.arange(offset, len(requests), n)
        hashes = np.concatenate([hashes[start[i] : start[i + 1]] for i in chosen])
        start = np.concatenate([[0], np.cumsum(np.diff(start)[chosen])])
    return Requests(
        requests.arrival[part], requests.input_tokens[part], requests.output_tokens[part],
        hashes=hashes, hash_start=start, hash_block=requests.hash_block,
    )  # fmt: skip


def _one_at_a_time(load: Requests) -> Requests:
    """Some requests of the load, so far apart that they never meet."""
    some = thinned(load, max(len(load) // SEEN, 1))
    return replace(some, arrival=APART * np.arange(len(some)))


def _seen(parts: list[Outcome], last: float, target: Target) -> _Trial:
    """What some copies of a fleet did; ``last`` is when a fleet that keeps up is done."""
    first = np.concatenate([p.first_token - p.arrival for p in parts])
    tokens = np.concatenate([p.output_tokens for p in parts])
    span = np.concatenate([p.finish - p.first_token for p in parts])
    per_token = np.where(tokens > 1, span / np.maximum(tokens - 1, 1), np.nan)
    done = ~np.concatenate([p.rejected for p in parts])
    return _Trial(
        float(np.mean(done & meets(first, per_token, target))),
        float(np.mean(done & meets(first, per_token, Target(time_to_first_token=target.time_to_first_token)))),
        float(np.mean(done & meets(first, per_token, Target(speed=target.speed)))),
        float(np.mean(np.concatenate([p.finish for p in parts])[done] <= last)) if done.any() else 0.0,
        any(bool(p.preemptions.sum()) or bool(np.any(p.reason == 2)) for p in parts),
        parts[0],
    )


def _limit(trial: _Trial, target: Target, attainment: float) -> str:
    """What a fleet with one copy less would break."""
    if trial.full:
        return "KV capacity"
    if target.time_to_first_token is not None and trial.first < attainment and trial.first <= trial.speed:
        return "time to first token"
    if target.speed is not None and trial.speed < attainment:
        return "speed"
    return "rate"


def _refusal(trial: _Trial, target: Target, attainment: float) -> Infeasible:
    """Why no number of copies helps, and what would."""
    o = trial.outcome
    turned_away = int(o.rejected.sum())
    if np.mean(o.rejected) > 1 - attainment:
        reason = "requests exceed the KV capacity or the context of one copy"
        return Infeasible(
            f"{turned_away} of {len(o.rejected)} {reason}; more chips per copy would hold them", "KV capacity"
        )
    first = o.first_token - o.arrival
    more = o.output_tokens > 1
    per_token = (o.finish - o.first_token)[more] / (o.output_tokens[more] - 1)
    parts: list[str] = []
    limit = "speed"
    if target.time_to_first_token is not None and trial.first < attainment:
        best = float(np.nanquantile(first, attainment))
        parts.append(f"a time to first token of {best:.3g} s (asked: {target.time_to_first_token:.3g} s)")
        limit = "time to first token"
    if target.speed is not None and trial.speed < attainment:
        best = 1.0 / float(np.nanquantile(per_token, attainment))
        parts.append(f"a speed of {best:.3g} tokens/s (asked: {target.speed:.3g})")
    what = " and ".join(parts) or "a lower share of requests within the target"
    return Infeasible(
        f"no number of copies meets the target; even without any load this deployment needs {what}", limit
    )
