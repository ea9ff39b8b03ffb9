"""The measured points that ship with the package."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from lcot.errors import ParseError
from lcot.validation.measured import measured_rows, read_measured
from lcot.validation.recordings import COLUMNS


def test_every_point_has_a_value_a_unit_and_a_place() -> None:
    rows = measured_rows()
    assert len(rows) > 300
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert list(row) == COLUMNS
        assert float(row["value"]) > 0
        assert row["unit"]
        assert row["source_title"]
        assert row["source_url_or_repo_path"]
        assert row["quality"] in ("A", "B")


def test_points_cover_families_and_metrics() -> None:
    rows = measured_rows()
    assert len({row["family"] for row in rows}) >= 20
    assert {row["metric"] for row in rows} >= {"ttft_ms", "tpot_ms", "output_tok_s_total", "watts_system"}


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="LCOT_EVIDENCE is not set")
def test_shipped_points_are_the_evidence_to_the_letter() -> None:
    folder = Path(os.environ["LCOT_EVIDENCE"]) / "measurements"
    evidence: dict[str, dict[str, str]] = {}
    for name in ("calibration.csv", "serving_runs.csv"):
        with (folder / name).open(newline="") as lines:
            evidence |= {row["id"]: row for row in csv.DictReader(lines)}
    for row in measured_rows():
        assert row == evidence[row["id"]]


def test_a_short_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "points.yaml"
    file.write_text("source: {title: t, places: [p]}\ncolumns: [id, value]\nrows:\n  - [a]\n")
    with pytest.raises(ParseError, match="row 0 has 1 cells"):
        read_measured(file)


def test_an_unknown_column_is_named(tmp_path: Path) -> None:
    file = tmp_path / "points.yaml"
    file.write_text("source: {title: t, places: [p]}\ncolumns: [id, gpus]\nrows: []\n")
    with pytest.raises(ParseError, match="gpus"):
        read_measured(file)
