"""The outlook as data, text and table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from lcot.market.outlook import solved
from lcot.market.scenario import scenario
from lcot.market.types import Outlook
from lcot.report.charts.market_outlook import charts
from lcot.report.market import ADVICE, as_dict
from lcot.report.market_iamc import COLUMNS, as_csv
from lcot.report.market_text import as_text


@pytest.fixture(scope="module")
def outlook() -> Outlook:
    """Solved on made-up offers."""
    import importlib.util

    place = Path(__file__).parent.parent / "market" / "conftest.py"
    spec = importlib.util.spec_from_file_location("market_made_up", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return solved(scenario(), module.made_up(4), 4, 2026)


def test_it_is_plain_json_without_infinities(outlook: Outlook) -> None:
    """And carries schema, years and the note that it is no advice."""
    found = json.loads(json.dumps(as_dict(outlook), allow_nan=False))
    assert found["schema"] == "lcot.market/1"
    assert found["basis"]["advice"] == ADVICE
    assert set(found["compute"]["inference_share"]) == {str(y) for y in outlook.years}


def test_the_factors_of_2028_multiply_to_the_cost(outlook: Outlook) -> None:
    """Changes of chip-hour, throughput, utilisation and mix multiply to the change of the cost, draw by draw."""
    from lcot.report.market import factors

    one = factors(outlook, 3)
    assert one["hour"] / 3600 / one["throughput"] / one["use"] == pytest.approx(one["cost"])


def test_the_text_says_once_that_it_is_no_advice(outlook: Outlook) -> None:
    """Tables are in line and name their basis."""
    text = as_text(as_dict(outlook))
    assert text.count(ADVICE) == 1
    assert "P10-P90" in text
    assert "$ per million tokens" in text


def test_the_table_has_the_columns_and_agrees_with_the_outlook(outlook: Outlook) -> None:
    """One value a line; medians are those of the draws."""
    rows = list(csv.DictReader(io.StringIO(as_csv(outlook))))
    assert tuple(rows[0]) == COLUMNS
    assert {row["model"] for row in rows} == {"LCOT"}
    keys = [(r["region"], r["variable"], r["year"]) for r in rows]
    assert len(keys) == len(set(keys))
    assert all(np.isfinite(float(row["value"])) for row in rows)
    at = next(r for r in rows if r["variable"] == "Compute|Inference" and r["year"] == "2028")
    k = outlook.year(2028)
    assert float(at["value"]) == pytest.approx(
        np.quantile(outlook.inference_compute[k], 0.5, method="inverted_cdf"), rel=1e-6
    )


def test_every_chart_is_there(outlook: Outlook) -> None:
    """Shares stack to one in each year."""
    made = charts(as_dict(outlook))
    assert {"shares", "cost", "tokens"} <= set(made)
    stacked = made["shares"]["layer"][0]["data"]["values"]
    last = [row for row in stacked if row["date"] == "2030-01-01"]
    assert sum(row["share"] for row in last) == pytest.approx(1.0)
