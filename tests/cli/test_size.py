"""`lcot size`: what it says, what adds up, how it refuses."""

import json

import pytest

from lcot.cli import run
from lcot.facts import catalog
from tests.cli.test_compare import refused

LOAD = "poisson:rate=40,input=1000,output=200,count=1500"
ASKED = ["size", "hgx-h200", "llama-3.3-70b", "--synthetic", LOAD]


def answered(capsys, *arguments: str) -> dict:
    run([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_a_fleet_adds_up(capsys):
    a = answered(capsys, *ASKED, "--slo", "ttft=1s,speed=30", "--tp", "8")
    assert a["schema"] == "lcot.size/1"
    assert a["feasible"]
    assert a["chips"] == 8 * a["copies"]
    assert a["systems"] == a["copies"]  # eight chips each
    assert a["spares"] == -(-a["systems"] // 20)
    assert a["rate_with_headroom"] == pytest.approx(1.2 * a["rate"])
    assert a["served"]["within_target"] >= 0.95
    assert a["site_power"] > a["power"]
    up = catalog.site("us-colocation").facts.number("availability")
    tokens = up * a["rate"] * 1200 * 365 * 86400
    assert a["usd_per_mtok"]["blended"] == pytest.approx(a["cost_per_year"] / tokens * 1e6, rel=1e-6)
    assert a["limit"]


def test_more_margin_is_never_a_smaller_fleet(capsys):
    copies = [
        answered(capsys, *ASKED, "--slo", "ttft=1s,speed=30", "--tp", "8", "--headroom", h)["copies"] for h in "01"
    ]
    assert copies[0] < copies[1]
    bare = answered(capsys, *ASKED, "--slo", "ttft=1s,speed=30", "--tp", "8", "--spares", "0")
    assert bare["spares"] == 0


def test_without_a_width_the_cheapest_that_holds(capsys):
    run([*ASKED, "--slo", "speed=30"])
    out = capsys.readouterr().out
    assert "copies of llama-3.3-70b" in out
    assert "MW from the grid" in out
    assert "$/Mtok" in out


def test_nothing_meets_it_and_what_would(capsys):
    run([*ASKED, "--slo", "ttft=5ms,speed=30", "--tp", "8"])
    out = capsys.readouterr().out
    assert out.startswith("Nothing on hgx-h200 serves llama-3.3-70b")
    assert "needs a time to first token of" in out
    a = answered(capsys, *ASKED, "--slo", "speed=5000")
    assert not a["feasible"]
    assert a["limit"] == "speed"
    assert "tokens/s a user alone" in a["rejected"][0]["reason"]


def test_unpriced_is_said(capsys):
    a = answered(capsys, "size", "mi300x-8", "llama-3.3-70b", "--synthetic", LOAD, "--slo", "speed=30", "--tp", "8")
    assert a["usd_per_mtok"] is None
    assert "mi300x-8.price" in a["unpriced"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*ASKED], "--slo"),
        ([*ASKED, "--slo", "speed=fast"], "--slo speed"),
        ([*ASKED, "--slo", "tpot=3"], "ttft"),
        ([*ASKED, "--slo", "speed=30", "--headroom", "-1"], "headroom"),
        ([*ASKED, "--slo", "speed=30", "--attainment", "2"], "attainment"),
        ([*ASKED, "--slo", "speed=30", "--tp", "-8"], "--tp"),
        ([*ASKED, "--slo", "speed=30", "--basis", "api"], "own"),
        ([*ASKED, "--slo", "speed=30", "--site", "us-colo"], "us-colocation"),
        (["size", "hgx-h20O", "llama-3.3-70b", "--synthetic", LOAD, "--slo", "speed=30"], "hgx-h200"),
        (["size", "hgx-h200", "llama-3.3-70b", "--slo", "speed=30"], "one load"),
        (["size", "hgx-h200", "llama-3.3-70b", "--trace", "/no/such.csv", "--slo", "speed=30"], "/no/such.csv"),
        (["size", "hgx-h200", "llama-3.3-70b", "--synthetic", "closed:users=4", "--slo", "speed=30"], "open loop"),
        (["size", "hgx-h200", "llama-3.3-70b", "--synthetic", "poison:rate=4", "--slo", "speed=30"], "poisson"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    assert words in refused(capsys, *arguments)
