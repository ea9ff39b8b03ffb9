"""Static batches, against sums worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import Infeasible
from lcot.steptime.types import StepTime
from lcot.validation.batch import decode_seconds, held_together, prefill_seconds, run_batch

Toy = Callable[..., StepTime]


def test_prefill_by_hand(toy: Toy) -> None:
    # 4 prompts of 1000 tokens in steps of at most 2000: two steps of 0.01 + 2000 * 1e-4
    seconds, joules = prefill_seconds(toy(), 4, 1000, budget=2000)
    assert seconds == pytest.approx(2 * 0.21)
    assert joules == pytest.approx(500 * 0.42)


def test_prefill_through_a_pipeline_starts_a_step_each_interval(toy: Toy) -> None:
    seconds, _ = prefill_seconds(toy(stages=2), 4, 1000, budget=2000)
    assert seconds == pytest.approx(0.21 + 0.21 / 2)


def test_decode_by_hand(toy: Toy) -> None:
    # 8 sequences, contexts 100, 101, ... 109: sum of 0.01 + 8e-6 c
    seconds, _ = decode_seconds(toy(), 8, 100, 10)
    assert seconds == pytest.approx(sum(0.01 + 8e-6 * c for c in range(100, 110)))


def test_pipeline_with_a_lane_per_stage_takes_the_way_through(toy: Toy) -> None:
    alone, _ = decode_seconds(toy(stages=4), 1, 100, 10)
    full, _ = decode_seconds(toy(stages=4, per_context=0.0), 4, 100, 10)
    crowded, _ = decode_seconds(toy(stages=4, per_context=0.0), 64, 100, 10)
    assert alone == pytest.approx(sum(0.01 + 1e-6 * c for c in range(100, 110)))
    assert full == pytest.approx(10 * 0.01)
    assert crowded == pytest.approx(10 * 0.01)


def test_batch_larger_than_the_cache_goes_in_groups(toy: Toy) -> None:
    steps = toy(capacity=4400)
    assert held_together(steps, 1000, 100) == 4
    run = run_batch(steps, 8, 1000, 100)
    assert run.groups == 2
    assert run.seconds == pytest.approx(2 * run_batch(steps, 4, 1000, 100).seconds)


def test_no_room_for_one_request_is_infeasible(toy: Toy) -> None:
    with pytest.raises(Infeasible, match="one request"):
        run_batch(toy(capacity=500), 1, 1000, 100)


def test_one_output_token_is_prefill_only(toy: Toy) -> None:
    run = run_batch(toy(), 2, 1000, 1)
    assert run.decode == 0
    assert run.per_token == 0
    assert run.seconds == run.prefill


def test_power_lies_between_idle_and_busy(toy: Toy) -> None:
    run = run_batch(toy(stages=4), 1, 1000, 1000)
    assert 100 < run.power < 500


@given(st.integers(1, 64), st.integers(1, 4000), st.integers(2, 2000))
def test_longer_or_larger_is_never_faster(toy: Toy, sequences: int, prompt: int, output: int) -> None:
    run = run_batch(toy(capacity=1e9), sequences, prompt, output)
    assert run_batch(toy(capacity=1e9), sequences + 1, prompt, output).seconds >= run.seconds
    assert run_batch(toy(capacity=1e9), sequences, prompt, output + 1).seconds >= run.seconds
