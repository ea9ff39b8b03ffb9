"""Configurations of decoders with grouped-query attention and mixture-of-experts layers."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, Block, FeedForward
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_parts import architecture, grouped_attention, layer_count, windows


def check_active(keys: Keys, active: int, experts: int) -> None:
    """Refuse more active experts than there are."""
    if active > experts:
        raise DomainError("num_experts_per_tok", active, f"at most the {experts} experts", keys.file)


def gpt_oss(keys: Keys) -> Architecture:
    """OpenAI gpt-oss: windows on every other layer, a sink per head, biases everywhere."""
    count, hidden = layer_count(keys), keys.integer("hidden_size")
    width, experts = keys.integer("intermediate_size"), keys.integer("num_local_experts", "num_experts")
    active = keys.integer("num_experts_per_tok", "experts_per_token")
    check_active(keys, active, experts)
    heads = keys.integer("num_attention_heads")
    attention = grouped_attention(keys, extra=heads)
    layer = FeedForward(
        width, experts=experts, active=active, expert_extra_parameters=2 * width + hidden, extra_parameters=experts
    )
    alternating = tuple("sliding_attention" if i % 2 == 0 else "full_attention" for i in range(count))
    kinds = windows(keys, count, keys.integer("sliding_window"), alternating)
    return architecture(keys, [(replace(attention, window=w), layer) for w in kinds])


def sparse_layers(keys: Keys, layers: int) -> list[bool]:
    """Which layers are mixtures, by ``mlp_only_layers`` and ``decoder_sparse_step`` (Qwen)."""
    dense = set(cast("list[int]", keys.items("mlp_only_layers", int) or []))
    step = keys.integer("decoder_sparse_step", default=1)
    return [i not in dense and (i + 1) % step == 0 for i in range(layers)]


def qwen_experts(keys: Keys, gate: bool) -> FeedForward:
    """Routed experts; a shared one has its own width and, with ``gate``, a gate of one row."""
    experts, active = keys.integer("num_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    shared = keys.integer("shared_expert_intermediate_size", default=0, least=0)
    return FeedForward(
        keys.integer("moe_intermediate_size"),
        experts=experts,
        active=active,
        shared_width=shared,
        extra_parameters=keys.integer("hidden_size") if gate and shared else 0,
    )


def qwen_moe(keys: Keys, biased: tuple[bool, bool] | None, head_norms: bool) -> Architecture:
    """Qwen mixtures: dense layers where ``mlp_only_layers`` says so."""
    count = layer_count(keys)
    keys.must_be("use_sliding_window", False)
    keys.must_be("use_qk_norm", head_norms)
    keys.must_be("qkv_bias", False)
    keys.skip("sliding_window", "max_window_layers")
    attention = grouped_attention(keys, biased=biased, head_norms=head_norms)
    experts, dense = qwen_experts(keys, gate=True), FeedForward(keys.integer("intermediate_size", default=1))
    layers = [(attention, experts if sparse else dense) for sparse in sparse_layers(keys, count)]
    return architecture(keys, layers)


def qwen2_moe(keys: Keys) -> Architecture:
    """Qwen1.5 and Qwen2 mixtures: biases on query, key and value, a gated shared expert."""
    return qwen_moe(keys, (True, False), head_norms=False)


def qwen3_moe(keys: Keys) -> Architecture:
    """Qwen3 mixtures: normalised heads, no shared expert."""
    return qwen_moe(keys, None, head_norms=True)


def mixtral(keys: Keys) -> Architecture:
    """Mixtral: every layer a mixture, one window for all or none."""
    experts, active = keys.integer("num_local_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    window = keys.integer("sliding_window", default=0) or None
    attention = grouped_attention(keys, biased=(False, False), window=window)
    layer = FeedForward(keys.integer("intermediate_size"), experts=experts, active=active)
    return architecture(keys, [(attention, layer)] * layer_count(keys))


def minimax(keys: Keys) -> Architecture:
    """MiniMax-M2: normalised query and key over all heads, a correction bias per expert.

    The checkpoints hold no prediction layers, though the configuration names some.
    """
    count = layer_count(keys)
    experts, active = keys.integer("num_local_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    keys.must_be("shared_intermediate_size", 0)
    keys.must_be("qk_norm_type", "per_layer")
    for kind in cast("list[int]", keys.items("attn_type_list", int, count) or []):
        if kind != 1:
            raise DomainError("attn_type_list", kind, "1, full attention", keys.file)
    keys.skip("use_mtp", "mtp_transformer_layers", "num_mtp_modules", "use_qk_norm", "head_dim", "layer_types")
    attention = grouped_attention(keys, biased=(False, False))
    normed = (attention.heads + attention.kv_heads) * attention.head_dim if keys.flag("use_qk_norm", True) else 0
    layer = FeedForward(
        keys.integer("intermediate_size"),
        experts=experts,
        active=active,
        extra_parameters=experts if keys.flag("use_routing_bias", True) else 0,
    )
    return architecture(keys, [(replace(attention, extra_parameters=normed), layer)] * count)


def glm4_moe(keys: Keys) -> Architecture:
    """GLM-4.5, 4.6 and 4.7: the first layers dense, biases on query, key and value."""
    count = layer_count(keys)
    dense_layers = keys.integer("first_k_dense_replace", default=1, least=0, most=count)
    biased = keys.flag("attention_bias", True)
    attention = grouped_attention(keys, biased=(biased, False), head_norms=keys.flag("use_qk_norm", False))
    experts, active = keys.integer("n_routed_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    width = keys.integer("moe_intermediate_size")
    layer = FeedForward(
        width,
        experts=experts,
        active=active,
        shared_width=keys.integer("n_shared_experts", default=1, least=0) * width,
        extra_parameters=experts,
    )
    dense = FeedForward(keys.integer("intermediate_size"))
    ahead = keys.integer("num_nextn_predict_layers", default=0, least=0, most=count)
    return architecture(
        keys,
        [(attention, dense if i < dense_layers else layer) for i in range(count)],
        prediction_layers=ahead,
        prediction=(Block(1, attention, layer),) if ahead else (),
    )


def hunyuan3(keys: Keys) -> Architecture:
    """Tencent Hy3: normalised heads, the first layer dense, one shared expert, a correction bias per expert."""
    count = layer_count(keys)
    dense_layers = keys.integer("first_k_dense_replace", default=1, least=0, most=count)
    attention = grouped_attention(keys, head_norms=keys.flag("qk_norm", True))
    experts, active = keys.integer("num_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    width = keys.integer("moe_intermediate_size", "expert_hidden_dim")
    layer = FeedForward(
        width,
        experts=experts,
        active=active,
        shared_width=keys.integer("num_shared_experts", default=1, least=0) * width,
        extra_parameters=experts if keys.flag("moe_router_enable_expert_bias", True) else 0,
    )
    dense = FeedForward(keys.integer("intermediate_size"))
    keys.must_be("mlp_bias", False)
    keys.skip("route_norm", "router_scaling_factor", "moe_router_use_sigmoid", "mlp_layer_types")
    keys.skip("enable_attention_fp32_softmax", "enable_lm_head_fp32", "enable_moe_fp32_combine", "use_grouped_mm")
    ahead = keys.integer("num_nextn_predict_layers", default=0, least=0, most=count)
    return architecture(
        keys,
        [(attention, dense if i < dense_layers else layer) for i in range(count)],
        prediction_layers=ahead,
        prediction=(Block(1, attention, layer),) if ahead else (),
    )


def llama4(keys: Keys) -> Architecture:
    """Llama 4 text: chunked attention on three layers of four, mixtures on every n-th layer, one shared expert."""
    count = layer_count(keys)
    experts, active = keys.integer("num_local_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    width = keys.integer("intermediate_size")
    attention = grouped_attention(keys)
    full_every = keys.integer("no_rope_layer_interval", default=4)
    chunk = keys.integer("attention_chunk_size", default=8192)
    layer = FeedForward(width, experts=experts, active=active, shared_width=width)
    dense = FeedForward(keys.integer("intermediate_size_mlp", default=width))
    step = keys.integer("interleave_moe_layer_step", default=1)
    listed = cast("list[int] | None", keys.items("moe_layers", int))
    mixed = set(listed) if listed is not None else set(range(step - 1, count, step))
    rope = cast("list[int]", keys.items("no_rope_layers", int) or [])  # 1: this layer has rotary positions
    rotary = rope if len(rope) == count else [(i + 1) % full_every != 0 for i in range(count)]
    keys.skip("use_qk_norm", "layer_types", "for_llm_compressor", "attn_scale", "floor_scale")
    return architecture(
        keys,
        [
            (replace(attention, window=chunk if rotary[i] else None), layer if i in mixed else dense)
            for i in range(count)
        ],
    )


FAMILIES = {
    "gpt_oss": gpt_oss,
    "mixtral": mixtral,
    "qwen2_moe": qwen2_moe,
    "qwen3_moe": qwen3_moe,
    "minimax_m2": minimax,
    "glm4_moe": glm4_moe,
    "hy_v3": hunyuan3,
    "llama4_text": llama4,
}
