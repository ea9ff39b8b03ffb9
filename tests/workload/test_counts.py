"""Parameters and bytes: by hand first, then against published counts, then limits and arrays."""

import pytest

from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.counts import (
    active_parameters,
    attention_parameters,
    expert_parameters,
    parameters,
    parameters_by_part,
    router_parameters,
    weight_bytes,
    weight_bytes_by_part,
)
from lcot.workload.formats import native, precision
from lcot.workload.models import entries, model, model_ids
from lcot.workload.operators import Experts, Gemm, operators


def small() -> Architecture:
    """Two dense layers and one mixture, all by hand: hidden 8, 2 heads of 4, 1 key-value head."""
    attention = Attention("gqa", heads=2, kv_heads=1, head_dim=4, value_dim=4)
    dense = FeedForward(width=16)
    mixture = FeedForward(width=4, experts=4, active=1, shared_width=4)
    return Architecture("small", 8, 10, (Block(2, attention, dense), Block(1, attention, mixture)), False, 128)


def test_attention_by_hand():
    # query 8x8, key 8x4, value 8x4, output 8x8
    assert attention_parameters(Attention("gqa", 2, 1, 4, 4), 8) == 64 + 32 + 32 + 64


def test_latent_attention_by_hand():
    # DeepSeek-V3, one layer: 7168*1536 + 1536*128*192 + 7168*576 + 512*128*256 + 128*128*7168
    a = Attention("mla", 128, 1, 192, 128, query_rank=1536, kv_rank=512, rope_dim=64)
    assert attention_parameters(a, 7168) == 11010048 + 37748736 + 4128768 + 16777216 + 117440512


def test_linear_and_state_space_by_hand():
    a = Attention("linear", heads=2, kv_heads=1, head_dim=3, value_dim=5, input_width=30)
    assert attention_parameters(a, 8) == 8 * 30 + 10 * 8


def test_no_attention_has_no_parameters():
    assert attention_parameters(Attention("none"), 8) == 0


def test_low_rank_output_by_hand():
    # 4 heads of 2, output in 2 groups of rank 3: 8*3 + 2*3*10; keys are the values
    a = Attention("gqa", 4, 1, 2, 2, shared_kv=True, output_rank=3, output_groups=2)
    assert attention_parameters(a, 10) == 10 * 8 + 10 * 2 + 8 * 3 + 6 * 10


def test_parts_by_hand():
    parts = parameters_by_part(small())
    assert parts["attention"] == 3 * 192
    assert parts["dense"] == 2 * 3 * 8 * 16 + 3 * 8 * 4
    assert parts["experts"] == 4 * 3 * 8 * 4
    assert parts["head"] == 2 * 10 * 8
    assert parts["other"] == 3 * 2 * 8 + 8 * 4 + 8  # norms, router, last norm
    assert parameters(small()) == sum(parts.values())


def test_active_by_hand():
    assert parameters(small()) - active_parameters(small()) == 3 * expert_parameters(FeedForward(4), 8)
    assert active_parameters(small()) - active_parameters(small(), embedding=False) == 80


def test_router_and_latent_experts_by_hand():
    layer = FeedForward(width=5, matrices=2, experts=7, active=2, latent=3)
    assert router_parameters(layer, 8) == 8 * 7 + 2 * 8 * 3
    assert expert_parameters(layer, 8) == 2 * 3 * 5


# to the last parameter: totals of the released weights, see `where` in each model file
EXACT = {
    "llama-2-70b": 68_976_648_192,
    "llama-3.1-8b": 8_030_261_248,
    "llama-3.1-405b": 405_853_388_800,
    "llama-3.3-70b": 70_553_706_496,
    "llama-3.2-11b-vision": 10_670_220_835,
    "llama-4-scout": 108_641_793_536,
    "llama-4-maverick": 401_583_781_376,
    "mixtral-8x7b": 46_702_792_704,
    "qwen2.5-vl-72b": 73_410_777_344,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-32b": 32_762_123_264,
    "qwen3-235b-a22b": 235_093_634_560,
    "gemma-3-27b": 27_432_406_640,
    "nemotron-nano-9b-v2": 8_888_227_328,
    "mamba-2.8b": 2_768_345_600,
    "bloom": 176_247_271_424,
    "decilm-7b": 7_043_551_232,
    "phi-4": 14_659_507_200,
}


@pytest.mark.parametrize(("name", "count"), EXACT.items())
def test_exact_published_counts(name, count):
    assert parameters(model(name)) == count


@pytest.mark.parametrize("name", model_ids())
def test_every_model_has_its_published_count(name):
    entry = entries()[name]
    count = parameters(model(name))
    if entry.parameters % 1e8:  # published to the last parameter
        assert count == entry.parameters
    else:  # published in words such as 744B or 1T; GLM and Kimi round to two or three digits
        assert count == pytest.approx(entry.parameters, rel=0.03)


def test_gpt_oss_model_card():
    """Table 1 of the model card: 116.83B and 20.91B in all, 5.13B and 3.61B active without the embedding."""
    big, little = model("gpt-oss-120b"), model("gpt-oss-20b")
    assert round(parameters(big) / 1e9, 2) == 116.83
    assert round(active_parameters(big, embedding=False) / 1e9, 2) == 5.13
    assert round(parameters(little) / 1e9, 2) == 20.91
    assert round(active_parameters(little, embedding=False) / 1e9, 2) == 3.61
    # checkpoint size 60.8 GiB, of which 4.25 bits per expert weight
    assert weight_bytes(big) / 2**30 == pytest.approx(60.8, rel=0.003)


def test_deepseek_v3_report():
    """671B, 37B active; with the prediction layer and its copies of embedding and head, 684.5B on the model page.

    The model page counts 684,531,386,624 with 41.5 million fp32 scales, one per 128 x 128 fp8 weights.
    """
    a = model("deepseek-v3")
    assert round(parameters(a) / 1e9) == 671
    assert round(active_parameters(a, embedding=False) / 1e9) == 37
    whole = parameters(a, prediction=True) + 2 * a.vocabulary * a.hidden
    scales = 684_531_386_624 - whole
    parts = parameters_by_part(a, prediction=True)
    assert scales == pytest.approx((parts["attention"] + parts["dense"] + parts["experts"]) / 128**2, rel=0.002)


def test_active_counts_as_published():
    for name, active in {"qwen3-235b-a22b": 22, "mixtral-8x7b": 12.9, "kimi-k2": 32, "glm-4.7": 33}.items():
        near = {active_parameters(model(name)), active_parameters(model(name), embedding=False)}
        assert min(abs(count / 1e9 - active) for count in near) < 0.6, name


def test_weight_bytes_follow_the_formats():
    a = model("llama-3.3-70b")
    assert weight_bytes(a) == 2 * parameters(a)
    fp8 = weight_bytes_by_part(a, precision("fp8", a))
    parts = parameters_by_part(a)
    assert fp8["attention"] == parts["attention"]
    assert fp8["head"] == 2 * parts["head"]
    assert weight_bytes(a, precision("nvfp4", a)) < weight_bytes(a, precision("fp8", a)) < weight_bytes(a)


@pytest.mark.parametrize("name", [name for name in model_ids() if not entries()[name].base])
def test_the_operators_hold_all_weights_that_multiply(name):
    a = model(name)
    weights = sum(o.parameters for o in operators(a, native(a)) if isinstance(o, Gemm | Experts))
    parts = parameters_by_part(a)
    layers = [(b.count, b.feed_forward) for b in a.blocks if b.feed_forward]
    routers = sum(count * router_parameters(layer, a.hidden) for count, layer in layers)
    biases = sum(count * layer.experts * layer.expert_extra_parameters for count, layer in layers)
    head = a.vocabulary * a.hidden
    assert weights == parts["attention"] + parts["dense"] + parts["experts"] - biases + routers + head
