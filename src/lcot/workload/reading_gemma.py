"""Configurations of Gemma: windows between full layers, four norms a layer, tied embeddings."""

from __future__ import annotations

from dataclasses import replace

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, FeedForward
from lcot.workload.reading_dense import gated
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_mixture import check_active
from lcot.workload.reading_parts import Layer, architecture, grouped_attention, layer_count, windows

# what the text_config leaves out where it equals the default of its configuration class
GEMMA3_DEFAULTS = {
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "vocab_size": 262208,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": True,
    "sliding_window": 4096,
}


def alternating(count: int, every: int) -> tuple[str, ...]:
    """Full attention on every n-th layer, a window on the others."""
    return tuple("full_attention" if (i + 1) % every == 0 else "sliding_attention" for i in range(count))


def gemma(keys: Keys, every: int, head_norms: bool) -> Architecture:
    """Gemma 2 and 3 text."""
    count = layer_count(keys)
    window = keys.integer("sliding_window")
    every = keys.integer("sliding_window_pattern", "_sliding_window_pattern", default=every)
    keys.skip("use_bidirectional_attention", "attn_logit_softcapping", "cache_implementation")
    attention, dense = grouped_attention(keys, head_norms=head_norms), gated(keys)
    kinds = windows(keys, count, window, alternating(count, every))
    return architecture(
        keys,
        [(replace(attention, window=w), dense) for w in kinds],
        norms=4,
        tied_embeddings=keys.flag("tie_word_embeddings", True),
    )


def gemma2(keys: Keys) -> Architecture:
    """Gemma 2: every other layer has a window."""
    return gemma(keys, every=2, head_norms=False)


def gemma3(keys: Keys) -> Architecture:
    """Gemma 3: five layers of six have a window; heads are normalised."""
    return gemma(keys.with_defaults(GEMMA3_DEFAULTS), every=6, head_norms=True)


def gemma4(keys: Keys) -> Architecture:
    """Gemma 4: full layers have wider heads whose values are their keys; a dense layer beside the experts."""
    count, hidden = layer_count(keys), keys.integer("hidden_size")
    for key in ("hidden_size_per_layer_input", "num_kv_shared_layers"):
        keys.must_be(key, 0)
    keys.must_be("use_double_wide_mlp", False)
    keys.skip("vocab_size_per_layer_input", "use_bidirectional_attention")
    near = grouped_attention(keys, head_norms=True, window=keys.integer("sliding_window"))
    width = keys.integer("global_head_dim", default=near.head_dim)
    same = keys.flag("attention_k_eq_v", False)
    groups = keys.integer("num_global_key_value_heads", default=near.kv_heads)
    full = replace(
        near,
        window=None,
        head_dim=width,
        value_dim=width,
        kv_heads=groups if same else near.kv_heads,
        key_is_value=same,
        extra_parameters=2 * width,
    )
    dense: FeedForward = gated(keys)
    norms = 4
    if keys.flag("enable_moe_block", False):
        experts, active = keys.integer("num_experts"), keys.integer("top_k_experts")
        check_active(keys, active, experts)
        dense = FeedForward(
            keys.integer("moe_intermediate_size", "expert_intermediate_size"),
            experts=experts,
            active=active,
            shared_width=dense.width,
            extra_parameters=hidden + experts,
        )
        norms = 7
    keys.skip("num_experts", "top_k_experts", "moe_intermediate_size", "expert_intermediate_size")
    kinds = windows(keys, count, near.window, alternating(count, 6))
    if groups > near.heads:
        raise DomainError("num_global_key_value_heads", groups, f"at most the {near.heads} heads", keys.file)
    layers: list[Layer] = [(full if w is None else near, dense) for w in kinds]
    return architecture(keys, layers, norms=norms, tied_embeddings=keys.flag("tie_word_embeddings", True))


FAMILIES = {"gemma2": gemma2, "gemma3_text": gemma3, "gemma4_text": gemma4}
