"""Measurements through `lcot validate` and `lcot calibrate`, from the files that benchmark tools write."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from lcot.cli.calibrate import calibrate
from lcot.cli.validate import validate
from lcot.errors import InputError, ParseError

VLLM = {
    "date": "20260102-030405",
    "backend": "vllm",
    "model_id": "meta-llama/Llama-3.1-8B-Instruct",
    "request_rate": "inf",
    "max_concurrency": 16,
    "completed": 160,
    "total_input_tokens": 160000,
    "total_output_tokens": 32000,
    "output_throughput": 1450.0,
    "total_token_throughput": 8700.0,
    "mean_ttft_ms": 90.5,
    "median_ttft_ms": 85.0,
    "p99_ttft_ms": 240.0,
    "mean_tpot_ms": 9.5,
    "median_tpot_ms": 9.4,
    "p99_tpot_ms": 11.0,
}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(VLLM))
    return file


def test_a_recording_is_predicted(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.csv"
    validate(points=recording, rows=out, system="H100 SXM 80GB", devices=1, layout="tp1", software="vllm 0.12.0")
    assert "8 rows, 100.0% answered" in capsys.readouterr().out
    with out.open() as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    tpot = rows["run-0-tpot_ms-mean"]
    assert tpot["status"] == "predicted"
    assert float(tpot["low"]) < float(tpot["predicted"]) < float(tpot["high"]) < 40
    assert float(tpot["predicted"]) > 4.8  # 16 GB at 3.35 TB/s take 4.8 ms


def test_a_recording_moves_constants(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calibrate(recording, system="H100 SXM 80GB", devices=1, layout="tp1", software="vllm 0.12.0", runs=1)
    said = capsys.readouterr().out
    assert "host.step" in said
    assert "left out" in said


def test_a_recording_without_its_machine_says_what_is_missing(recording: Path) -> None:
    validate(points=recording)  # predicted by nobody, but no failure


def test_a_file_that_is_no_recording(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{}")
    with pytest.raises(ParseError, match="no known kind"):
        validate(points=file)
    with pytest.raises(InputError, match="1 or more"):
        validate(points=file, limit=0)
