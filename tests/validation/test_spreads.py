"""The committed ranges and the recipes behind the rows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lcot.validation.calibrate import data_hash
from lcot.validation.measured import measured_rows
from lcot.validation.points import conditions_of, read_points
from lcot.validation.spreads import UNSEEN, committed_spreads, path_of, widening_of


def test_every_shipped_row_has_a_fitted_group() -> None:
    spreads = committed_spreads()
    assert spreads.groups
    for row in conditions_of(measured_rows()):
        spread = spreads.of(path_of(row))
        assert spread.low < 0 < spread.high
        assert widening_of(row) == 1.0


def test_what_was_never_measured_has_a_wider_range() -> None:
    row = conditions_of(measured_rows())[0]
    assert widening_of(replace(row, model="made-up")) == pytest.approx(UNSEEN)
    assert widening_of(replace(row, model="made-up", system="made-up")) == pytest.approx(UNSEEN**2)


def test_users_in_a_queue_are_a_group_of_their_own() -> None:
    row = replace(conditions_of(measured_rows())[0], metric="ttft_ms", scenario="closed_loop", concurrency=8.0)
    assert path_of(row)[-1] == "closed_loop light"
    assert path_of(replace(row, concurrency=512.0))[-1] == "closed_loop heavy"


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="LCOT_EVIDENCE is not set")
def test_ranges_name_the_data_behind_them() -> None:
    folder = Path(os.environ["LCOT_EVIDENCE"]) / "measurements"
    rows = [row for name in ("calibration.csv", "serving_runs.csv") for row in read_points(folder / name)]
    text = (Path(__file__).parents[2] / "src" / "lcot" / "validation" / "fitted.yaml").read_text()
    assert data_hash(rows) in text
