"""YAML files of the catalogue: what is refused, and where the error says it is."""

from pathlib import Path

import pytest

from lcot.errors import ParseError
from lcot.facts import catalog
from lcot.facts.reading import line_of, read_yaml

GOOD = """\
id: mine
name: Mine
vendor: Me
status: shipping
count: 4
sources:
  sheet: {title: Sheet, kind: datasheet, url: "https://example.org/a.pdf", date: 2026-01}
chip:
  id: my-chip
  name: My chip
  vendor: Me
  family: gpu
  tiers: [hbm]
  levels: [scale_up]
  facts:
    peak.bf16: {value: 1000, unit: TFLOP/s, source: sheet}
    memory.hbm.capacity: {value: 192, unit: GB, source: sheet}
    memory.hbm.bandwidth: {value: 8, low: 7, high: 9, unit: TB/s, source: estimate, note: a guess}
    fabric.scale_up.bandwidth: {value: null}
    power.tdp: {value: 1, unit: kW, source: sheet, scope: module}
facts:
  price: {value: 300, unit: kUSD, source: sheet, scope: server}
  available: {value: 2027-03, source: sheet}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_chip_and_a_system_in_one_file(tmp_path: Path) -> None:
    system = catalog.system(write(tmp_path, GOOD))
    assert (system.id, system.count, system.available) == ("mine", 4, "2027-03-31")
    assert system.facts.number("price") == 300_000
    assert system.chip.facts.number("peak.bf16") == 1e15
    assert system.chip.facts["memory.hbm.bandwidth"].low == 7e12
    assert system.chip.facts["memory.hbm.bandwidth"].is_estimate
    assert system.chip.facts["peak.bf16"].sources[0].url == "https://example.org/a.pdf"
    assert not system.chip.facts.has("fabric.scale_up.bandwidth")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("unit: TFLOP/s", "unit: TFLP/s", 16, ["peak.bf16", "'TFLP/s'", "'TFLOP/s'"]),
        ("unit: TFLOP/s", "unit: TB/s", 16, ["peak.bf16", "has the unit 'TB/s'", "PFLOP/s"]),
        ("memory.hbm.bandwidth", "memory.hbm.bandwith", 18, ["did you mean 'memory.hbm.bandwidth'"]),
        ("memory.hbm.capacity", "memory.hmb.capacity", 17, ["unknown memory tier 'hmb'", "'hbm'"]),
        ("low: 7, high: 9", "low: 9, high: 7", 18, ["memory.hbm.bandwidth", "out of order"]),
        ("low: 7, high: 9, ", "", 18, ["an estimate needs low and high"]),
        (", note: a guess", "", 18, ["an estimate needs a note"]),
        ("source: sheet, scope: module", "source: shet, scope: module", 20, ["unknown source 'shet'", "'sheet'"]),
        ("scope: module", "scope: modul", 20, ["power.tdp", "has the scope 'modul'", "module"]),
        ("value: 192", "value: -192", 17, ["memory.hbm.capacity", "-192 GB", "allowed"]),
        ("value: 192", "value: 1.0e+40", 17, ["memory.hbm.capacity", "allowed"]),
        ("value: 192", "value: .nan", 17, ["memory.hbm.capacity.value", "finite number"]),
        ("value: 192", "value: true", 17, ["memory.hbm.capacity.value", "a number, text or null"]),
        ("value: 192", "value: lots", 17, ["memory.hbm.capacity", "text has the unit 'GB'"]),
        ("count: 4", "count: four", 5, ["count", "integer"]),
        ("count: 4", "count: 0", 5, ["count", "greater than or equal to 1"]),
        ("family: gpu", "family: gpus", 12, ["family", "did you mean 'gpu'"]),
        ("vendor: Me\nstatus", "vendr: Me\nstatus", 3, ["vendr", "did you mean 'vendor'"]),
        ("status: shipping", "status: sold", 4, ["status", "'sold'"]),
        ("2027-03", "2027-13", 23, ["available", "2027-13"]),
        ("kind: datasheet", "kind: data", 7, ["sources.sheet.kind", "'data'"]),
        ("https://example.org/a.pdf", "example.org/a.pdf", 7, ["sources.sheet", "https://"]),
        ('url: "https://example.org/a.pdf", ', "", 7, ["sources.sheet", "needs a url"]),
        ("  facts:\n", "  facts:\n    peak.bf16: {value: null}\n", 17, ["peak.bf16", "stands twice"]),
        ("tiers: [hbm]", "tiers: [hbm", None, ["is not YAML"]),
        ("unit: kUSD, source: sheet", "unit: kUSD", 22, ["facts.price", "a value needs a source"]),
    ],
)
def test_a_slip_is_told_at_its_place(tmp_path: Path, old: str, new: str, line: int | None, words: list[str]) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ParseError) as caught:
        catalog.system(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for word in words:
        assert word in message
    if line is not None:
        assert f"{path}:{line}: " in message


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("count: 4", "count: four").replace("family: gpu", "family: gpus").replace("kUSD", "kEUR")
    with pytest.raises(ParseError) as caught:
        catalog.system(write(tmp_path, text))
    for word in ("count", "family", "kEUR"):
        assert word in str(caught.value)


def test_a_source_that_no_fact_uses_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("sources:\n", "sources:\n  other: {title: T, kind: estimate, note: n}\n")
    with pytest.raises(ParseError, match=r"sources\.other: no fact of this file uses"):
        catalog.system(write(tmp_path, text))


def test_a_chip_without_a_system_says_what_is_wanted(tmp_path: Path) -> None:
    text = GOOD[GOOD.index("  id: my-chip") : GOOD.index("facts:\n  price")].replace("\n  ", "\n").removeprefix("  ")
    with pytest.raises(ParseError, match="describes a chip, not a system"):
        catalog.system(write(tmp_path, text))


@pytest.mark.parametrize(
    "text", ["", "- a", "3", "a: 1\n---\nb: 2", "a: \x00", "[" * 500, "a: 123456789012345678901234567890"]
)
def test_what_is_not_a_mapping_is_a_parse_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParseError):
        read_yaml(write(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="No such file"):
        catalog.system(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ParseError, match="UTF-8"):
        catalog.system(tmp_path / "latin.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ParseError, match="cannot be read"):
        catalog.system(tmp_path / "folder.yaml")


def test_no_tag_runs_code(tmp_path: Path) -> None:
    assert read_yaml(write(tmp_path, "a: !!python/object/apply:os.getcwd []")) == {"a": []}


def test_line_of_a_key_that_stands_in_two_places() -> None:
    text = "chip:\n  facts:\n    price: 1\nfacts:\n  price: 2\n"
    assert line_of(text, ["facts", "price"]) == 5
    assert line_of(text, ["chip", "facts", "price"]) == 3
    assert line_of(text, ["nowhere"]) is None
