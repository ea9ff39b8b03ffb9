"""Operators: their weights are the model's, whatever the architecture."""

from __future__ import annotations

import pytest

from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.counts import parameters_by_part
from lcot.workload.formats import native
from lcot.workload.operators import Experts, Gemm, Mixing, operators, prediction_operators

GQA = Attention("gqa", heads=8, kv_heads=2, head_dim=16, value_dim=16)
MLA = Attention("mla", heads=4, kv_heads=4, head_dim=24, value_dim=16, query_rank=32, kv_rank=40, rope_dim=8)
LINEAR = Attention("linear", heads=4, kv_heads=2, head_dim=16, value_dim=16, input_width=160, state_elements=1024)
MIXTURE = FeedForward(32, experts=8, active=2, shared_width=48)


def model(*blocks: Block, **more: object) -> Architecture:
    return Architecture("toy", 64, 100, blocks, False, 1000, **more)  # pyright: ignore[reportArgumentType]


def test_weights_of_one_dense_layer_by_hand() -> None:
    found = operators(model(Block(1, GQA, FeedForward(128))), native(model()))
    sizes = {op.name: (op.n, op.k) for op in found if isinstance(op, Gemm)}
    assert sizes == {
        "query key value": (128 + 32 + 32, 64),
        "attention output": (64, 128),
        "up": (256, 64),
        "down": (64, 128),
        "output": (100, 64),
    }


@pytest.mark.parametrize("attention", [GQA, MLA, LINEAR], ids=lambda a: a.kind)
@pytest.mark.parametrize(
    "layer", [FeedForward(128), FeedForward(128, matrices=2), MIXTURE], ids=["dense", "two", "moe"]
)
def test_weights_are_the_counted_ones(attention: Attention, layer: FeedForward) -> None:
    toy = model(Block(3, attention, layer))
    counted = parameters_by_part(toy)
    found = operators(toy, native(toy))
    for part in ("attention", "dense"):
        assert sum(op.parameters for op in found if isinstance(op, Gemm) and op.part == part) == counted[part]
    assert sum(op.parameters for op in found if isinstance(op, Experts)) == counted["experts"]


def test_only_the_output_is_of_sampled_tokens() -> None:
    toy = model(Block(2, GQA, MIXTURE))
    assert [op.name for op in operators(toy, native(toy)) if isinstance(op, Gemm) and op.sampled] == ["output"]


def test_every_layer_mixes_once() -> None:
    toy = model(Block(2, GQA, MIXTURE), Block(3, LINEAR, FeedForward(128)))
    assert sum(op.count for op in operators(toy, native(toy)) if isinstance(op, Mixing)) == toy.layers


def test_prediction_layer_joins_two_states_and_shares_the_output() -> None:
    plain = model(Block(2, GQA, FeedForward(128)))
    assert prediction_operators(plain, native(plain)) == ()
    more = model(Block(2, GQA, FeedForward(128)), prediction_layers=1, prediction=(Block(1, GQA, FeedForward(128)),))
    gemms = {op.name: op for op in prediction_operators(more, native(more)) if isinstance(op, Gemm)}
    assert (gemms["join"].n, gemms["join"].k) == (64, 128)
    assert gemms["output"].sampled
