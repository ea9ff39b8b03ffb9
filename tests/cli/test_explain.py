"""`lcot explain`: the tree, its JSON, its page, the difference of two, and how it refuses."""

import json
import re

import openpyxl
import pytest

from lcot.cli import run
from lcot.facts import catalog
from tests.cli.test_compare import refused

ASKED = ["explain", "hgx-h200", "llama-3.3-70b", "--speed", "50", "--rate", "20"]


def printed(capsys, *arguments: str) -> str:
    run(list(arguments))
    return capsys.readouterr().out


def test_tree_is_short_and_goes_down_to_facts(capsys):
    text = printed(capsys, *ASKED)
    tree, _, sources = text.partition("Sources")
    assert tree.startswith("blended: ")
    assert "lines.energy" in tree
    assert "us-colocation.electricity.price" in tree
    assert "[deepseek2025]" in tree
    assert len(tree.splitlines()) < 80
    assert len(printed(capsys, *ASKED, "--depth", "1").splitlines()) < len(text.splitlines())
    assert "confidence" in sources
    assert "h200.memory.hbm.bandwidth" in sources.replace("\n", "")


def test_the_cost_is_that_of_compare(capsys):
    answer = json.loads(printed(capsys, *ASKED, "--json"))
    compared = json.loads(
        printed(capsys, "compare", "llama-3.3-70b", "--system", "hgx-h200", "--speed", "50", "--rate", "20",
                "--finalists", "0", "--draws", "0", "--json")
    )  # fmt: skip
    assert answer["schema"] == "lcot.explain/1"
    assert answer["value"] * 1e6 == pytest.approx(compared["systems"][0]["usd_per_mtok"]["blended"], rel=1e-12)
    nodes = {node["id"]: node for node in answer["nodes"]}
    assert set(nodes[answer["id"]]["inputs"]) <= set(nodes)
    facts = {node["name"] for node in answer["nodes"] if node["kind"] == "fact"}
    assert facts == {fact["fact"] for fact in answer["facts"]}
    assert all(fact["confidence"] in ("low", "medium", "high") for fact in answer["facts"])
    assert all(held["why"] for held in answer["held"])


def test_any_number_of_the_plan(capsys):
    for name, unit in (("site power", "W"), ("time per output token", "s"), ("capacity", "request/s")):
        answer = json.loads(printed(capsys, *ASKED, "--of", name, "--json"))
        assert answer["unit"] == unit
        assert answer["value"] > 0


def test_numbers_are_listed_by_name(capsys):
    text = printed(capsys, *ASKED, "--list")
    assert "paid in year 0" in text
    listed = json.loads(printed(capsys, *ASKED, "--list", "--json"))
    assert listed["schema"] == "lcot.numbers/1"
    assert listed["numbers"][0]["of"] == "blended"
    assert {"first-year price", "energy line", "time to first token"} <= {one["of"] for one in listed["numbers"]}


LOAD = ["explain", "hgx-h200", "llama-3.1-8b", "--synthetic", "poisson:rate=20,input=500,output=100,count=400"]


def test_numbers_of_the_event_kernel_are_held_under_the_bill(capsys):
    for more, verb in (([], "simulate"), (["--slo", "ttft=2s,speed=20"], "size")):
        answer = json.loads(printed(capsys, *LOAD, *more, "--json"))
        assert answer["verb"] == verb
        why = {held["why"] for held in answer["held"] if held["kind"] == "held"}
        assert all("event kernel" in one and "seed" in one and "inputs" in one for one in why)
        assert any(fact["fact"] == "us-colocation.electricity.price" for fact in answer["facts"])


def test_a_company_down_to_its_facts(capsys, tmp_path):
    text = printed(capsys, "explain", "--company", "cerebras", "--depth", "5")
    assert text.startswith("equity: ")
    assert "cerebras.multiple" in text
    assert "[koller2020]" in text
    printed(capsys, "explain", "--company", "cerebras", "--html", str(tmp_path / "c.html"))
    assert "Cerebras" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_rent_rests_on_the_rent(capsys):
    answer = json.loads(printed(capsys, *ASKED, "--basis", "rent", "--json"))
    facts = {fact["fact"] for fact in answer["facts"]}
    assert "hgx-h200.rent.on_demand" in facts | {f.replace("h200.", "hgx-h200.") for f in facts}
    assert "us-colocation.electricity.price" not in facts


def test_a_users_fact_is_shown_as_such(capsys):
    text = printed(capsys, *ASKED, "--set", "us-colocation.electricity.price=0.2 USD/kWh")
    assert re.search(r"electricity\.price\s+0\.2 USD/kWh\s+Set by the user", text)


def test_page_folds_and_needs_nothing(capsys, tmp_path):
    assert printed(capsys, *ASKED, "--html", str(tmp_path / "e.html")) == ""
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert page.count("<details") > 100
    assert "src=" not in page
    assert "capital recovery" in page
    assert catalog.chip("h200").facts["memory.hbm.bandwidth"].sources[0].title in page


def test_two_systems(capsys):
    answer = json.loads(printed(capsys, *ASKED, "--against", "dgx-b200", "--json"))
    assert answer["schema"] == "lcot.difference/1"
    for parts in ("by_line", "by_fact"):
        assert sum(part["dollars"] for part in answer[parts]) == pytest.approx(answer["difference"], rel=1e-9)
    assert answer["sources"]
    text = printed(capsys, *ASKED, "--against", "dgx-b200")
    assert "memory.hbm.bandwidth" in text
    assert "confidence" in text
    across = printed(capsys, *ASKED, "--against", "cs-3")
    assert "families" in across
    assert "memory.hbm.bandwidth / memory.sram.bandwidth" in across


def test_page_of_a_difference(capsys, tmp_path):
    assert printed(capsys, *ASKED, "--against", "cs-3", "--html", str(tmp_path / "d.html")) == ""
    page = (tmp_path / "d.html").read_text(encoding="utf-8")
    assert "hgx-h200 against cs-3" in page
    assert "chip-seconds reading memory" in page
    assert "Content-Security-Policy" in page


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--of", "blendid"], "blended"),
        (["--depth", "-1"], "depth"),
        (["--basis", "api"], "api"),
        (["--against", "hgx-h300"], "hgx-h200"),
        (["--ttft", "1us"], "does not serve llama-3.3-70b as asked"),
        (["--set", "hgx-h200.price=3"], "USD"),
    ],
)
def test_refuses(capsys, arguments, hint):
    assert hint in refused(capsys, *ASKED, *arguments)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "SYSTEM MODEL"),
        (["hgx-h200"], "a system and a model"),
        (["hgx-h200", "llama-3.1-8b", "--company", "cerebras"], "one thing"),
        (["--company", "cerebra"], "cerebras"),
        (["--company", "cerebras", "--market", "deloite_2028"], "deloitte_2028"),
        (["--company", "cerebras", "--synthetic", "poisson:rate=1"], "SYSTEM MODEL"),
        ([*LOAD[1:], "--against", "dgx-b200"], "closed form"),
    ],
)
def test_one_thing_is_explained(capsys, arguments, hint):
    assert hint in refused(capsys, "explain", *arguments)


def test_a_system_without_a_price_names_the_fact(capsys):
    assert "mi300x-8.price" in refused(capsys, "explain", "mi300x-8", "llama-3.3-70b", "--rate", "20")


def test_workbook_of_a_comparison(capsys, tmp_path):
    path = tmp_path / "a.xlsx"
    printed(capsys, "compare", "llama-3.3-70b", "--system", "hgx-h200", "--rate", "20", "--finalists", "0", "--draws",
            "0", "--xlsx", str(path))  # fmt: skip
    assert "Bill" in openpyxl.load_workbook(path).sheetnames
    assert ".xlsx" in refused(capsys, "compare", "llama-3.3-70b", "--system", "hgx-h200", "--rate", "20",
                              "--finalists", "0", "--draws", "0", "--xlsx", str(tmp_path / "a.ods"))  # fmt: skip
