"""The catalogue as plain data."""

import json

import pytest

from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.facts.listing import card, confidence, rows, show
from lcot.facts.types import Fact, Source


def test_one_row_a_system() -> None:
    made = {row["system"]: row for row in rows()}
    assert list(made) == catalog.system_ids()
    assert made["cs-3"]["family"] == "wafer"
    assert made["biren-106m"]["not_found"] > 3
    json.dumps(list(made.values()))


def test_a_card_is_in_the_unit_of_the_file() -> None:
    fact = catalog.chip("h200").facts["memory.hbm.usable"]
    shown = card(fact, "h200")
    assert (shown["value"], shown["unit"], shown["fact"]) == (143771, "MiB", "h200.memory.hbm.usable")
    assert shown["sources"][0]["url"].startswith("https://github.com/")


def test_show_a_system_with_its_chip() -> None:
    names = [one["fact"] for one in show("hgx-h200")]
    assert "hgx-h200.price" in names
    assert "h200.peak.bf16" in names
    assert next(one["fact"] for one in show("wse-3")).startswith("wse-3.")
    with pytest.raises(UnknownName, match="'wse-3'"):
        show("wse3")


def test_confidence_by_the_weakest_source_and_a_second_one() -> None:
    second = (Source("b", "B", "press"),)
    assert confidence(Fact("k", 1.0, "W", kind="datasheet")) == "high"
    assert confidence(Fact("k", 1.0, "W", kind="secondary")) == "low"
    assert confidence(Fact("k", 1.0, "W", kind="secondary", confirmed=second)) == "medium"
    assert confidence(Fact("k", 1.0, "W", kind="datasheet", confirmed=second)) == "high"
    assert confidence(Fact("k", None, "")) == ""
