"""What the seconds of a chip go into for a token, by cause, and the facts behind each cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.choice.types import Plan, Question
from lcot.facts.types import Fact
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Breakdown, Step, StepTime

CAUSES = {
    "memory": "chip-seconds reading memory", "compute": "chip-seconds computing",
    "network": "chip-seconds moving data between chips", "fixed": "chip-seconds of launches, host and hops",
}  # fmt: skip
PROMPT = 8192.0  # tokens of a prompt in one step, at most


@dataclass(frozen=True, slots=True)
class Behind:
    """A fact of two systems behind a cause, in SI; None where one has none."""

    name: str
    first: float | None
    second: float | None
    unit: str


def shares(plan: Plan, question: Question) -> dict[str, float]:
    """Shares of a token's bottleneck seconds by cause, at the plan's capacity.

    Parameters
    ----------
    plan : Plan
        Stated, not drawn.
    question : Question
        Its lengths.

    Returns
    -------
    dict of str to float
        By key of `CAUSES`; they add up to 1. [1]
    """
    served = plan.served
    output = float(np.max(served.decode_seconds))
    prompts = float(np.max(served.prefill_seconds + served.cached_seconds))
    parts = dict.fromkeys(CAUSES, 0.0)
    for weight, spent in ((output, decoding(plan, question)), (prompts, prompting(plan, question))):
        seconds = {cause: max(float(np.max(getattr(spent, cause))), 0.0) for cause in CAUSES}
        whole = sum(seconds.values())
        for cause in CAUSES:
            parts[cause] += weight * (seconds[cause] / whole if whole else float(cause == "fixed"))
    total = sum(parts.values())
    return {cause: part / total for cause, part in parts.items()}


def decoding(plan: Plan, question: Question) -> Breakdown:
    """Time of a step that decodes, with the batch at capacity, in the slowest stage."""
    return of_stage(plan.steps, decode_step(plan, question))


def prompting(plan: Plan, question: Question) -> Breakdown:
    """What a prompt adds to such a step, or its time on the copies that compute prompts."""
    traffic = question.traffic
    cached = float(traffic.input_tokens) * float(traffic.cached_fraction)
    fresh = max(float(traffic.input_tokens) - cached, 1.0)
    size = min(fresh, PROMPT)
    prompt = Step(prefill_tokens=size, prefill_pairs=size * (fresh / 2.0 + cached), prefill_sequences=size / fresh)
    if plan.steps.prefill is not None:
        return of_stage(plan.steps.prefill, prompt)
    alone = decode_step(plan, question)
    both = Step(
        alone.decode_sequences, alone.decode_context, prompt.prefill_tokens, prompt.prefill_pairs,
        prompt.prefill_sequences,
    )  # fmt: skip
    without, together = of_stage(plan.steps, alone), of_stage(plan.steps, both)
    return Breakdown(*(getattr(together, part) - getattr(without, part) for part in Breakdown.__slots__))


def decode_step(plan: Plan, question: Question) -> Step:
    """The decoding sequences of one stage at capacity."""
    batch = max(float(plan.mean), 1.0)
    part = batch / min(float(plan.steps.stages), batch)
    context = float(question.traffic.input_tokens) + float(question.traffic.output_tokens) / 2.0
    return Step(part, part * context)


def of_stage(steps: StepTime, step: Step) -> Breakdown:
    """Time of a step in the slowest stage."""
    return steps.latency(step) if steps.stages == 1 else steps.interval(step)


def behind_cause(cause: str, first: Plan, second: Plan) -> tuple[Behind, ...]:
    """The facts of both chips behind a cause."""
    return pairs(first, second, keys_of(cause, first), keys_of(cause, second))


def behind_line(line: str, first: Plan, second: Plan, term: str) -> tuple[Behind, ...]:
    """The fact of both systems that a line of the bill rests on first of all."""
    known = {"accelerator": ("price",), "rent": (f"rent.{term}",), "energy": ("power.all_in", "power.max")}
    if line not in known:
        return ()
    keys = [[next((key for key in known[line] if stated(plan, key)), known[line][-1])] for plan in (first, second)]
    return pairs(first, second, *keys)


def pairs(first: Plan, second: Plan, keys: list[str], others: list[str]) -> tuple[Behind, ...]:
    """Facts of both side by side, those that at least one has."""
    found: list[Behind] = []
    for key, other in zip(keys, others, strict=True):
        one, two = stated(first, key), stated(second, other)
        unit = one.unit if one is not None else two.unit if two is not None else ""
        if one is not None or two is not None:
            found.append(Behind(key if key == other else f"{key} / {other}", value_of(one), value_of(two), unit))
    return tuple(found)


def keys_of(cause: str, plan: Plan) -> list[str]:
    """Keys of the chip's facts behind a cause."""
    chip, precision = plan.deployment.system.chip, plan.deployment.precision
    level = chip.levels[0] if chip.levels else "scale_up"
    return {
        "memory": [f"memory.{main_tier(chip)}.bandwidth"],
        "compute": [f"peak.{precision.compute}"],
        "network": [f"fabric.{level}.bandwidth", f"fabric.{level}.latency"],
        "fixed": [],
    }[cause]


def value_of(fact: Fact | None) -> float | None:
    """The number of a fact."""
    return None if fact is None or not isinstance(fact.value, int | float) else float(fact.value)


def stated(plan: Plan, key: str) -> Fact | None:
    """A fact of the system or of its chip with a number; None where there is none."""
    system = plan.deployment.system
    return next((facts[key] for facts in (system.facts, system.chip.facts)
                 if facts.has(key) and isinstance(facts[key].value, int | float)), None)  # fmt: skip
