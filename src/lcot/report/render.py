"""Charts as files: SVG, PNG, and one HTML page that needs nothing else."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

from lcot.errors import InputError
from lcot.report.document import document
from lcot.report.palette import config

VEGA_LITE = "6.4"
SUFFIXES = (".html", ".json", ".png", ".svg")
Spec = Mapping[str, Any]


def svg(spec: Spec, page: str = "light") -> str:
    """The chart as SVG on a ``light`` or ``dark`` page."""
    return converter().vegalite_to_svg(dict(spec), vl_version=VEGA_LITE, config=config(page))


def png(spec: Spec, page: str = "light", scale: float = 2.0) -> bytes:
    """The chart as PNG, ``scale`` pixels a point."""
    return converter().vegalite_to_png(dict(spec), vl_version=VEGA_LITE, config=config(page), scale=scale)


def html(spec: Spec, title: str = "LCOT") -> str:
    """The chart as a page of its own, scripts included; light or dark as the reader prefers."""
    return document(title, '<figure id="chart"></figure>', scripts=(bundle(), drawing({"chart": spec})))


def write(path: str | Path, spec: Spec, page: str = "light") -> Path:
    """Write the chart in the form that the file's suffix names, whole or not at all."""
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix == ".svg":
        return save(file, svg(spec, page))
    if suffix == ".png":
        return save(file, png(spec, page))
    if suffix in (".html", ".htm"):
        return save(file, html(spec))
    if suffix == ".json":
        return save(file, json.dumps({**spec, "config": config(page)}, indent=1))
    raise InputError(f"{file}: cannot write {suffix or 'a file without a suffix'}; allowed: {', '.join(SUFFIXES)}")


def save(file: Path, content: str | bytes) -> Path:
    """Write ``content`` beside ``file`` and put it in place at once, so that no reader sees half of it."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise InputError(f"{file}: cannot write here ({error.strerror})") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
    return file


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the installed package; made once, then kept."""
    package = converter()
    kept = cache_folder() / f"vega-{VEGA_LITE}-{package.__version__}.js"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    made = str(package.javascript_bundle(vl_version=VEGA_LITE)).replace("</script", "<\\/script")
    with suppress(OSError, InputError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        save(kept, made)
    return made


def cache_folder() -> Path:
    """Where made files are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lcot"


def drawing(specs: Mapping[str, Spec]) -> str:
    """Script that draws each chart in the element with its name, and again when the reader turns light to dark."""
    looks = {page: config(page) for page in ("light", "dark")}
    return (
        f"const specs = {embedded(specs)}, looks = {embedded(looks)};\n"
        "const dark = matchMedia('(prefers-color-scheme: dark)');\n"
        "async function draw() {\n"
        "  const config = looks[dark.matches ? 'dark' : 'light'];\n"
        "  for (const [name, spec] of Object.entries(specs))\n"
        "    await vegaEmbed('#' + name, spec, {config, renderer: 'svg', actions: false, ast: true});\n"
        "}\n"
        "draw();\n"
        "dark.addEventListener('change', () => draw());\n"
    )


def embedded(value: object) -> str:
    """JSON that is safe inside a script element."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def converter() -> ModuleType:
    """The package that draws. Raises `InputError` where it is not installed."""
    try:
        import vl_convert
    except ImportError as error:
        raise InputError("charts need one more package: pip install 'lcot[charts]'") from error
    return vl_convert


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that notebooks and documentation pages show by themselves."""

    spec: Spec

    def _repr_html_(self) -> str:
        return f'<figure role="img" aria-label="{escape(name(self.spec), quote=True)}">{svg(self.spec)}</figure>'


def name(spec: Spec) -> str:
    """Title of the chart, for readers who do not see it."""
    title = spec.get("title", "")
    return str(title.get("text", "") if isinstance(title, Mapping) else title) or "chart"
