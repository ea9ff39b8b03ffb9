"""The accuracy that README and docs show is the accuracy of this tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lcot.validation.measured import measured_rows
from lcot.validation.points import conditions_of
from lcot.validation.predict import predict
from lcot.validation.report import (
    BEGIN,
    END,
    accuracy_table,
    chart_points,
    committed_summary,
    shipped_summary,
    summary,
    with_table,
)

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "accuracy.md", ROOT / "README.md")
TOLERANCE = 0.03  # in the median error of a group: steps of a table and seeds, not another model


@pytest.fixture(scope="module")
def fresh() -> dict[str, Any]:
    return shipped_summary()


def test_committed_summary_is_not_stale(fresh: dict[str, Any]) -> None:
    committed = committed_summary()["shipped"]
    old = {(i["source"], i["metric"]): i for i in committed["by_source_and_metric"]}
    new = {(i["source"], i["metric"]): i for i in fresh["by_source_and_metric"]}
    assert old.keys() == new.keys()
    for key, item in new.items():
        assert item["rows"] == old[key]["rows"]
        for name in ("answered", "inconsistent", "identity"):
            assert item[name] == old[key][name], (key, name)
        if item["rows"] >= 10:
            assert item["median_error"] == pytest.approx(old[key]["median_error"], abs=TOLERANCE), key


def test_accuracy_has_not_fallen(fresh: dict[str, Any]) -> None:
    committed = committed_summary()["shipped"]["overall"]
    overall = fresh["overall"]
    assert overall["median_error"] <= committed["median_error"] + 0.02
    assert overall["share_answered"] >= committed["share_answered"] - 0.005


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_show_the_committed_table(page: Path) -> None:
    text = page.read_text()
    table = text.split(BEGIN)[1].split(END)[0].strip()
    assert table == accuracy_table(committed_summary()["evidence"])
    assert len(table.splitlines()) >= 8


def test_table_is_put_between_its_marks_only() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert with_table(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter"


def test_chart_has_a_mark_for_each_answer() -> None:
    conditions = conditions_of(measured_rows())[:12]
    predictions = predict(conditions)
    marks = chart_points(conditions, predictions)
    assert len(marks) == sum(one.status == "predicted" for one in predictions)
    assert all(mark["low"] < mark["predicted"] < mark["high"] for mark in marks)


def test_summary_is_versioned_and_counts_rows() -> None:
    conditions = conditions_of(measured_rows())[:6]
    found = summary(conditions, predict(conditions))
    assert found["schema"] == "lcot.accuracy/1"
    assert sum(item["rows"] for item in found["by_source_and_metric"]) == 6
