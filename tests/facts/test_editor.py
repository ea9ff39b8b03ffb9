"""The JSON Schemas that ship are those of the code, and they know what the loader knows."""

import json
from pathlib import Path
from typing import Any

import pytest

from lcot.facts import catalog, editor
from lcot.units import UNITS


@pytest.mark.parametrize("kind", editor.FILES)
def test_the_shipped_schema_is_current(kind: str) -> None:
    shipped = json.loads((editor.FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    assert shipped == editor.json_schema(kind), "run lcot.facts.editor.write()"


def test_every_attribute_is_explained() -> None:
    def bare(part: dict[str, Any], place: str) -> list[str]:
        found = [f"{place}.{name}" for name, about in part.get("properties", {}).items() if "description" not in about]
        return found + [one for name, inner in part.get("$defs", {}).items() for one in bare(inner, name)]

    unexplained = [one for kind in editor.FILES for one in bare(editor.json_schema(kind), kind)]
    assert not unexplained


def test_the_schema_names_units_and_keys() -> None:
    chip = editor.json_schema("chip")
    assert set(UNITS) < set(chip["$defs"]["FactEntry"]["properties"]["unit"]["enum"])
    facts = chip["properties"]["facts"]
    assert "peak.bf16" in facts["properties"]
    assert r"^memory\.[a-z0-9_-]+\.bandwidth$" in facts["patternProperties"]
    assert facts["additionalProperties"] is False


@pytest.mark.parametrize("kind", ["chip", "system"])
def test_every_shipped_file_points_to_its_schema(kind: str) -> None:
    for path in (catalog.SHIPPED / f"{kind}s").glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        target = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / Path(target)).resolve() == editor.FOLDER / f"{kind}.json", path


def test_write(tmp_path: Path) -> None:
    assert {path.name for path in editor.write(tmp_path)} == {f"{kind}.json" for kind in editor.FILES}
