"""A measured point, read into LCOT's own words."""

from __future__ import annotations

from dataclasses import dataclass

from lcot.steptime.types import Precision, Speculation


@dataclass(frozen=True, slots=True)
class Layout:
    """How one pool of one deployment is cut. ``copies`` whole model copies of tensor x data x pipeline chips each."""

    copies: int = 1
    tensor: int = 1
    data: int = 1
    pipeline: int = 1
    expert: int = 1
    expert_tensor: int = 1

    @property
    def chips(self) -> int:
        """Chips of the pool."""
        return self.copies * self.tensor * self.data * self.pipeline


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row of a measurement file states, and nothing more. None where the row does not state it."""

    id: str
    system: str  # catalogue id
    devices: int
    model: str  # catalogue id
    precision: Precision | None
    engine: str  # engine family: vllm, sglang, trtllm, tgi, llama.cpp ...
    engine_version: str
    layout: Layout | None  # aggregated serving, or the decode pool of a disaggregated one
    prefill_layout: Layout | None  # the prefill pool, where disaggregated
    scenario: str  # offline | server | interactive | single_stream | closed_loop | prefill_only | decode_only
    input_tokens: float | None
    output_tokens: float | None
    lengths_from: str  # "row", or the id of the sourced table of benchmark lengths
    concurrency: float | None
    rate: float | None  # request/s
    speculation: Speculation | None  # None: the row does not say
    metric: str  # output_tok_s_total, total_tok_s_total, input_tok_s_total, output_tok_s_per_user, ttft_ms, ...
    statistic: str  # "", mean, median, p50, p99 ...
    value: float  # in `unit`
    unit: str
    family: str
    source: str
    date: str
    quality: str
    note: str
    prefill_system: str = ""  # catalogue id, where prompts are read by another system


@dataclass(frozen=True, slots=True)
class Prediction:
    """What LCOT says of a condition."""

    id: str
    value: float
    predicted: float | None
    low: float | None
    high: float | None
    status: str  # predicted | unanswered | inconsistent | identity
    reason: str
