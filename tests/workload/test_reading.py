"""From config.json to an architecture: what is understood, and what must be refused."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lcot.errors import DomainError, LcotError, ParseError, UnknownName
from lcot.workload.architecture import Architecture
from lcot.workload.counts import parameters
from lcot.workload.models import FOLDER, model
from lcot.workload.reading import read_config

CONFIGS: dict[str, dict[str, Any]] = {f.stem: json.loads(f.read_text()) for f in sorted(FOLDER.glob("*.json"))}


def config(name: str, **changes: Any) -> dict[str, Any]:
    return {**CONFIGS[name], **changes}


def test_dense_layers_of_llama():
    a = model("llama-3.3-70b")
    assert (a.layers, a.hidden, a.vocabulary, a.max_context) == (80, 8192, 128256, 131072)
    (block,) = a.blocks
    assert (block.attention.heads, block.attention.kv_heads, block.attention.head_dim) == (64, 8, 128)
    assert block.feed_forward is not None
    assert block.feed_forward.width == 28672


def test_first_dense_layers_then_mixtures():
    a = model("deepseek-v3")
    assert [(b.count, b.feed_forward.experts) for b in a.blocks if b.feed_forward] == [(3, 0), (58, 256)]
    assert a.prediction_layers == 1
    assert a.formats["experts"] == "fp8-block"


def test_windows_alternate():
    assert {b.attention.window: b.count for b in model("gpt-oss-120b").blocks} == {128: 18, None: 18}
    assert {b.attention.window: b.count for b in model("gemma-3-27b").blocks} == {1024: 52, None: 10}
    assert {b.attention.window: b.count for b in model("llama-4-scout").blocks} == {8192: 36, None: 12}
    assert {b.attention.window for b in model("mistral-7b-v0.1").blocks} == {4096}
    assert {b.attention.window for b in model("qwen2-7b").blocks} == {None}  # named, but not used


def test_hybrid_layers():
    kinds = {b.attention.kind: b.count for b in model("qwen3-next-80b-a3b").blocks}
    assert kinds == {"linear": 36, "gqa": 12}
    kinds = {b.attention.kind: b.count for b in model("nemotron-nano-12b-v2").blocks}
    assert kinds == {"ssm": 28, "none": 28, "gqa": 6}


def test_mixtures_on_every_other_layer():
    blocks = model("llama-4-maverick").blocks
    assert sum(b.count for b in blocks if b.feed_forward and b.feed_forward.experts) == 24


def test_compressed_attention_of_deepseek_v4():
    ratios = {b.attention.compression: 0 for b in model("deepseek-v4-pro").blocks}
    for b in model("deepseek-v4-pro").blocks:
        ratios[b.attention.compression] += b.count
    assert ratios == {128: 31, 4: 30}


def test_shared_indexers_have_no_parameters():
    base = CONFIGS["glm-5"]
    half = ["full", "shared"] * 39
    shared = read_config({**base, "indexer_types": half}, "x")
    one = 2048 * 32 * 128 + 6144 * (128 + 32) + 256
    assert parameters(read_config(base, "x")) - parameters(shared) == 39 * one


def test_a_key_that_is_not_understood_is_named():
    with pytest.raises(ParseError, match="num_memory_tokens: this key is not understood"):
        read_config(config("llama-3.3-70b", num_memory_tokens=4), "x", "mine.json")
    with pytest.raises(ParseError, match=r"text_config\.strange"):
        read_config(config("gemma-3-4b", text_config={**CONFIGS["gemma-3-4b"]["text_config"], "strange": 1}), "x")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"hidden_size": -1}, "hidden_size"),
        ({"hidden_size": "8192"}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"hidden_size": 8192.5}, "hidden_size"),
        ({"num_hidden_layers": 10**12}, "num_hidden_layers"),
        ({"num_key_value_heads": 7}, "num_key_value_heads"),
        ({"vocab_size": None}, "vocab_size"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings"),
        ({"quantization_config": 3}, "quantization_config"),
        ({"quantization_config": {"quant_method": "magic"}}, "quant_method"),
    ],
)
def test_wrong_values_are_errors_with_file_and_key(changes: dict[str, Any], key: str):
    with pytest.raises(LcotError, match=key) as caught:
        read_config(config("llama-3.3-70b", **changes), "x", "mine.json")
    assert "mine.json" in str(caught.value)


def test_more_active_experts_than_experts():
    with pytest.raises(DomainError, match="num_experts_per_tok"):
        read_config(config("qwen3-30b-a3b", num_experts_per_tok=129), "x")


def test_an_unknown_kind_offers_the_nearest():
    with pytest.raises(UnknownName, match="qwen3"):
        read_config(config("qwen3-32b", model_type="qwen33"), "x")


QUANTISED: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("qwen3-32b", {"quant_method": "fp8"}, {"attention": "fp8", "dense": "fp8", "head": "bf16"}),
    ("qwen3-32b", {"quant_method": "awq", "bits": 4, "group_size": 128}, {"attention": "int4", "dense": "int4"}),
    ("qwen3-32b", {"quant_method": "gptq", "bits": 8, "group_size": 128}, {"dense": "w8a16"}),
    (
        "llama-3.3-70b",
        {"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp4"}}, "exclude": ["lm_head"]},
        {"attention": "mxfp4", "dense": "mxfp4"},
    ),
    (
        "qwen3-30b-a3b",
        {"quant_algo": "NVFP4", "exclude_modules": ["lm_head", "model.layers.*.self_attn*"]},
        {"attention": "bf16", "experts": "nvfp4"},
    ),
    (
        "qwen3-32b",
        {
            "quant_method": "compressed-tensors",
            "config_groups": {
                "group_0": {
                    "targets": ["Linear"],
                    "weights": {"num_bits": 8, "type": "int"},
                    "input_activations": {"num_bits": 8, "type": "int"},
                }
            },
            "ignore": ["lm_head"],
        },
        {"attention": "int8", "dense": "int8"},
    ),
]


@pytest.mark.parametrize(("name", "section", "expected"), QUANTISED)
def test_formats_of_checkpoints(name: str, section: dict[str, Any], expected: dict[str, str]):
    formats = read_config(config(name, quantization_config=section), "x").formats
    assert {part: formats[part] for part in expected} == expected


def test_fp8_of_meta_leaves_attention():
    formats = model("llama-3.1-405b-fp8-meta").formats
    assert (formats["attention"], formats["dense"]) == ("bf16", "fp8")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(-3, 300), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(CONFIGS)), st.data())
def test_a_mutated_configuration_is_read_or_refused_with_its_file(name: str, data: st.DataObject):
    """One key of a valid file changed, dropped or added: an error that names the file, or a valid result."""
    mutated = copy.deepcopy(CONFIGS[name])
    section = mutated
    inside = [k for k in ("text_config", "vision_config", "quantization_config") if isinstance(mutated.get(k), dict)]
    if inside and data.draw(st.booleans()):
        section = mutated[data.draw(st.sampled_from(inside))]
    key = data.draw(st.one_of(st.sampled_from(sorted(section)), st.text(max_size=8)))
    if data.draw(st.booleans()):
        section.pop(key, None)
    else:
        section[key] = data.draw(VALUES)
    try:
        found = read_config(mutated, "x", "mine.json")
    except LcotError as error:
        assert "mine.json" in str(error)  # noqa: PT017
    else:
        assert isinstance(found, Architecture)
        assert parameters(found) > 0
