"""Every shipped fact can be walked back to where it came from."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lcot.facts import catalog, check, keys
from lcot.facts.schema import STRENGTH
from lcot.facts.types import Fact
from lcot.units import UNITS

TODAY = datetime.date.today().isoformat()


def facts() -> Iterator[tuple[str, Fact]]:
    for id in catalog.chip_ids():
        yield from ((f"{id}.{fact.key}", fact) for fact in catalog.chip(id).facts.values())
    for id in catalog.system_ids():
        system = catalog.system(id)
        yield from ((f"{id}.{fact.key}", fact) for fact in system.facts.values())
        yield from ((f"{id}.{fact.key}", fact) for fact in system.chip.facts.values())


FACTS = dict(facts())
FOUND = {name: fact for name, fact in FACTS.items() if fact.value is not None}


def test_there_are_facts_to_check() -> None:
    assert len(FOUND) > 1500


def test_units_are_in_the_closed_table() -> None:
    assert {fact.unit for fact in FOUND.values()} <= set(UNITS)


def test_every_value_has_a_source_with_a_place() -> None:
    for name, fact in FOUND.items():
        assert fact.sources, name
        for source in (*fact.sources, *fact.confirmed):
            assert source.kind in STRENGTH, name
            assert source.url or source.locator or source.note, name
            assert source.url or source.kind in ("secondary", "estimate"), (name, source.id)
            assert not source.url or re.match(r"https?://[\w.-]+\.\w+", source.url), (name, source.url)


def test_no_date_is_to_come() -> None:
    for name, fact in FOUND.items():
        assert fact.date <= TODAY, name
        for source in (*fact.sources, *fact.confirmed):
            assert source.date <= TODAY, (name, source.id)


def test_estimates_carry_a_spread_and_say_how() -> None:
    estimates = {name: fact for name, fact in FOUND.items() if fact.is_estimate and not isinstance(fact.value, str)}
    assert estimates
    for name, fact in estimates.items():
        assert fact.low is not None, name
        assert fact.low < fact.high, name
        assert fact.note, name


def test_ranges_are_in_order() -> None:
    for name, fact in FOUND.items():
        if fact.low is not None:
            assert fact.low <= fact.value <= fact.high, name


def test_a_confirming_source_is_another_one() -> None:
    for name, fact in FOUND.items():
        assert not {source.id for source in fact.sources} & {source.id for source in fact.confirmed}, name


def test_every_shared_source_is_used() -> None:
    used = {source.id for fact in FACTS.values() for source in (*fact.sources, *fact.confirmed)}
    for id in [*catalog.engine_ids(), *catalog.site_ids()]:
        thing = catalog.engine(id) if id in catalog.engine_ids() else catalog.site(id)
        used |= {source.id for fact in thing.facts.values() for source in (*fact.sources, *fact.confirmed)}
    assert set(catalog.sources()) <= used


def test_power_and_prices_say_what_they_count() -> None:
    for name, fact in FOUND.items():
        if fact.key in ("price", "power.tdp", "power.max", "power.all_in"):
            assert fact.scope in (*keys.PRICE_SCOPES, *keys.POWER_SCOPES), name


def test_statuses_agree_with_dates() -> None:
    for id in catalog.system_ids():
        system = catalog.system(id)
        assert system.available, id
        if system.status == "shipping":
            assert system.available[:4] <= "2026", id
        assert not system.pairs_with or system.pairs_with in catalog.system_ids()


@pytest.mark.parametrize("kind", ["chips", "systems"])
def test_the_review_finds_nothing(kind: str) -> None:
    problems = check.check(sorted((catalog.SHIPPED / kind).glob("*.yaml")))
    assert not problems, "\n".join(map(str, problems))


def test_the_review_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    path = tmp_path / "chips" / "h200.yaml"
    text = (catalog.SHIPPED / "chips" / "h200.yaml").read_text()
    path.write_text(text.replace("{value: 700, unit: W,", '{value: 700, unit: W, date: "2999", '))
    assert any("to come" in str(problem) for problem in check.check([path]))
    path.write_text(text.replace("unit: GB/s", "unit: GB/sec"))
    assert any("unknown unit" in str(problem) for problem in check.check([tmp_path]))
    assert check.check([catalog.SHIPPED / "chips" / "h200.yaml"]) == []
