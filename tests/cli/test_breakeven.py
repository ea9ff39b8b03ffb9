"""Break-even from the command line: against a system, against a host of tokens."""

import json

import pytest

from lcot.cli import run

ASKED = ["--input", "1000", "--output", "500", "--speed", "50", "--rate", "20"]


def flips(capsys, *arguments):
    run(["breakeven", *arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_breakeven_price_flips_the_winner(capsys):
    pair = ["hgx-h200", "llama-3.3-70b", "--against", "mi355x-8"]
    run(["breakeven", *pair, *ASKED, "--json"])
    answer = json.loads(capsys.readouterr().out)
    (flip,) = answer["flips"]
    assert (flip["before"], flip["after"]) == ("hgx-h200", "mi355x-8")
    for price, winner in ((flip["value"] * 0.98, "hgx-h200"), (flip["value"] * 1.02, "mi355x-8")):
        systems = ["--system", "hgx-h200", "--system", "mi355x-8", "--draws", "0", "--finalists", "0"]
        run(["compare", "llama-3.3-70b", *ASKED, *systems, "--set", f"hgx-h200.price={price} USD system", "--json"])
        ranked = [s["system"] for s in json.loads(capsys.readouterr().out)["systems"]]
        assert ranked[0] == winner


def test_settings_reach_both_systems(capsys):
    pair = ["hgx-h200", "llama-3.3-70b", "--against", "mi355x-8", "--low", "1e4", *ASKED]
    (plain,) = flips(capsys, *pair)["flips"]
    (dearer,) = flips(capsys, *pair, "--set", "mi355x-8.price=400000 USD modules")["flips"]
    assert dearer["value"] > 1.5 * plain["value"]


def test_rents_are_by_the_hour(capsys):
    a = flips(capsys, "dgx-h100", "llama-3.3-70b", "--against", "hgx-h200", "--basis", "rent", "--speed", "50")
    (flip,) = a["flips"]
    assert a["unit"] == "USD/h"
    assert 0.5 < flip["value"] < 7.0


def test_a_host_is_cheaper_below_the_load_that_fills_a_fleet(capsys):
    pytest.importorskip("genai_prices")
    a = flips(capsys, "dgx-h100", "llama-3.3-70b", "--against", "api:together", "--vary", "rate", "--high", "20")
    first = a["flips"][0]
    assert (first["before"], first["after"]) == ("api:together", "dgx-h100")
    run(["compare", "llama-3.3-70b", "--basis", "api", "--system", "dgx-h100", "--json"])
    rows = json.loads(capsys.readouterr().out)["offers"]
    together = [r["break_even"]["own"]["requests_per_second"] for r in rows if r["host"] == "together"]
    assert together[0] == pytest.approx(first["value"], rel=0.05)  # there at the energy of a full fleet


def test_no_change_is_said(capsys):
    run(["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "hgx-h20", "--vary", "tariff", *ASKED])
    assert "hgx-h200 is the cheaper over a tariff" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "hgx-h200"], "another one"),
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "mi355x-8", "--vary", "prise"], "price"),
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "api:togeter"], "together"),
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "mi355x-9"], "mi355x-8"),
        (["breakeven", "hgx-h200", "llama-3.3-70b", "--against", "api", "--system", "cs-3"], "comes first"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err
