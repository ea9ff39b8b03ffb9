"""Configurations of earlier decoders, with layer norms and plain feed-forward layers: Bloom, GPT-J, OPT, Falcon."""

from __future__ import annotations

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, Attention, FeedForward
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_parts import architecture, layer_count


def multi_head(keys: Keys, hidden: int, heads: int, kv_heads: int, extra: int) -> Attention:
    """Attention whose heads share the hidden width."""
    if hidden % heads:
        raise DomainError("heads", heads, f"a divisor of the hidden width {hidden}", keys.file)
    width = hidden // heads
    return Attention("gqa", heads, kv_heads, head_dim=width, value_dim=width, extra_parameters=extra)


def plain(hidden: int, width: int, biased: bool) -> FeedForward:
    """A dense layer of two matrices."""
    return FeedForward(width, matrices=2, extra_parameters=(width + hidden) if biased else 0)


def bloom(keys: Keys) -> Architecture:
    """Bloom: biases everywhere, layer norms with bias, one over the embedding; head tied."""
    hidden = keys.integer("hidden_size", "n_embed")
    heads = keys.integer("num_attention_heads", "n_head")
    keys.skip("unk_token_id", "n_inner")
    layer = multi_head(keys, hidden, heads, heads, 4 * hidden), plain(hidden, 4 * hidden, True)
    return architecture(
        keys,
        [layer] * layer_count(keys, "num_hidden_layers", "n_layer"),
        hidden=hidden,
        max_context=keys.integer("seq_length", default=2048),
        tied_embeddings=keys.flag("tie_word_embeddings", True),
        norms=4,
        outer_norms=4,
    )


def gptj(keys: Keys) -> Architecture:
    """GPT-J: attention and dense layer side by side behind one norm; the head has a bias."""
    hidden, heads = keys.integer("n_embd"), keys.integer("n_head")
    width = keys.integer("n_inner", default=4 * hidden)
    layer = multi_head(keys, hidden, heads, heads, 0), plain(hidden, width, True)
    return architecture(
        keys,
        [layer] * layer_count(keys, "n_layer"),
        hidden=hidden,
        max_context=keys.integer("n_positions"),
        norms=2,
        outer_norms=2,
        extra_parameters=keys.integer("vocab_size"),
    )


def opt(keys: Keys) -> Architecture:
    """OPT: learned positions (two more than the context), biases, layer norms with bias; head tied."""
    hidden = keys.integer("hidden_size")
    keys.must_be("word_embed_proj_dim", hidden)
    keys.must_be("do_layer_norm_before", True)
    keys.must_be("enable_bias", True)
    keys.must_be("layer_norm_elementwise_affine", True)
    keys.must_be("_remove_final_layer_norm", False)
    heads = keys.integer("num_attention_heads")
    layer = multi_head(keys, hidden, heads, heads, 4 * hidden), plain(hidden, keys.integer("ffn_dim"), True)
    return architecture(
        keys,
        [layer] * layer_count(keys),
        tied_embeddings=keys.flag("tie_word_embeddings", True),
        learned_positions=keys.integer("max_position_embeddings") + 2,
        norms=4,
        outer_norms=2,
    )


def falcon(keys: Keys) -> Architecture:
    """Falcon: one key-value head, or groups with two norms side by side; no biases; head tied."""
    hidden = keys.integer("hidden_size")
    heads = keys.integer("num_attention_heads", "n_head")
    grouped = keys.flag("new_decoder_architecture", False)
    single = keys.flag("multi_query", True)
    groups = keys.integer("num_kv_heads", "n_head_kv", default=heads)
    kv_heads = groups if grouped else (1 if single else heads)
    biased = keys.flag("bias", False)
    keys.must_be("alibi", False)
    keys.must_be("parallel_attn", True)
    keys.skip("num_ln_in_parallel_attn")
    width = keys.integer("ffn_hidden_size", default=4 * hidden)
    extra = ((heads + 2 * kv_heads) * (hidden // heads) + hidden) if biased else 0
    layer = multi_head(keys, hidden, heads, kv_heads, extra), plain(hidden, width, biased)
    return architecture(
        keys,
        [layer] * layer_count(keys, "num_hidden_layers", "n_layer"),
        hidden=hidden,
        max_context=keys.integer("max_position_embeddings", default=2048),
        tied_embeddings=keys.flag("tie_word_embeddings", True),
        norms=4 if grouped else 2,
        outer_norms=2,
    )


FAMILIES = {"bloom": bloom, "gptj": gptj, "opt": opt, "falcon": falcon, "RefinedWeb": falcon, "RefinedWebModel": falcon}
