"""The admission rules of serving engines, as their documentation states them."""

from __future__ import annotations

from lcot.errors import UnknownName
from lcot.serving.types import Policy

# Defaults of a server on a large accelerator. What the engine decides from the free memory at start (SGLang's most
# running requests) is bounded here by the same number as the others.
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
