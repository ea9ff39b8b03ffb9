"""Claims: the record, rules worked by hand, changes that were run, and the contract of the command."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from lcot.cli import run
from lcot.errors import InputError, UnknownName
from lcot.market.claims import VERDICTS, claim, claim_ids, with_record_flips
from lcot.market.claims_model import NAMED, TESTED, chance, tokens_multiple, with_draws, with_market
from lcot.market.claims_reading import reading
from lcot.market.claims_record import RULES, holds
from lcot.market.companies import company
from lcot.market.value_market import beside, seen
from lcot.market.value_worth import worth
from tests.cli.test_compare import refused

IDS = [f"C{n}" for n in range(1, 13)]
VERDICT = {
    "C1": "differs", "C2": "partly", "C3": "differs", "C4": "partly", "C5": "differs", "C6": "partly", "C7": "confirm",
    "C8": "partly", "C9": "confirm", "C10": "partly", "C11": "differs", "C12": "opinion",
}  # fmt: skip


def test_all_twelve_in_order():
    assert claim_ids() == IDS
    assert {one: claim(one).verdict for one in IDS} == VERDICT
    assert set(VERDICT.values()) == set(VERDICTS)


@pytest.mark.parametrize("name", IDS)
def test_the_verdict_agrees_with_the_rule(name):
    one = claim(name)
    if name in RULES:
        assert holds(one) == (one.verdict == "confirm")
    else:
        assert holds(one) is None
    assert one.assumptions


@pytest.mark.parametrize("name", RULES)
def test_each_change_was_run_and_turned_the_claim(name):
    one = with_record_flips(claim(name))
    assert one.flips
    rule = RULES[name][0]
    for flip in one.flips:
        fact = one.facts[flip.key]
        value = flip.after if isinstance(flip.after, str) else flip.after / flip.before * fact.value
        assert (rule(one.facts.with_values({flip.key: value})) >= 0) == flip.holds_after == (not flip.holds_before)


def test_the_turns_by_hand():
    flips = {(name, f.key): f.after for name in ("C1", "C3", "C6", "C9") for f in with_record_flips(claim(name)).flips}
    assert flips["C1", "price.first_close"] == pytest.approx(98e9 / 305e6, rel=0.005)
    assert flips["C3", "consensus"] == pytest.approx(91, rel=0.005)
    assert flips["C6", "tokens.disclosed"] == pytest.approx(5, rel=0.005)
    assert flips["C9", "market"] == pytest.approx(20 * 1.12**2 / (0.15 * 25 * 0.25), rel=0.005)  # 26.8 bn


def test_the_cohort_was_eight_per_cent():
    facts = claim("C8").facts
    every = sum(facts.number(f"compute.{one}") for one in ("nvidia", "amd", "huawei", "amazon", "google"))
    assert (facts.number("compute.amd") + facts.number("compute.huawei")) / every == pytest.approx(0.079, abs=0.001)
    assert 1 - facts.number("compute.nvidia") / every == pytest.approx(0.35, abs=0.01)


def test_fifteen_per_cent_is_tens_of_billions_in_nearly_every_draw():
    one = with_draws(claim("C9"), 256, 2026)
    assert one.probability > 0.98
    assert one.chances[0].low < one.chances[0].mid < one.chances[0].high
    assert with_draws(claim("C9"), 256, 2026).chances == one.chances
    assert with_draws(claim("C1"), 256, 2026).probability is None


def outlook():
    """Two vendors and NVIDIA, three years, four draws."""
    additions = np.zeros((1, 3, 3, 4))
    additions[0, :, 1] = [[60.0] * 4, [30.0] * 4, [10.0] * 4]
    compute = np.zeros((3, 3, 4))
    compute[:, 1] = [[120.0] * 4, [30.0] * 4, [10.0] * 4]
    training = np.zeros((3, 3, 4))
    training[0, 1] = 60.0  # half of NVIDIA's chips train
    return reading(SimpleNamespace(
        scenario=SimpleNamespace(id="made up"),
        years=(2026, 2028, 2030),
        vendors=("nvidia", "google", "amd"),
        tokens=np.array([[[1.0] * 4, [5.0] * 4, [12.0, 24.0, 30.0, 48.0]]]),
        additions=additions,
        training_additions=training,
        compute_additions=compute,
        inference_share=lambda: np.array([[0.5] * 4, [0.55, 0.6, 0.7, 0.8], [0.9] * 4]),
        inference_spending=1e9 * additions[0],
        spending=1e9 * (additions[0] + training),
        power=1e6 * additions,
    ))  # fmt: skip


def test_what_a_run_of_the_market_says():
    o = outlook()
    assert tokens_multiple(o).tolist() == [12, 24, 30, 48]
    assert o.compute_share[2, 1].tolist() == pytest.approx([0.1] * 4)  # 60 + 30 + 10 for inference
    assert o.rows(NAMED) == [2]
    assert with_market(claim("C6"), o).probability == 0.75
    assert with_market(claim("C7"), o).probability == 0.75
    named, every = with_market(claim("C8"), o).chances
    assert (named.probability, every.probability) == (0.0, 1.0)
    assert every.mid == pytest.approx(0.4)
    assert with_market(claim("C2"), o).probability is None


def test_a_company_in_a_run_of_the_market():
    o = outlook()
    amd = company("amd")
    market, share = seen(amd, o, 2028, 1.0)
    assert market.tolist() == [100e9] * 4
    assert share.tolist() == pytest.approx([0.1] * 4)
    w = worth(amd, outlook=o)
    assert w.market == "scenario made up"
    assert w.stated.inference_revenue == pytest.approx(10e9)
    assert w.drawn.equity.shape == (4,)
    assert w.stated.revenue == pytest.approx(10e9 + amd.facts.number("revenue.outside"))  # its chips do not train
    nvidia = company("nvidia")
    assert beside(nvidia, o, 2028, nvidia.facts) == pytest.approx(60e9 + nvidia.facts.number("revenue.outside"))
    lab = worth(company("openai"), outlook=o)
    assert lab.terms.market == pytest.approx(27 * 365 * 86400 * 0.70e-6)  # median of 12, 24, 30 and 48 tokens/s
    with pytest.raises(InputError, match="cerebras"):
        worth(company("cerebras"), outlook=o)


def test_chance_counts_the_threshold_itself():
    c = chance("x", np.array([1.0, 2.0, 3.0, 4.0]), 2.0)
    assert c.probability == 0.75
    assert c.draws == 4


def answered(capsys, *arguments):
    run(["claims", *arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_json_keeps_its_contract(capsys):
    a = answered(capsys, "--record-only")
    assert a["schema"] == "lcot.claims/1"
    assert [c["id"] for c in a["claims"]] == IDS
    for c in a["claims"]:
        assert {"id", "claim", "record", "verdict", "probability", "assumptions", "flips_when"} <= set(c)
        assert c["record"]["text"]
        assert c["record"]["sources"]
        assert c["verdict"] in VERDICTS
        if c["id"] not in TESTED:
            assert c["probability"] is None
        for flip in c["flips_when"]:
            assert flip["to"] is not None
            assert flip["effect"]
    assert json.dumps(a).count("not advice") == 1


def test_text_has_the_record_before_the_verdict_and_the_advice_once(capsys):
    run(["claims", "C1", "c5", "--record-only"])
    out = capsys.readouterr().out
    assert out.index("Record:") < out.index("Verdict:")
    assert out.count("not advice") == 1


def test_bad_input_is_refused_in_words(capsys):
    assert "C12" in refused(capsys, "claims", "C13")
    assert "--draws" in refused(capsys, "claims", "--draws", "0")
    assert "C11" in refused(capsys, "claims", "C1", "--record-only", "--svg", "x.svg")
    with pytest.raises(UnknownName):
        claim("C99")
