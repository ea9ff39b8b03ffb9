"""The cycle that the kernel knows of a pipeline, beside a simulator that follows every micro-batch through every stage.

A cycle takes all users along: a prompt waits for its end and is done with it, and each user gets a token in it.
How far that is off is told in docs/serving.md; the bounds here are a little above it.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lcot.serving.replay import simulate
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Policy
from lcot.steptime.tables import tables
from lcot.steptime.types import Breakdown, Speculation, StepTime
from tests.serving.stages import staged

STAGES, MOST = 4, 32
RULES = Policy(max_sequences=MOST, max_batched_tokens=4096, block=1)


def pipeline(per_token=2e-5, slowest=1.2):
    """Four stages; 20 ms through all of them and some more for each sequence and prompt token."""

    def through(step):
        return Breakdown(0.02 + 1e-4 * step.decode_sequences + per_token * step.prefill_tokens, 0.0, 0.0, 0.0)

    def stage(step):
        return replace(through(step), compute=slowest / STAGES * through(step).compute)

    deployment = SimpleNamespace(model=SimpleNamespace(max_context=4096), speculation=Speculation())
    return StepTime(deployment, through, stage, lambda _: 1.0, 1.0, 1e6, 0.0, STAGES)


def both(load, steps, inputs=400, outputs=100, count=150):
    """Throughput, time per token and time to first token: the kernel's over those of the stages."""
    table = tables(steps, MOST, 4096)
    full = open_loop(1e6, count, [inputs], [outputs])
    rate = count / simulate(table, full, RULES).finish.max()
    made = open_loop(load * rate, count, [inputs], [outputs], seed=7)
    seen = simulate(table, made, RULES)
    first, finish = staged(steps, made.arrival, made.input_tokens, made.output_tokens, MOST)
    return (
        finish.max() / seen.finish.max(),
        np.mean(seen.finish - seen.first_token) / np.mean(finish - first),
        np.mean(seen.first_token - made.arrival) / np.mean(first - made.arrival),
    )


def test_one_user_is_exact():
    steps = pipeline()
    made = replace(open_loop(1.0, 5, [400], [50]), arrival=10.0 * np.arange(5))
    seen = simulate(tables(steps, MOST, 4096), made, RULES)
    first, finish = staged(steps, made.arrival, made.input_tokens, made.output_tokens, MOST)
    np.testing.assert_allclose(seen.first_token, first, rtol=1e-9)
    np.testing.assert_allclose(seen.finish, finish, rtol=1e-9)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
def test_many_users_are_close(load):
    throughput, token, first = both(load, pipeline())
    assert throughput == pytest.approx(1.0, abs=0.05)
    assert token == pytest.approx(1.0, abs=0.20)
    assert 0.9 < first < 1.6  # a prompt waits for the end of a cycle


def test_a_full_pipeline_delivers_as_much():
    throughput, _, _ = both(100.0, pipeline())
    assert throughput == pytest.approx(1.0, abs=0.10)
