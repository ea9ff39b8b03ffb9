"""Configurations that mix attention with linear attention or state-space layers."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from lcot.errors import DomainError, ParseError
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.reading_dense import gated
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_mixture import check_active, qwen_experts, sparse_layers
from lcot.workload.reading_parts import Layer, architecture, grouped_attention, layer_count

NONE = Attention(kind="none")
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "": 2, "auto": 2}


def state_width(keys: Keys, key: str, default: str) -> int:
    """Bytes of one element of recurrent state."""
    name = keys.text(key, default)
    if name not in BYTES:
        raise DomainError(key, name, " or ".join(n for n in BYTES if n), keys.file)
    return BYTES[name]


def delta_net(keys: Keys) -> Attention:
    """Gated delta net: a matrix of key by value width per value head, after a short convolution."""
    key_heads, value_heads = keys.integer("linear_num_key_heads"), keys.integer("linear_num_value_heads")
    key_width, value_width = keys.integer("linear_key_head_dim"), keys.integer("linear_value_head_dim")
    kernel = keys.integer("linear_conv_kernel_dim")
    mixed = 2 * key_heads * key_width + value_heads * value_width  # query, key, value
    state = value_heads * key_width * value_width
    return Attention(
        kind="linear",
        heads=value_heads,
        kv_heads=key_heads,
        head_dim=key_width,
        value_dim=value_width,
        input_width=mixed + value_heads * value_width + 2 * value_heads,  # and the output gate, decay, step
        state_elements=state,
        state_bytes=state * state_width(keys, "mamba_ssm_dtype", "float32") + mixed * (kernel - 1) * 2,
        extra_parameters=mixed * kernel + 2 * value_heads + value_width,
    )


def qwen3_next(keys: Keys) -> Architecture:
    """Qwen3-Next and Qwen3.5: three gated delta nets to one gated attention, dense or mixtures."""
    count = layer_count(keys)
    every = keys.integer("full_attention_interval", default=4)
    kinds = cast("list[str]", keys.items("layer_types", str, count) or [])
    if not kinds:
        kinds = ["full_attention" if (i + 1) % every == 0 else "linear_attention" for i in range(count)]
    for kind in kinds:
        if kind not in ("full_attention", "linear_attention"):
            raise DomainError("layer_types", kind, "full_attention or linear_attention", keys.file)
    keys.must_be("attn_output_gate", True)
    keys.must_be("use_sliding_window", False)
    heads = keys.integer("num_attention_heads") * keys.integer("head_dim")
    full = grouped_attention(keys, head_norms=True)
    full = replace(full, gate_width=heads)
    linear = delta_net(keys)
    sparse = sparse_layers(keys, count) if keys.has("num_experts") else [False] * count
    keys.skip("mlp_only_layers", "decoder_sparse_step")
    experts = qwen_experts(keys, gate=True) if keys.has("num_experts") else None
    dense = gated(keys) if not all(sparse) else None
    keys.skip("intermediate_size")
    keys.must_be("output_gate_type", "sigmoid", "swish", "silu")
    ahead = keys.integer("mtp_num_hidden_layers", "num_nextn_predict_layers", default=0, least=0, most=count)
    keys.must_be("mtp_use_dedicated_embeddings", False)
    layers: list[Layer] = [
        (full if kind == "full_attention" else linear, experts if mix else dense)
        for kind, mix in zip(kinds, sparse, strict=True)
    ]
    prediction = (Block(1, full, experts or dense),) if ahead else ()
    return architecture(keys, layers, prediction_layers=ahead, prediction=prediction)


def mamba2(keys: Keys) -> Attention:
    """Mamba-2: one state of head by state width per head, groups share input and output vectors."""
    heads, width = keys.integer("mamba_num_heads"), keys.integer("mamba_head_dim")
    groups, state = keys.integer("n_groups", "mamba_n_groups"), keys.integer("ssm_state_size")
    kernel = keys.integer("conv_kernel", default=4)
    inner = heads * width
    mixed = inner + 2 * groups * state
    keys.must_be("use_bias", False)
    keys.must_be("mamba_proj_bias", False)
    bias = mixed if keys.flag("use_conv_bias", True) else 0
    elements = inner * state
    return Attention(
        kind="ssm",
        heads=heads,
        kv_heads=groups,
        head_dim=state,
        value_dim=width,
        input_width=inner + mixed + heads,
        state_elements=elements,
        state_bytes=elements * state_width(keys, "mamba_ssm_cache_dtype", "float32") + mixed * (kernel - 1) * 2,
        extra_parameters=mixed * kernel + bias + 3 * heads + inner,
    )


def nemotron_experts(keys: Keys) -> FeedForward:
    """Routed experts of two matrices, in a latent width where there is one, and a shared expert of its own width."""
    experts, active = keys.integer("n_routed_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    width = keys.integer("moe_intermediate_size")
    shared = keys.integer("moe_shared_expert_intermediate_size", default=0, least=0)
    return FeedForward(
        width,
        matrices=2,
        experts=experts,
        active=active,
        shared_width=shared * keys.integer("n_shared_experts", default=1, least=0),
        latent=keys.integer("moe_latent_size", default=0, least=0),
        extra_parameters=experts,
    )


LETTERS = {"mamba": "M", "attention": "*", "mlp": "-", "moe": "E"}


def letters(keys: Keys, pattern: str, listed: str) -> str:
    """One letter a layer, from a pattern or from a list of kinds."""
    kinds = cast("list[str]", keys.items(listed, str) or [])
    for kind in kinds:
        if kind not in LETTERS:
            raise DomainError(listed, kind, " or ".join(LETTERS), keys.file)
    return keys.text(pattern) or "".join(LETTERS[kind] for kind in kinds)


def nemotron_h(keys: Keys) -> Architecture:
    """Nemotron-H, Nano v2 and 3: each layer is one of Mamba-2 (M), attention (*), dense (-) or mixture (E)."""
    pattern = letters(keys, "hybrid_override_pattern", "layers_block_type")
    count = layer_count(keys) if keys.has("num_hidden_layers") else len(pattern)
    keys.skip("num_hidden_layers")
    if not pattern:
        raise ParseError(keys.file, "missing", key="hybrid_override_pattern")
    if len(pattern) != count:
        raise ParseError(keys.file, f"{len(pattern)} letters for {count} layers", key="hybrid_override_pattern")
    ahead = letters(keys, "mtp_hybrid_override_pattern", "mtp_layers_block_type")
    if set(pattern + ahead) - set("M*-E"):
        raise DomainError("hybrid_override_pattern", pattern, "letters M, *, -, E", keys.file)
    keys.must_be("mlp_bias", False)
    keys.skip("attention_head_dim", "expand", "num_query_groups", "sliding_window", "mamba_expand")
    keys.skip("moe_shared_expert_overlap", "time_step_rank", "mamba_d_conv", "rms_norm", "norm_before_gate")
    known: dict[str, Layer] = {}
    if "*" in pattern + ahead:
        known["*"] = (grouped_attention(keys), None)
    if "M" in pattern + ahead:
        known["M"] = (mamba2(keys), None)
    if "-" in pattern + ahead:
        known["-"] = (NONE, FeedForward(keys.integer("intermediate_size"), matrices=2))
    if "E" in pattern + ahead:
        known["E"] = (NONE, nemotron_experts(keys))
    for key in ("head_dim", "num_key_value_heads", "intermediate_size", "moe_intermediate_size", "n_routed_experts"):
        keys.skip(key)
    keys.skip("moe_shared_expert_intermediate_size", "n_shared_experts", "num_experts_per_tok", "num_attention_heads")
    keys.skip("moe_latent_size")
    layers = keys.integer("num_nextn_predict_layers", default=1 if ahead else 0, least=0, most=count)
    return architecture(
        keys,
        [known[letter] for letter in pattern],
        norms=1,
        prediction_layers=layers,
        prediction=tuple(Block(1, *known[letter]) for letter in ahead) if layers else (),
    )


def mamba(keys: Keys) -> Architecture:
    """Mamba-1: one state of ``state_size`` per channel."""
    hidden, inner = keys.integer("hidden_size", "d_model"), keys.integer("intermediate_size", "d_inner")
    state, kernel = keys.integer("state_size"), keys.integer("conv_kernel")
    rank = keys.integer("time_step_rank")
    keys.must_be("use_bias", False)
    keys.skip("expand", "n_layer", "ssm_cfg", "pad_vocab_size_multiple")
    bias = inner if keys.flag("use_conv_bias", True) else 0
    mixer = Attention(
        kind="ssm",
        heads=inner,
        kv_heads=1,
        head_dim=state,
        value_dim=1,
        input_width=2 * inner,
        state_elements=inner * state,
        state_bytes=inner * state * 4 + inner * kernel * 2,
        # convolution, input-dependent step and vectors, step projection, decay, skip
        extra_parameters=inner * kernel
        + bias
        + inner * (rank + 2 * state)
        + rank * inner
        + inner
        + inner * state
        + inner,
    )
    return architecture(
        keys,
        [(mixer, None)] * layer_count(keys, "num_hidden_layers", "n_layer"),
        hidden=hidden,
        norms=1,
        tied_embeddings=keys.flag("tie_word_embeddings", True),
    )


FAMILIES = {
    "qwen3_next": qwen3_next,
    "qwen3_5_text": qwen3_next,
    "qwen3_5_moe_text": qwen3_next,
    "nemotron_h": nemotron_h,
    "mamba": mamba,
}
