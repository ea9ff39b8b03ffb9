from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.model_error import UNVALIDATED, error_of, model_error, slowed
from lcot.facts.types import Engine
from lcot.steptime.types import Step
from tests.choice.double import estimate, make_deployment, owner


def test_model_error_is_lognormal():
    factor = model_error("engine", 0.2, 4096, 1)
    assert np.median(factor) == pytest.approx(1.0, abs=1e-3)
    assert np.log(factor).std() == pytest.approx(0.2, rel=1e-2)
    assert (model_error("other", 0.2, 4096, 1) != factor).any()


def test_error_is_fitted_or_declared():
    assert error_of(make_deployment("a").engine) == 0.1
    assert error_of(Engine("new", "New", "gpu", "1", owner("new"))) == UNVALIDATED


def test_slowed_steps():
    steps = estimate(make_deployment("a"))
    step = Step(decode_sequences=8.0, decode_context=8000.0)
    assert slowed(steps, 1.5).latency(step).total == pytest.approx(1.5 * steps.latency(step).total)
    assert slowed(steps, 1.5).interval(step).memory == pytest.approx(1.5 * steps.interval(step).memory)
    both = replace(steps, prefill=steps)
    assert slowed(both, 1.5).prefill.latency(step).total == pytest.approx(1.5 * steps.latency(step).total)
