"""Sensitivity, break-even and prices of hosts from the command line."""

import json

import pytest

from lcot.cli import run

ASKED = ["--input", "1000", "--output", "500", "--speed", "50", "--rate", "20"]


def test_sensitivity_explains_the_variance(capsys):
    run(["sensitivity", "llama-3.3-70b", "--system", "hgx-h200", "--points", "32", *ASKED, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lcot.sensitivity/1"
    assert answer["system"] == "hgx-h200"
    widths = [bar["width"] for bar in answer["tornado"]]
    assert widths == sorted(widths, reverse=True)
    assert max(share["total"] for share in answer["shares"].values()) > 0.3
    assert answer["twice_as_good"]["price"] < 1


def test_sensitivity_is_readable(capsys):
    run(["sensitivity", "llama-3.3-70b", "--system", "hgx-h200", "--points", "16", *ASKED])
    out = capsys.readouterr().out
    for part in ("hgx-h200", "per million tokens", "at P10", "2x buys"):
        assert part in out


def test_breakeven_price_flips_the_winner(capsys):
    pair = ["hgx-h200", "llama-3.3-70b", "--against", "mi355x-8"]
    run(["breakeven", *pair, *ASKED, "--json"])
    answer = json.loads(capsys.readouterr().out)
    (flip,) = answer["flips"]
    assert (flip["before"], flip["after"]) == ("hgx-h200", "mi355x-8")
    for price, winner in ((flip["value"] * 0.98, "hgx-h200"), (flip["value"] * 1.02, "mi355x-8")):
        systems = ["--system", "hgx-h200", "--system", "mi355x-8", "--draws", "0"]
        run(["compare", "llama-3.3-70b", *ASKED, *systems, "--set", f"hgx-h200.price={price} USD system", "--json"])
        ranked = [s["system"] for s in json.loads(capsys.readouterr().out)["systems"]]
        assert ranked[0] == winner


def test_hosts_are_a_ranking_of_their_own(capsys):
    pytest.importorskip("genai_prices")
    run(["compare", "llama-3.3-70b", "--basis", "api", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lcot.api/1"
    costs = [offer["usd_per_mtok"]["blended"] for offer in answer["offers"]]
    assert costs == sorted(costs)
    first = answer["offers"][0]["usd_per_mtok"]
    assert first["blended"] == pytest.approx((1000 * first["input"] + 500 * first["output"]) / 1500)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "hgx-h200"], "another one"),
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "mi355x-8", "--vary", "prise"], "price"),
        (["sensitivity", "llama-3.3-70b", "--system", "mi300x-8"], "unpriced"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err
