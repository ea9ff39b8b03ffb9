"""Replay requests on model copies: the Python side of the event kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import DomainError, InputError
from lcot.serving.kernel import records
from lcot.serving.types import Outcome, Policy, Requests
from lcot.steptime.types import StepTable

ROUTING = {"round_robin": 0, "least_loaded": 1, "session": 2}
BATCHING = {"mixed": 1, "prefill_first": 0}
REQUEST = np.dtype(
    [(n, np.int64) for n in ("input", "output", "session", "hash_start", "hash_count")]
    + [(n, np.float64) for n in ("arrival", "think")]
)
COLUMNS = {
    "request": "request",
    "replica": "replica",
    "arrival": "arrival",
    "input_tokens": "input",
    "cached_tokens": "cached",
    "output_tokens": "output",
    "first_token": "first",
    "engine_first_token": "engine_first",
    "finish": "finish",
    "reason": "reason",
    "preemptions": "preemptions",
}
BINS = 2048  # of the timeline
CHUNK = 1 << 15  # requests handed to the kernel at a time
EVENTS = 2_000_000  # of one call of the kernel
STATE = (
    *("rule", "clock", "replicas", "ends", "slots", "marks", "classes", "joins", "finishing", "nodes"),
    *("keys", "values", "users", "hashes", "decode_use", "prompt_use", "histogram", "timeline"),
)


def simulate(
    table: StepTable,
    requests: Requests,
    policy: Policy,
    prefill_table: StepTable | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Outcome:
    """What happens to each request.

    Parameters
    ----------
    table : StepTable
        Step time of one copy; with a prefill pool, of one copy of the decode pool.
    requests : Requests
        The traffic.
    policy : Policy
        Admission rules, replicas, routing.
    prefill_table : StepTable, optional
        Step time of one copy of the prefill pool; default ``table``.
    progress : callable, optional
        Called now and then with the requests ended and the simulated time. [request], [s]

    Returns
    -------
    Outcome
        In the order of the requests.

    Raises
    ------
    DomainError
        If a length, time or rule is outside its domain.

    Notes
    -----
    Between events k decode steps take :math:`k t_0 + g k (k - 1) / 2` for a first step :math:`t_0` and a growth g.
    """
    run = Replay(table, policy, prefill_table, requests.hash_block, requests.concurrency)
    columns = {name: np.empty(len(requests), records.ROW[name]) for name in records.ROW.names or ()}
    for part, last in _chunks(requests):
        for rows in run.feed(part, last, progress):
            places = rows["request"]
            for name, column in columns.items():
                column[places] = rows[name]
    return run.outcome(columns)


def _chunks(requests: Requests, size: int = CHUNK) -> Iterable[tuple[Requests, bool]]:
    """Parts of an open loop, so that only what is in flight is in memory; whole where requests wait for others."""
    count = len(requests)
    if requests.concurrency or requests.successor is not None or np.any(np.diff(requests.arrival) < 0):
        yield requests, True
        return
    for a in range(0, max(count, 1), size):
        b = min(a + size, count)
        hashes, start = requests.hashes, requests.hash_start
        if hashes is not None and start is not None:
            hashes, start = hashes[start[a] : start[b]], start[a : b + 1] - start[a]
        part = Requests(
            requests.arrival[a:b],
            requests.input_tokens[a:b],
            requests.output_tokens[a:b],
            session=np.arange(a, b) if requests.session is None else requests.session[a:b],
            hashes=hashes,
            hash_start=start,
            hash_block=requests.hash_block,
        )
        yield part, b == count


class Replay:
    """A run in progress. Fed chunk by chunk it holds only the requests in flight; it can be saved and loaded."""

    def __init__(
        self,
        table: StepTable,
        policy: Policy,
        prefill_table: StepTable | None = None,
        hash_block: int = 0,
        concurrency: int = 0,
    ) -> None:
        _check_policy(policy, table, hash_block)
        self.policy, self.tables = (
            policy,
            _stacked([prefill_table or table, table] if policy.prefill_replicas else [table]),
        )
        self.state: dict[str, Any] = _state(policy, table, prefill_table, hash_block, concurrency)
        self.fed = self.ended = 0  # requests

    def feed(
        self, requests: Requests, last: bool, progress: Callable[[int, float], None] | None = None
    ) -> Iterable[np.ndarray]:
        """Run on with more requests; yields lines of those that ended, in the order of their end."""
        from lcot.serving.kernel.loop import run

        _check_requests(requests)
        state, clock = self.state, self.state["clock"]
        lines = _lines(requests)
        self._keep_hashes(requests, lines)
        opens = _open_order(requests)
        successors = np.empty(0, np.int64) if requests.successor is None else np.asarray(requests.successor, np.int64)
        self._make_room(len(requests), len(opens))
        clock["offset"], clock["next_open"], clock["next_closed"], clock["last_chunk"] = self.fed, 0, 0, int(last)
        self.fed += len(requests)
        out = np.empty(len(state["slots"]) + len(requests) + 1, records.ROW)
        while True:
            clock["rows"] = 0
            s = state
            code = run(
                s["rule"], clock, s["replicas"], s["ends"], s["slots"], s["marks"], s["classes"], s["joins"],
                s["finishing"], s["nodes"], s["keys"], s["values"], s["users"], lines, opens, successors, s["hashes"],
                *self.tables, s["decode_use"], s["prompt_use"], s["histogram"], s["timeline"], out, EVENTS,
            )  # fmt: skip
            self.ended += int(clock["rows"][0])
            if clock["rows"][0]:
                yield out[: int(clock["rows"][0])]
            if progress is not None:
                progress(self.ended, float(clock["now"][0]))
            if code != 2:
                return

    def outcome(self, rows: Any) -> Outcome:
        """The lines given, with the totals of the whole run."""
        state = self.state
        exponent = np.arange(records.INTERVAL_BINS + 1)
        edges = np.ldexp(0.5 + (exponent % 64) / 128, exponent // 64 - 40)
        lines: dict[str, Any] = {name: np.ascontiguousarray(rows[column]) for name, column in COLUMNS.items()}
        return Outcome(
            **lines,
            rejected=rows["status"] == 1,
            duration=float(state["clock"]["now"][0]),
            busy=state["replicas"]["busy"].copy(),
            interval_counts=state["histogram"].copy(),
            interval_edges=edges,
            decode_use=state["decode_use"].copy(),
            prompt_use=state["prompt_use"].copy(),
            timeline=state["timeline"].copy(),
            bin_width=float(state["clock"]["width"][0]),
            events=int(state["clock"]["events"][0]),
        )

    def save(self, path: Path) -> None:
        """Write the state to a file, all or nothing."""
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            np.savez(file, fed=self.fed, ended=self.ended, **{name: self.state[name] for name in STATE})
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a state that `save` wrote."""
        with np.load(path) as kept:
            if kept["rule"].tobytes() != self.state["rule"].tobytes():
                raise InputError(f"{path}: saved under another policy")
            self.fed, self.ended = int(kept["fed"]), int(kept["ended"])
            self.state.update({name: kept[name] for name in STATE})

    def _make_room(self, count: int, opens: int) -> None:
        """Slots for every request that may be in flight during the next chunk."""
        state, clock = self.state, self.state["clock"]
        closed = int(state["rule"]["closed"][0])
        old = state["slots"]
        in_flight = self.fed - self.ended
        wanted = in_flight + (len(state["users"]) if closed else count) + 1
        if len(old) < wanted:
            wanted = max(wanted, len(old) * 3 // 2)
            slots = np.zeros(wanted, records.SLOT)
            slots[: len(old)] = old
            slots["request"][len(old) :] = -1
            slots["next"][len(old) :] = np.arange(len(old) + 1, wanted + 1)
            slots["next"][-1] = clock["free_slots"][0]
            clock["free_slots"] = len(old)
            state["slots"] = slots
        users = 2 * (len(state["slots"]) + count if not closed else len(state["slots"])) + 2
        if len(state["users"]) < users:
            grown = np.zeros(users, records.USER)
            grown[: len(state["users"])] = state["users"]
            state["users"] = grown

    def _keep_hashes(self, requests: Requests, lines: np.ndarray) -> None:
        """Hashes of the requests in flight, followed by those of the new ones."""
        slots = self.state["slots"]
        if requests.hashes is None or requests.hash_start is None:
            return
        kept: list[np.ndarray] = []
        at = 0
        for s in np.flatnonzero((slots["request"] >= 0) & (slots["hash_count"] > 0)):
            start, count = int(slots["hash_start"][s]), int(slots["hash_count"][s])
            kept.append(self.state["hashes"][start : start + count])
            slots["hash_start"][s] = at
            at += count
        lines["hash_start"] = np.asarray(requests.hash_start)[:-1] + at
        self.state["hashes"] = np.concatenate([*kept, np.asarray(requests.hashes, np.int64)])


def _check_policy(policy: Policy, table: StepTable, hash_block: int) -> None:
    whole = ("max_sequences", "max_batched_tokens", "receive_interval", "stream_interval", "block", "replicas")
    for name in whole:
        if getattr(policy, name) < 1:
            raise DomainError(name, getattr(policy, name), "1 or more", "policy")
    for name, allowed in (("batching", BATCHING), ("routing", ROUTING)):
        if getattr(policy, name) not in allowed:
            raise DomainError(name, getattr(policy, name), " | ".join(allowed), "policy")
    for name in ("reserve", "transfer_latency", "transfer_per_token", "before", "after", "prefill_replicas"):
        if not getattr(policy, name) >= 0:
            raise DomainError(name, getattr(policy, name), "0 or more", "policy")
    if not policy.acceptance_length >= 1:
        raise DomainError("acceptance_length", policy.acceptance_length, "1 or more", "policy")
    if policy.max_sequences > table.max_sequences:
        raise DomainError(
            "max_sequences", policy.max_sequences, f"at most {table.max_sequences}, as the table", "policy"
        )
    if policy.prefix_cache and hash_block < 1:
        raise DomainError("prefix_cache", True, "only with requests that carry block hashes", "policy")
    if policy.prefix_cache and hash_block % _block(policy):
        raise DomainError("block", policy.block, f"a divisor of the hashed block of {hash_block} tokens", "policy")


def _check_requests(requests: Requests) -> None:
    if len(requests) == 0:
        return
    for name in ("input_tokens", "output_tokens"):
        least = int(np.min(getattr(requests, name)))
        if least < 1:
            raise DomainError(name, least, "1 or more", "requests")
    if requests.think is not None and not np.all(np.asarray(requests.think) >= 0):
        raise DomainError("think", float(np.min(requests.think)), "0 or more", "requests")
    first = np.asarray(requests.arrival)
    if requests.concurrency == 0 and not np.all(np.isfinite(first)):
        raise DomainError("arrival", "not finite", "seconds", "requests")


def _block(policy: Policy) -> int:
    """With a broken number of tokens per step the cache is counted in tokens."""
    return policy.block if policy.acceptance_length == 1 else 1


def _stacked(tables: list[StepTable]) -> tuple[np.ndarray, ...]:
    """Arrays of the pools, one above the other; a shorter one is padded where it is never read."""

    def stack(parts: list[np.ndarray]) -> np.ndarray:
        sizes = [max(size) for size in zip(*(part.shape for part in parts), strict=True)]
        whole = np.full((len(parts), *sizes), np.inf)
        for i, part in enumerate(parts):
            whole[(i, *(slice(n) for n in part.shape))] = part
        return whole

    longest = max(len(t.tokens) for t in tables)
    axes = [stack([np.asarray(axis, np.float64) for axis in t.grid]) for t in tables]
    return (
        stack([np.asarray(t.decode) for t in tables]),
        stack([_lengthened(np.asarray(t.tokens, np.float64), longest) for t in tables]),
        stack([np.asarray(t.prompt) for t in tables]),
        stack([np.asarray(t.prompt_tokens) for t in tables]),
        stack([np.asarray(t.rest, np.float64).ravel() for t in tables]),
        np.array([np.shape(t.rest) for t in tables], np.int64),
        stack(axes),
        np.zeros((2, 5)),
    )


def _lengthened(curve: np.ndarray, size: int) -> np.ndarray:
    more = np.arange(1, size - len(curve) + 1)
    return np.concatenate([curve, curve[-1] + more * (curve[-1] - curve[-2])])


def _state(
    policy: Policy, table: StepTable, prefill_table: StepTable | None, hash_block: int, concurrency: int
) -> dict[str, Any]:
    block = _block(policy)
    pools = [prefill_table or table] * policy.prefill_replicas + [table] * policy.replicas
    count = len(pools)
    rule = np.zeros(1, records.RULES)
    values: dict[str, Any] = {
        "max_sequences": policy.max_sequences,
        "max_batched_tokens": policy.max_batched_tokens,
        "chunked": policy.chunked,
        "mixed": BATCHING[policy.batching],
        "receive_interval": policy.receive_interval,
        "first_group": policy.stream_interval,
        "block": block,
        "prefix": policy.prefix_cache,
        "hash_block": hash_block if policy.prefix_cache else block,
        "tokens_per_sequence": table.tokens_per_sequence,
        "routing": ROUTING[policy.routing],
        "entry_replicas": policy.prefill_replicas or policy.replicas,
        "disaggregated": policy.prefill_replicas > 0,
        "max_context": policy.max_context or 2**60,
        "closed": concurrency > 0,
        "acceptance": policy.acceptance_length,
        "reserve": policy.reserve,
        "before": policy.before,
        "after": policy.after,
        "transfer_latency": policy.transfer_latency,
        "transfer_per_token": policy.transfer_per_token,
    }
    for name, value in values.items():
        rule[name] = value
    replicas = np.zeros(count, records.REPLICA)
    for name in ("head", "tail", "unreceived", "partial", "newest", "lru_head", "lru_tail", "free_node"):
        replicas[name] = -1
    replicas["pool_capacity"] = [int(pool.kv_capacity) // block for pool in pools]
    replicas["free"] = replicas["pool_capacity"]
    replicas["pool"][policy.prefill_replicas :] = 1 if policy.prefill_replicas else 0
    nodes = int(replicas["pool_capacity"].max()) * block // hash_block + 1 if policy.prefix_cache else 1
    size = 1 << (2 * nodes).bit_length()
    node = np.zeros((count, nodes), records.NODE)
    node["newer"] = np.where(np.arange(nodes) + 1 < nodes, np.arange(nodes) + 1, -1)
    replicas["free_node"] = 0
    clock = np.zeros(1, records.CLOCK)
    clock["free_slots"], clock["width"] = -1, 2.0**-10
    users = np.zeros(max(concurrency, 1), records.USER)
    if concurrency:
        users["time"], users["order"] = policy.before, np.arange(concurrency)
        clock["waiting_users"] = clock["ties"] = concurrency
    top = policy.max_sequences
    pool_count = 2 if policy.prefill_replicas else 1
    return {
        "rule": rule,
        "clock": clock,
        "replicas": replicas,
        "ends": np.full(count, np.inf),
        "slots": np.zeros(0, records.SLOT),
        "marks": np.zeros((count, 2 * top + 2), records.MARK),
        "classes": np.zeros((count, block), np.int64),
        "joins": np.zeros((count, top + 1)),
        "finishing": np.zeros((count, top + 1), np.int64),
        "nodes": node,
        "keys": np.zeros((count, size), np.int64),
        "values": np.full((count, size), -1, np.int64),
        "users": users,
        "hashes": np.zeros(0, np.int64),
        "decode_use": np.zeros((pool_count, top + 1, 3)),
        "prompt_use": np.zeros((pool_count, 64, len(records.PROMPT_USAGE))),
        "histogram": np.zeros(records.INTERVAL_BINS, np.int64),
        "timeline": np.zeros((BINS, len(records.TIMELINE))),
    }


def _lines(requests: Requests) -> np.ndarray:
    lines = np.zeros(len(requests), REQUEST)
    lines["input"], lines["output"] = requests.input_tokens, requests.output_tokens
    lines["arrival"] = requests.arrival
    lines["think"] = 0.0 if requests.think is None else requests.think
    lines["session"] = np.arange(len(requests)) if requests.session is None else requests.session
    if requests.hash_start is not None:
        lines["hash_count"] = np.diff(requests.hash_start)
    return lines


def _open_order(requests: Requests) -> np.ndarray:
    """Requests that arrive by the clock, in order of time."""
    if requests.concurrency:
        return np.empty(0, np.int64)
    opens = np.arange(len(requests), dtype=np.int64)
    if requests.successor is not None:
        follows = np.zeros(len(requests), bool)
        follows[requests.successor[requests.successor >= 0]] = True
        opens = opens[~follows]
    times = np.asarray(requests.arrival)[opens]
    if np.any(np.diff(times) < 0):
        opens = opens[np.argsort(times, kind="stable")]
    return opens
