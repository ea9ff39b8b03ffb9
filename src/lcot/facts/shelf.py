"""The shipped catalogue as it was last read and checked, kept between processes so that a command starts at once."""

from __future__ import annotations

import hashlib
import os
import pickle
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lcot.kept import fetch, keep

if TYPE_CHECKING:
    from lcot.facts.types import Engine, Site, System

KINDS = ("systems", "engines", "sites")
READS = (*KINDS, "chips", "")  # folders of the catalogue that these are made from
CODE = Path(__file__).parent

Shelf = dict[tuple[str, str], "System | Engine | Site"]


def shelf(catalogue: Path) -> Shelf:
    """Systems, engines and sites of the shipped catalogue by kind and id.

    Parameters
    ----------
    catalogue : Path
        Folder of the shipped catalogue.

    Returns
    -------
    dict
        Everything, or nothing where a file of the catalogue is in error: that is reported when it is asked for.
    """
    return _shelf(catalogue, _state(catalogue))


def _state(catalogue: Path) -> str:
    """Hash of what the shelf depends on: name, size and time of every file of the catalogue and of this code."""
    found: list[str] = []
    for folder in (*(catalogue / kind for kind in READS), CODE, CODE.parent):
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((".yaml", ".py")):
                    stat = entry.stat()
                    found.append(f"{entry.path} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:32]


@lru_cache(maxsize=2)
def _shelf(catalogue: Path, state: str) -> Shelf:
    name = f"catalogue-{state}.pickle"
    content = fetch(catalogue, name)
    if content is not None:
        try:
            return pickle.loads(content)
        except Exception:  # broken: made again
            pass
    made = _read(catalogue)
    if made:
        keep(catalogue, name, pickle.dumps(made, protocol=5))
    return made


def _read(catalogue: Path) -> Shelf:
    from lcot.errors import LcotError
    from lcot.facts import catalog

    try:
        return {
            (kind, path.stem): catalog.read(kind, path, (catalogue,))
            for kind in KINDS
            for path in sorted((catalogue / kind).glob("*.yaml"))
        }
    except LcotError:
        return {}
