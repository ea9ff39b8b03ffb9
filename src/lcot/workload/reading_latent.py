"""Configurations with multi-head latent attention: DeepSeek-V3 and its relatives."""

from __future__ import annotations

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
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
    """DeepSeek-V3, R1, V3.1, V3.2, Kimi-K2 and GLM-5: the first layers dense, the others mixtures of experts."""
    count = layer_count(keys)
    dense_layers = keys.integer("first_k_dense_replace", default=0, least=0, most=count)
    keys.must_be("moe_layer_freq", 1)
    attention, experts = latent_attention(keys), mixture(keys)
    dense = FeedForward(keys.integer("intermediate_size"))
    layers: list[Layer] = [(attention, dense if i < dense_layers else experts) for i in range(count)]
    ahead = keys.integer("num_nextn_predict_layers", default=0, least=0, most=count)
    prediction = (Block(1, attention, experts),) if ahead else ()
    return architecture(keys, layers, prediction_layers=ahead, prediction=prediction)


FAMILIES = {"deepseek_v3": deepseek, "kimi_k2": deepseek, "deepseek_v32": deepseek, "glm_moe_dsa": deepseek}
