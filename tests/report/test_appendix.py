"""What stands behind an answer."""

import math

import pytest

from lcot.choice.model_error import error_of
from lcot.choice.search import entry
from lcot.choice.types import Question
from lcot.facts import catalog
from lcot.report.appendix import accuracy_rows, fact_rows
from lcot.serving.types import Target, Traffic
from lcot.workload.models import model


def test_the_error_is_the_engines_own():
    system = catalog.system("hgx-h200")
    question = Question(
        model("llama-3.3-70b"), (system,), Traffic(1000, 500), Target(50), catalog.site("us-colocation"), draws=0
    )
    deployment = entry(question, system).plan.deployment
    (row,) = accuracy_rows([deployment])
    low, high = (float(word) for word in row["measured_over_predicted_P10_to_P90"].split(" to "))
    # 10 % and 90 % of a lognormal lie at exp(-+1.2816 sigma)
    assert high == pytest.approx(math.exp(1.2816 * error_of(deployment.engine)), abs=0.005)
    assert low == pytest.approx(1 / high, abs=0.01)
    assert row["points"] > 0
    assert "hgx-h200" in row["measured_on"]
    assert row["error"] == "fitted on measurements"


def test_each_thing_is_listed_once_with_its_sources():
    chip = catalog.system("hgx-h200").chip.facts
    rows = fact_rows([chip, chip])
    assert len(rows) == sum(fact.value is not None for fact in chip.values())
    assert any(row["url"].startswith("https://") for row in rows)
