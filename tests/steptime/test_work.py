"""What a step reads and multiplies, by hand."""

import numpy as np
import pytest

from lcot.errors import MissingFact
from lcot.steptime.types import Deployment, Speculation, Step
from lcot.steptime.work import attended, compute_time, load, longest, reductions, tokens_of
from lcot.workload.architecture import Attention
from lcot.workload.operators import operators
from tests.steptime.machines import BF16, decode, engine, model, prompt, system

TOY = system("rdu", ("hbm",), (), 1, peak__bf16=1e12, memory__hbm__capacity=1e9)
ENGINE = engine("rdu", compute__attainable=0.5)


def deployment(**changes) -> Deployment:
    return Deployment(TOY, changes.pop("model", model()), ENGINE, BF16, **changes)


def test_hand_worked_load_of_one_token():
    # a layer: 4 x 1000^2 attention + 2 x 1000 x 4000 feed-forward = 12e6 weights; 2 layers + the output of 1e6: 25e6,
    # 50 MB in 16 bits. Cache: 2 layers x 10 heads x (100 + 100) x 2 B = 8000 B a token, of 1000 tokens: 8 MB.
    work = load(deployment(), decode())
    assert work.weights == pytest.approx(50e6)
    assert work.cache == pytest.approx(8e6)
    assert work.operations["bf16"] == pytest.approx(2 * 25e6)
    assert work.mixing == pytest.approx(2 * 2 * 10 * 200 * 1000)  # layers, multiply and add, heads, widths, entries


def test_only_sampled_tokens_pass_the_output():
    work = load(deployment(), prompt(100.0))
    assert work.operations["bf16"] == pytest.approx(2 * 24e6 * 100 + 2 * 1e6 * 1)


def test_experts_touched():
    # 8 experts, 2 a token: 2 tokens touch 8 (1 - 0.75^2) = 3.5 of them, 3.5 x 8e6 weights a layer
    work = load(deployment(model=model(experts=8)), decode(2.0))
    rest = 2 * (4e6 + 8 * 1000) + 1e6
    assert work.weights == pytest.approx(2 * (2 * 3.5 * 8e6 + rest))
    all_of_them = load(deployment(model=model(experts=8)), decode(1e4)).weights
    assert all_of_them == pytest.approx(2 * (2 * 8 * 8e6 + rest))


def test_drafts_are_tokens_too():
    spoken = deployment(speculation=Speculation("mtp", 3, 2.0))
    assert tokens_of(spoken, decode(5.0)) == 20.0
    assert load(spoken, decode()).weights == load(deployment(), decode()).weights
    assert load(spoken, decode()).operations["bf16"] == 4 * load(deployment(), decode()).operations["bf16"]


def test_windows_and_sparse_selection_bound_what_is_attended():
    step = decode(2.0, 1000.0)
    assert attended(Attention("gqa", 1, 1, 1, 1), step)[0] == 2000
    assert attended(Attention("gqa", 1, 1, 1, 1, window=128), step)[0] == 256
    assert attended(Attention("mla", 1, 1, 1, 1, sparse_top_k=100), step)[0] == 200
    assert attended(Attention("gqa", 1, 1, 1, 1, window=128, compression=4), step)[0] == 500 + 256


def test_compute_time():
    # 50 MFLOP of products at half of 1 TFLOP/s: 100 us; 8 MFLOP of attention: 16 us
    assert compute_time(load(deployment(), decode()), TOY.chip, 1, ENGINE.facts) == pytest.approx(116e-6)
    fast = engine("rdu", compute__attainable=0.5, attention__attainable=1.0).facts
    assert compute_time(load(deployment(), decode()), TOY.chip, 1, fast) == pytest.approx(108e-6)
    with pytest.raises(MissingFact, match="peak"):
        compute_time(load(deployment(), decode()), system("rdu", ("hbm",), (), 1).chip, 1, ENGINE.facts)


def test_longest_books_the_time_to_its_cause():
    time = longest(np.array([3.0, 1.0, 1.0]), np.array([1.0, 3.0, 1.0]), np.array([1.0, 1.0, 3.0]), 0.5)
    np.testing.assert_allclose(time.total, 3.5)
    np.testing.assert_allclose([time.compute[0], time.memory[1], time.network[2]], 3.0)


def test_reductions_of_a_layer():
    # two norms, two products and three for attention, two feed-forward products: 9 a layer; a norm and the output
    assert reductions(operators(model(), BF16)) == 2 * 9 + 2


def test_arrays_equal_their_elements():
    batch = np.array([1.0, 7.0, 300.0])
    whole = load(deployment(model=model(experts=8)), Step(batch, batch * 500.0, batch, batch * 2, batch / 9))
    for i, b in enumerate(batch):
        one = load(deployment(model=model(experts=8)), Step(b, b * 500.0, b, b * 2, b / 9))
        assert whole.bytes[i] == pytest.approx(one.bytes)
        assert whole.operations["bf16"][i] == pytest.approx(one.operations["bf16"])
