"""The refit on record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.validation.calibrate import Calibration, calibrate
from lcot.validation.measured import measured_rows
from lcot.validation.points import conditions_of
from lcot.validation.record import as_record, committed_record, differences


@pytest.fixture(scope="module")
def found() -> Calibration:
    rows = [row for row in measured_rows() if row["source_title"].startswith("LLM-Inference-Bench")]
    conditions = [row for row in conditions_of(rows) if row.engine == "vllm" and row.family == "NVIDIA H100"]
    return calibrate(conditions, ("host.step", "gemm.memory"), runs_per_cluster=1)


def test_a_refit_confirms_its_own_record(found: Calibration) -> None:
    record = as_record(found)
    assert differences(found, record) == []
    assert set(record["errors"]) == {"source", "system", "model"}
    assert all(0 <= entry["identified"] <= 1 for entry in record["constants"].values())


def test_a_refit_that_moves_is_told_by_name(found: Calibration) -> None:
    record = as_record(found)
    shifted = found.fit.shift + np.array([2.0 * found.parameters[0].spread, *[0.0] * (len(found.parameters) - 1)])
    moved = replace(found, fit=replace(found.fit, shift=shifted))
    name = f"{found.parameters[0].owner}.{found.parameters[0].key}"
    assert [line for line in differences(moved, record) if name in line and "+2.0" in line]


def test_other_rows_other_constants_and_larger_errors_are_told(found: Calibration) -> None:
    record = as_record(found)
    assert "others than those" in differences(replace(found, data="x"), record)[0]
    assert "mean error" in differences(replace(found, fitted=found.fitted * 2), record)[-1]
    name, entry = next(iter(record["constants"].items()))
    fewer = {**record, "constants": {"old.key": entry}}
    lines = differences(found, fewer)
    assert f"{name} is not on record" in lines
    assert "old.key is on record only" in lines


def test_the_record_that_ships_holds_every_kind_of_engine() -> None:
    record = committed_record()
    owners = {name.split(".")[0] for name in record["constants"]}
    assert {"vllm", "sglang", "trtllm", "llama-cpp"} <= owners
    assert 0 < record["error"] < 0.3
    assert all(1.0 <= value < 2.0 for value in record["errors"].values())
