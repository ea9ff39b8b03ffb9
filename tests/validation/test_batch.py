"""Static batches, against sums worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import Infeasible
from lcot.steptime.types import StepTime
from lcot.validation.batch import decode_seconds, held_together, prefill_seconds, run_alone, run_batch
from lcot.validation.deploying import plans
from lcot.validation.points import conditions_of
from lcot.validation.predict import steps_of

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


def test_one_sequence_whose_prompt_goes_in_pieces(toy: Toy) -> None:
    # 1,000 tokens of prompt 16 at a time: 63 passes of 0.01 + 16e-4; then 100 tokens of 0.01105
    run = run_alone(toy(), 16, 1000, 100)
    assert run.prefill == pytest.approx(63 * (0.01 + 16e-4))
    assert run.decode == pytest.approx(100 * 0.01105)
    assert run_alone(toy(stages=4, per_prompt_token=0.0), 16, 1000, 100).prefill == pytest.approx(63 * 0.01 / 4)


def test_weights_on_other_devices_are_fetched_in_every_pass() -> None:
    # LLM-Inference-Bench (Argonne), llama.cpp on Max 1550: one token of Llama 3 8B in 128 tokens a pass takes 52 ms on
    # one device, 276 on two and 381 on four; of the 70B 3.4 s on four
    for devices, model, measured in ((1, "8B", 0.0523), (2, "8B", 0.2756), (4, "8B", 0.3808), (4, "70B", 3.44)):
        stated = {
            "system": "Data Center GPU Max 1550",
            "n_devices": str(devices),
            "model": f"meta-llama/Meta-Llama-3-{model}",
        }
        stated |= {
            "engine": "llama.cpp",
            "weight_dtype": "fp16",
            "metric": "tpot_ms",
            "value": "1",
            "parallelism": f"tp{devices}",
        }
        condition = conditions_of([{**stated, "scenario": "closed_loop", "date": "2024-10"}])[0]
        steps = steps_of(plans(condition)[0].deployment)
        assert run_alone(steps, 64, 128, 128).per_token == pytest.approx(measured, rel=0.15)
