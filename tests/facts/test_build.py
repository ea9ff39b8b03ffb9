"""From descriptions to facts in SI."""

import pytest

from lcot.facts.build import last_day, make_fact, units_of, weakest
from lcot.facts.schema import FactEntry
from lcot.facts.types import Source

SHEET, PRESS = Source("sheet", "S", "datasheet", "https://a.b"), Source("press", "P", "press", "https://a.b")


def test_values_become_si_and_the_unit_stays() -> None:
    entry = FactEntry(value=4.8, low=4, high=5, unit="TB/s", source="sheet")
    fact = make_fact("memory.hbm.bandwidth", entry, {"sheet": SHEET})
    assert (fact.value, fact.low, fact.high, fact.unit) == (4.8e12, 4e12, 5e12, "TB/s")


def test_a_fact_is_as_weak_as_its_weakest_source_unless_it_says_otherwise() -> None:
    known = {"sheet": SHEET, "press": PRESS}
    assert make_fact("a", FactEntry(value=1, unit="W", source=["sheet", "press"]), known).kind == "press"
    assert make_fact("a", FactEntry(value=1, unit="W", source="sheet", confirmed="press"), known).kind == "datasheet"
    assert make_fact("a", FactEntry(value=1, unit="W", source="sheet", kind="measured"), known).kind == "measured"
    assert weakest([]) == ""


def test_null_is_kept_as_looked_for_and_not_found() -> None:
    fact = make_fact("a", FactEntry(value=None), {})
    assert (fact.value, fact.unit, fact.sources) == (None, "", ())


@pytest.mark.parametrize(
    ("date", "last"),
    [
        ("2026-02", "2026-02-28"),
        ("2028-02", "2028-02-29"),
        ("2026", "2026-12-31"),
        ("2026-05-07", "2026-05-07"),
        ("", ""),
    ],
)
def test_a_part_of_a_date_ends_with_its_last_day(date: str, last: str) -> None:
    assert last_day(date) == last


def test_units_of_a_dimension() -> None:
    assert units_of("W") == ["W", "kW", "MW", "GW"]
