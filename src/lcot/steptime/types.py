"""A deployment, and the time of its steps. Every family makes the same `StepTime`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lcot.facts.types import Engine, Numeric, System
from lcot.workload.architecture import Architecture
from lcot.workload.formats import Precision

__all__ = ["Breakdown", "Deployment", "Precision", "Speculation", "Step", "StepTime"]


@dataclass(frozen=True, slots=True)
class Speculation:
    """Speculative decoding: ``draft_tokens`` proposed per step, ``acceptance_length`` tokens gained per step."""

    method: str = "off"  # off | mtp | eagle | draft
    draft_tokens: int = 0
    acceptance_length: float = 1.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """One copy of a model on chips of a system.

    Chips of one copy = tensor x data x pipeline = expert x expert_tensor x pipeline (mixture of experts).
    ``data`` is data-parallel attention inside the copy; replicas of whole copies belong to the serving floor.
    """

    system: System
    model: Architecture
    engine: Engine
    precision: Precision
    tensor: int = 1
    data: int = 1
    pipeline: int = 1
    expert: int = 1
    expert_tensor: int = 1
    context: int = 1  # context parallel ranks (share the tensor ranks)
    speculation: Speculation = field(default_factory=Speculation)
    mode: str = (
        ""  # how two kinds of machine share the work: "" | apart | decode | afd | draft (see `lcot.steptime.lpu`)
    )
    paired: Deployment | None = None  # what the other copies run: prefill (apart, decode), attention or verification
    draft: Architecture | None = None  # the model that drafts, in mode ``draft``

    @property
    def chips(self) -> int:
        """Chips of one model copy."""
        return self.tensor * self.data * self.pipeline

    @property
    def label(self) -> str:
        """Layout in the field's short form, e.g. ``tp8 ep8 dp8``."""
        parts = [("tp", self.tensor), ("dp", self.data), ("pp", self.pipeline), ("ep", self.expert)]
        own = " ".join(f"{name}{n}" for name, n in parts if n > 1) or "tp1"
        return f"{own}, prompts on {self.paired.label}" if self.mode == "apart" and self.paired else own


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of one model copy processes. All numeric, broadcastable; totals over the whole copy.

    ``decode_context`` is the sum, over decoding sequences, of tokens already in their KV cache.
    ``prefill_pairs`` is the sum, over prompt tokens in the step, of positions they attend to.
    """

    decode_sequences: Numeric = 0.0
    decode_context: Numeric = 0.0
    prefill_tokens: Numeric = 0.0
    prefill_pairs: Numeric = 0.0
    prefill_sequences: Numeric = 0.0


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Seconds of one step by cause; they add up to `total`."""

    compute: Numeric
    memory: Numeric
    network: Numeric
    fixed: Numeric  # launches, host, hops, per-layer latency

    @property
    def total(self) -> Numeric:
        """Seconds of the step."""
        return self.compute + self.memory + self.network + self.fixed


@dataclass(frozen=True)
class StepTime:
    """How long the steps of one deployment take, how many sequences it can hold, and what it draws.

    ``latency`` is the time from a step's start to its tokens (through all pipeline stages); ``interval`` the time
    until the next micro-batch may start (the slowest stage). They are equal where ``stages`` is 1.
    """

    deployment: Deployment
    latency: Callable[[Step], Breakdown]
    interval: Callable[[Step], Breakdown]
    power: Callable[[Step], Numeric]  # W of one copy with its share of the host; may raise MissingFact
    idle_power: Numeric  # W of one model copy, doing nothing; NaN where nobody published it
    kv_capacity: Numeric  # tokens of KV cache that one copy holds
    state_bytes: Numeric  # fixed bytes per sequence in units of KV tokens (linear attention); usually 0
    stages: int = 1
    max_sequences: int = 10**9
    notes: tuple[str, ...] = ()  # what was extrapolated or assumed, for the reader
    prefill: StepTime | None = None  # of the copies that compute prompts, where those are apart
    state_growth: Numeric = float("inf")  # of `state_bytes` with each token of a sequence, until it is whole (windows)

    def fixed(self, length: Numeric) -> Numeric:
        """What a sequence of ``length`` tokens holds beside its KV tokens, in those: windows fill up. [token]"""
        return np.minimum(self.state_bytes, self.state_growth * length)


@dataclass(frozen=True, slots=True)
class StepTable:
    """Step time as arrays, for the event kernel, which cannot call formulas.

    A step of D decoding sequences with contexts that sum to C, and of S prompts with P tokens that attend to Q
    positions, takes ``decode[D](C)``, and where there are prompts also
    ``tokens[v D + P] - tokens[v D] + prompt(P, Q) + rest(D, C / D, P, Q / P, S)`` with v ``tokens_per_sequence``.
    With ``slots`` there are pipeline stages, and a step is a cycle: prompts travel as ``k = min(stages, S)``
    micro-batches, apart from the sequences; their terms are of one micro-batch, without those of the sequences, and
    the cycle takes as long as the slower of both, or as ``slots`` of the sequences and k times that of a micro-batch.
    """

    decode: Numeric  # (D, segment, 3): context sum where the segment begins, seconds there, seconds per token
    tokens: Numeric  # (tokens,): s
    prompt: Numeric  # (row, segment, 3): positions attended where the segment begins, seconds there, per position;
    # segments of all rows begin at the same positions for each token
    prompt_tokens: Numeric  # (row,): prompt tokens of each row
    rest: Numeric  # (D, context, P, positions, S), linear between the points of `grid`: s
    grid: tuple[Numeric, ...]  # the five axes of `rest`
    kv_capacity: float  # tokens of KV cache of one copy
    tokens_per_sequence: int = 1  # tokens that a decoding sequence puts into a step (with speculation: all proposed)
    slots: StepTable | None = None  # with pipeline stages: the same for the time that the slowest stage is taken
    stages: int = 1

    @property
    def max_sequences(self) -> int:
        """Most decoding sequences that the table covers."""
        return len(self.decode) - 1
