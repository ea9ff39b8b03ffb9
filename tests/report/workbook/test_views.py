"""Workbooks of single views: rows with sources, live where a number follows from others."""

import json

import openpyxl
import pytest

from lcot.cli import run
from lcot.report.workbook.views import SHEETS, Live, known, number, write
from tests.report.workbook.recalculation import recalculated


def rows_of(sheet):
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def asked(capsys, *words):
    run([*words, "--json"])
    return json.loads(capsys.readouterr().out)


def test_text_stays_text_and_live_numbers_follow_when_a_cell_is_changed(tmp_path):
    row = {"name": "=1+1", "a [x]": 2.0, "b": 3.0, "product": Live("={a [x]}*{b}", 6.0)}
    write(tmp_path / "view.xlsx", "A view", ["-asked"], {"Rows": [row]})
    book = openpyxl.load_workbook(tmp_path / "view.xlsx")
    assert book["View"]["A2"].value == "-asked"
    assert book["View"]["A2"].data_type == "s"
    assert book["Rows"]["A4"].data_type == "s"
    assert book["Rows"]["D4"].value == "=B4*C4"
    book["Rows"]["B4"].value = 5.0
    book.save(tmp_path / "changed.xlsx")
    again = openpyxl.load_workbook(recalculated(tmp_path / "changed.xlsx", tmp_path), data_only=True)
    assert again["Rows"]["D4"].value == pytest.approx(15.0)


def test_a_tornado_has_its_facts_in_their_units_with_sources(tmp_path):
    one = {"owner": "hgx-h200", "key": "price", "low": 250e3, "high": 400e3, "cost": 2e-7, "cost_at_low": 1.8e-7}
    found = {"system": "hgx-h200", "tornado": [{**one, "cost_at_high": 2.5e-7}]}
    SHEETS["tornado"](tmp_path / "t.xlsx", found, ["lcot sensitivity"])
    row = rows_of(openpyxl.load_workbook(tmp_path / "t.xlsx", data_only=True)["Facts"])[0]
    card = next(fact for fact in known("hgx-h200") if fact["fact"] == "hgx-h200.price")
    assert row["stated"] == card["value"]
    assert row["change at high"] == pytest.approx(0.25)
    assert row["source"]
    assert known("model") == []


def test_load_compares_with_the_lightest(tmp_path):
    rows = [{"rate": r, "statistic": s, "time": r * f} for r in (1.0, 4.0) for s, f in (("P50", 1.0), ("P99", 3.0))]
    SHEETS["load"](tmp_path / "l.xlsx", {"rows": rows, "run": {"rate": 4.0, "times": {"p50": 1.0}}}, [])
    book = openpyxl.load_workbook(recalculated(tmp_path / "l.xlsx", tmp_path), data_only=True)
    assert [row["P99 over lightest"] for row in rows_of(book["Load"])] == pytest.approx([1.0, 4.0])
    assert rows_of(book["Run"])[1] == {"result": "times.p50", "value": 1.0}


def test_accuracy_works_out_its_errors(tmp_path):
    columns = ("family", "system", "model", "metric", "unit", "engine", "parallelism", "concurrency_or_batch")
    columns += ("input_len", "output_len", "date", "source_title", "source_url_or_repo_path")
    points = {id: dict.fromkeys(columns, id) for id in ("a", "b")}
    rows = [
        {"id": id, "value": "100", "predicted": made, "low": "", "high": "120"}
        for id, made in (("a", "110"), ("b", "60"))
    ]
    SHEETS["accuracy"](tmp_path / "a.xlsx", {"points": points, "rows": rows}, [])
    book = openpyxl.load_workbook(recalculated(tmp_path / "a.xlsx", tmp_path), data_only=True)
    assert [row["error"] for row in rows_of(book["Points"])] == pytest.approx([0.1, -0.4])
    assert [row["value"] for row in rows_of(book["Summary"])] == pytest.approx([0.25, 0.5])
    assert number("x") == "x"


def test_a_valuation_is_live_down_to_its_terms(tmp_path, capsys):
    found = asked(capsys, "value", "nvidia", "--draws", "16", "--market-cap", "5e12")
    SHEETS["value"](tmp_path / "v.xlsx", found, ["lcot value nvidia"])
    book = openpyxl.load_workbook(recalculated(tmp_path / "v.xlsx", tmp_path), data_only=True)
    worth = {row[0].value: row[1].value for row in book["Answer"].iter_rows(min_row=3) if row[0].value}
    assert worth["equity"] == pytest.approx(found["chain"]["equity"]["stated"] / 1e9, rel=1e-9)  # billion USD
    assert rows_of(book["Needed"])[0]["lever"] == "share"


def test_claims_carry_sources_and_what_turns_them(tmp_path):
    source = {"title": "A filing", "url": "https://example.com"}
    turn = {"fact": "price", "from": 1.0, "to": 2.0, "unit": "USD", "effect": "the claim holds", "note": ""}
    claim = {"id": "C1", "claim": "+5 % a year", "verdict": "holds", "probability": 0.5, "reading": "", "tests": []}
    claim |= {"record": {"text": "so", "sources": [source]}, "assumptions": ["one"], "flips_when": [turn]}
    SHEETS["claims"](tmp_path / "c.xlsx", {"claims": [claim]}, [])
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    assert rows_of(book["Claims"])[0]["sources"] == "A filing"
    assert book["Claims"]["B4"].data_type == "s"
    assert rows_of(book["What turns them"])[0]["to"] == 2.0
