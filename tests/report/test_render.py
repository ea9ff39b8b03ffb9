"""Charts as files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lcot.errors import InputError
from lcot.report import charts, render
from tests.report.rows import cost_rows

SPEC = charts.cheapest(cost_rows(), title="Who <b>wins</b> & why")


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<svg"), ("png", b"\x89PNG\r\n"), ("html", b"<!doctype html>"), ("json", b"{")]
)
def test_each_form_is_written(tmp_path: Path, suffix: str, start: bytes) -> None:
    file = render.write(tmp_path / f"chart.{suffix}", SPEC)
    assert file.read_bytes().startswith(start)
    assert [f.name for f in tmp_path.iterdir()] == [f"chart.{suffix}"]


def test_unknown_form_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write \.pdfx; allowed: \.html"):
        render.write(tmp_path / "chart.pdfx", SPEC)


def test_no_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write here"):
        render.write(tmp_path / "nowhere" / "chart.svg", SPEC)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "chart.svg"
    file.write_text("old", encoding="utf-8")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        render.save(file, "new")
    assert file.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_missing_package_is_one_friendly_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(InputError, match=r"pip install 'lcot\[charts\]'"):
        render.svg(SPEC)


def test_page_needs_nothing_from_outside() -> None:
    page = render.html(SPEC, title="A <title>")
    assert "A &lt;title&gt;" in page
    assert "default-src 'none'" in page
    assert 'src="http' not in page
    assert "<link" not in page
    own = page[page.rindex("<script>") :]
    assert "<b>" not in own
    assert own.count("</script>") == 1


def test_bundle_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    render.bundle.cache_clear()
    made = render.bundle()
    kept = list((tmp_path / "lcot").iterdir())
    assert [f.suffix for f in kept] == [".js"]
    kept[0].write_text("kept", encoding="utf-8")
    render.bundle.cache_clear()
    assert render.bundle() == "kept"
    render.bundle.cache_clear()
    assert "vegaEmbed" in made
    assert "</script" not in made


def test_embedded_json_cannot_leave_the_script() -> None:
    text = render.embedded({"a": "</script><!--&"})
    assert not set("<>&") & set(text)
    assert json.loads(text) == {"a": "</script><!--&"}


def test_dark_and_light_differ() -> None:
    assert render.svg(SPEC, "dark") != render.svg(SPEC, "light")


def test_picture_says_its_name_to_those_who_do_not_see_it() -> None:
    assert 'aria-label="Who &lt;b&gt;wins&lt;/b&gt; &amp; why"' in render.Picture(SPEC)._repr_html_()
