"""The bill from the command line: its parts add up, its years have its value, its sources are named."""

import json

import pytest

from lcot.cli import run

ASKED = ["bill", "dgx-h100", "llama-3.3-70b", "--input", "1000", "--output", "500", "--speed", "50"]


def bill(capsys, *more):
    run([*ASKED, *more, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("more", [["--rate", "20"], [], ["--basis", "rent"], ["--site", "us-owned"]])
def test_parts_add_up(capsys, more):
    a = bill(capsys, *more)
    total = sum(line["usd_per_year"] for line in a["lines"])
    chip, system, site = a["levels"]
    assert site["usd_per_year"] == pytest.approx(total)
    for key in ("capital", "usd_per_hour", "site_power", "mtok_per_day"):
        assert chip[key] * 8 * a["deployment"]["systems"] == pytest.approx(site[key])
        assert system[key] * a["deployment"]["systems"] == pytest.approx(site[key])
    assert sum(line["usd_per_chip_hour"] for line in a["lines"]) == pytest.approx(chip["usd_per_hour"])
    blended = a["usd_per_mtok"]["bottleneck_seconds"]["blended"]
    assert sum(line["usd_per_mtok"] for line in a["lines"]) == pytest.approx(blended)
    assert total == pytest.approx(blended * site["mtok_per_day"] * 365)
    assert all(row["source"] for row in a["facts"])
    assert all(line["rests_on"] for line in a["lines"])


def test_years_sell_for_what_they_cost(capsys):
    a = bill(capsys, "--set", "us-colocation.growth.software=20 %/year")
    years = a["by_year"]
    assert years["present_value_sales"] == pytest.approx(years["present_value_paid"], rel=1e-9)
    assert years["mtok"][2] == pytest.approx(1.2 * years["mtok"][1])
    assert years["purchases"]["accelerator"][0] == pytest.approx(a["deployment"]["systems"] * 240e3)
    assert a["follows"]["first_year_price"] > a["follows"]["level_price"] > a["follows"]["marginal_cost"] > 0


def test_renting_at_that_rent_costs_the_same(capsys):
    own = bill(capsys)
    rent = own["follows"]["rent_that_costs_the_same"]
    rented = bill(capsys, "--basis", "rent", "--set", f"dgx-h100.rent.on_demand={rent!r} USD/h")
    assert rented["follows"]["level_price"] == pytest.approx(own["follows"]["level_price"], rel=1e-6)
    assert rented["levels"][2]["capital"] == 0.0


def test_lives_that_are_no_whole_years_are_said(capsys):
    a = bill(capsys, "--set", "us-colocation.life.accelerator=4.5 year")
    assert "whole number of years" in a["by_year"]["why_not"]


def test_it_is_readable(capsys):
    run([*ASKED, "--rate", "20"])
    out = capsys.readouterr().out
    for words in ("a chip and hour", "accelerator", "per system", "Short-run marginal cost", "reserved $", "$ by year"):
        assert words in out
    assert "dgx-h100.price" in out
    assert "Export limit on dgx-h100: licence" in out
    run([*ASKED, "--no-sources"])
    assert "dgx-h100.price" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bill", "dgx-h100", "llama-3.3-70b", "--system", "hgx-h200"], "comes first"),
        (["bill", "dgx-h100", "llama-3.3-70b", "--basis", "api"], "no system"),
        (["bill", "mi300x-8", "llama-3.3-70b"], "mi300x-8.price"),
        (["bill", "dgx-h10", "llama-3.3-70b"], "dgx-h100"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err
