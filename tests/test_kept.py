"""What is kept comes back whole; where nothing can be written nothing is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcot.kept import fetch, keep, places


def test_kept_beside_the_sources_in_place_of_an_older_one(tmp_path: Path) -> None:
    keep(tmp_path, "thing-1.bin", b"one")
    keep(tmp_path, "thing-2.bin", b"two")
    assert fetch(tmp_path, "thing-2.bin") == b"two"
    assert fetch(tmp_path, "thing-1.bin") is None
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == ["thing-2.bin"]


def test_the_users_cache_where_the_sources_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "__pycache__").write_text("a file, so no folder can be made there")
    keep(tmp_path / "sources", "thing-1.bin", b"one")
    assert fetch(tmp_path / "sources", "thing-1.bin") == b"one"
    assert places(tmp_path / "sources", "thing-1.bin")[1].exists()


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = tmp_path / "wall"
    wall.write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(wall))
    keep(wall, "thing-1.bin", b"one")
    assert fetch(wall, "thing-1.bin") is None
