"""--set on every verb that asks about a system: facts of the system, its chip, the site and the engine."""

import json

import pytest

from lcot.cli import run

LOAD = ["--synthetic", "poisson:rate=20,input=500,output=50,count=200"]
VERBS = {
    "compare": ["compare", "llama-3.1-8b", "--system", "dgx-h100", "--draws", "0", "--finalists", "0"],
    "bill": ["bill", "dgx-h100", "llama-3.1-8b"],
    "sensitivity": ["sensitivity", "llama-3.1-8b", "--system", "dgx-h100", "--points", "8"],
    "simulate": ["simulate", "dgx-h100", "llama-3.1-8b", *LOAD],
    "size": ["size", "dgx-h100", "llama-3.1-8b", *LOAD, "--slo", "speed=20"],
    "api": ["compare", "llama-3.1-8b", "--system", "dgx-h100", "--basis", "api"],
}
COST = {
    "compare": lambda a: a["systems"][0]["usd_per_mtok"]["blended"],
    "bill": lambda a: a["follows"]["level_price"],
    "sensitivity": lambda a: a["tornado"][0]["cost"],
    "simulate": lambda a: a["usd_per_mtok"]["blended"],
    "size": lambda a: a["usd_per_mtok"]["blended"],
    "api": lambda a: a["serving"][0]["at_scale"],
}


def cost(capsys, verb, *settings):
    run([*VERBS[verb], *(word for one in settings for word in ("--set", one)), "--json"])
    return COST[verb](json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_facts_of_a_system_and_a_site(capsys, verb):
    plain = cost(capsys, verb)
    assert cost(capsys, verb, "dgx-h100.price=100 kUSD server") < plain
    assert cost(capsys, verb, "us-colocation.electricity.price=0.5 USD/kWh") > plain


@pytest.mark.parametrize("verb", ["compare", "simulate"])
def test_facts_of_a_chip_and_an_engine(capsys, verb):
    plain = cost(capsys, verb)
    assert cost(capsys, verb, "h100-sxm.memory.hbm.bandwidth=1 TB/s") > plain
    assert cost(capsys, verb, "vllm.gemm.memory=0.2") > plain


def test_facts_of_what_is_bought_beside(capsys):
    rack = ["lpx-rack.price=5 MUSD rack", "lpx-rack.power.max=130 kW"]

    def level(*more):
        asked = ["bill", "lpx-rack", "llama-3.3-70b", "--available-by", "2027-01-31", "--json"]
        run([*asked, *(word for one in (*rack, *more) for word in ("--set", one))])
        return json.loads(capsys.readouterr().out)["levels"][0]["capital"] * 256

    assert level("vr200-nvl72.price=1 MUSD rack") < level() - 6e6


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_unknown_owners_are_refused(capsys, verb):
    with pytest.raises(SystemExit) as end:
        run([*VERBS[verb], "--set", "dgx-h10.price=100 kUSD"])
    assert end.value.code == 2
    assert "dgx-h100" in capsys.readouterr().err
