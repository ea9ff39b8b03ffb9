"""The admission rules of serving engines, as their documentation states them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from lcot.errors import UnknownName
from lcot.facts.types import Chip, Engine
from lcot.serving.types import Policy
from lcot.steptime.roofline import main_tier

GIB = 2.0**30


@dataclass(frozen=True, slots=True)
class Start:
    """Limits that a server starts with on accelerators of at least ``memory`` where nothing else is asked for."""

    memory: float  # B of one device
    max_batched_tokens: int
    max_sequences: int
    since: tuple[int, int]  # version of the engine
    source: str
    without: str = ""  # devices with this in their name take the next row


# Servers choose by the memory of one device, the first row that fits; the batch limits of the class for use inside a
# program are larger and do not count here.
VLLM = "https://github.com/vllm-project/vllm/blob/main/vllm/engine/arg_utils.py"  # get_batch_defaults
SGLANG = "https://github.com/sgl-project/sglang/blob/main/python/sglang/srt/server_args.py"
STARTS: dict[str, tuple[Start, ...]] = {
    "vllm": (
        Start(160 * GIB, 16384, 1024, (0, 28), VLLM),
        Start(70 * GIB, 8192, 1024, (0, 9), VLLM, without="a100"),
        Start(0.0, 2048, 256, (0, 9), VLLM),
    ),
    "sglang": (
        Start(160 * GIB, 16384, 1024, (0, 5), SGLANG),
        Start(60 * GIB, 8192, 1024, (0, 5), SGLANG),
        Start(35 * GIB, 4096, 1024, (0, 5), SGLANG),
        Start(0.0, 2048, 1024, (0, 5), SGLANG),
    ),
}

# Rules of servers on an accelerator with 80 GB; `starting` has the limits on others. What the engine decides from the
# free memory at start (SGLang's most running requests) is bounded here by the same number as the others.
PRESETS: dict[str, Policy] = {
    # Decodes first, then prompts cut to the rest of the budget; the newest request is preempted and recomputed.
    "vllm": Policy(
        "vllm",
        "mixed",
        chunked=True,
        max_sequences=1024,
        max_batched_tokens=8192,
        block=16,
        source="https://docs.vllm.ai/en/latest/configuration/optimization/",
    ),
    # Prompts run alone, in chunks, while decoding waits; part of the output to come is reserved at admission.
    "sglang": Policy(
        "sglang",
        "prefill_first",
        chunked=True,
        max_sequences=1024,
        max_batched_tokens=8192,
        reserve=0.7,
        block=1,
        source="https://docs.sglang.ai/advanced_features/server_arguments.html",
    ),
    # In-flight batching of whole prompts; a request starts only if it can end without being paused.
    "trtllm": Policy(
        "trtllm",
        "mixed",
        chunked=False,
        max_sequences=2048,
        max_batched_tokens=8192,
        reserve=1.0,
        block=32,
        source="https://nvidia.github.io/TensorRT-LLM/torch/scheduler.html",
    ),
}


def preset(name: str) -> Policy:
    """Rules of an engine.

    Parameters
    ----------
    name : str
        ``vllm``, ``sglang`` or ``trtllm``. [text]

    Returns
    -------
    Policy
        Its defaults.

    Raises
    ------
    UnknownName
        If there are no rules of this name.

    Notes
    -----
    Rules are data, :math:`policy = f(name)`.

    References
    ----------
    :cite:t:`kwon2023`; :cite:t:`zheng2024sglang`.
    """
    if name not in PRESETS:
        raise UnknownName("policy", name, PRESETS)
    return PRESETS[name]


def starting(engine: Engine, chip: Chip) -> Policy:
    """Rules of an engine on a chip, with the limits that its server starts with there.

    Parameters
    ----------
    engine : Engine
        The engine; one without rules of its own takes vLLM's. Its facts ``policy.tokens`` [token] and
        ``policy.sequences`` [1] stand above all.
    chip : Chip
        The chip; the size of its main memory counts, and its name. [B]

    Returns
    -------
    Policy
        For one copy on one rank.

    Raises
    ------
    MissingFact
        If the size of the memory is not on record.

    Notes
    -----
    No formula: the first row of `STARTS` that fits. A row of newer versions than the engine's is left out; an engine
    without an upper bound of versions is the newest.

    References
    ----------
    :cite:t:`kwon2023`; :cite:t:`zheng2024sglang`.
    """
    name = next((known for known in PRESETS if engine.id.startswith(known)), "vllm")
    rules = preset(name)
    if engine.id.startswith(tuple(STARTS)):
        tier = main_tier(chip)
        size = "usable" if chip.facts.has(f"memory.{tier}.usable") else "capacity"
        memory = float(np.max(chip.facts.number(f"memory.{tier}.{size}", "the limits that a server starts with")))
        start = next(row for row in STARTS[name] if _fits(row, memory, chip.name, engine.versions))
        rules = replace(rules, max_batched_tokens=start.max_batched_tokens, max_sequences=start.max_sequences)
    facts = engine.facts
    if facts.has("policy.tokens"):
        rules = replace(rules, max_batched_tokens=round(float(np.max(facts.number("policy.tokens")))))
    if facts.has("policy.sequences"):
        rules = replace(rules, max_sequences=round(float(np.max(facts.number("policy.sequences")))))
    return rules


def _fits(row: Start, memory: float, name: str, versions: str) -> bool:
    """Whether a row holds for a device of this memory and name, with an engine of this range of versions."""
    below = re.search(r"<(\d+)\.(\d+)", versions)
    known = below is None or (int(below[1]), int(below[2])) > row.since
    return known and memory >= row.memory and not (row.without and row.without in name.lower())
