"""A streamed run gives the figures of a run in memory, also when it was interrupted."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lcot.serving import long_run
from lcot.serving.long_run import stream_simulation
from lcot.serving.replay import Replay
from lcot.serving.simulation import Ready, prepared, simulate_deployment
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Policy, Target

RULES = Policy(max_sequences=32, max_batched_tokens=1024)


@pytest.fixture(scope="module")
def copy():
    spec = importlib.util.spec_from_file_location("lcot_test_copy", Path(__file__).with_name("test_simulation.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.copy_of()


@pytest.fixture(scope="module")
def ready(copy):
    return Ready(copy, *prepared(copy, RULES))


@pytest.fixture
def trace(tmp_path):
    made = open_loop(12.0, 500, [500, 5000, 100], [101, 50, 20])
    lines = [
        f"{t!r},{i},{o}" for t, i, o in zip(made.arrival.tolist(), made.input_tokens, made.output_tokens, strict=True)
    ]
    path = tmp_path / "trace.csv"
    path.write_text("arrival,input_tokens,output_tokens\n" + "\n".join(lines) + "\n")
    return path, made


def test_streamed_as_in_memory(copy, ready, trace, tmp_path):
    path, made = trace
    target = Target(time_to_first_token=0.5)
    seen = stream_simulation(ready, path, tmp_path / "rows.parquet", target, chunk=64)
    shifted = type(made)(made.arrival - made.arrival[0], made.input_tokens, made.output_tokens)
    whole = simulate_deployment(copy, shifted, RULES, target)
    assert (seen.requests, seen.rejected) == (whole.requests, whole.rejected)
    assert seen.end_to_end.mean == pytest.approx(whole.end_to_end.mean)
    assert seen.first_token.p99 == pytest.approx(whole.first_token.p99, rel=0.03)
    assert seen.goodput == pytest.approx(whole.goodput)
    rows = pl.read_parquet(tmp_path / "rows.parquet").sort("request")
    np.testing.assert_array_equal(rows["finish"].fill_null(float("nan")), whole.outcome.finish)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.parquet", "trace.csv"]


def test_interrupted_run_goes_on(ready, trace, tmp_path):
    path, _ = trace
    whole = stream_simulation(ready, path, tmp_path / "whole.parquet", chunk=64)
    calls = []

    def stop(ended, _):
        calls.append(ended)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream_simulation(ready, path, tmp_path / "rows.parquet", chunk=64, progress=stop)
    assert len(list((tmp_path / "rows.parquet.partial").glob("*.parquet"))) == 3
    again = []
    seen = stream_simulation(
        ready, path, tmp_path / "rows.parquet", chunk=64, progress=lambda ended, _: again.append(ended)
    )
    assert len(again) == 8 - 3  # 500 requests in parts of 64, three of them already done
    assert seen.end_to_end == whole.end_to_end
    assert pl.read_parquet(tmp_path / "rows.parquet").equals(pl.read_parquet(tmp_path / "whole.parquet"))


@pytest.mark.parametrize("after", ["write_parquet", "save", "_note", "rmtree"])
@pytest.mark.parametrize("call", [1, 3])
def test_killed_between_any_two_writes_it_goes_on(ready, trace, tmp_path, monkeypatch, after, call):
    path, _ = trace
    whole = stream_simulation(ready, path, tmp_path / "whole.parquet", chunk=64)
    where = {"write_parquet": long_run, "save": Replay, "_note": long_run, "rmtree": long_run.shutil}[after]
    real, calls = getattr(where, after), []

    def killed(*args, **more):
        calls.append(1)
        if after == "rmtree":
            (args[0] / "000000.parquet").unlink()
            raise KeyboardInterrupt
        real(*args, **more)
        if len(calls) == call:
            raise KeyboardInterrupt

    monkeypatch.setattr(where, after, killed)
    with pytest.raises(KeyboardInterrupt):
        stream_simulation(ready, path, tmp_path / "rows.parquet", chunk=64)
    monkeypatch.undo()
    seen = stream_simulation(ready, path, tmp_path / "rows.parquet", chunk=64)
    assert (seen.requests, seen.end_to_end) == (whole.requests, whole.end_to_end)
    assert pl.read_parquet(tmp_path / "rows.parquet").equals(pl.read_parquet(tmp_path / "whole.parquet"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.parquet", "trace.csv", "whole.parquet"]


@pytest.mark.parametrize("change", ["rules", "copy"])
def test_another_run_starts_anew(copy, ready, trace, tmp_path, change):
    path, _ = trace

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream_simulation(ready, path, tmp_path / "rows.parquet", chunk=64, progress=stop)
    if change == "rules":
        other = Ready(copy, *prepared(copy, Policy(max_sequences=8, max_batched_tokens=1024)))
    else:  # the same rules on a machine twice as fast
        other = Ready(copy, ready.policy, replace(ready.table, decode=ready.table.decode * np.array([1.0, 0.5, 0.5])))
    seen = stream_simulation(other, path, tmp_path / "rows.parquet", chunk=64)
    assert seen.requests == 500
    fresh = stream_simulation(other, path, tmp_path / "fresh.parquet", chunk=64)
    assert seen.end_to_end == fresh.end_to_end
