"""Result files of three benchmark tools, as points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lcot.errors import ParseError
from lcot.validation.recordings import COLUMNS, read_recording, write_rows

MACHINE = {"system": "H100 SXM 80GB", "n_devices": "1", "engine": "vllm 0.12.0", "parallelism": "tp1"}
VLLM = {
    "date": "20260102-030405",
    "backend": "vllm",
    "model_id": "meta-llama/Llama-3.1-8B-Instruct",
    "num_prompts": 100,
    "request_rate": "inf",
    "max_concurrency": 16,
    "completed": 100,
    "total_input_tokens": 100000,
    "total_output_tokens": 50000,
    "output_throughput": 1500.0,
    "total_token_throughput": 4500.0,
    "mean_ttft_ms": 60.5,
    "median_ttft_ms": 55.0,
    "p99_ttft_ms": 140.0,
    "mean_tpot_ms": 9.5,
    "median_tpot_ms": 9.4,
    "p99_tpot_ms": 11.0,
}
AIPERF = {
    "time_to_first_token": {"unit": "ms", "avg": 20.0, "p50": 18.0, "p99": 40.0},
    "inter_token_latency": {"unit": "ms", "avg": 8.0},
    "output_token_throughput": {"unit": "tokens/sec", "avg": 900.0},
    "input_sequence_length": {"avg": 550.0},
    "output_sequence_length": {"avg": 150.0},
    "input_config": {"loadgen": {"concurrency": 1}, "endpoint": {"model_names": ["Qwen/Qwen3-32B"]}},
}
GUIDELLM = {
    "benchmarks": [
        {
            "args": {"strategy": {"type_": "constant", "rate": 2.5}},
            "metrics": {
                "prompt_token_count": {"successful": {"mean": 256.0}},
                "output_token_count": {"successful": {"mean": 128.0}},
                "time_to_first_token_ms": {"successful": {"mean": 40.0, "median": 30.0, "percentiles": {"p99": 70.0}}},
            },
        }
    ]
}


def recorded(folder: Path, content: Any) -> list[dict[str, str]]:
    file = folder / "run.json"
    file.write_text(json.dumps(content))
    return read_recording(file, MACHINE)


def test_vllm_bench_serve(tmp_path: Path) -> None:
    rows = {(row["metric"], row["statistic"]): row for row in recorded(tmp_path, VLLM)}
    assert len(rows) == 8
    row = rows["ttft_ms", "p50"]
    assert float(row["value"]) == 55.0
    assert (row["scenario"], row["concurrency_or_batch"], row["request_rate"]) == ("closed_loop", "16.0", "")
    assert (float(row["input_len"]), float(row["output_len"])) == (1000.0, 500.0)
    assert row["system"] == "H100 SXM 80GB"


def test_aiperf(tmp_path: Path) -> None:
    rows = {(row["metric"], row["statistic"]): row for row in recorded(tmp_path, AIPERF)}
    assert float(rows["tpot_ms", "mean"]["value"]) == 8.0
    assert rows["ttft_ms", "p99"]["scenario"] == "single_stream"
    assert rows["ttft_ms", "p99"]["model"] == "Qwen/Qwen3-32B"


def test_guidellm(tmp_path: Path) -> None:
    rows = {(row["metric"], row["statistic"]): row for row in recorded(tmp_path, GUIDELLM)}
    assert {key: float(row["value"]) for key, row in rows.items()} == {
        ("ttft_ms", "mean"): 40.0,
        ("ttft_ms", "p50"): 30.0,
        ("ttft_ms", "p99"): 70.0,
    }
    assert rows["ttft_ms", "mean"]["scenario"] == "server"
    assert rows["ttft_ms", "mean"]["request_rate"] == "2.5"


def test_rows_are_written_in_the_columns_of_a_points_file(tmp_path: Path) -> None:
    write_rows(recorded(tmp_path, VLLM), tmp_path / "points.csv")
    lines = (tmp_path / "points.csv").read_text().splitlines()
    assert lines[0].split(",") == COLUMNS
    assert len(lines) == 9


@pytest.mark.parametrize(
    ("content", "says"),
    [({"hello": 1}, "of no known kind"), ([1], "not a JSON object"), ({"mean_ttft_ms": None}, "run 0 holds no")],
)
def test_other_files_are_refused_with_what_is_allowed(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        recorded(tmp_path, content)


def test_a_column_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(VLLM))
    with pytest.raises(ParseError, match="gpus"):
        read_recording(tmp_path / "run.json", {"gpus": "8"})
