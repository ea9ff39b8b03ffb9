"""The committed ranges and the recipes behind the rows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lcot.validation.calibrate import data_hash
from lcot.validation.intervals import Spread
from lcot.validation.measured import measured_rows
from lcot.validation.points import conditions_of, read_points
from lcot.validation.spreads import FIRST, Spreads, committed_spreads, engine_kind, kind_of, path_of


def test_every_shipped_row_has_a_fitted_group() -> None:
    spreads = committed_spreads()
    assert spreads.groups
    for row in conditions_of(measured_rows()):
        spread = spreads.around(row)
        assert spread.low < 0 < spread.high
        assert spreads.widening(row) == 1.0
        assert spreads.around(replace(row, source="another")).high > spreads.between


def test_what_was_never_measured_has_a_wider_range() -> None:
    row = replace(conditions_of(measured_rows())[0], system="a", model="b")
    factors = {"system": 1.3, "model": 1.5}
    groups = {(): Spread(-0.3, 0.6, 9)}
    known = Spreads(groups, frozenset({"a"}), frozenset({"b"}), frozenset({row.source}), factors, 0.8)
    assert known.around(row) == groups[()]
    other = replace(row, source="c")
    assert known.around(other).high == pytest.approx(1.0)  # sqrt(0.6^2 + 0.8^2)
    assert known.around(other).low == pytest.approx(-(0.73**0.5))
    assert known.around(replace(other, model="c")).high == pytest.approx(1.5)
    assert known.around(replace(other, model="c", system="c")).high == pytest.approx(1.5 * 1.3)
    assert Spreads().around(row) == FIRST
    assert all(factor >= 1.0 for factor in committed_spreads().factors.values())


def test_the_group_of_a_row_does_not_hang_on_how_it_names_its_family() -> None:
    row = conditions_of(measured_rows())[0]
    assert path_of(replace(row, family="")) == path_of(row)
    assert engine_kind(replace(row, family="", system="cs-3")) == "other chips"
    assert [kind_of(m) for m in ("tpot_ms", "input_tok_s_total", "ttft_ms")] == ["time", "throughput", "first token"]


def test_users_in_a_queue_are_a_group_of_their_own() -> None:
    row = replace(conditions_of(measured_rows())[0], metric="ttft_ms", scenario="closed_loop", concurrency=8.0)
    assert path_of(row)[2] == "closed_loop light"
    assert path_of(replace(row, concurrency=512.0))[2] == "closed_loop heavy"


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="LCOT_EVIDENCE is not set")
def test_ranges_name_the_data_behind_them() -> None:
    folder = Path(os.environ["LCOT_EVIDENCE"]) / "measurements"
    rows = [row for name in ("calibration.csv", "serving_runs.csv") for row in read_points(folder / name)]
    text = (Path(__file__).parents[2] / "src" / "lcot" / "validation" / "fitted.yaml").read_text()
    assert data_hash(rows) in text
