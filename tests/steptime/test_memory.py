"""What fits beside the weights."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lcot.errors import Infeasible
from lcot.facts.types import Facts
from lcot.steptime.estimate import estimate
from lcot.steptime.memory import cache_of_chip, room, weights_of_chip
from lcot.workload.architecture import Architecture, Block, FeedForward
from lcot.workload.counts import weight_bytes
from lcot.workload.sharding import Ranks
from tests.steptime.gpus import BF16, ENGINE, GQA, MLA, deployment, model
from tests.steptime.machines import facts


def test_weights_of_one_chip_are_the_model() -> None:
    whole = deployment()
    assert weights_of_chip(whole.model, whole.precision, Ranks()) == pytest.approx(
        weight_bytes(whole.model, BF16), rel=1e-3
    )


def test_two_tensor_ranks_halve_the_weights() -> None:
    two = deployment(tensor=2)
    assert weights_of_chip(two.model, two.precision, Ranks(tensor=2)) == pytest.approx(
        weights_of_chip(two.model, two.precision, Ranks()) / 2, rel=1e-2
    )


def test_cache_by_hand() -> None:
    assert cache_of_chip(model(), "bf16", Ranks()) == (4 * 2 * 200 * 2.0, 0.0)
    assert cache_of_chip(model(), "fp8", Ranks(tensor=2))[0] == 4 * 1 * 200
    assert cache_of_chip(model(), "bf16", Ranks(tensor=8))[0] == 4 * 1 * 200 * 2  # KV heads are replicated
    assert cache_of_chip(model(attention=MLA), "bf16", Ranks(tensor=4))[0] == 4 * 576 * 2


def test_windows_cost_a_sequence_not_a_token() -> None:
    layer = FeedForward(1000)
    blocks = (Block(2, GQA, layer), Block(2, replace(GQA, window=128), layer))
    mixed = Architecture("mixed", 800, 10_000, blocks, False, 100_000)
    assert cache_of_chip(mixed, "bf16", Ranks()) == (2 * 400 * 2.0, 2 * 400 * 2.0 * 128)


def test_windows_fill_with_a_sequence() -> None:
    layer = FeedForward(1000)
    blocks = (Block(2, GQA, layer), Block(2, replace(GQA, window=128), layer))
    mixed = Architecture("mixed", 800, 10_000, blocks, False, 100_000)
    assert room(deployment(mixed), Ranks()).growth == 2 * 400 * 2.0
    steps = estimate(deployment(mixed))
    assert steps.fixed(100.0) == pytest.approx(100.0)  # as many layers with a window as without
    assert steps.fixed(1000.0) == pytest.approx(128.0)
    assert estimate(deployment()).fixed(1000.0) == 0.0


def test_capacity_by_hand() -> None:
    held = room(deployment(), Ranks())
    assert held.tokens == pytest.approx((0.9e11 - held.weights - 1e9) / 3200)
    twice = room(deployment(data=2), Ranks(data=2))
    assert twice.tokens == pytest.approx(2 * held.tokens)


def test_a_share_of_what_the_weights_leave_by_hand() -> None:
    told = Facts("e", {**ENGINE.facts.items_by_key, **facts("e", memory__free=0.8)})
    held = room(deployment(engine=replace(ENGINE, facts=told)), Ranks())
    assert held.tokens == pytest.approx(0.8 * (1e11 - held.weights - 1e9) / 3200)


def test_a_model_too_large_says_what_it_needs() -> None:
    big = deployment(model(layers=20_000))
    with pytest.raises(Infeasible, match="GB") as problem:
        room(big, Ranks())
    assert problem.value.limit == "memory"
