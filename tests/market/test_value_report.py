"""`lcot value`: what it says, what adds up, how it refuses."""

import json

import pytest

from lcot.cli import run
from lcot.market.companies import company
from lcot.report.charts.value import bridge, reverse
from lcot.report.render import svg
from lcot.report.value_rows import bridge_rows, chart_of, reverse_rows
from lcot.units import YEAR
from tests.cli.test_compare import refused


def answered(capsys, *arguments):
    run(["value", *arguments, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def cerebras():
    from lcot.market.value_worth import worth
    from lcot.report.value import as_dict

    return as_dict(worth(company("cerebras"), draws=64), 100e9)


def test_cerebras_at_a_hundred_billion(cerebras):
    a = cerebras
    assert a["schema"] == "lcot.value/1"
    assert a["asked"]["per_share"]["diluted"] == pytest.approx(327.9, abs=0.5)
    row = next(r for r in a["definitions"] if r["market"] == "deloitte_2028")
    assert row["revenue_needed_mid"] / 1e9 == pytest.approx(20.1, abs=0.05)
    fact = company("cerebras").facts["price.capacity"]
    gigawatts = [row["revenue_needed_mid"] / (end * YEAR) / 1e9 for end in (fact.high, fact.low)]
    assert gigawatts == pytest.approx([1.8, 2.3], abs=0.05)
    assert a["last_price"]["equity"] == pytest.approx(234.71 * 305e6)
    assert row["share_needed_mid"] == pytest.approx(0.075, abs=0.001)
    share = next(n for n in a["asked"]["needs"] if n["lever"] == "share")
    assert share["inference_revenue"] == pytest.approx(share["needed"] * a["terms"]["market"]["stated"])
    assert share["power"] == share["volume"]
    assert 0 <= a["asked"]["probability"] <= 1
    assert a["tokens"]["price"] > a["tokens"]["cost"] > 0


def test_the_charts_show_the_answer(cerebras):
    rows = bridge_rows(cerebras)
    assert rows[0]["value"] + sum(r["value"] for r in rows[1:4]) == pytest.approx(rows[4]["value"])
    assert sum(r["value"] for r in rows[5:8]) == pytest.approx(rows[8]["value"])
    points, marks = reverse_rows(cerebras)
    shares = [p["share"] for p in points]
    assert shares == sorted(shares)
    assert marks[0]["equity"] == 100e9
    for spec in (bridge(rows, title="t"), reverse(points, marks=marks, title="t"), chart_of(cerebras)):
        drawn = svg(spec)
        assert drawn.startswith("<svg")
        assert "NaN" not in drawn


def test_text_says_it_is_no_advice_once(capsys):
    run(["value", "cerebras", "--market-cap", "100e9", "--draws", "32"])
    out = capsys.readouterr().out
    assert out.startswith("For $100B")
    assert "basic" in out
    assert "diluted" in out
    assert out.count("not advice") == 1


def test_a_price_counts_all_diluted_shares(capsys):
    a = answered(capsys, "cerebras", "--price", "311.07", "--draws", "0")
    assert a["asked"]["equity"] == pytest.approx(311.07 * 305e6)
    assert a["asked"]["probability"] is None


def test_a_lab_at_a_cost_of_its_tokens(capsys):
    cheap, dear = (
        answered(capsys, "frontier-lab", "--draws", "0", "--cost-per-mtok", c)["chain"] for c in ("0.2", "0.5")
    )
    assert cheap["gross_margin"]["stated"] == pytest.approx(1 - 0.2 / 0.7)
    assert cheap["equity"]["stated"] > dear["equity"]["stated"]


def test_a_fact_of_ones_own(capsys):
    a = answered(capsys, "cerebras", "--draws", "0", "--set", "discount=15 %/year", "--share", "0.1")
    assert a["terms"]["discount"]["stated"] == pytest.approx(0.15)
    assert a["terms"]["share"]["stated"] == 0.1
    assert next(f for f in a["facts"] if f["key"] == "discount")["kind"] == "user"


def test_the_deal(capsys):
    run(["value", "deal", "openai-cerebras-750mw", "--json", "--draws", "32", "--mix", "gpt-oss-120b=1"])
    a = json.loads(capsys.readouterr().out)
    assert a["schema"] == "lcot.deal/1"
    assert a["implied"]["stated"]["per_watt"] == pytest.approx(26.7, abs=0.05)
    assert a["implied"]["high"]["gross_margin_by_life"]["5"] == pytest.approx(0.428, abs=0.001)
    rate = a["delivered"][0]["tokens_per_second"]
    hour = a["implied"]["stated"]["per_system_hour"]
    assert a["implied"]["stated"]["usd_per_mtok"] == pytest.approx(hour / 3600 / 0.45 / rate * 1e6)
    run(["value", "deals"])
    assert "openai-cerebras-750mw" in capsys.readouterr().out
    run(["value", "deal", "anthropic-google-broadcom"])
    assert "not on record" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["value", "cerebas"], "cerebras"),
        (["value", "cerebras", "--market-cap", "-5"], "--market-cap"),
        (["value", "cerebras", "--market-cap", "1e9", "--price", "3"], "give one"),
        (["value", "cerebras", "--market", "deloite_2028"], "deloitte_2028"),
        (["value", "cerebras", "--share", "1.5"], "--share"),
        (["value", "cerebras", "--cost-per-mtok", "1"], "tokens"),
        (["value", "cerebras", "--set", "multipel=3"], "multiple"),
        (["value", "cerebras", "--set", "discount=3 USD"], "%/year"),
        (["value", "frontier-lab", "--price", "30"], "shares.diluted"),
        (["value", "cerebras", "--draws", "-1"], "--draws"),
        (["value", "deal", "openai-cerebra"], "openai-cerebras"),
        (["value", "deal", "openai-cerebras", "--mix", "gpt-oss-120b"], "MODEL=SHARE"),
        (["value", "deal", "openai-cerebras", "--mix", "gpt-oss-120b=0.4"], "add up"),
        (["value", "deal", "openai-cerebras", "--utilisation", "2"], "--utilisation"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    assert words in refused(capsys, *arguments)
