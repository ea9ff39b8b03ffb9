"""Prices of hosts from the command line, beside serving."""

import json

import pytest

from lcot.cli import run

pytest.importorskip("genai_prices")
SYSTEMS = ["--system", "dgx-h100", "--system", "cs-3", "--system", "mi355x-8"]


def test_hosts_are_a_ranking_of_their_own(capsys):
    run(["compare", "llama-3.3-70b", "--basis", "api", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lcot.api/2"
    costs = [offer["usd_per_mtok"]["blended"] for offer in answer["offers"]]
    assert costs == sorted(costs)
    first = answer["offers"][0]["usd_per_mtok"]
    assert first["blended"] == pytest.approx((1000 * first["input"] + 500 * first["output"]) / 1500)


def test_serving_stands_beside_the_hosts(capsys):
    run(["compare", "llama-3.3-70b", "--basis", "api", *SYSTEMS, "--rate", "5", "--json"])
    a = json.loads(capsys.readouterr().out)
    own = {one["system"]: one for one in a["serving"] if one["basis"] == "own"}
    rent = {one["system"]: one for one in a["serving"] if one["basis"] == "rent"}
    assert set(own) == {"dgx-h100", "cs-3", "mi355x-8"}
    assert set(rent) == {"dgx-h100"}  # the others have no rent on demand on record
    assert rent["dgx-h100"]["at_scale"] > own["dgx-h100"]["at_scale"]
    hosts = {row["host"]: row for row in a["offers"]}
    cerebras, price = hosts["cerebras"]["gross_margin"], hosts["cerebras"]["usd_per_mtok"]["blended"]
    assert cerebras["own silicon"] == cerebras["wafer"]
    assert cerebras["wafer"]["margin"] == pytest.approx(1 - own["cs-3"]["at_scale"] / price, rel=1e-9)
    assert cerebras["gpu"]["system"] == min(("dgx-h100", "mi355x-8"), key=lambda id: own[id]["at_scale"])
    assert "own silicon" not in hosts["together"]["gross_margin"]
    assert hosts["cerebras"]["usd_per_year"] == pytest.approx(price * 1500 * 5 * 8760 * 3600 / 1e6)
    assert own["dgx-h100"]["usd_per_year"] < hosts["cerebras"]["usd_per_year"]
    starts = [row["break_even"]["own"]["requests_per_second"] for row in a["offers"] if row["break_even"]["own"]]
    assert starts == sorted(starts, reverse=True)  # the dearer the host, the sooner a fleet pays


def test_a_host_below_the_cost_of_a_full_fleet_is_cheaper_at_any_load(capsys):
    run(["compare", "llama-3.3-70b", "--basis", "api", "--system", "cs-3"])
    out = capsys.readouterr().out
    assert "buying there is cheaper at any load" in out
    assert "never" in out
    assert "implied gross margin" in out
