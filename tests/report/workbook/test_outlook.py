"""The workbook of the market: results by year, the cost from its factors, every fact with its source."""

import importlib.util
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from lcot.market.outlook import solved
from lcot.market.scenario import scenario
from lcot.report.workbook.outlook import write


@pytest.fixture(scope="module")
def outlook():
    place = Path(__file__).parents[2] / "market" / "conftest.py"
    spec = importlib.util.spec_from_file_location("market_made_up", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return solved(scenario(), module.made_up(5), 5, 2026)


def test_workbook_of_an_outlook(outlook, tmp_path):
    write(tmp_path / "m.xlsx", outlook)
    book = openpyxl.load_workbook(tmp_path / "m.xlsx", data_only=True)
    assert {"Answer", "Tokens", "Spending", "Held fixed", "Bill", "Sources"} <= set(book.sheetnames)
    shown = {row[0].value: row[1].value for row in book["Answer"].iter_rows(min_row=4) if row[0].value}
    for k, year in enumerate(outlook.years):
        median = np.median(outlook.market_cost[k])
        assert shown[f"cost of a token of capacity added in {year}"] == pytest.approx(median * 1e6, rel=1e-9)
    rows = [[cell.value for cell in row] for row in book["Tokens"].iter_rows(min_row=3)]
    assert rows[0][:5] == ["result", "region", "unit", "level", str(outlook.years[0])]
    listed = {row[0].value for row in book["Sources"].iter_rows(min_row=4)}
    assert f"{outlook.scenario.id}.{next(iter(outlook.scenario.facts))}" in listed
    held = " ".join(str(cell.value) for row in book["Held fixed"].iter_rows() for cell in row)
    assert "seed 2026" in held
    live = [c for row in openpyxl.load_workbook(tmp_path / "m.xlsx")["Bill"].iter_rows() for c in row]
    assert any(cell.data_type == "f" and "3600" in cell.value for cell in live)
