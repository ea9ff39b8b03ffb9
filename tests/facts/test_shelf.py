"""The kept catalogue is the one that is read, follows every change, and never hides an error."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lcot.errors import ParseError
from lcot.facts import catalog
from lcot.facts.shelf import shelf


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "catalog"
    for kind in ("chips", "systems", "engines", "sites"):
        shutil.copytree(catalog.SHIPPED / kind, folder / kind)
    shutil.copy(catalog.SHIPPED / "sources.yaml", folder)
    monkeypatch.setattr(catalog, "SHIPPED", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield folder
    shelf.cache_clear()


def test_what_is_kept_is_what_is_read() -> None:
    kept = shelf(catalog.SHIPPED)
    ids = {"systems": catalog.system_ids(), "engines": catalog.engine_ids(), "sites": catalog.site_ids()}
    assert kept.keys() == {(kind, id) for kind, every in ids.items() for id in every}
    for (kind, id), (thing, _) in kept.items():
        assert thing == catalog.read(kind, catalog.SHIPPED / kind / f"{id}.yaml", (catalog.SHIPPED,))


@pytest.mark.parametrize("file", ["systems/hgx-h200.yaml", "chips/h200.yaml"])
def test_a_change_is_seen_at_once(copy: Path, file: str) -> None:
    before = catalog.system("hgx-h200")
    text = (copy / file).read_text()
    (copy / file).write_text(re.sub(r"(?m)^name: .*", "name: Renamed", text))
    after = catalog.system("hgx-h200")
    assert "Renamed" in (after.name, after.chip.name)
    assert after != before


def test_another_process_keeps_the_change_in_place_of_the_older_one(copy: Path) -> None:
    catalog.system("hgx-h200")
    (one,) = (copy / "__pycache__").glob("catalogue-*.pickle")
    file = copy / "systems" / "hgx-h200.yaml"
    file.write_text(re.sub(r"(?m)^name: .*", "name: Renamed", file.read_text()))
    shelf.cache_clear()
    assert shelf(copy)["systems", "hgx-h200"][0].name == "Renamed"
    (other,) = (copy / "__pycache__").glob("catalogue-*.pickle")
    assert other != one


def test_a_broken_copy_is_made_again(copy: Path) -> None:
    name = catalog.system("hgx-h200").name
    (kept,) = (copy / "__pycache__").glob("catalogue-*.pickle")
    kept.write_bytes(b"not a pickle")
    shelf.cache_clear()
    assert catalog.system("hgx-h200").name == name
    assert kept.read_bytes() != b"not a pickle"


def test_a_file_in_error_is_named_and_the_others_stand(copy: Path) -> None:
    (copy / "systems" / "hgx-h200.yaml").write_text("id: hgx-h200\nname: 7\n")
    assert catalog.system("mi355x-8").id == "mi355x-8"
    with pytest.raises(ParseError, match=r"hgx-h200\.yaml"):
        catalog.system("hgx-h200")


def test_other_folders_stand_above_the_shelf(tmp_path: Path) -> None:
    (tmp_path / "systems").mkdir()
    shipped = (catalog.SHIPPED / "systems" / "hgx-h200.yaml").read_text()
    name = catalog.system("hgx-h200").name
    (tmp_path / "systems" / "hgx-h200.yaml").write_text(shipped.replace(f"name: {name}", "name: Mine"))
    assert catalog.system("hgx-h200", [tmp_path]).name == "Mine"
    assert catalog.system("hgx-h200").name == name
