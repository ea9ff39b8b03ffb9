"""Scores of predictions, against numbers worked by hand."""

from __future__ import annotations

import json
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.validation.score import as_json, as_table, interval_scores, relative_errors, score, score_group
from lcot.validation.types import Condition, Prediction


def point(name: str, source: str, metric: str, value: float, family: str = "NVIDIA H100") -> Condition:
    return Condition(
        id=name,
        system="dgx-h100",
        devices=1,
        model="llama-3.1-8b",
        precision=None,
        engine="vllm",
        engine_version="0.12.0",
        layout=None,
        prefill_layout=None,
        scenario="closed_loop",
        input_tokens=1000.0,
        output_tokens=100.0,
        lengths_from="row",
        concurrency=8.0,
        rate=None,
        speculation=None,
        metric=metric,
        statistic="mean",
        value=value,
        unit="ms",
        family=family,
        source=source,
        date="2026",
        quality="A",
        note="",
    )


def answer(name: str, value: float, predicted: float | None, status: str = "predicted") -> Prediction:
    if predicted is None:
        return Prediction(name, value, None, None, None, status, "no layout")
    return Prediction(name, value, predicted, predicted / 2, predicted * 2, status, "")


def test_relative_error_by_hand() -> None:
    errors = relative_errors(np.array([10.0, 20.0]), np.array([12.0, 15.0]))
    assert errors == pytest.approx([0.2, 0.25])


def test_interval_score_by_hand() -> None:
    # inside: the width ln(40/10); below by a factor of two: width + 10 ln 2
    scores = interval_scores(np.array([20.0, 5.0]), np.array([10.0, 10.0]), np.array([40.0, 40.0]))
    assert scores == pytest.approx([log(4), log(4) + 10 * log(2)])


@given(st.floats(0.1, 10), st.floats(1.01, 5))
def test_a_wider_range_that_already_holds_scores_worse(value: float, width: float) -> None:
    narrow = interval_scores(np.array([value]), np.array([value / width]), np.array([value * width]))
    wide = interval_scores(np.array([value]), np.array([value / width / 1.1]), np.array([value * width * 1.1]))
    assert wide[0] > narrow[0]


def test_group_counts_each_status_and_scores_only_answers() -> None:
    group = score_group(
        [
            answer("a", 10, 11),
            answer("b", 10, 8),
            answer("c", 10, 30),
            answer("d", 10, None, "unanswered"),
            answer("e", 10, None, "inconsistent"),
            answer("f", 10, 10, "identity"),
        ]
    )
    assert (group.rows, group.answered, group.unanswered, group.inconsistent, group.identity) == (6, 3, 1, 1, 1)
    assert group.share_answered == pytest.approx(0.75)
    assert group.median_error == pytest.approx(0.2)
    assert group.bias == pytest.approx(0.1)
    assert group.hit_rate == pytest.approx(2 / 3)


def test_nothing_answered_gives_no_error_figure() -> None:
    group = score_group([answer("a", 10, None, "unanswered")])
    assert group.median_error is None
    assert group.hit_rate is None
    assert group.share_answered == 0


def test_large_source_does_not_drown_small_one() -> None:
    many = [point(f"a{i}", "large", "tpot_ms", 10) for i in range(99)]
    few = [point("b0", "small", "tpot_ms", 10)]
    predictions = [answer(c.id, 10, 10.5) for c in many] + [answer("b0", 10, 15)]
    report = score(many + few, predictions)
    assert report.overall.median_error == pytest.approx((0.05 + 0.5) / 2)
    assert report.overall.groups == 2
    assert report.overall.rows == 100


def test_json_is_versioned_and_serialises() -> None:
    rows = [point("a", "s", "tpot_ms", 10)]
    text = json.dumps(as_json(score(rows, [answer("a", 10, 9)])))
    assert json.loads(text)["schema"] == "lcot.validate/1"


def test_table_has_one_line_per_group_and_no_empty_column() -> None:
    rows = [point("a", "s", "tpot_ms", 10), point("b", "t", "ttft_ms", 10)]
    report = score(rows, [answer("a", 10, 9), answer("b", 10, None, "unanswered")])
    lines = as_table(report.by_source_and_metric).splitlines()
    assert len(lines) == 3
    assert not lines[0].startswith("family")
    assert "10.0" in lines[1]
