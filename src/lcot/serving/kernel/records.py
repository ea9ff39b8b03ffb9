"""The records that the event kernel works on. One array of each holds the whole state of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

_WHOLE, _REAL = np.int64, np.float64


def _record(whole: str, real: str) -> np.dtype[np.void]:
    return np.dtype([(name, _WHOLE) for name in whole.split()] + [(name, _REAL) for name in real.split()])


# The rules of a run: one record. `tokens_per_sequence`: tokens that a decoding sequence puts into a step.
RULES = _record(
    "max_sequences max_batched_tokens chunked mixed receive_interval first_group block prefix hash_block "
    "tokens_per_sequence routing entry_replicas disaggregated max_context closed pools",
    "acceptance reserve before after transfer_latency transfer_per_token",
)
# Where the whole run stands: one record.
CLOCK = _record(
    "phase next_open next_closed turn turn_decode ties waiting_users free_slots rows running waiting rejected "
    "preemptions events last_chunk offset",
    "now width",
)
# One model copy. `stages`: of its pipeline; beyond one, the tables `pools` further on are of the slowest stage.
REPLICA = _record(
    "pool kind planned advance decoding steps since_poll head tail unreceived queued partial finishing newest running "
    "admissions target_sum joined blocked cut boundary heap segment lru_head lru_tail lru free_node prompt_tokens "
    "prompt_sequences max_decoding pool_capacity pending_output stages",
    "start first_step growth context free last_decode prompt_pairs busy prompt_held",
)
# One request in flight. `prompt`: tokens to put into the cache before the next token; `done`: of them, there.
SLOT = _record(
    "request index input output generated prompt done cached next older newer replica transferred marked hash_start "
    "hash_count nodes preemptions join_step admission session first_cached",
    "arrival ready first engine_first last think joined_context",
)
# One line of a replica's heap: what happens when `steps` reaches `key`; kind 0: first delivery, 1: the end.
MARK = _record("key order slot kind", "")
# One line of the heap of arrivals to come; kind 0: a user takes the next request, 1: a known request, 2: a transfer.
USER = _record("order kind payload", "time")
# One block of the prefix cache.
NODE = _record("hash references older newer", "")
# What comes out for each request.
ROW = _record("request replica status reason cached preemptions input output", "arrival first engine_first finish")

# Columns of the timeline: integrals over each bin.
TIMELINE = ("running", "waiting", "kv_tokens", "busy", "output_tokens", "input_tokens")
PROMPT_USAGE = ("seconds", "sequences", "context", "prompt_tokens", "prompt_pairs", "prompt_sequences", "steps")
INTERVAL_BINS = 64 * 80  # 64 bins an octave from 2**-40 s to 2**40 s
REASONS = ("", "longer than the model's context", "larger than the KV cache", "prompt larger than the token budget")

# One request of the trace.
REQUEST = _record("input output session hash_start hash_count", "arrival think")
# What the kernel is handed, in this order: kind and number of axes.
ARRAYS: dict[str, tuple[np.dtype[Any], int]] = {
    "rule": (RULES, 1),
    "clock": (CLOCK, 1),
    "replicas": (REPLICA, 1),
    "ends": (np.dtype(_REAL), 1),
    "slots": (SLOT, 1),
    "marks": (MARK, 2),
    "classes": (np.dtype(_WHOLE), 2),
    "joins": (np.dtype(_REAL), 2),
    "finishing": (np.dtype(_WHOLE), 2),
    "nodes": (NODE, 2),
    "keys": (np.dtype(_WHOLE), 2),
    "values": (np.dtype(_WHOLE), 2),
    "users": (USER, 1),
    "hashes": (np.dtype(_WHOLE), 1),
    "decode_use": (np.dtype(_REAL), 3),
    "prompt_use": (np.dtype(_REAL), 3),
    "histogram": (np.dtype(_WHOLE), 1),
    "timeline": (np.dtype(_REAL), 2),
    "request": (REQUEST, 1),
    "opens": (np.dtype(_WHOLE), 1),
    "successors": (np.dtype(_WHOLE), 1),
    "surface": (np.dtype(_REAL), 4),
    "token_time": (np.dtype(_REAL), 2),
    "prompt_rows": (np.dtype(_REAL), 4),
    "row_tokens": (np.dtype(_REAL), 2),
    "rest": (np.dtype(_REAL), 2),
    "shape": (np.dtype(_WHOLE), 2),
    "axes": (np.dtype(_REAL), 3),
    "work": (np.dtype(_REAL), 2),
    "out": (ROW, 1),
}
