"""`lcot simulate`: what it prints and writes, how it refuses."""

import json

import polars as pl
import pytest

from lcot.cli import run
from tests.cli.test_compare import refused

LOAD = "poisson:rate=5,input=1000,output=200,count=300"
ASKED = ["simulate", "hgx-h200", "llama-3.3-70b", "--tp", "8", "--synthetic", LOAD]


def answered(capsys, *arguments: str) -> dict:
    run([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_json_keeps_its_contract(capsys):
    a = answered(capsys, *ASKED, "--slo", "ttft=1s,speed=20")
    assert a["schema"] == "lcot.simulate/1"
    assert a["requests"] == a["finished"] == 300
    assert a["deployment"]["layout"] == "tp8"
    for key in ("time_to_first_token", "inter_token_latency", "time_per_output_token", "end_to_end"):
        assert 0 < a[key]["p50"] <= a[key]["p90"] <= a[key]["p95"] <= a[key]["p99"]
    assert a["goodput"] == pytest.approx(a["rate"] * a["within_target"])
    assert 0 < a["utilisation"] <= 1
    assert a["power"] > 0
    cost = a["usd_per_mtok"]
    assert cost["output"] > cost["input"] > 0
    assert cost["blended"] == pytest.approx((1000 * cost["input"] + 200 * cost["output"]) / 1200, rel=1e-6)


def test_a_reader_sees_latencies_goodput_and_cost(capsys):
    run(ASKED)
    out = capsys.readouterr().out
    for part in ("time to first token", "P99", "goodput", "utilisation", "kW", "$/Mtok", "300 finished"):
        assert part in out


def test_rows_tell_of_every_request(tmp_path, capsys):
    path = tmp_path / "rows.parquet"
    run([*ASKED, "--rows", str(path)])
    rows = pl.read_parquet(path)
    assert rows.columns == [
        "request", "replica", "arrival", "input_tokens", "cached_tokens", "output_tokens", "first_token", "finish",
        "status", "reason",
    ]  # fmt: skip
    assert rows["request"].to_list() == list(range(300))
    assert (rows["finish"] >= rows["first_token"]).all()
    assert (rows["first_token"] > rows["arrival"]).all()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.parquet"]


def test_a_trace_is_replayed_and_bad_rows_are_named_or_left_out(tmp_path, capsys):
    good = tmp_path / "trace.csv"
    good.write_text("arrival,input_tokens,output_tokens\n0,100,10\n1.5,200,20\n2,300,5\n")
    a = answered(capsys, "simulate", "hgx-h200", "llama-3.3-70b", "--tp", "8", "--trace", str(good))
    assert (a["requests"], a["finished"]) == (3, 3)
    bad = tmp_path / "bad.csv"
    bad.write_text("arrival,input_tokens,output_tokens\n0,100,10\n1.5,many,20\n2,300,5\n")
    asked = ["simulate", "hgx-h200", "llama-3.3-70b", "--tp", "8", "--trace", str(bad)]
    assert "bad.csv:3" in refused(capsys, *asked)
    a = answered(capsys, *asked, "--skip-bad")
    assert (a["requests"], a["left_out"]) == (2, 1)


def test_requests_over_the_context_keep_their_row(tmp_path, capsys):
    trace, path = tmp_path / "trace.csv", tmp_path / "rows.parquet"
    trace.write_text("arrival,input_tokens,output_tokens\n0,100,10\n1,900000,20\n")
    run(["simulate", "hgx-h200", "llama-3.3-70b", "--tp", "8", "--trace", str(trace), "--rows", str(path)])
    rows = pl.read_parquet(path)
    assert rows["status"].to_list() == ["finished", "rejected"]
    assert rows["reason"][1]
    assert rows["first_token"][1] is None


def test_faster_arrivals_and_more_copies(capsys):
    base = answered(capsys, *ASKED)
    fast = answered(capsys, *ASKED, "--rate-scale", "4")
    assert fast["time_to_first_token"]["mean"] > base["time_to_first_token"]["mean"]
    more = answered(capsys, *ASKED, "--rate-scale", "4", "--replicas", "2")
    assert more["copies"] == more["systems"] == 2
    assert more["time_per_output_token"]["mean"] < fast["time_per_output_token"]["mean"]


def test_without_a_width_it_is_what_compare_picks(capsys):
    a = answered(capsys, "simulate", "hgx-h200", "llama-3.3-70b", "--synthetic", LOAD, "--slo", "speed=50")
    b = answered(
        capsys, *("compare", "llama-3.3-70b", "--system", "hgx-h200", "--input", "1000", "--output", "200"),
        *("--speed", "50", "--draws", "0"),
    )  # fmt: skip
    own, other = a["deployment"]["layout"], a["deployment"]["prefill_layout"]
    picked = b["systems"][0]["deployment"]
    assert other
    assert picked["layout"] == f"{own}, prompts on {other}"
    assert (a["copies"], a["prefill_copies"]) == (picked["copies"], picked["prefill"]["copies"])
    assert 0 < a["prefill_utilisation"] < 1
    twice = answered(
        capsys, "simulate", "hgx-h200", "llama-3.3-70b", "--synthetic", LOAD, "--slo", "speed=50", "--replicas",
        str(2 * a["copies"]),
    )  # fmt: skip
    assert (twice["copies"], twice["prefill_copies"]) == (2 * a["copies"], 2 * a["prefill_copies"])


def test_agents_find_their_prefixes_again(capsys):
    spec = "agents:rate=0.2,sessions=10,turns=4,first=4000,added=500,output=100,think=2,shared=1000"
    asked = ["simulate", "hgx-h200", "llama-3.3-70b", "--tp", "8", "--synthetic", spec]
    assert answered(capsys, *asked)["cached_rate"] > 0
    assert answered(capsys, *asked, "--no-prefix-cache")["cached_rate"] == 0


def test_unpriced_is_said(capsys):
    a = answered(capsys, "simulate", "mi300x-8", "llama-3.3-70b", "--tp", "8", "--synthetic", LOAD)
    assert a["usd_per_mtok"] is None
    assert "mi300x-8.price" in a["unpriced"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "hgx-h200", "llama-3.3-70b"], "one load"),
        ([*ASKED, "--trace", "x.csv"], "one load"),
        ([*ASKED, "--rate-scale", "0"], "--rate-scale"),
        ([*ASKED, "--replicas", "-1"], "--replicas"),
        ([*ASKED, "--policy", "vlm"], "vllm"),
        ([*ASKED, "--engine", "vlm"], "vllm"),
        ([*ASKED, "--routing", "random"], "round_robin"),
        ([*ASKED, "--slo", "ttft=two"], "--slo ttft"),
        ([*ASKED, "--slo", "latency=2s"], "ttft"),
        ([*ASKED, "--weights", "fp7"], "fp"),
        (["simulate", "hgx-h20O", "llama-3.3-70b", "--synthetic", LOAD], "hgx-h200"),
        (["simulate", "hgx-h200", "llama-3.3-70", "--synthetic", LOAD], "llama-3.3-70b"),
        (["simulate", "hgx-h200", "llama-3.3-70b", "--tp", "1", "--synthetic", LOAD], "needs"),
        (["simulate", "hgx-h200", "llama-3.3-70b", "--trace", "/no/such.csv"], "/no/such.csv"),
        (["simulate", "hgx-h200", "llama-3.3-70b", "--synthetic", "poisson:rat=5"], "rate"),
        (["simulate", "hgx-h200", "llama-3.3-70b", "--synthetic", "poisson:rate=-5"], "rate"),
        (["simulate", "hgx-h200", "llama-3.3-70b", "--synthetic", "poisson:rate=nan"], "rate"),
        (["simulate", "hgx-h200", "llama-3.3-70b", "--synthetic", "closed:users=0"], "users"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    assert words in refused(capsys, *arguments)
