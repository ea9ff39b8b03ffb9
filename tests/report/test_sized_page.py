"""The report of a sized fleet, and the word that asks for it."""

import json

import pytest

pytest.importorskip("vl_convert", reason="the charts extra is not installed")

from lcot.cli import run

LOAD = "poisson:rate=4,input=400,output=100,count=200"
WORDS = ["hgx-h200", "llama-3.1-8b", "--synthetic", LOAD, "--slo", "speed=30", "--tp", "1"]


def test_the_page_says_what_the_verb_says_and_what_it_rests_on(tmp_path, capsys):
    run(["size", *WORDS, "--json"])
    answer = json.loads(capsys.readouterr().out)
    run(["report", "size", *WORDS, "--out", str(tmp_path / "fleet.html")])
    text = (tmp_path / "fleet.html").read_text(encoding="utf-8")
    assert f"<h1>{answer['systems']} hgx-h200" in text
    for heading in ("The fleet", "Its bill", "The question", "Assumptions", "Sources", "Accuracy"):
        assert f"<h2>{heading}</h2>" in text
    assert "<svg" in text
    assert "<script" not in text
    assert "h200.memory.hbm.bandwidth" in text
    assert "fitted on measurements" in text


def test_a_page_has_the_name_of_one(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        run(["report", "size", *WORDS, "--out", str(tmp_path / "fleet.pdf")])
    assert ended.value.code == 2
    assert "ends in .html" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
