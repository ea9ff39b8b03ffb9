"""Scenarios as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcot.errors import LcotError, ParseError, UnknownName
from lcot.facts import catalog
from lcot.market.scenario import assumed, scenario, scenario_ids, systems_of
from lcot.units import MONTH


def test_three_are_shipped_and_every_number_has_a_source() -> None:
    """Each fact of each scenario has a unit, a source, and, where it is an estimate, a range and a note."""
    assert {"goldman", "disclosed", "scarce"} <= set(scenario_ids())
    for name in scenario_ids():
        found = scenario(name)
        for key, fact in found.facts.items():
            assert fact.sources, key
            assert fact.value is not None, key
            if fact.is_estimate and not isinstance(fact.value, str):
                assert fact.low is not None, key
                assert fact.note, key


def test_goldman_is_120_quadrillion_a_month() -> None:
    """In SI: tokens a second."""
    assert scenario("goldman").facts.number("tokens.2030") * MONTH == pytest.approx(120e15)


def test_a_scenario_changes_only_what_it_says(tmp_path: Path) -> None:
    """A file of one's own."""
    file = tmp_path / "mine.yaml"
    file.write_text(
        "id: mine\nname: Mine\nsources:\n  s: {title: T, kind: analyst, url: 'https://example.org/a'}\n"
        "facts:\n  tokens.2030: {value: 60, unit: Ptok/month, source: s}\n"
    )
    mine, base = scenario(file), scenario("goldman")
    assert mine.changed == ("tokens.2030",)
    assert mine.facts.number("tokens.2030") == pytest.approx(base.facts.number("tokens.2030") / 2)
    assert mine.facts.number("tokens.2026") == base.facts.number("tokens.2026")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("id: mine\nname: M\nfacts:\n  tokens.2O30: {value: 1, unit: Ptok/month, source: estimate}\n", "tokens"),
        ("id: mine\nname: M\nfacts:\n  elasticity: {value: 1, unit: '1'}\n", "a value needs a source"),
        (
            "id: mine\nname: M\nsources:\n  s: {title: T, kind: analyst, url: 'https://example.org/a'}\nfacts:\n"
            "  elastic: {value: 1, unit: '1', source: s}\n",
            "did you mean 'elasticity'",
        ),
        ("id: mine\nname: M\nsegments: {}\n", "unknown key 'segments'"),
        ("- 1\n", "a mapping"),
    ],
)
def test_a_bad_file_is_told_with_its_place(tmp_path: Path, body: str, says: str) -> None:
    """What, where, and what is allowed."""
    file = tmp_path / "mine.yaml"
    file.write_text(body)
    with pytest.raises(LcotError) as error:
        scenario(file)
    assert says in str(error.value)
    assert "mine.yaml" in str(error.value)


def test_an_unknown_name_offers_the_nearest() -> None:
    """And a missing file is a clear error too."""
    with pytest.raises(UnknownName, match="goldman"):
        scenario("goldmann")
    with pytest.raises(ParseError):
        scenario("/nowhere/mine.yaml")


def test_assumed_prices_never_replace_those_on_record() -> None:
    """Only systems without a price get one, and it says that it is an estimate."""
    found = scenario()
    for id, system in systems_of(found).items():
        known = catalog.system(id)
        if known.facts.has("price"):
            assert system.facts["price"] == known.facts["price"]
    tpu = assumed(catalog.system("tpu-v7-4"), found.facts)
    assert tpu.facts["price"].is_estimate
    assert tpu.facts.number("price") == pytest.approx(42_000)
