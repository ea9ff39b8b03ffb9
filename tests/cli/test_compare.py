"""The command: what it prints, what it writes, how it refuses."""

import json

import pytest

from lcot.cli import run

SYSTEMS = ["--system", "hgx-h200", "--system", "mi355x-8", "--system", "mi300x-8"]
ASKED = ["compare", "llama-3.3-70b", "--input", "1000", "--output", "500", "--draws", "16", *SYSTEMS]


def refused(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        run(list(arguments))
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err


def test_json_keeps_its_contract(capsys):
    run([*ASKED, "--speed", "50", "--rate", "20", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lcot.compare/1"
    assert answer["verdict"]
    assert {s["system"] for s in answer["systems"]} == {"hgx-h200", "mi355x-8", "mi300x-8"}
    keys = {
        "system", "name", "family", "status", "reason", "deployment", "precision", "speculative",
        "tokens_per_second_per_user", "tokens_per_second_per_chip", "time_to_first_token", "time_per_output_token",
        "utilisation", "power", "usd_per_mtok", "probability_cheapest", "break_even_price", "confidence",
        "availability",
    }  # fmt: skip
    for system in answer["systems"]:
        assert keys <= set(system)
    ranked = [s for s in answer["systems"] if s["status"] == "ranked"]
    for s in ranked:
        cost = s["usd_per_mtok"]
        assert cost["blended"] == pytest.approx((1000 * cost["input"] + 500 * cost["output"]) / 1500, rel=1e-9)
    (unpriced,) = [s for s in answer["systems"] if s["status"] == "unpriced"]
    assert "mi300x-8.price" in unpriced["reason"]
    assert unpriced["tokens_per_second_per_user"] > 50


def test_table_and_front_are_printed(capsys):
    run([*ASKED, "--speed", "50", "--rate", "20"])
    out = capsys.readouterr().out
    for part in ("is the cheapest for llama-3.3-70b", "P10-P90", "tokens/s per user", "Cost basis: own", "Newest fact"):
        assert part in out


def test_files_are_written(tmp_path, capsys):
    svg, html = tmp_path / "front.svg", tmp_path / "answer.html"
    run([*ASKED, "--speed", "50", "--rate", "20", "--svg", str(svg), "--html", str(html)])
    drawn = svg.read_text()
    assert drawn.startswith("<svg")
    for part in ("1000 tokens in and 500 out", "own", "Colocation in the United States", "facts of 20"):
        assert part in drawn
    text = html.read_text()
    assert "<script src" not in text
    assert "hgx-h200" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answer.html", "front.svg"]


def test_a_fact_can_be_set(capsys):
    run([*ASKED, "--rate", "20", "--set", "mi300x-8.price=200 kUSD", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert {s["system"]: s["status"] for s in answer["systems"]}["mi300x-8"] == "ranked"


def test_why_not(capsys):
    run([*ASKED, "--speed", "50", "--rate", "20", "--why-not", "hgx-h200"])
    out = capsys.readouterr().out
    assert "times" in out
    assert "tp1" in out  # a layout that does not fit, with its reason


def test_tokens_per_day_is_a_rate(capsys):
    run([*ASKED, "--tokens-per-day", str(86400 * 1500), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["question"]["requests_per_second"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "llama-3.3-70"], "llama-3.3-70b"),
        (["compare", "llama-3.3-70b", "--system", "hgx-h20O"], "hgx-h200"),
        (["compare", "llama-3.3-70b", "--rate", "-1"], "--rate"),
        (["compare", "llama-3.3-70b", "--rate", "nan"], "--rate"),
        (["compare", "llama-3.3-70b", "--input", "many"], "--input"),
        (["compare", "llama-3.3-70b", "--ttft", "2 parsecs"], "duration"),
        (["compare", "llama-3.3-70b", "--basis", "ownn"], "own"),
        (["compare", "llama-3.3-70b", "--precision", "fp7"], "fp"),
        (["compare", "llama-3.3-70b", "--available-by", "soon"], "2027-01-31"),
        (["compare", "llama-3.3-70b", "--rate", "1", "--tokens-per-day", "5"], "give one"),
        (
            ["compare", "llama-3.3-70b", "--set", "h200.memory.hbm.bandwidht=5 TB/s", "--system", "hgx-h200"],
            "bandwidth",
        ),
        (["compare", "/no/such/config.json"], "config.json"),
        (["compar", "llama-3.3-70b"], "compare"),
        (["compare", "llama-3.3-70b", "--spede", "3"], "--speed"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    assert words in refused(capsys, *arguments)


def test_errors_are_json_too(capsys):
    with pytest.raises(SystemExit):
        run(["compare", "llama-3.3-70", "--json"])
    error = json.loads(capsys.readouterr().out)
    assert error["schema"] == "lcot.error/1"
    assert error["error"]["kind"] == "UnknownName"
