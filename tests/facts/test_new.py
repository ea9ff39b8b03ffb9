"""The template of a new chip loads as it stands, and once filled has the numbers that were filled in."""

from pathlib import Path

import pytest

from lcot.errors import MissingFact, UnknownName
from lcot.facts import catalog
from lcot.facts.new import TIERS, new


@pytest.mark.parametrize("family", TIERS)
def test_a_template_loads(tmp_path: Path, family: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(new(family), encoding="utf-8")
    system = catalog.system(path)
    assert (system.family, system.chip.tiers) == (family, TIERS[family])
    with pytest.raises(MissingFact, match=r"my-chip\.peak\.bf16"):
        system.chip.facts.number("peak.bf16")


def test_a_filled_template_has_its_numbers(tmp_path: Path) -> None:
    text = new("gpu").replace("sources: {}", "sources:")
    for name in ("sheet:", "  title: ", "  kind: ", "  url: ", "  date: "):
        text = text.replace(f"  # {name}", f"  {name}", 1)
    text = text.replace("    peak.bf16: {value: null}\n", "").replace("    # peak.bf16", "    peak.bf16")
    text = text.replace("  price: {value: null}\n", "").replace("  # price:", "  price:")
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    system = catalog.system(path)
    assert system.chip.facts.number("peak.bf16") == 1e15
    assert system.chip.facts["peak.bf16"].sources[0].title == "Data sheet of my chip"
    assert system.facts.number("price") == 300e3
    assert system.facts["price"].is_estimate


def test_an_unknown_family() -> None:
    with pytest.raises(UnknownName, match="'gpu'"):
        new("gpus")
