"""The page of confirmed facts says what the catalogue says."""

from pathlib import Path

import pytest

from lcot.facts import catalog
from lcot.facts.draw import SPREAD
from lcot.facts.types import Fact

DOCS = Path(__file__).parents[2] / "docs"
LINES = (DOCS / "confirmed.md").read_text(encoding="utf-8").splitlines()
ROWS = [
    [cell.strip(" `") for cell in line.strip("|").split("|")] for line in LINES if line.count("|") == 6 and "`" in line
]


def fact_of(name: str) -> Fact:
    owner, _, key = name.partition(".")
    thing = catalog.chip(owner) if owner in catalog.chip_ids() else catalog.system(owner)
    return thing.facts[key]


def test_there_are_thirty() -> None:
    assert len({row[0] for row in ROWS}) == 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_agrees_with_the_catalogue(row: list[str]) -> None:
    name, _, value, source, second = row
    fact = fact_of(name)
    assert source == fact.sources[0].id
    said = set() if second == "not confirmed" else set(second.split(", "))
    assert said == {one.id for one in (*fact.sources[1:], *fact.confirmed)} - {"second_reading", "estimate"}
    assert value.split()[-1] == fact.unit
    from lcot.units import to_si

    assert to_si(float(value.split()[0]), fact.unit) == pytest.approx(fact.value)


def test_most_are_confirmed_and_the_rest_are_named() -> None:
    open_ = [row[0] for row in ROWS if row[4] == "not confirmed"]
    assert len(open_) <= 6
    listed = "\n".join(LINES).split("Not confirmed, and marked so:")[1].split("## ")[0]
    for name in open_:
        assert f"`{name}`" in listed


def test_the_page_of_facts_prints_the_spreads_in_use() -> None:
    text = (DOCS / "facts.md").read_text(encoding="utf-8")
    for kind, (technical, money) in SPREAD.items():
        if kind not in ("estimate", "user"):
            row = next(line for line in text.splitlines() if line.startswith("| ") and kind in line.split("|")[1])
            assert f"{technical:.0%}".replace("%", " %") in row
            assert f"{money:.0%}".replace("%", " %") in row


def test_the_example_on_the_page_loads(tmp_path: Path) -> None:
    text = (DOCS / "facts.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "mine.yaml"
    path.write_text(example, encoding="utf-8")
    assert catalog.system(path).chip.facts.number("peak.bf16") == 1e15
