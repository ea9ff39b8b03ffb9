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
from lcot.serving import trace_tables
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


# As the tools write them: vLLM 0.19 with --save-result --save-detailed, AIPerf's profile_export.jsonl, GuideLLM 0.4.
VLLM = {
    "date": "20260402-101500", "endpoint_type": "openai", "label": None, "model_id": "meta-llama/Llama-3.1-8B-Instruct",
    "tokenizer_id": "meta-llama/Llama-3.1-8B-Instruct", "num_prompts": 3, "request_rate": 2.0, "burstiness": 1.0,
    "max_concurrency": None, "duration": 4.2, "completed": 2, "failed": 1, "total_input_tokens": 30,
    "total_output_tokens": 7, "request_throughput": 0.48, "input_lens": [10, 20, 30], "output_lens": [3, 4, 0],
    "ttfts": [0.05, 0.06, 0.0], "itls": [[0.01, 0.01], [0.01, 0.01, 0.01], []], "start_times": [905.0, 906.5, 907.0],
    "generated_texts": ["a", "b", ""], "errors": ["", "", "Traceback\nTimeoutError: too late"],
}  # fmt: skip


def aiperf(start: int, inputs: int, outputs: int | None) -> dict[str, object]:
    measured = {"input_sequence_length": {"value": inputs, "unit": "tokens"}} if outputs else {}
    if outputs:
        measured |= {
            "time_to_first_token": {"value": 255.9, "unit": "ms"},
            "output_sequence_length": {"value": outputs, "unit": "tokens"},
            "inter_chunk_latency": {"value": [4.9, 5.3], "unit": "ms"},
        }
    error = None if outputs else {"code": 499, "type": "RequestCancellationError", "message": "cancelled"}
    about = {
        "session_num": 45, "x_request_id": "7609", "conversation_id": "77aa", "turn_index": 0,
        "request_start_ns": start, "request_ack_ns": start + 10**8, "request_end_ns": start + 10**9,
        "worker_id": "worker_359d", "benchmark_phase": "profiling", "was_cancelled": outputs is None,
    }  # fmt: skip
    return {"metadata": about, "metrics": measured, "error": error}


def guidellm(start: float, inputs: int, outputs: int) -> dict[str, object]:
    timings = {"targeted_start": start - 0.1, "request_start": start, "request_end": start + 2.0}
    return {
        "type_": "generative_request_stats", "request_id": "a1", "output": "text",
        "info": {"request_id": "a1", "status": "completed", "timings": timings},
        "input_metrics": {"text_tokens": inputs}, "output_metrics": {"text_tokens": outputs},
        "request_start_time": start, "request_end_time": start + 2.0, "request_latency": 2.0,
        "prompt_tokens": inputs, "output_tokens": outputs, "time_to_first_token_ms": 80.0,
    }  # fmt: skip


FILLER = {"args": {"target": "http://localhost:8000", "data": ["x" * 6000]}}
REPORT = {
    "metadata": {"version": 1, "guidellm_version": "0.4.0"},
    **FILLER,
    "benchmarks": [
        {"requests": {"successful": [guidellm(1e9 + 0.5, 20, 4), guidellm(1e9, 10, 3)], "errored": [], "total": []}}
    ],
}
LOGS = {
    "vllm.json": json.dumps(dict(VLLM, errors=["", "", ""], output_lens=[3, 4, 5])),
    "vllm-indented.json": json.dumps(dict(VLLM, errors=["", "", ""], output_lens=[3, 4, 5]), indent=2),
    "aiperf.jsonl": "".join(
        json.dumps(aiperf(int((905 + t) * 1e9), i, o)) + "\n" for t, i, o in ((0, 10, 3), (1.5, 20, 4), (2, 30, 5))
    ),
    "guidellm.json": json.dumps(REPORT),
}


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("name", LOGS)
def test_logs_of_benchmarks(tmp_path, name, suffix):
    data = LOGS[name].encode()
    path = tmp_path / (name + suffix)
    path.write_bytes({"": data, ".gz": gzip.compress(data), ".zst": zstandard.compress(data)}[suffix])
    trace = read_trace(path)
    expected = [0.0, 0.5] if name.startswith("guidellm") else [0.0, 1.5, 2.0]
    np.testing.assert_allclose(trace.arrival, expected, atol=1e-6)
    assert trace.input_tokens.tolist() == [10, 20, 30][: len(expected)]
    assert trace.output_tokens.tolist() == [3, 4, 5][: len(expected)]
    assert sum(len(part) for part in stream_trace(written(tmp_path / name, LOGS[name]), chunk=100)) == len(expected)


def test_failed_requests_are_said_and_left_out(tmp_path):
    failed = "".join(json.dumps(aiperf(10**9 * t, 10, o)) + "\n" for t, o in ((1, 3), (2, None), (3, 4)))
    for path, why in (
        (written(tmp_path / "v.json", json.dumps(VLLM)), r"v\.json:3.*failed: TimeoutError: too late"),
        (written(tmp_path / "p.jsonl", failed), r"p\.jsonl:2.*failed: RequestCancellationError"),
    ):
        with pytest.raises(ParseError, match=why):
            read_trace(path)
        left_out = Skipped()
        assert len(read_trace(path, skip_bad=True, skipped=left_out)) == 2
        assert left_out.count == 1


def test_incomplete_logs_are_refused(tmp_path):
    with pytest.raises(ParseError, match="save-detailed"):
        read_trace(written(tmp_path / "w.json", json.dumps({"request_throughput": 1.0, "input_lens": [1]})))
    with pytest.raises(ParseError, match="different lengths"):
        read_trace(written(tmp_path / "w.json", json.dumps(dict(VLLM, input_lens=[1]))))
    old = {"start_time": 100.0, "prompt_tokens": 11, "output_tokens": 3}  # GuideLLM before 0.3
    report = {"benchmarks": [{"requests": {"successful": [old, dict(old, start_time=101.0)], "errored": []}}]}
    assert read_trace(written(tmp_path / "g.json", json.dumps(report))).arrival.tolist() == [0.0, 1.0]


# Rows of tables: right, and wrong in each way that a row can be.
ODD = ["7,5", "7,5,6,7", "x,5,6", "nan,5,6", "7,0,6", "7,5,6.5", "7,,6", "\xff,5,6"]


@pytest.mark.parametrize("azure", [False, True])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_blocks_and_rows_agree(tmp_path, monkeypatch, azure, ending):
    """A table read by columns, by rows, and in blocks of any size is the same table."""
    draw = np.random.default_rng(3)
    arrival = np.cumsum(draw.exponential(1.0, 400))
    stamps = [str(np.datetime64("2023-11-16T18:00:00") + np.timedelta64(int(t * 1e6), "us")) for t in arrival]
    times = (
        [one.replace("T", " ") + ("0" if azure else "") for one in stamps]
        if azure
        else [repr(float(t)) for t in arrival]
    )
    rows = [
        f"{t},{i},{o}" for t, i, o in zip(times, draw.integers(1, 9999, 400), draw.integers(1, 999, 400), strict=True)
    ]
    header = "TIMESTAMP,ContextTokens,GeneratedTokens" if azure else "arrival,input_tokens,output_tokens"
    path = written(tmp_path / "t.csv", ending.join(["\ufeff" + header, "", *rows]))
    slow = read_trace(path)
    for few, block in ((0, 1 << 22), (0, 1000), (1 << 20, 77), (0, 1)):
        monkeypatch.setattr(trace_tables, "FEW", few)
        monkeypatch.setattr(trace_tables, "BLOCK", block)
        fast = read_trace(path)
        np.testing.assert_array_equal(fast.arrival, slow.arrival)
        np.testing.assert_array_equal(fast.input_tokens, slow.input_tokens)
        np.testing.assert_array_equal(fast.output_tokens, slow.output_tokens)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("block", [1 << 22, 1000])
def test_an_odd_row_in_a_block_is_named(tmp_path, monkeypatch, odd, block):
    monkeypatch.setattr(trace_tables, "FEW", 0)
    monkeypatch.setattr(trace_tables, "BLOCK", block)
    rows = [f"{i},{i + 1},2" for i in range(300)]
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(["arrival,input_tokens,output_tokens", *rows[:200], odd, *rows[200:]]).encode("latin-1"))
    with pytest.raises(ParseError, match=r"t\.csv:202"):
        read_trace(path)
    left_out = Skipped()
    assert read_trace(path, skip_bad=True, skipped=left_out).input_tokens.tolist() == list(range(1, 301))
    assert left_out.count == 1


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_cut_off_is_refused(tmp_path, suffix):
    text = "arrival,input_tokens,output_tokens\n" + "".join(f"{i * 7919 % 977},{i + 1},2\n" for i in range(40_000))
    data = gzip.compress(text.encode()) if suffix == ".gz" else zstandard.compress(text.encode())
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(ParseError, match=r"to its end|not a text file|cells where"):
        read_trace(path)


def test_azure_times_with_a_zone(tmp_path):
    text = (
        AZURE.replace("6805900", "680590+00:00").replace("9951690", "995169+00:00").replace("2224670", "222467+00:00")
    )
    np.testing.assert_allclose(
        read_trace(written(tmp_path / "z.csv", text)).arrival, [0.0, 4.314579, 4.541877], atol=1e-6
    )


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
