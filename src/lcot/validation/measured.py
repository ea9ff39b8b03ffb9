"""The measured points that ship with the package: a few hundred, each with its source, to test against anywhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from lcot.errors import ParseError
from lcot.facts.reading import read_yaml
from lcot.validation.recordings import COLUMNS


def measured_rows() -> list[dict[str, str]]:
    """Every shipped point, in the columns of a points file, in the order of the files."""
    folder = Path(str(files("lcot"))) / "catalog" / "measured"
    return [row for path in sorted(folder.glob("*.yaml")) for row in read_measured(path)]


def read_measured(path: Path) -> list[dict[str, str]]:
    """Points of one file.

    Parameters
    ----------
    path : Path
        YAML with ``source`` (title, places), ``same`` (columns that all rows share), ``columns`` and ``rows``.

    Returns
    -------
    list of dict
        Rows in the columns of a points file.

    Raises
    ------
    ParseError
        If a row has another number of cells than there are columns, or a column is unknown.
    """
    content: dict[str, Any] = read_yaml(path)
    source, same, columns = content["source"], content.get("same") or {}, content["columns"]
    unknown = (set(columns) | set(same)) - set(COLUMNS) - {"place"}
    if unknown:
        raise ParseError(path, f"unknown column {sorted(unknown)[0]!r}", allowed=", ".join((*COLUMNS, "place")))
    rows: list[dict[str, str]] = []
    for number, cells in enumerate(content["rows"]):
        if len(cells) != len(columns):
            raise ParseError(path, f"row {number} has {len(cells)} cells", allowed=f"{len(columns)}")
        row = dict.fromkeys(COLUMNS, "") | same | dict(zip(columns, cells, strict=True))
        place = source["places"][int(row.pop("place", "0"))]
        rows.append(row | {"source_title": source["title"], "source_url_or_repo_path": place})
    return rows
