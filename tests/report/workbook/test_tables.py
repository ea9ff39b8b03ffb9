"""Tables, live numbers and facts in one workbook."""

import openpyxl
import pytest

from lcot.errors import InputError
from lcot.facts import catalog
from lcot.report.workbook.tables import write
from lcot.trace.leaves import Given, leaf

SITE = catalog.site("us-colocation")
ROWS = [{"year": 2026, "share": 0.25, "who": "=gpu"}, {"year": 2027, "share": None, "who": "wafer"}]


def given(key):
    return leaf(SITE.facts.number(key), Given(SITE.id, SITE.facts[key]))


def test_tables_numbers_and_sources(tmp_path):
    price, pue = given("electricity.price"), given("pue")
    held = ["Simulated to 2030, seed 1; inputs abc."]
    facts = [(SITE.id, SITE.facts["availability"])]
    write(tmp_path / "m.xlsx", "Market", ["In words."], {"Shares": ROWS}, facts, held, {"a watt-second": price * pue})
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    assert book.sheetnames == ["Answer", "Shares", "Inputs", "Held fixed", "Bill", "Sources"]
    assert [cell.value for cell in book["Shares"][4]] == [2026, 0.25, "=gpu"]
    assert book["Shares"]["C4"].data_type == "s"
    assert [cell.value for cell in book["Shares"][5]] == [2027, None, "wafer"]
    assert "seed 1" in str(book["Held fixed"]["A4"].value)
    listed = {row[0].value for row in book["Sources"].iter_rows(min_row=4)}
    assert {"us-colocation.availability", "us-colocation.pue", "us-colocation.electricity.price"} <= listed
    values = openpyxl.load_workbook(tmp_path / "m.xlsx", data_only=True)
    assert values["Answer"]["B4"].value == pytest.approx(SITE.facts.number("electricity.price") * 3.6e6 * pue.value)
    assert values["Answer"]["C4"].value == "USD/kWh"


def test_only_workbooks(tmp_path):
    with pytest.raises(InputError, match=r"\.xlsx"):
        write(tmp_path / "m.csv", "Market", [], {}, [], [])
