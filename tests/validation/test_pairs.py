"""Measured runs as points of the front."""

import pytest

from lcot.validation.pairs import _run, runs_of
from lcot.validation.points import conditions_of

ROW = {"system": "H100 SXM 80GB", "n_devices": "2", "model": "meta-llama/Llama-3.1-8B-Instruct", "input_len": "512",
       "output_len": "128", "scenario": "closed_loop", "concurrency_or_batch": "10"}  # fmt: skip


def run(**metrics: str):
    rows = conditions_of([ROW | {"metric": name, "value": value} for name, value in metrics.items()])
    return _run({row.metric: row for row in rows})


def test_speed_and_throughput_of_one_run_by_hand() -> None:
    # 20 ms a token are 50 tokens/s a user; 400 tokens/s on 2 devices are 200 a device, 10 users at 50 are 250
    found = run(tpot_ms="20", output_tok_s_total="400")
    assert found is not None
    assert (found.speed, found.throughput) == (pytest.approx(50.0), pytest.approx(200.0))
    alone = run(tpot_ms="20")
    assert alone is not None
    assert alone.throughput == pytest.approx(250.0)
    assert run(output_tok_s_total="400") is None


def test_shipped_runs_of_a_model() -> None:
    found = runs_of("deepseek-v3")
    assert {one.system for one in found} >= {"dgx-b200", "hgx-h200"}
    assert all(one.speed > 0 and one.throughput > 0 and one.source for one in found)
