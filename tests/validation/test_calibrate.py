"""The fit of engine constants on whole runs."""

from __future__ import annotations

from math import exp

import pytest

from lcot.validation.calibrate import (
    as_text,
    calibrate,
    cluster_of,
    data_hash,
    errors_as_text,
    parameters_of,
    residual_of,
    sample,
    tension,
    touches,
)
from lcot.validation.measured import measured_rows
from lcot.validation.points import conditions_of
from lcot.validation.predict import answer_of
from lcot.validation.types import Condition

KEYS = ("host.step", "gemm.memory")


def static_batches() -> list[Condition]:
    """Shipped runs that need no simulation."""
    rows = [row for row in measured_rows() if row["source_title"].startswith("LLM-Inference-Bench")]
    return [row for row in conditions_of(rows) if row.engine == "vllm" and row.family == "NVIDIA H100"]


def test_sample_is_the_same_every_time_and_keeps_runs_whole() -> None:
    conditions = conditions_of(measured_rows())
    first, again = sample(conditions, 1), sample(list(reversed(conditions)), 1)
    assert {row.id for row in first} == {row.id for row in again}
    assert {f"{row.source} {cluster_of(row)}" for row in first} == {f"{r.source} {cluster_of(r)}" for r in conditions}


def test_hash_follows_the_values_not_the_order() -> None:
    rows = static_batches()
    assert data_hash(rows) == data_hash(rows[::-1])
    assert data_hash(rows) != data_hash(rows[1:])


def test_parameters_are_the_engines_own_positive_constants() -> None:
    found = parameters_of(static_batches(), KEYS)
    assert {parameter.key for parameter in found} == set(KEYS)
    assert all(parameter.low < parameter.value < parameter.high for parameter in found)


def test_residual_is_the_log_of_measured_over_predicted() -> None:
    row = static_batches()[0]
    answer = answer_of(row)
    residual = residual_of(row, answer)
    assert residual is not None
    predicted = answer.components[0][1][row.metric, "mean"]
    assert row.value / predicted == pytest.approx(exp(residual))


def test_calibration_finds_a_constant_that_was_moved() -> None:
    rows = static_batches()
    engine = parameters_of(rows, KEYS)[0].owner
    slow = {engine: {"host.step": 0.05}}
    moved = calibrate(rows, KEYS, start=slow)
    step = next(i for i, parameter in enumerate(moved.parameters) if parameter.key == "host.step")
    assert moved.fit.shift[step] < -0.5
    assert any("host.step" in line for line in tension(moved, tolerance=0.1))
    assert "host.step" in as_text(moved)
    assert set(moved.out_of_sample) == {"source", "system", "model"}
    assert moved.values()[engine]["host.step"] < 0.05
    assert abs(moved.fitted).mean() < abs(moved.out_of_sample["system"]).mean() + 1e-9
    assert moved.optimism("system") >= 1.0
    assert "source" in errors_as_text(moved)


def test_only_what_a_constant_can_move_is_predicted_again() -> None:
    row = static_batches()[0]
    mixture = next(c for c in conditions_of(measured_rows()) if c.model == "mixtral-8x7b")
    assert not touches("experts.floor", row)
    assert touches("experts.floor", mixture)
    assert touches("gemm.fraction.bf16", row)
    assert not touches("gemm.fraction.fp8", row)
    assert not touches("client.first_token", row)
    for key in ("experts.floor", "gemm.fraction.fp8", "client.first_token"):  # and that is so
        before, value = answer_of(row), parameters_of([row], [key])
        moved = {p.owner: {key: p.value * 2} for p in value}
        assert residual_of(row, answer_of(row, moved)) == residual_of(row, before)
