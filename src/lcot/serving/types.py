"""Traffic in, service out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lcot.facts.types import Numeric


@dataclass(frozen=True, slots=True)
class Target:
    """The service level asked for. None: not asked."""

    speed: float | None = None  # tokens/s a user, at least: 1 / time per output token
    time_to_first_token: float | None = None  # s, at most (P95 unless said otherwise)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A load of requests alike. ``rate`` None means: fill to capacity, then apply the site's load factor."""

    input_tokens: Numeric
    output_tokens: Numeric
    rate: Numeric | None = None  # request/s over the whole fleet
    cached_fraction: Numeric = 0.0  # of input tokens, served from the prefix cache
    burstiness: Numeric = 1.0  # coefficient of variation of inter-arrival times


@dataclass(frozen=True, slots=True)
class Served:
    """What users get from one fleet under one load, in the steady state or from a simulation."""

    copies: Numeric  # model copies in service
    systems: Numeric  # whole systems bought
    batch: Numeric  # sequences decoding per copy
    rate: Numeric  # request/s delivered by the fleet
    capacity: Numeric  # request/s that the purchased systems can deliver within the target
    time_per_output_token: Numeric  # s
    time_to_first_token: Numeric  # s, mean
    prefill_seconds: Numeric  # bottleneck seconds per request spent on fresh input
    cached_seconds: Numeric  # bottleneck seconds per request spent on cached input
    decode_seconds: Numeric  # bottleneck seconds per request spent on output
    cached_token_seconds: Numeric  # bottleneck seconds that one more cached token in every request would cost
    power: Numeric | None  # W of the fleet at this load, before PUE; None: not on record
    limit: str = ""  # what binds: speed, time to first token, KV capacity, compute, rate
    prefill_copies: Numeric = 0.0  # copies that compute prompts, where those are apart

    @property
    def utilisation(self) -> Numeric:
        """Tokens delivered over tokens that the purchased systems can deliver within the target. [1]"""
        return self.rate / self.capacity


Reals = NDArray[np.float64]
Wholes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Policy:
    """How an engine takes requests up, and how copies of a model share them.

    ``batching``: ``mixed`` puts prompt tokens into decode steps, ``prefill_first`` runs prompts alone while decoding
    waits. ``reserve``: share of the output still to come for which cache must be free before a request is taken up.
    With ``prefill_replicas`` > 0 prompts are computed there and their cache moves to one of ``replicas``.
    """

    name: str = "vllm"
    batching: str = "mixed"  # mixed | prefill_first
    chunked: bool = True  # prompts may be cut to fit the token budget
    max_sequences: int = 256
    max_batched_tokens: int = 8192
    reserve: float = 0.0
    receive_interval: int = 1  # decode steps between two looks for new requests
    stream_interval: int = 1  # tokens in one delivery to the client
    block: int = 16  # tokens of one block of the KV cache
    prefix_cache: bool = False
    acceptance_length: float = 1.0  # tokens gained per sequence and decode step
    replicas: int = 1
    routing: str = "round_robin"  # round_robin | least_loaded | session
    prefill_replicas: int = 0
    transfer_latency: float = 0.0  # s, before a KV cache that moves begins to arrive
    transfer_per_token: float = 0.0  # s per token of KV cache
    before: float = 0.0  # s from the client to the engine's queue
    after: float = 0.0  # s from the engine to the client
    max_context: int | None = None  # tokens, input and output; None: no limit
    source: str = ""  # where the rules are documented


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of a trace, or made up. One entry of each array per request, in order of arrival.

    Open loop: ``arrival`` counts. Closed loop (``concurrency`` > 0): that many users take the requests in order, each
    thinking ``think`` seconds after the request before. Sessions: ``successor`` is the next request of the same
    user, sent ``think`` seconds after this one ends; its own ``arrival`` is not used.
    """

    arrival: Reals  # s
    input_tokens: Wholes
    output_tokens: Wholes
    think: Reals | None = None  # s after this request ends
    session: Wholes | None = None
    successor: Wholes | None = None  # -1: none
    hashes: Wholes | None = None  # of prefix blocks, those of all requests in a row
    hash_start: Wholes | None = None  # (requests + 1,): where each one's begin
    hash_block: int = 0  # tokens of one hashed block
    concurrency: int = 0

    def __len__(self) -> int:
        return len(self.input_tokens)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to each request, and to the machine. Times in seconds, as the client sees them; NaN: never."""

    request: Wholes
    replica: Wholes  # where it ended; -1: rejected
    arrival: Reals
    input_tokens: Wholes
    cached_tokens: Wholes
    output_tokens: Wholes
    first_token: Reals  # with the first delivery
    engine_first_token: Reals  # when the engine had it
    finish: Reals
    rejected: NDArray[np.bool_]
    reason: Wholes  # index into `REASONS` of the kernel
    preemptions: Wholes
    duration: float  # s from 0 to the last event
    busy: Reals  # (replica,): s
    interval_counts: Wholes  # histogram of engine-side intervals between tokens
    interval_edges: Reals  # (bins + 1,): s
    decode_use: Reals  # (pool, sequences, 3): seconds, context x seconds, steps of pure decoding
    prompt_use: Reals  # (pool, bin, 7): of steps with prompts: see `PROMPT_USAGE`
    timeline: Reals  # (bin, 6): integrals over each bin: see `TIMELINE`
    bin_width: float  # s
    events: int
    notes: tuple[str, ...] = field(default_factory=tuple[str, ...])
