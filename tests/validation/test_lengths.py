"""Lengths from the table of benchmarks."""

from lcot.facts.reading import read_yaml
from lcot.validation.lengths import Lengths, fill, rules


def test_what_a_row_states_stays():
    stated = Lengths(100.0, 50.0, 4.0)
    assert fill(stated, "MLPerf llama2-70b-99.9", "offline") == stated


def test_benchmarks():
    found = fill(Lengths(None, 293.2, None), "MLPerf Inference v4.1 results | MLPerf llama2-70b-99.9", "offline")
    assert (found.output, found.origin) == (293.2, "mlperf-llama2-70b")
    found = fill(Lengths(None, None, None), "MLPerf v5.0 llama3.1-405b", "server")
    assert (found.input, found.output) == (9400, 680)
    found = fill(Lengths(None, None, None), "tt-metal tt_transformers/PERF.md", "decode_only")
    assert (found.input, found.output, found.concurrency) == (128, 200, 1)


def test_scenarios_fill_what_they_imply():
    assert fill(Lengths(4096.0, None, 8.0), "", "prefill_only") == Lengths(4096.0, 1, 8.0, "prefill-only")
    assert fill(Lengths(4096.0, None, 8.0), "", "decode_only").output == 128


def test_an_unknown_benchmark_is_taken_as_a_conversation():
    assert fill(Lengths(None, None, 4.0), "a paper", "server") == Lengths(1155, 211, 4.0, "conversation")
    assert fill(Lengths(64.0, None, None), "a paper", "server") == Lengths(64.0, 211, None, "conversation")


def test_every_rule_has_its_source_and_every_estimate_its_range():
    from importlib.resources import files
    from pathlib import Path

    sources = read_yaml(Path(str(files("lcot"))) / "validation" / "lengths.yaml")["sources"]
    assert len({rule["id"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert "match" in rule or "scenario" in rule or rule is rules()[-1]
        if "source" in rule:
            assert sources[rule["source"]]["url"].startswith("https://")
        for key in ("input", "output"):
            if f"{key}_low" in rule:
                assert rule[f"{key}_low"] <= rule[key] <= rule[f"{key}_high"]
        if "input_low" in rule or "output_low" in rule:
            assert rule["kind"] == "estimate"
            assert rule["note"]


def test_notes_may_state_lengths() -> None:
    open_ = Lengths(None, None, 64.0)
    for about, lengths in {
        "InferenceX 8k/1k": (8192.0, 1024.0),
        "ISL/OSL 1024/8192": (1024.0, 8192.0),
        "input/output: 200/2000": (200.0, 2000.0),
    }.items():
        found = fill(open_, about, "closed_loop")
        assert (found.input, found.output, found.origin) == (*lengths, "row")
    assert fill(Lengths(512.0, None, None), "8k/1k", "closed_loop").input == 512.0
    assert fill(open_, "24/7 support", "closed_loop").origin == "conversation"
