"""One model copy over its batch, against numbers worked by hand."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.serving.curve import batches, curve, sequences_held, steps_of
from lcot.serving.types import Traffic
from lcot.steptime.types import Breakdown, Deployment, Speculation, Step, StepTime


def steps(fixed=0.01, per_prompt_token=1e-5, per_context=0.0, kv=1e6, stages=1, gained=1.0) -> StepTime:
    """A machine: 10 ms a step and 10 us a prompt token."""
    deployment = cast(
        Deployment,
        SimpleNamespace(
            speculation=Speculation(acceptance_length=gained), chips=8,
            data=1, system=SimpleNamespace(count=8), model=SimpleNamespace(id="toy", max_context=10**6),
        ),
    )  # fmt: skip

    def latency(step: Step) -> Breakdown:
        memory = per_context * step.decode_context
        return Breakdown(per_prompt_token * step.prefill_tokens, memory, 0.0, fixed + 0.0 * step.decode_sequences)

    def interval(step: Step) -> Breakdown:
        whole = latency(step)
        return Breakdown(whole.compute, whole.memory / stages, 0.0, whole.fixed / stages)

    return StepTime(
        deployment, latency, interval, lambda step: 1000.0 + 0.0 * step.decode_sequences, 200.0, kv, 0.0, stages
    )


def test_prompts_wait_for_one_on_every_rank_of_data_parallel_attention():
    traffic = Traffic(1000, 500)
    one, four = steps(), steps()
    four.deployment.data = 4
    alone, together = (curve(s, traffic, np.array([8.0])) for s in (one, four))
    # the same prompt tokens in steps of 4000, whose time is straight in them: nothing changes but the first token
    assert together.rate[0] == pytest.approx(alone.rate[0])
    assert together.time_to_first_token[0] > alone.time_to_first_token[0] + 0.029


def test_a_long_prompt_leaves_no_rank_idle():
    # a step of 4000 tokens is an eighth of a prompt of 32000, yet each of four ranks reads a prompt of its own
    one = steps_of(np.array([8.0]), 1.0, np.array([4000.0]), 32000.0, 0.0)
    four = steps_of(np.array([8.0]), 1.0, np.array([4000.0]), 32000.0, 0.0, 4.0)
    assert one.prefill_sequences[1, 0] == pytest.approx(0.125)
    assert four.prefill_sequences[:, 0].tolist() == [0.0, 4.0, 4.0, 4.0]
    short = steps_of(np.array([8.0]), 1.0, np.array([4000.0]), 500.0, 0.0, 4.0)
    assert short.prefill_sequences[1, 0] == 8.0


def test_hand_worked_closed_form():
    # 8 users, 1000 in, 500 out: a step brings 8 * 1000 / 500 = 16 prompt tokens, in chunks of 1000: 0.016 chunks of
    # 10 ms a step; 10 + 0.16 = 10.16 ms a token; 8 / (500 * 10.16 ms) = 1.5748 requests/s.
    points = curve(steps(), Traffic(1000, 500), np.array([8.0]))
    assert points.time_per_output_token[0] == pytest.approx(0.01016)
    assert points.rate[0] == pytest.approx(8 / (500 * 0.01016))
    # 500 / 8 steps of 10 ms of a request's own share of decode, and its prompt's 10 ms
    assert points.decode_seconds[0] == pytest.approx(500 / 8 * 0.01)
    assert points.prefill_seconds[0] == pytest.approx(0.01)


@pytest.mark.parametrize("stages", [1, 4])
def test_seconds_fill_the_machine(stages):
    points = curve(steps(per_context=1e-8, stages=stages), Traffic(3000, 200, cached_fraction=0.5), batches(256))
    busy = points.rate * (points.decode_seconds + points.prefill_seconds + points.cached_seconds)
    np.testing.assert_allclose(busy, 1.0)


def test_speculation_gains_tokens():
    plain = curve(steps(), Traffic(10, 500), np.array([1.0]))
    drafted = curve(steps(gained=2.0), Traffic(10, 500), np.array([1.0]))
    assert drafted.time_per_output_token[0] == pytest.approx(plain.time_per_output_token[0] / 2, rel=1e-3)


def test_pipeline_fills_before_it_slows():
    # four stages of 2.5 ms: up to four users each see 10 ms a token, the fourth costs nothing. Four users bring
    # 4 / 500 prompts a cycle, a fifth micro-batch that takes 2.5 ms of each stage: 0.02 ms a cycle.
    points = curve(steps(stages=4, per_prompt_token=0.0), Traffic(10, 500), np.array([1.0, 2.0, 4.0]))
    np.testing.assert_allclose(points.time_per_output_token, [0.01, 0.01, 0.01002])
    np.testing.assert_allclose(points.rate, np.array([1.0, 2.0, 4.0]) / (500 * points.time_per_output_token))


def test_hand_worked_pipeline_with_prompts():
    # Two stages, eight users in two micro-batches of 5 ms a stage: a cycle of 10 ms. 8 / 500 of the cycles carry a
    # prompt of 1000 tokens, alone in a third micro-batch: 10 + 10 ms through the pipeline, 10 + 5 ms in the slowest
    # stage (whose compute is the whole here), so that such a cycle takes max(10, 20, 10 + 15) = 25 ms.
    points = curve(steps(stages=2), Traffic(1000, 500), np.array([8.0]))
    assert points.time_per_output_token[0] == pytest.approx(0.010 + 0.016 * 0.015)
    assert points.prefill_seconds[0] == pytest.approx(0.015)
    # one user of four stages: the prompt's way, 20 ms, is longer than 2.5 + 12.5 ms in the slowest stage; of cycles to
    # which 0.002 prompts come on average 1 - exp(-0.002) have any
    points = curve(steps(stages=4), Traffic(1000, 500), np.array([1.0]))
    assert points.time_per_output_token[0] == pytest.approx(0.010 + (1 - np.exp(-0.002)) * 0.010)
    # three prompts a cycle, three micro-batches: 4 * 2.5 ms of decoding and 3 * 12.5 ms in the slowest of four stages
    points = curve(steps(stages=4, fixed=0.01), Traffic(1000, 10), np.array([30.0]))
    assert points.time_per_output_token[0] == pytest.approx(4 * 0.0025 + 3 * 0.0125)


def test_sequences_held():
    assert sequences_held(1499, 1000, 500) == 0  # one does not fit
    assert sequences_held(1500, 1000, 500) == 1
    held = sequences_held(1e6, 1000, 500)
    assert 750 < held < 800  # 1e6 / 1250 = 800, less two standard deviations
    spread = 500 * np.sqrt(held / 12)
    assert held * 1250 + 2 * spread <= 1e6


@given(st.floats(2e3, 1e8), st.floats(1, 1e5), st.floats(1, 1e4))
def test_more_memory_never_holds_fewer(kv, inputs, outputs):
    assert sequences_held(kv * 1.5, inputs, outputs) >= sequences_held(kv, inputs, outputs)


def test_draws_broadcast_as_points():
    one = curve(steps(), Traffic(1000, 500), batches(64))
    many = curve(steps(fixed=np.array([0.01, 0.02])), Traffic(1000, 500), batches(64)[:, None])
    np.testing.assert_allclose(many.rate[:, 0], one.rate)
    assert (many.rate[:, 1] < many.rate[:, 0]).all()


def test_hand_worked_below_one_sequence():
    # a request of 1000 in, 10 out takes 10 steps of 10 ms and 10 ms for its prompt; half a sequence on average means
    # that a token comes with half of a prompt's tenth beside it: 10.5 ms, 0.5 / 0.105 s = 4.76 requests/s, and the
    # copy is at work for 4.76 * 0.11 of the time
    half = curve(steps(), Traffic(1000, 10), np.array([0.5]))
    assert half.time_per_output_token[0] == pytest.approx(0.0105)
    assert half.rate[0] == pytest.approx(0.5 / 0.105)
    assert half.decode_seconds[0] == pytest.approx(0.1)
    assert half.prefill_seconds[0] == pytest.approx(0.01)
    assert half.power[0] == pytest.approx(200 + 800 * 0.5 / 0.105 * 0.11)


@given(st.floats(1.0, 30_000.0), st.floats(1.0, 2000.0), st.integers(1, 4))
def test_a_copy_with_less_than_one_sequence_goes_on_as_with_one(prompt, output, stages):
    around = curve(steps(stages=stages), Traffic(prompt, output), np.array([1.0 - 1e-9, 1.0]))
    for name in ("time_per_output_token", "time_to_first_token", "rate", "decode_seconds", "prefill_seconds", "power"):
        below, one = getattr(around, name)
        assert below == pytest.approx(one, rel=1e-6)
    less = curve(steps(stages=stages), Traffic(prompt, output), np.array(batches(8.0, 8, below=True)))
    for grows in (less.rate, less.time_to_first_token, less.time_per_output_token, less.power):
        # a full pipeline may lose a little to one more micro-batch of decoding
        least = -0.02 if stages > 1 and grows is less.rate else -1e-9
        assert np.all(np.diff(grows) >= least * grows[1:])
    at_work = less.rate * (less.decode_seconds + less.prefill_seconds)
    assert np.all(at_work <= 1.0 + 1e-9)
