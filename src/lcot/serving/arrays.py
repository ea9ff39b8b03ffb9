"""Arrays that the event kernel works on, made of tables, rules and requests; refuses what has no meaning."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcot.errors import DomainError
from lcot.serving.kernel import records
from lcot.serving.types import Policy, Requests
from lcot.steptime.types import StepTable

ROUTING = {"round_robin": 0, "least_loaded": 1, "session": 2}
BATCHING = {"mixed": 1, "prefill_first": 0}
FINE = 2**20  # parts of a token in which the acceptance length is counted, so that sums of tokens are exact
BINS = 2048  # of the timeline


def check_policy(policy: Policy, table: StepTable, hash_block: int) -> None:
    """Refuse rules that have no meaning. Raises `DomainError`, which names the rule."""
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


def check_requests(requests: Requests) -> None:
    """Refuse lengths below 1 and times that are none. Raises `DomainError`."""
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


def stacked(tables: list[StepTable]) -> dict[str, np.ndarray]:
    """Arrays of the pools, one above the other, then those of their slowest stages, where there are pipelines.

    A shorter one is padded where it is never read. [s, s/token, token]
    """

    def stack(parts: list[np.ndarray]) -> np.ndarray:
        sizes = [max(size) for size in zip(*(part.shape for part in parts), strict=True)]
        whole = np.full((len(parts), *sizes), np.inf)
        for i, part in enumerate(parts):
            whole[(i, *(slice(n) for n in part.shape))] = part
        return whole

    if any(t.slots is not None for t in tables):
        tables = [*tables, *(t.slots or t for t in tables)]
    longest = max(len(t.tokens) for t in tables)
    axes = [stack([np.asarray(axis, np.float64) for axis in t.grid]) for t in tables]
    return {
        "surface": stack([np.asarray(t.decode) for t in tables]),
        "token_time": stack([_lengthened(np.asarray(t.tokens, np.float64), longest) for t in tables]),
        "prompt_rows": stack([np.asarray(t.prompt) for t in tables]),
        "row_tokens": stack([np.asarray(t.prompt_tokens) for t in tables]),
        "rest": stack([np.asarray(t.rest, np.float64).ravel() for t in tables]),
        "shape": np.array([np.shape(t.rest) for t in tables], np.int64),
        "axes": stack(axes),
        "work": np.zeros((3, 5)),
    }


def _lengthened(curve: np.ndarray, size: int) -> np.ndarray:
    more = np.arange(1, size - len(curve) + 1)
    return np.concatenate([curve, curve[-1] + more * (curve[-1] - curve[-2])])


def initial(
    policy: Policy, table: StepTable, prefill_table: StepTable | None, hash_block: int, concurrency: int
) -> dict[str, Any]:
    """The state of the kernel before the first request.

    Parameters
    ----------
    policy : Policy
        Rules.
    table : StepTable
        Step time of one copy; with a prefill pool, of one copy of the decode pool.
    prefill_table : StepTable, optional
        Step time of one copy of the prefill pool; default ``table``.
    hash_block : int
        Tokens of one hashed block of a prompt. [token]
    concurrency : int
        Users in a closed loop; 0: requests arrive by the clock. [1]

    Returns
    -------
    dict of str to ndarray
        By the names that the kernel gives them.
    """
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
        "pools": 2 if policy.prefill_replicas else 1,
        "acceptance": round(policy.acceptance_length * FINE) / FINE,
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
    replicas["stages"] = [pool.stages for pool in pools]
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


def lines_of(requests: Requests) -> np.ndarray:
    """Requests as records of the kernel. [token, s]"""
    lines = np.zeros(len(requests), records.REQUEST)
    lines["input"], lines["output"] = requests.input_tokens, requests.output_tokens
    lines["arrival"] = requests.arrival
    lines["think"] = 0.0 if requests.think is None else requests.think
    lines["session"] = np.arange(len(requests)) if requests.session is None else requests.session
    if requests.hash_start is not None:
        lines["hash_count"] = np.diff(requests.hash_start)
    return lines


def open_order(requests: Requests) -> np.ndarray:
    """Places of the requests that arrive by the clock, in order of time. [1]"""
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
