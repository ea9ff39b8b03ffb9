"""The workbook of a comparison: what it holds, and that it computes as Python does when its inputs are changed."""

import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from lcot.choice.compare import blended, compare
from lcot.choice.types import Question
from lcot.errors import InputError
from lcot.facts import catalog
from lcot.report.workbook.book import writing
from lcot.report.workbook.compared import write
from lcot.report.workbook.notation import LONGEST
from lcot.serving.types import Target, Traffic
from lcot.trace.plans import computed, operating
from lcot.units import UNITS, from_si
from lcot.workload.models import model
from tests.report.workbook.recalculation import recalculated

SYSTEMS = ("hgx-h200", "cs-3")
# what is changed in the sheet: bandwidth, prices, tariff, money and the load
FACTORS = {
    "h200.memory.hbm.bandwidth": 1.25,
    "h200.fabric.scale_up.bandwidth": 0.7,
    "hgx-h200.price": 1.4,
    "cs-3.price": 0.6,
    "wse-3.fabric.scale_up.latency": 1.3,
    "us-colocation.electricity.price": 3.0,
    "us-colocation.finance.discount_rate": 1.6,
    "us-colocation.life.accelerator": 0.8,
    "load": 2.1,
}


@pytest.fixture(scope="module")
def answer():
    systems = tuple(catalog.system(one) for one in SYSTEMS)
    return compare(
        Question(model("llama-3.3-70b"), systems, Traffic(1000.0, 500.0, 20.0), Target(50.0),
                 catalog.site("us-colocation"), draws=16),
        finalists=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def path(answer, tmp_path_factory):
    made = tmp_path_factory.mktemp("workbook") / "answer.xlsx"
    write(made, answer)
    return made


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def values(path):
    return openpyxl.load_workbook(path, data_only=True)


def formulas(book):
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def rows_of(sheet, heading_row=3):
    headings = [cell.value for cell in sheet[heading_row]]
    for row in sheet.iter_rows(min_row=heading_row + 1):
        yield dict(zip(headings, row, strict=True))


def blended_of(values):
    return {row["system"].value: row["blended $/Mtok"].value for row in rows_of(values["Answer"], 4)
            if isinstance(row["blended $/Mtok"].value, float)}  # fmt: skip


def test_the_sheets_in_order(book):
    assert book.sheetnames[:4] == ["Answer", "Scenarios", "Inputs", "Held fixed"]
    assert book.sheetnames[-1] == "Sources"
    for number in ("1", "2"):
        assert {f"{number} Step time", f"{number} Fleet", f"{number} Bill"} <= set(book.sheetnames)


def test_costs_are_those_of_the_answer(values, answer):
    wanted = {item.system.name: blended(item) * 1e6 for item in answer.by_status("ranked")}
    assert blended_of(values) == pytest.approx(wanted, rel=1e-12)


def test_every_formula_has_its_value_and_is_not_too_long(book, values):
    made = formulas(book)
    assert len(made) > 2000
    assert max(len(cell.value) for cell in made) <= LONGEST
    for cell in made:
        assert values[cell.parent.title][cell.coordinate].value is not None, cell
    assert any("MAX(" in cell.value for cell in made)
    assert any("IF(" in cell.value for cell in made)


def test_inputs_are_named_and_formulas_use_the_names(book):
    names = set(book.defined_names)
    assert {"h200_memory_hbm_bandwidth", "us_colocation_electricity_price", "hgx_h200_blended", "load"} <= names
    bill = [cell.value for row in book["1 Bill"].iter_rows() for cell in row if cell.data_type == "f"]
    assert any("us_colocation_electricity_price" in text for text in bill)


def test_inputs_have_source_date_range_and_confidence(values):
    rows = [row for row in rows_of(values["Inputs"]) if row["input"].value and row["kind"].value != "asked"]
    assert len(rows) > 40
    for row in rows:
        assert row["source"].value, row["input"].value
        assert row["confidence"].value in ("low", "medium", "high")
    tariff = next(row for row in rows if row["input"].value == "us-colocation.electricity.price")
    assert tariff["unit"].value == "USD/kWh"
    assert tariff["low"].value < tariff["value"].value < tariff["high"].value
    assert tariff["date"].value


def test_every_fact_is_in_the_sources_with_confidence(values):
    listed = {row["fact"].value: row for row in rows_of(values["Sources"]) if row["fact"].value}
    inputs = {row["input"].value for row in rows_of(values["Inputs"]) if row["kind"].value not in (None, "asked")}
    assert inputs <= set(listed)
    assert all(listed[name]["confidence"].value for name in inputs)
    assert listed["h200.memory.hbm.bandwidth"]["address"].value.startswith("https://")


def test_what_is_held_says_why(values):
    text = " ".join(str(cell.value) for row in values["Held fixed"].iter_rows() for cell in row if cell.value)
    for part in ("deployment", "capacity batch", "seed", "inputs ", "event kernel", "input tokens"):
        assert part in text


def test_numbers_have_formats_and_sheets_print_on_one_page_wide(book):
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.fitToWidth in (None, 1)  # 1 where the file says nothing
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
    money = next(row["blended $/Mtok"] for row in rows_of(book["Answer"], 4))
    assert money.number_format == "0.0000"
    assert {"General"} != {cell.number_format for cell in formulas(book)}


def test_package_is_whole(path):
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        workbook = package.read("xl/workbook.xml").decode()
    assert 'fullCalcOnLoad="1"' in workbook
    assert len(re.findall(r"<definedName", workbook)) > 60


def test_text_that_starts_like_a_formula_stays_text(tmp_path):
    with writing(tmp_path / "a.xlsx") as book:
        sheet = book.sheet("One", (20,), ())
        for row, text in enumerate(("=1+1", "+cmd|'/c calc'!A1", "-2 dollars", "@SUM(A1)", "https://example.org")):
            book.text(sheet, row + 1, 0, text)
    made = openpyxl.load_workbook(tmp_path / "a.xlsx")["One"]
    for row, text in enumerate(("=1+1", "+cmd|'/c calc'!A1", "-2 dollars", "@SUM(A1)", "https://example.org")):
        cell = made.cell(row + 2, 1)
        assert cell.value == text
        assert cell.data_type == "s"
        assert cell.quotePrefix or not text.startswith(("=", "+", "-", "@"))


def test_a_formula_that_no_sheet_takes_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with pytest.raises(InputError, match="characters"), writing(path) as book:
        book.live(book.sheet("One", (20,), ()), 1, 0, "=" + "1+" * LONGEST + "1", 1.0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"\.xlsx"), writing(tmp_path / "a.csv"):
        pass


def test_edited_inputs_move_the_costs_as_they_move_python(path, answer, tmp_path):
    edited = tmp_path / "edited.xlsx"
    book = openpyxl.load_workbook(path)
    changed = 0
    for row in rows_of(book["Inputs"]):
        if row["input"].value in FACTORS:
            row["value"].value *= FACTORS[row["input"].value]
            changed += 1
    assert changed == len(FACTORS)
    book.save(edited)
    values = openpyxl.load_workbook(recalculated(edited, tmp_path), data_only=True)
    found, wanted = blended_of(values), in_python(answer)
    for name, cost in wanted.items():
        assert found[name] == pytest.approx(cost, rel=1e-9), name
    before = {item.system.name: blended(item) * 1e6 for item in answer.by_status("ranked")}
    assert all(abs(found[name] / before[name] - 1.0) > 0.01 for name in wanted)
    stated = next(rows_of(values["Scenarios"]))  # its first column follows the inputs too
    assert stated["as stated"].value == pytest.approx(found[answer.by_status("ranked")[0].system.name], rel=1e-9)


def moved(facts):
    known = {key: FACTORS[name] for key in facts if (name := f"{facts.owner}.{key}") in FACTORS}
    return facts.with_values({key: factor * facts.number(key) for key, factor in known.items()})


def in_python(answer):
    """Blended cost in USD/Mtok of each plan by the functions themselves, on floats, with the facts changed."""
    question, costs = answer.question, {}
    traffic = replace(question.traffic, rate=question.traffic.rate * FACTORS["load"])
    site = replace(question.site, facts=moved(question.site.facts))
    for item in answer.by_status("ranked"):
        plan, d = item.plan, item.plan.deployment
        chip = replace(d.system.chip, facts=moved(d.system.chip.facts))
        system = replace(d.system, chip=chip, facts=moved(d.system.facts))
        own = replace(d, system=system, paired=None if d.paired is None else replace(d.paired, system=system))
        batches, mean = operating(plan)
        _, _, bill = computed(own, replace(question, site=site), traffic, batches, mean, plan.served.limit)
        costs[item.system.name] = float(bill.cost["bottleneck_seconds"].blended) * 1e6
    return costs


def test_units_of_inputs_convert_to_si(values):
    for row in rows_of(values["Inputs"]):
        if row["input"].value and row["unit"].value in UNITS:
            unit = row["unit"].value
            assert from_si(row["in SI"].value, unit) == pytest.approx(row["value"].value, rel=1e-12)
