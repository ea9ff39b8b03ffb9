"""Sharding: what the fullest chip holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.operators import Gemm, Span
from lcot.workload.sharding import (
    Ranks,
    cut,
    experts_on_chip,
    gemm_on_chip,
    heads_on_chip,
    is_summed,
    layers_of_stage,
    ranks_of,
)

GQA = Attention("gqa", heads=64, kv_heads=8, head_dim=128, value_dim=128)
DENSE = Architecture("dense", 8192, 1000, (Block(80, GQA, FeedForward(28672)),), False, 1000)
MIXTURE = Architecture("moe", 64, 100, (Block(4, GQA, FeedForward(32, experts=8, active=2)),), False, 1000)
QKV = Gemm("qkv", "attention", 1, (Span(8192, 64), Span(2048, 8)), Span(8192, 1), "bf16", "bf16")
OUT = Gemm("out", "attention", 1, (Span(8192, 1),), Span(8192, 64), "bf16", "bf16")


def test_projections_of_a_70b_layer_on_eight_chips() -> None:
    assert gemm_on_chip(QKV, 8) == (1024 + 256, 8192)
    assert gemm_on_chip(OUT, 8) == (8192, 1024)


def test_kv_heads_are_replicated_beyond_their_number() -> None:
    assert gemm_on_chip(QKV, 16) == (512 + 256, 8192)
    assert heads_on_chip(GQA, 16) == (4, 1)


def test_uneven_heads_go_to_the_fullest_chip() -> None:
    assert heads_on_chip(GQA, 6) == (11, 2)
    assert cut(Span(640, 10), 4) == 192


def test_partial_sums_need_adding_only_where_the_inner_dimension_is_cut() -> None:
    assert is_summed(OUT, 2)
    assert not is_summed(OUT, 1)
    assert not is_summed(QKV, 2)


def test_experts_are_cut_over_the_stage() -> None:
    layer = MIXTURE.blocks[0].feed_forward
    assert layer is not None
    assert experts_on_chip(layer, Ranks(tensor=4, expert=4)) == (2, 32)
    assert experts_on_chip(layer, Ranks(tensor=4, expert=2, expert_tensor=2)) == (4, 16)


def test_unplaced_experts_are_cut_over_the_tensor_ranks() -> None:
    assert ranks_of(MIXTURE, 4, 2, 1, 1, 1) == Ranks(4, 2, 1, 1, 8)
    assert ranks_of(MIXTURE, 4, 2, 1, 8, 1) == Ranks(4, 2, 1, 8, 1)
    assert ranks_of(DENSE, 4, 2, 1, 1, 1) == Ranks(4, 2, 1, 1, 1)


def test_ranks_beyond_the_experts_hold_second_copies() -> None:
    layer = next(block.feed_forward for block in MIXTURE.blocks if block.feed_forward and block.feed_forward.experts)
    ranks = ranks_of(MIXTURE, 1, layer.experts + 4, 1, layer.experts + 4, 1)
    assert experts_on_chip(layer, ranks)[0] == 1


@pytest.mark.parametrize("bad", [(0, 1, 1, 1, 1), (4, 1, 9, 1, 1), (4, 1, 1, 3, 2), (32, 1, 1, 32, 1)])
def test_layouts_that_do_not_multiply_are_refused(bad: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(DomainError):
        ranks_of(MIXTURE, *bad)


def test_slowest_stage_of_61_layers_in_four() -> None:
    assert layers_of_stage(61, 4) == pytest.approx(16 / 61)


@given(st.integers(1, 512), st.integers(1, 128), st.integers(1, 72))
def test_ranks_together_hold_the_whole(piece: int, units: int, ranks: int) -> None:
    whole = Span(piece * units, units)
    assert cut(whole, ranks) * ranks >= whole.width
    assert cut(whole, ranks) <= whole.width
