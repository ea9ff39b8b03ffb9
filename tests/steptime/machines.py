"""Small machines with round numbers, and models small enough to work by hand."""

from __future__ import annotations

from dataclasses import replace

from lcot.facts.types import Chip, Engine, Fact, Facts, System
from lcot.steptime.types import Deployment, Precision, Step
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward

BF16 = Precision("bf16", "bf16", "bf16", "bf16", "bf16")


def facts(owner: str, **values: float | str) -> Facts:
    """Facts by key, with ``__`` for the dots."""
    keys = {key.replace("__", "."): value for key, value in values.items()}
    return Facts(owner, {key: Fact(key, value, "1") for key, value in keys.items()})


def system(family: str, tiers: tuple[str, ...], levels: tuple[str, ...], count: int, **values: float | str) -> System:
    """A system of ``count`` chips with these chip facts, 1 kW each."""
    chip = Chip("toy", "Toy", "nobody", family, tiers, levels, facts("toy", **values))
    return System("toys", "Toys", "nobody", chip, count, "shipping", "", facts("toys", power__typical=1000.0 * count))


def engine(family: str, **values: float | str) -> Engine:
    """An engine with these facts, 90 % of memory, and half of the power when idle."""
    common = {"memory__fraction": 0.9, "power__idle": 0.5}
    return Engine("toy-engine", "Toy engine", family, "1", facts("toy-engine", **{**common, **values}))


def model(
    layers: int = 2, hidden: int = 1000, width: int = 4000, experts: int = 0, vocabulary: int = 1000
) -> Architecture:
    """Ten heads of 100 and two matrices a feed-forward layer: 4 h^2 + 2 h w weights a layer."""
    attention = Attention("gqa", 10, 10, hidden // 10, hidden // 10)
    layer = FeedForward(width, 2, experts, 2 if experts else 0)
    return Architecture("toy-model", hidden, vocabulary, (Block(layers, attention, layer),), True, 100_000)


def with_fact(deployment: Deployment, key: str, factor: float) -> Deployment:
    """The deployment with one chip fact multiplied."""
    chip = deployment.system.chip
    changed = chip.facts.with_values({key: chip.facts.number(key) * factor})
    return replace(deployment, system=replace(deployment.system, chip=replace(chip, facts=changed)))


def with_constant(deployment: Deployment, key: str, factor: float) -> Deployment:
    """The deployment with one engine fact multiplied."""
    changed = deployment.engine.facts.with_values({key: deployment.engine.facts.number(key) * factor})
    return replace(deployment, engine=replace(deployment.engine, facts=changed))


def decode(batch: float = 1.0, context: float = 1000.0) -> Step:
    """A decode step."""
    return Step(decode_sequences=batch, decode_context=batch * context)


def prompt(tokens: float) -> Step:
    """A step with one prompt."""
    return Step(prefill_tokens=tokens, prefill_pairs=tokens**2 / 2, prefill_sequences=1.0)
