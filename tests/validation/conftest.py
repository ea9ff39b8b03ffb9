"""A step time simple enough to work by hand, for tests of the protocols."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lcot.facts.types import Chip, Engine, Facts, System
from lcot.steptime.types import Breakdown, Deployment, Precision, Step, StepTime
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward

CHIP = Chip("toy-chip", "Toy", "us", "gpu", ("hbm",), ("scale_up",), Facts("toy-chip"))
SYSTEM = System("toy", "Toy", "us", CHIP, 8, "shipping", "2024-01-01", Facts("toy"))
ENGINE = Engine("toy-engine", "Toy", "gpu", ">=0", Facts("toy-engine"))
MODEL = Architecture(
    "toy-model", 1024, 32000, (Block(2, Attention("gqa", 8, 8, 128), FeedForward(4096)),), False, 100_000
)
DEPLOYMENT = Deployment(SYSTEM, MODEL, ENGINE, Precision("bf16", "bf16", "bf16", "bf16", "bf16"))


def toy_steps(
    *,
    fixed: float = 0.01,
    per_context: float = 1e-6,
    per_prompt_token: float = 1e-4,
    capacity: float = 1e6,
    stages: int = 1,
    idle: float = 100.0,
    busy: float = 500.0,
) -> StepTime:
    """Seconds = fixed + per_context x context + per_prompt_token x prompt tokens; a stage takes 1/stages of it."""

    def latency(step: Step) -> Breakdown:
        seconds = fixed + per_context * step.decode_context + per_prompt_token * step.prefill_tokens
        return Breakdown(seconds, 0.0 * seconds, 0.0 * seconds, 0.0 * seconds)

    def interval(step: Step) -> Breakdown:
        whole = latency(step)
        return Breakdown(whole.compute / stages, whole.memory, whole.network, whole.fixed)

    def power(step: Step) -> float:
        return busy + 0.0 * step.decode_context

    return StepTime(DEPLOYMENT, latency, interval, power, idle, capacity, 0.0, stages)


@pytest.fixture(scope="session")
def toy() -> Callable[..., StepTime]:
    """Maker of step times with chosen constants."""
    return toy_steps
