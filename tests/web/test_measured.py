"""Measured runs that stand beside a front."""

from dataclasses import replace

import pytest

from lcot.choice.compare import blended, compare
from lcot.report.contract import MEASURES
from lcot.web.measured import FAR, alike, apart, cost, known, measured, nearest
from tests.choice.test_compare import question


@pytest.fixture(scope="module")
def answer():
    asked = question(("dgx-h100", "hgx-h200", "dgx-b200"))
    return compare(replace(asked, draws=0), finalists=0)


def test_the_models_own_runs_come_first_and_others_say_that_they_are_others(answer):
    own = answer.question.model.id
    for system in ("dgx-h100", "hgx-h200", "dgx-b200"):
        names = [name == own for _, name, _ in nearest(system, answer)]
        assert names == sorted(names, reverse=True)
        assert all(far <= FAR for far, _, _ in nearest(system, answer))
    rows = measured(answer, MEASURES[1])
    assert rows
    for row in rows:
        assert row["same"] == ("another model" not in row["run"])
        assert row["run"].startswith(own) or "model of" in row["run"]
        assert row["speed"] > 0
        assert row["value"] > 0


def test_a_run_that_does_what_is_predicted_costs_what_is_predicted(answer):
    item = next(one for one in answer.by_status("ranked") if nearest(one.system.id, answer))
    served, traffic = item.plan.served, answer.question.traffic
    _, _, run = nearest(item.system.id, answer)[0]
    chips = float(served.systems) * item.system.count
    same = replace(
        run,
        input_tokens=float(traffic.input_tokens),
        output_tokens=float(traffic.output_tokens),
        throughput=float(served.rate) * float(traffic.output_tokens) / chips,
    )
    assert cost(same, item.plan, answer) == pytest.approx(blended(item) * 1e6, rel=1e-9)


def test_nothing_is_measured_against_megawatts(answer):
    assert measured(answer, MEASURES[2]) == []


def test_a_model_is_no_doubling_from_itself_and_far_from_a_larger_one():
    assert apart(known("llama-3.3-70b"), known("llama-3.3-70b")) == 0
    assert apart(known("llama-3.1-8b"), known("llama-3.3-70b")) > 6
    assert alike("llama-3.1-70b", known("llama-3.3-70b"))
    assert not alike("llama-3.1-8b", known("llama-3.3-70b"))
