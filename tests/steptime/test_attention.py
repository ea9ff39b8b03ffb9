"""Attention of prompts and of decoding sequences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.steptime.attention import decode, prefill, seen_in_decode, seen_in_prefill
from lcot.workload.architecture import Attention
from tests.steptime.gpus import CHIP, GQA, MLA, engine_facts

E = engine_facts()


def test_prompt_by_hand() -> None:
    tokens, pairs = 1000.0, 500_000.0
    arithmetic = 2 * 8 * 200 * pairs / 0.5e15
    traffic = 2 * tokens * (8 + 2) * 200 / 0.5e12
    assert prefill(GQA, 8, 2, "bf16", tokens, pairs, CHIP, E).total == pytest.approx(3e-6 + arithmetic + traffic)


def test_decode_by_hand() -> None:
    context = 10 * 2000.0
    traffic = 2 * 2 * 200 * context / 0.5e12
    arithmetic = 2 * 8 * 200 * context / 0.5e15
    expected = 4e-6 + (traffic**2 + arithmetic**2) ** 0.5
    assert decode(GQA, 8, 2, "bf16", 10.0, context, 1.0, CHIP, E).total == pytest.approx(expected)


def test_latent_decode_reads_one_latent_for_all_heads() -> None:
    context = 10 * 2000.0
    traffic = 2 * 576 * context / 0.5e12
    arithmetic = 2 * 4 * (2 * 512 + 64) * context / 0.5e15
    expected = 4e-6 + (traffic**2 + arithmetic**2) ** 0.5
    assert decode(MLA, 4, 1, "bf16", 10.0, context, 1.0, CHIP, E).total == pytest.approx(expected)


def test_a_narrow_cache_is_half_the_bytes_at_its_own_share_of_bandwidth() -> None:
    wide = decode(GQA, 8, 2, "bf16", 10.0, 1e6, 1.0, CHIP, engine_facts(attention__decode__fraction=1e9))
    narrow = decode(GQA, 8, 2, "fp8", 10.0, 1e6, 1.0, CHIP, engine_facts(attention__decode__fraction=1e9))
    assert narrow.memory == pytest.approx(wide.memory)  # half the bytes at half the share


def test_short_contexts_cost_a_whole_tile() -> None:
    short = decode(GQA, 8, 2, "bf16", 10.0, 10 * 7.0, 1.0, CHIP, E)
    assert short.total == pytest.approx(decode(GQA, 8, 2, "bf16", 10.0, 10 * 100.0, 1.0, CHIP, E).total)


def test_drafted_tokens_multiply_the_arithmetic_not_the_traffic() -> None:
    one = decode(GQA, 8, 2, "bf16", 10.0, 1e6, 1.0, CHIP, engine_facts(attention__decode__memory=1e9))
    four = decode(GQA, 8, 2, "bf16", 10.0, 1e6, 4.0, CHIP, engine_facts(attention__decode__memory=1e9))
    assert four.compute == pytest.approx(4 * one.compute)


def test_windows() -> None:
    windowed = replace(GQA, window=1000)
    assert seen_in_decode(windowed, np.array([10.0, 5000.0])) == pytest.approx([10.0, 1000.0])
    assert seen_in_prefill(windowed, 400.0) == 400.0  # a prompt of 800 fits in the window
    assert seen_in_prefill(windowed, 5000.0) == pytest.approx(1000 - 1000**2 / 20_000)  # of 10,000


@given(st.integers(10, 5000), st.integers(10, 3000))
def test_prompt_window_is_the_exact_mean(length: int, window: int) -> None:
    exact = sum(min(i, window) for i in range(length)) / length
    close = seen_in_prefill(replace(GQA, window=window), length / 2.0)
    assert close == pytest.approx(exact, abs=1.0)


def test_sparse_attention_scores_everything_and_attends_to_the_best() -> None:
    sparse = replace(MLA, sparse_top_k=2000, indexer_heads=4, indexer_dim=100)
    long = decode(sparse, 4, 1, "bf16", 1.0, 100_000.0, 1.0, CHIP, E)
    assert long.total < decode(MLA, 4, 1, "bf16", 1.0, 100_000.0, 1.0, CHIP, E).total
    assert long.total > decode(MLA, 4, 1, "bf16", 1.0, 2000.0, 1.0, CHIP, E).total


def test_a_recurrent_state_does_not_grow_with_the_context() -> None:
    linear = Attention("linear", 4, 2, 64, 64, input_width=100, state_elements=16384, state_bytes=65536)
    near, far = (decode(linear, 4, 2, "bf16", 8.0, 8 * c, 1.0, CHIP, E).total for c in (100.0, 1e6))
    assert near == far
    assert near == pytest.approx(4e-6 + 2 * 65536 * 8 / 0.5e12, rel=0.01)


def test_no_sequences_no_time() -> None:
    assert decode(GQA, 8, 2, "bf16", 0.0, 0.0, 1.0, CHIP, E).total == 0.0
    assert prefill(GQA, 8, 2, "bf16", 0.0, 0.0, CHIP, E).total == 0.0
