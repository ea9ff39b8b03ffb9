"""Tables against the functions that they stand for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lcot.errors import DomainError
from lcot.facts import catalog
from lcot.steptime.cycles import cycle_time
from lcot.steptime.estimate import estimate
from lcot.steptime.table_time import table_time
from lcot.steptime.tables import tables
from lcot.steptime.types import Breakdown, Deployment, Speculation, Step, StepTime
from lcot.workload.formats import precision
from lcot.workload.models import model

LONGEST = 4096


def made_up(latency, interval=None, stages=1, capacity=1e5, longest=LONGEST):
    """A step time of one's own."""

    def parts(function):
        return lambda step: Breakdown(function(step), 0.0, 0.0, 0.0)

    deployment = SimpleNamespace(model=SimpleNamespace(max_context=longest), speculation=Speculation())
    return StepTime(deployment, parts(latency), parts(interval or latency), lambda _: 1.0, 1.0, capacity, 0.0, stages)


def straight(step):
    """10 ms, 1 us a token, 1 ns a token of context, 2 ns a position."""
    tokens = step.decode_sequences + step.prefill_tokens
    return 0.01 + 1e-6 * tokens + 1e-9 * step.decode_context + 2e-9 * step.prefill_pairs


def bending(step):
    """Weights read or multiplied, a window of 512 tokens in half the layers, experts touched, prompts that matter."""
    tokens = step.decode_sequences + step.prefill_tokens
    mean = step.decode_context / np.maximum(step.decode_sequences, 1e-9)
    window = np.minimum(mean, 512.0) * step.decode_sequences
    experts = 0.003 * (1.0 - (1.0 - 4 / 64) ** tokens)
    heads = 1e-5 * (step.decode_sequences + step.prefill_sequences)
    return (
        np.maximum(0.004, 2e-5 * tokens)
        + experts
        + heads
        + 1e-9 * (step.decode_context + 2.0 * window)
        + 1.5e-9 * step.prefill_pairs
    )


def drawn(count, sequences, budget, longest, seed=1):
    draw = np.random.default_rng(seed)
    d = np.round(np.exp(draw.uniform(0, np.log(sequences), count)))
    c = d * np.exp(draw.uniform(np.log(16), np.log(longest), count))
    p = np.round(np.exp(draw.uniform(0, np.log(budget), count)))
    s = np.minimum(np.minimum(p, sequences), draw.choice([1, 1, 1, 2, 3, 5, 9], count))
    before = np.where(draw.random(count) < 0.5, 0.0, np.exp(draw.uniform(0, np.log(longest / 2), count)))
    return d, c, p, p * np.minimum(p / s / 2 + before, longest), s


def errors(steps, sequences, budget, longest):
    """Relative errors of decode, prompt and mixed steps drawn at random."""
    table = tables(steps, sequences, budget)
    d, c, p, q, s = drawn(2000, sequences, budget, longest)
    none = np.zeros_like(d)
    cases = [(d, c, none, none, none), (none, none, p, q, s), (d, c, p, q, s)]
    return [np.abs(table_time(table, *case) / cycle_time(steps, Step(*case)) - 1) for case in cases]


def test_hand_worked_step():
    table = tables(made_up(straight), 8, 256)
    # 4 sequences of 1000 tokens: 10 ms + 4 us + 4 us
    assert table_time(table, 4, 4000, 0, 0, 0) == pytest.approx(0.010008)
    # beside them a prompt of 100 tokens: 100 us and 5050 positions at 2 ns
    assert table_time(table, 4, 4000, 100, 5050, 1) == pytest.approx(0.010008 + 1e-4 + 1.01e-5)
    assert table_time(table, 0, 0, 100, 5050, 1) == pytest.approx(0.0101 + 1.01e-5)


def test_straight_step_time_needs_one_piece_and_no_rest():
    table = tables(made_up(straight), 8, 256)
    assert table.decode.shape[1] == 1
    assert np.allclose(table.rest, 0.0, atol=1e-12)


def test_bends_are_followed():
    for error in errors(made_up(bending), 300, 2048, LONGEST):
        assert np.max(error) < 0.005


def test_pieces_meet():
    table = tables(made_up(bending), 64, 512)
    edge = table.decode[40, 1:, 0]
    before = table.decode[40, :-1, 1] + table.decode[40, :-1, 2] * (edge - table.decode[40, :-1, 0])
    np.testing.assert_allclose(before, table.decode[40, 1:, 1], rtol=1e-12)


def test_pipeline_cycle():
    # 4 stages of 5 ms: one user waits 20 ms for a token, so do 2 and 4; 8 users in 4 batches of 2 as well;
    # a slowest stage of 6 ms makes a full cycle 24 ms.
    steps = made_up(lambda s: 0.02 + 0 * s.decode_sequences, lambda s: 0.006 + 0 * s.decode_sequences, stages=4)
    time = cycle_time(steps, Step(decode_sequences=np.array([1.0, 2.0, 4.0, 8.0])))
    np.testing.assert_allclose(time, [0.02, 0.02, 0.024, 0.024])


def test_prompts_travel_apart_in_a_pipeline():
    # 4 stages; sequences take 20 ms through and 5 ms in a stage, prompts 1 ms a token through, 0.4 ms in the slowest.
    # 8 sequences in 4 batches take 4 x 5 ms; a prompt of 10 tokens 10 ms through, so 24 ms go by in the slowest stage;
    # one of 30 tokens takes 30 ms through, 32 ms in the slowest; three of 10 go in three batches: as long as one of 30.
    def through(s):
        return 0.02 * (s.decode_sequences > 0) + 1e-3 * s.prefill_tokens

    def stage(s):
        return 0.005 * (s.decode_sequences > 0) + 4e-4 * s.prefill_tokens

    steps = made_up(through, stage, stages=4)
    tokens, prompts = np.array([10.0, 30.0, 30.0, 29.0]), np.array([1.0, 1.0, 3.0, 3.0])
    wanted = [0.024, 0.032, 0.032, 0.032]  # 29 tokens in three batches: the largest has 10
    beside = Step(8.0, 800.0, tokens, 0.0 * tokens, prompts)
    np.testing.assert_allclose(cycle_time(steps, beside), wanted)
    np.testing.assert_allclose(table_time(tables(steps, 16, 64), 8, 800.0, tokens, 0.0, prompts), wanted, rtol=1e-6)
    alone = cycle_time(steps, Step(0.0, 0.0, tokens, 0.0 * tokens, prompts))
    np.testing.assert_allclose(alone, [0.01, 0.03, 0.012, 0.012])


def test_limits_below_one_are_refused():
    with pytest.raises(DomainError):
        tables(made_up(straight), 0, 256)


CASES = [
    ("hgx-h200", "llama-3.3-70b", {"tensor": 4}, "", 256, 8192),
    ("hgx-h200", "gpt-oss-120b", {"tensor": 2}, "", 1024, 8192),
    ("hgx-h200", "deepseek-r1", {"data": 8, "expert": 8}, "", 512, 16384),
    ("hgx-h200", "gemma-3-27b", {"tensor": 2}, "", 256, 8192),
    ("dgx-h100", "deepseek-r1", {"data": 32, "expert": 32}, "sglang", 2048, 65536),
    ("hgx-h200", "llama-3.3-70b", {"pipeline": 8}, "", 256, 65536),
    ("hgx-h200", "gpt-oss-120b", {"pipeline": 4}, "", 512, 8192),
    ("hgx-h200", "deepseek-r1", {"tensor": 8, "pipeline": 2, "expert": 8}, "", 512, 16384),
    ("cs-3", "llama-3.3-70b", {"pipeline": 16}, "", 256, 8192),
    ("groqrack-llama70b", "llama-3.3-70b", {"tensor": 16, "pipeline": 144}, "", 256, 65536),  # prompts in pieces of 32
]


@pytest.mark.parametrize(("system", "name", "layout", "engine", "sequences", "budget"), CASES)
def test_within_half_a_per_cent_of_the_estimate(system, name, layout, engine, sequences, budget):
    machine, architecture = catalog.system(system), model(name)
    chosen = catalog.engine(engine) if engine else catalog.engine_of(machine)
    steps = estimate(Deployment(machine, architecture, chosen, precision("native", architecture), **layout))
    for error in errors(steps, sequences, budget, architecture.max_context):
        assert np.max(error) < 0.005
