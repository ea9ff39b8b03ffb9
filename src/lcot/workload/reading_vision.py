"""Configurations that wrap a text model with a vision tower: the tower is counted, never stepped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from lcot.errors import DomainError, ParseError, UnknownName
from lcot.workload.architecture import Architecture
from lcot.workload.counts import attention_parameters
from lcot.workload.reading_dense import gated
from lcot.workload.reading_formats import checkpoint_formats
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_parts import architecture, grouped_attention, layer_count

Reader = Callable[[Keys], Architecture]

# what the vision_config leaves out where it equals the default of its configuration class
LLAMA4_VISION = {
    "hidden_size": 1408,
    "num_hidden_layers": 34,
    "intermediate_size": 5632,
    "patch_size": 14,
    "image_size": 336,
    "projector_input_dim": 4096,
    "projector_output_dim": 4096,
    "vision_output_dim": 4096,
}


def encoder(width: int, inner: int, layers: int, gated_layers: bool = False, biased: bool = True) -> int:
    """Parameters of transformer layers with two layer norms."""
    attention = 4 * width * width + (4 * width if biased else 0)
    dense = 3 * width * inner + 2 * inner + width if gated_layers else 2 * width * inner + inner + width
    return layers * (attention + dense + (2 if gated_layers else 4) * width)


def merger(width: int, merge: int, out: int, norm: int) -> int:
    """Parameters of the layers that join ``merge`` squared patches and project them to the text width."""
    joined = width * merge * merge
    return norm + joined * joined + joined + joined * out + out


def qwen25_tower(keys: Keys, text: int) -> int:
    """Qwen2.5-VL."""
    width, inner = keys.integer("hidden_size", default=1280), keys.integer("intermediate_size")
    patch, depth = keys.integer("patch_size", "spatial_patch_size", default=14), keys.integer("depth", default=32)
    merge, frames = keys.integer("spatial_merge_size", default=2), keys.integer("temporal_patch_size", default=2)
    channels = keys.integer("in_channels", "in_chans", default=3)
    out = keys.integer("out_hidden_size", default=text)
    keys.skip("num_heads", "fullatt_block_indexes", "window_size", "tokens_per_second")
    return (
        channels * frames * patch * patch * width
        + encoder(width, inner, depth, gated_layers=True)
        + merger(width, merge, out, width)
    )


def qwen3_tower(keys: Keys, text: int) -> int:
    """Qwen3-VL and Qwen3.5."""
    width, inner, depth = keys.integer("hidden_size"), keys.integer("intermediate_size"), keys.integer("depth")
    patch, merge = keys.integer("patch_size"), keys.integer("spatial_merge_size")
    frames, channels = keys.integer("temporal_patch_size"), keys.integer("in_channels", default=3)
    out = keys.integer("out_hidden_size", default=text)
    taps = len(keys.items("deepstack_visual_indexes", int) or [])
    keys.skip("num_heads")
    return (
        channels * frames * patch * patch * width
        + width
        + keys.integer("num_position_embeddings") * width
        + encoder(width, inner, depth)
        + merger(width, merge, out, 2 * width)
        + taps * merger(width, merge, out, 2 * width * merge * merge)
    )


def siglip_tower(keys: Keys, text: int) -> int:
    """SigLIP before Gemma 3."""
    width, patch = keys.integer("hidden_size"), keys.integer("patch_size")
    places = (keys.integer("image_size") // patch) ** 2
    keys.skip("num_attention_heads", "vision_use_head", "num_channels", "num_image_tokens", "num_positions")
    keys.skip("projection_dim", "attention_dropout")
    return (
        3 * patch * patch * width
        + width
        + places * width
        + encoder(width, keys.integer("intermediate_size"), layer_count(keys))
        + 2 * width
        + width * text
        + width
    )


def gemma4_tower(keys: Keys, text: int) -> int:
    """The tower of Gemma 4."""
    width, inner, patch = keys.integer("hidden_size"), keys.integer("intermediate_size"), keys.integer("patch_size")
    head = keys.integer("head_dim")
    keys.skip("num_attention_heads", "num_key_value_heads", "global_head_dim", "attention_bias", "rope_parameters")
    keys.skip("default_output_length", "video_seq_length", "pooling_kernel_size", "max_position_embeddings")
    keys.skip("use_clipped_linears")
    layer = 4 * width * width + 3 * width * inner + 4 * width + 2 * head
    standard = 2 * width if keys.flag("standardize", False) else 0
    places = 2 * keys.integer("position_embedding_size") * width
    return 3 * patch * patch * width + places + layer_count(keys) * layer + standard + width * text


def moon_tower(keys: Keys, text: int) -> int:
    """MoonViT before Kimi-K2.5."""
    width, inner = keys.integer("vt_hidden_size", "hidden_size"), keys.integer("vt_intermediate_size")
    patch, out = keys.integer("patch_size"), keys.integer("text_hidden_size", default=text)
    merge = cast("list[int]", keys.items("merge_kernel_size", int, 2) or [2, 2])[0]
    places = keys.integer("init_pos_emb_height") * keys.integer("init_pos_emb_width")
    keys.skip("init_pos_emb_time", "merge_type", "mm_hidden_size", "mm_projector_type", "pos_emb_type")
    keys.skip("projector_ln_eps", "video_attn_type", "vt_num_attention_heads", "projector_hidden_act")
    return (
        3 * patch * patch * width
        + width
        + places * width
        + encoder(width, inner, layer_count(keys, "vt_num_hidden_layers"))
        + 2 * width
        + merger(width, merge, out, 2 * width)
    )


def llama4_tower(keys: Keys, text: int) -> int:
    """The tower of Llama 4."""
    keys = keys.with_defaults(LLAMA4_VISION)
    width, patch = keys.integer("hidden_size"), keys.integer("patch_size")
    places = (keys.integer("image_size") // patch) ** 2 + 1
    joined = keys.integer("projector_input_dim")
    keys.skip("num_attention_heads", "num_channels", "pixel_shuffle_ratio", "vision_feature_layer")
    keys.skip("multi_modal_projector_bias", "projector_dropout", "vision_feature_select_strategy", "rope_theta")
    out = keys.integer("projector_output_dim")
    adapter = keys.integer("intermediate_size") * joined + out * out + keys.integer("vision_output_dim") * text
    layers = encoder(width, keys.integer("intermediate_size"), layer_count(keys))
    keys.finish()
    return 3 * patch * patch * width + width + places * width + 4 * width + layers + adapter


def mllama_tower(keys: Keys, text: int) -> int:
    """The tower of Llama 3.2 Vision: tiles, gated positions, local and global layers."""
    width, patch, tiles = keys.integer("hidden_size"), keys.integer("patch_size"), keys.integer("max_num_tiles")
    inner, shared = keys.integer("intermediate_size"), keys.integer("num_global_layers")
    places = (keys.integer("image_size") // patch) ** 2 + 1
    ratios = len(keys.items("supported_aspect_ratios", list) or []) + 1
    keys.skip("attention_heads", "num_channels", "intermediate_layers_indices")
    positions = places * width + 1 + ratios * tiles * places * width
    tiling = 2 * (ratios * tiles * width + 1)
    layers = encoder(width, inner, layer_count(keys) + shared, biased=False) + 2 * shared
    projector = keys.integer("vision_output_dim") * text + text
    return 3 * patch * patch * width + width + positions + tiling + 4 * width + layers + projector


def mllama_text(keys: Keys) -> Architecture:
    """Llama 3.2 Vision text: layers that attend to an image are counted, and skipped without one."""
    count, hidden = layer_count(keys), keys.integer("hidden_size")
    attention, dense = grouped_attention(keys), gated(keys)
    crossing = cast("list[int]", keys.items("cross_attention_layers", int) or [])
    if len(set(crossing)) != len(crossing) or any(not 0 <= i < count for i in crossing):
        raise DomainError("cross_attention_layers", crossing, f"different layers below {count}", keys.file)
    one = attention_parameters(attention, hidden) + 3 * hidden * dense.width + 2 * hidden + 2 * attention.head_dim + 2
    return architecture(
        keys,
        [(attention, dense)] * (count - len(crossing)),
        extra_parameters=len(crossing) * one + 8 * hidden,  # and the rows of eight image tokens
    )


TOWERS: dict[str, Callable[[Keys, int], int]] = {
    "qwen2_5_vl": qwen25_tower,
    "qwen3_vl": qwen3_tower,
    "qwen3_vl_moe": qwen3_tower,
    "qwen3_5": qwen3_tower,
    "qwen3_5_moe": qwen3_tower,
    "gemma3": siglip_tower,
    "gemma4": gemma4_tower,
    "kimi_k25": moon_tower,
    "llama4": llama4_tower,
    "mllama": mllama_tower,
}
# text_config without a model_type of its own
TEXTS = {"gemma3": "gemma3_text", "llama4": "llama4_text", "qwen2_5_vl": "qwen2"}
SAME = {"qwen3_vl_text": "qwen3", "qwen3_vl_moe_text": "qwen3_moe", "qwen2_5_vl_text": "qwen2"}


def wrapper(families: Mapping[str, Reader], keys: Keys) -> Architecture:
    """The text model inside, plus the parameters of what surrounds it."""
    outer = keys.text("model_type")
    text = keys.section("text_config")
    if text is None and outer != "qwen2_5_vl":
        raise ParseError(keys.file, "missing", key="text_config", allowed="a mapping")
    inside = text if text is not None else keys
    kind = inside.text("model_type") if text is not None else ""
    kind = SAME.get(kind, kind) or TEXTS.get(outer, "")
    readers: dict[str, Reader] = {**families, "mllama_text_model": mllama_text}
    if kind not in readers:
        raise UnknownName("model_type", kind, readers, f"{keys.file}: text_config")
    if not inside.has("tie_word_embeddings") and keys.has("tie_word_embeddings"):
        inside = inside.with_defaults({"tie_word_embeddings": keys.raw("tie_word_embeddings")})
    keys.skip("tie_word_embeddings", "ignore_index", "use_unified_vision_chunk", "video_placeholder", "audio_config")
    keys.skip("audio_token_id", "boa_token_id", "eoa_token_id", "eoa_token_index", "vision_soft_tokens_per_image")
    found = readers[kind](inside)
    stored = found.formats
    for section in (inside, keys):
        stored = stored or checkpoint_formats(section.section("quantization_config"), found.layers)
    vision = keys.section("vision_config") or Keys({}, keys.file, "vision_config.")
    inside.finish()
    vision.skip("model_type")
    tower = TOWERS[outer](vision, found.hidden)
    vision.finish()
    return replace(found, formats=stored, extra_parameters=found.extra_parameters + tower)
