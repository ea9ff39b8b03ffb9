"""Traces as they come, and what is wrong with them."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
import zstandard

from lcot.errors import ParseError
from lcot.serving.trace_formats import Skipped
from lcot.serving.traces import read_trace, stream_trace

AZURE = """TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:15:51.2224670,879,55
"""


def written(path, text):
    path.write_text(text)
    return path


def test_azure(tmp_path):
    trace = read_trace(written(tmp_path / "a.csv", AZURE))
    np.testing.assert_allclose(trace.arrival, [0.0, 4.314579, 4.541877], atol=1e-6)
    assert trace.input_tokens.tolist() == [374, 396, 879]
    assert trace.output_tokens.tolist() == [44, 109, 55]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed(tmp_path, suffix):
    data = gzip.compress(AZURE.encode()) if suffix == ".gz" else zstandard.compress(AZURE.encode())
    (tmp_path / f"a.csv{suffix}").write_bytes(data)
    assert read_trace(tmp_path / f"a.csv{suffix}").output_tokens.tolist() == [44, 109, 55]


def test_mooncake(tmp_path):
    lines = [
        {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 48]},
        {"timestamp": 30535, "input_length": 6472, "output_length": 26, "hash_ids": [46, 47]},
    ]
    trace = read_trace(written(tmp_path / "m.jsonl", "\n".join(json.dumps(line) for line in lines)))
    np.testing.assert_allclose(trace.arrival, [0.0, 3.053])
    assert trace.hashes.tolist() == [46, 47, 48, 46, 47]
    assert trace.hash_start.tolist() == [0, 3, 5]
    assert trace.hash_block == 512


def session(start, scope="local"):
    turns = [
        {"t": 0.0, "in": 130, "out": 5, "hash_ids": [1, 2], "think_time": 0.0},
        {"t": 9.0, "in": 200, "out": 6, "hash_ids": [1, 2, 3], "think_time": 4.0},
    ]
    return json.dumps({"id": start, "block_size": 64, "hash_id_scope": scope, "requests": turns})


def test_sessions(tmp_path):
    for name in "ab":
        written(tmp_path / f"{name}.json", session(name))
    trace = read_trace(tmp_path)
    assert trace.successor.tolist() == [1, -1, 3, -1]
    assert trace.think.tolist() == [4.0, 0.0, 4.0, 0.0]
    assert trace.session.tolist() == [0, 0, 1, 1]
    first, second = set(trace.hashes[:5].tolist()), set(trace.hashes[5:].tolist())
    assert not first & second  # ids are local to a session
    with pytest.raises(ParseError, match="read whole"):
        next(stream_trace(tmp_path / "a.json"))


def test_vllm_log(tmp_path):
    log = {"request_throughput": 1.0, "start_times": [5.0, 6.5], "input_lens": [10, 20], "output_lens": [3, 4]}
    trace = read_trace(written(tmp_path / "v.json", json.dumps(log)))
    assert trace.arrival.tolist() == [0.0, 1.5]
    assert trace.input_tokens.tolist() == [10, 20]
    with pytest.raises(ParseError, match="start_times"):
        read_trace(written(tmp_path / "w.json", json.dumps({"request_throughput": 1.0, "input_lens": [1]})))


def test_aiperf_log(tmp_path):
    line = {
        "metadata": {"request_start_ns": 2_500_000_000},
        "metrics": {"input_sequence_length": {"value": 12, "unit": "tokens"}, "output_sequence_length": {"value": 7}},
    }
    trace = read_trace(written(tmp_path / "p.jsonl", json.dumps(line) + "\n"))
    assert (trace.input_tokens[0], trace.output_tokens[0]) == (12, 7)


def test_guidellm_log(tmp_path):
    one = {"start_time": 100.0, "prompt_tokens": 11, "output_tokens": 3}
    report = {"benchmarks": [{"requests": {"successful": [one, dict(one, start_time=101.0)], "errored": []}}]}
    assert read_trace(written(tmp_path / "g.json", json.dumps(report))).arrival.tolist() == [0.0, 1.0]


def test_malformed_row_says_where_and_why(tmp_path):
    path = written(tmp_path / "a.csv", AZURE + "2023-11-16 18:15:52.0,12\n2023-11-16 18:15:53.0,0,4\n")
    with pytest.raises(ParseError, match=r"a\.csv:5.*2 cells where the header has 3"):
        read_trace(path)
    left_out = Skipped()
    assert len(read_trace(path, skip_bad=True, skipped=left_out)) == 3
    assert left_out.count == 2
    assert "0 input" in left_out.reasons[1]


@pytest.mark.parametrize(("text", "why"), [("", "not a trace"), ("a,b\n1,2\n", "not a trace"), ("{}", "not a trace")])
def test_what_is_no_trace_is_refused(tmp_path, text, why):
    with pytest.raises(ParseError, match=why):
        read_trace(written(tmp_path / "x", text))


def test_missing_and_empty_files_are_refused(tmp_path):
    with pytest.raises(ParseError, match="no such file"):
        read_trace(tmp_path / "nowhere.csv")
    with pytest.raises(ParseError, match="no requests"):
        read_trace(written(tmp_path / "e.csv", AZURE.split("\n")[0] + "\n"))


def test_streamed_in_parts_is_the_same(tmp_path):
    path = written(
        tmp_path / "r.csv", "arrival,input_tokens,output_tokens\n" + "".join(f"{i},{i + 1},2\n" for i in range(50))
    )
    parts = list(stream_trace(path, chunk=7))
    assert [len(part) for part in parts] == [7] * 7 + [1]
    np.testing.assert_array_equal(np.concatenate([part.arrival for part in parts]), read_trace(path).arrival)
    back = written(tmp_path / "b.csv", "arrival,input_tokens,output_tokens\n5,1,1\n1,1,1\n")
    assert read_trace(back).arrival.tolist() == [0.0, 4.0]
    with pytest.raises(ParseError, match="back in time"):
        list(stream_trace(back, chunk=1))


EVIDENCE = os.environ.get("LCOT_EVIDENCE")


@pytest.mark.skipif(not EVIDENCE, reason="LCOT_EVIDENCE is not set")
@pytest.mark.parametrize(
    ("name", "rows", "mean_input", "mean_output"),
    [
        ("AzureLLMInferenceTrace_code.csv", 8819, 2047.8, 27.9),
        ("AzureLLMInferenceTrace_conv.csv", 19366, 1154.7, 211.1),
        ("mooncake_conversation_trace.jsonl", 12031, 12035.1, 342.6),
    ],
)
def test_published_traces_have_their_published_statistics(name, rows, mean_input, mean_output):
    trace = read_trace(Path(EVIDENCE) / "traces" / name)
    assert len(trace) == rows
    assert np.mean(trace.input_tokens) == pytest.approx(mean_input, abs=0.05)
    assert np.mean(trace.output_tokens) == pytest.approx(mean_output, abs=0.05)
