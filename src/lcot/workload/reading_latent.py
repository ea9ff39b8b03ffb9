"""Configurations with multi-head latent attention: DeepSeek-V3 and its relatives."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.formats import canonical
from lcot.workload.reading_formats import checkpoint_formats
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_mixture import check_active
from lcot.workload.reading_parts import Layer, architecture, layer_count


def latent_attention(keys: Keys) -> Attention:
    """Multi-head latent attention, with the indexer of sparse attention where there is one."""
    query_rank = keys.integer("q_lora_rank", default=0, least=0)
    kv_rank, rope = keys.integer("kv_lora_rank"), keys.integer("qk_rope_head_dim")
    nope, value = keys.integer("qk_nope_head_dim"), keys.integer("v_head_dim")
    heads = keys.integer("num_attention_heads")
    keys.must_be("attention_bias", False)
    keys.skip("num_key_value_heads", "head_dim", "qk_head_dim")
    top_k = keys.integer("index_topk", default=0)
    index_heads, index_dim = keys.integer("index_n_heads", default=0), keys.integer("index_head_dim", default=0)
    if bool(top_k) != bool(index_heads and index_dim):
        raise DomainError("index_topk", top_k, "given together with index_n_heads and index_head_dim", keys.file)
    return Attention(
        kind="mla",
        heads=heads,
        kv_heads=1,
        head_dim=nope + rope,
        value_dim=value,
        query_rank=query_rank,
        kv_rank=kv_rank,
        rope_dim=rope,
        extra_parameters=query_rank + kv_rank + 2 * index_dim,  # norms; the indexer's has a bias
        sparse_top_k=top_k,
        indexer_heads=index_heads,
        indexer_dim=index_dim,
    )


def mixture(keys: Keys) -> FeedForward:
    """Routed and shared experts of one width, the router with a correction bias per expert."""
    experts, active = keys.integer("n_routed_experts"), keys.integer("num_experts_per_tok")
    check_active(keys, active, experts)
    width = keys.integer("moe_intermediate_size")
    shared = keys.integer("n_shared_experts", default=0, least=0) * width
    corrected = keys.text("topk_method") == "noaux_tc"
    return FeedForward(
        width, experts=experts, active=active, shared_width=shared, extra_parameters=experts if corrected else 0
    )


def deepseek(keys: Keys) -> Architecture:
    """DeepSeek-V2 to V3.2, R1, Kimi-K2, GLM-4.7-Flash and GLM-5: the first layers dense, the others mixtures."""
    count = layer_count(keys)
    dense_layers = keys.integer("first_k_dense_replace", default=0, least=0, most=count)
    keys.must_be("moe_layer_freq", 1)
    attention, experts = latent_attention(keys), mixture(keys)
    dense = FeedForward(keys.integer("intermediate_size"))
    sharing = replace(
        attention,
        indexer_heads=0,
        indexer_dim=0,
        extra_parameters=attention.extra_parameters - 2 * attention.indexer_dim,
    )
    kinds = cast("list[str]", keys.items("indexer_types", str) or [])  # shared: the selection of the layer before
    for kind in kinds:
        if kind not in ("full", "shared"):
            raise DomainError("indexer_types", kind, "full or shared", keys.file)
    kinds = kinds if len(kinds) == count else ["full"] * count
    layers: list[Layer] = [
        (sharing if kinds[i] == "shared" else attention, dense if i < dense_layers else experts) for i in range(count)
    ]
    ahead = keys.integer("num_nextn_predict_layers", default=0, least=0, most=count)
    prediction = (Block(1, attention, experts),) if ahead else ()
    return architecture(keys, layers, prediction_layers=ahead, prediction=prediction)


def glm_sparse(keys: Keys) -> Architecture:
    """GLM-5: latent attention with a sparse indexer; which layers are dense may be listed."""
    kinds = cast("list[str]", keys.items("mlp_layer_types", str) or [])
    dense = keys.integer("first_k_dense_replace", default=0, least=0)
    if kinds and (kinds[:dense] != ["dense"] * dense or "dense" in kinds[dense:]):
        raise DomainError("mlp_layer_types", kinds, f"dense for the first {dense} layers only", keys.file)
    keys.skip("indexer_rope_interleave", "index_topk_freq", "index_skip_topk_offset", "index_share_for_mtp_iteration")
    keys.skip("index_topk_pattern", "layer_types", "num_experts")
    keys.must_be("mlp_bias", False)
    return deepseek(keys)


def deepseek_v4(keys: Keys) -> Architecture:
    """DeepSeek-V4: shared keys and values, a window of whole tokens, and behind it compressed ones.

    A layer of ratio 4 selects compressed entries with an indexer, one of ratio 128 attends to all of them, one of
    ratio 0 has the window only. The output goes through groups of low rank; hyper-connections mix residual streams.
    """
    count, hidden = layer_count(keys), keys.integer("hidden_size")
    heads, width = keys.integer("num_attention_heads"), keys.integer("head_dim")
    keys.must_be("num_key_value_heads", 1)
    keys.must_be("attention_bias", False)
    index_heads, index_width = keys.integer("index_n_heads"), keys.integer("index_head_dim")
    streams = keys.integer("hc_mult")
    mixes = (2 + streams) * streams
    hyper = 2 * (mixes * streams * hidden + mixes + 3)  # around attention and around the experts
    rank = keys.integer("q_lora_rank")
    plain = Attention(
        kind="gqa",
        heads=heads,
        kv_heads=1,
        head_dim=width,
        value_dim=width,
        window=keys.integer("sliding_window"),
        query_rank=rank,
        rope_dim=keys.integer("qk_rope_head_dim"),
        output_rank=keys.integer("o_lora_rank"),
        output_groups=keys.integer("o_groups"),
        shared_kv=True,
        extra_parameters=rank + width + heads + hyper,  # two norms, a sink per head
    )
    top_k = keys.integer("index_topk")

    def layer(ratio: int) -> Attention:
        if ratio == 0:
            return plain
        if ratio >= 64:
            extra = plain.extra_parameters + ratio * width + width
            return replace(plain, compression=ratio, gate_width=2 * width, extra_parameters=extra)
        extra = plain.extra_parameters + 2 * ratio * (width + index_width) + width + index_width
        return replace(
            plain,
            compression=ratio,
            gate_width=4 * width + 3 * index_width,
            sparse_top_k=top_k,
            indexer_heads=index_heads,
            indexer_dim=index_width,
            extra_parameters=extra,
        )

    ahead = keys.integer("num_nextn_predict_layers", default=0, least=0, most=count)
    ratios = cast("list[int] | None", keys.items("compress_ratios", int))
    if ratios is None or len(ratios) < count or any(not 0 <= r <= 4096 for r in ratios):
        raise DomainError("compress_ratios", ratios, f"at least {count} whole numbers from 0 to 4096", keys.file)
    experts = mixture(keys)
    hashed = keys.integer("num_hash_layers", default=0, least=0, most=count)  # routed by a table: no bias
    tabled = replace(experts, extra_parameters=0)
    layers: list[Layer] = [(layer(ratios[i]), tabled if i < hashed else experts) for i in range(count)]
    keys.skip("compress_rope_theta")
    stored = checkpoint_formats(keys.section("quantization_config"), count)
    routed = keys.text("expert_dtype")
    quantisation = keys.section("quantization_config")
    if routed and not (quantisation and quantisation.has("quantized_layers")):
        stored = {**stored, "experts": {"fp4": "mxfp4-w4a8", "fp8": "fp8-block", "nvfp4": "nvfp4"}.get(routed, routed)}
        canonical(stored["experts"])
    return architecture(
        keys,
        layers,
        formats=stored,
        prediction_layers=ahead,
        prediction=(Block(1, plain, experts),) if ahead else (),
        extra_parameters=streams * streams * hidden + streams + 1,
    )


FAMILIES = {
    "deepseek_v2": deepseek,
    "deepseek_v3": deepseek,
    "kimi_k2": deepseek,
    "deepseek_v32": deepseek,
    "glm4_moe_lite": deepseek,
    "glm_moe_dsa": glm_sparse,
    "deepseek_v4": deepseek_v4,
}
