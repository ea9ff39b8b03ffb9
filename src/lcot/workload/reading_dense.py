"""Configurations of dense decoders with grouped-query attention and gated feed-forward layers."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from lcot.errors import ParseError
from lcot.workload.architecture import Architecture, FeedForward
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_parts import architecture, grouped_attention, layer_count, windows


def gated(keys: Keys, bias: bool = False) -> FeedForward:
    """A dense layer of three matrices."""
    width, hidden = keys.integer("intermediate_size"), keys.integer("hidden_size")
    return FeedForward(width=width, extra_parameters=bias * (2 * width + hidden))


def llama(keys: Keys) -> Architecture:
    """Llama 2 and 3, Aquila, and what shares their layers (InternLM, Yi, DeepSeek distillations)."""
    layer = grouped_attention(keys), gated(keys, keys.flag("mlp_bias", False))
    return architecture(keys, [layer] * layer_count(keys))


def mistral(keys: Keys) -> Architecture:
    """Mistral and Ministral: every layer sees the same sliding window, or all."""
    count = layer_count(keys)
    window = keys.integer("sliding_window", default=0) or None
    attention, dense = grouped_attention(keys, biased=(False, False)), gated(keys)
    kinds = windows(keys, count, window)
    return architecture(keys, [(replace(attention, window=w), dense) for w in kinds])


def qwen2(keys: Keys) -> Architecture:
    """Qwen1.5, Qwen2, Qwen2.5, QwQ: biases on query, key and value."""
    count = layer_count(keys)
    window = keys.integer("sliding_window", default=0)
    first = keys.integer("max_window_layers", default=0, least=0, most=10**6)
    used = window if keys.flag("use_sliding_window", False) else 0
    attention, dense = grouped_attention(keys, biased=(True, False)), gated(keys)
    keys.must_be("use_mrope", False)
    keys.skip("layer_types")
    kinds = [used or None if i >= first else None for i in range(count)]
    return architecture(keys, [(replace(attention, window=w), dense) for w in kinds])


def qwen3(keys: Keys) -> Architecture:
    """Qwen3 dense: normalised heads, no biases unless stated."""
    window = keys.integer("sliding_window", default=0)
    keys.must_be("use_sliding_window", False)
    keys.skip("layer_types")
    del window
    layer = grouped_attention(keys, head_norms=True), gated(keys)
    return architecture(keys, [layer] * layer_count(keys))


def phi3(keys: Keys) -> Architecture:
    """Phi-3, Phi-3.5 and Phi-4: one matrix for query, key and value, one for gate and up."""
    window = keys.integer("sliding_window", default=0) or None
    layer = grouped_attention(keys, window=window), gated(keys)
    return architecture(keys, [layer] * layer_count(keys))


def deci(keys: Keys) -> Architecture:
    """DeciLM: each layer has its own number of key-value heads."""
    count = layer_count(keys)
    groups = cast("list[int] | None", keys.items("num_key_value_heads_per_layer", int, count))
    if groups is None:
        raise ParseError(keys.file, "missing", key="num_key_value_heads_per_layer", allowed="a list of whole numbers")
    dense = gated(keys, keys.flag("mlp_bias", False))
    return architecture(
        keys, [(grouped_attention(keys.with_defaults({"num_key_value_heads": n})), dense) for n in groups]
    )


FAMILIES = {
    "llama": llama,
    "aquila": llama,
    "mistral": mistral,
    "ministral": mistral,
    "qwen2": qwen2,
    "qwen3": qwen3,
    "phi3": phi3,
    "deci": deci,
}
