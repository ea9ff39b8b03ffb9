"""The shipped catalogue as it was last read and checked, kept between processes so that a command starts at once."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lcot.kept import fetch, keep

if TYPE_CHECKING:
    from lcot.facts.types import Engine, Site, System

    Thing = System | Engine | Site
    Stamp = tuple[str, int, int]  # a file, its size and its time
    Shelf = dict[tuple[str, str], tuple[Thing, tuple[Stamp, ...]]]

KINDS = ("systems", "engines", "sites")
CODE = Path(__file__).parent


def take(catalogue: Path, kind: str, id: str) -> Thing | None:
    """A thing of the shipped catalogue.

    Parameters
    ----------
    catalogue : Path
        Folder of the shipped catalogue.
    kind : str
        ``systems``, ``engines`` or ``sites``. [text]
    id : str
        Name of its file without the suffix. [text]

    Returns
    -------
    System, Engine, Site or None
        None where it is not on the shelf, or where a file that it was made from has changed since.
    """
    found = shelf(catalogue).get((kind, id))
    if found is None or tuple(stamps(path for path, _, _ in found[1])) != found[1]:
        return None
    return found[0]


@cache
def shelf(catalogue: Path) -> Shelf:
    """Everything by kind and id, with what it was made from; nothing where a file of the catalogue is in error."""
    folders = (catalogue, *(catalogue / kind for kind in (*KINDS, "chips")), CODE, CODE.parent)
    files = sorted(entry.path for folder in folders for entry in os.scandir(folder))
    state = repr(list(stamps(path for path in files if path.endswith((".yaml", ".py")))))
    name = f"catalogue-{hashlib.sha256(state.encode()).hexdigest()[:32]}.pickle"
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


def stamps(paths: Iterable[str]) -> Iterable[Stamp]:
    """Files with their sizes and times; none of a file that is gone."""
    for path in paths:
        try:
            stat = Path(path).stat()
        except OSError:
            continue
        yield path, stat.st_size, stat.st_mtime_ns


def _read(catalogue: Path) -> Shelf:
    from lcot.errors import LcotError
    from lcot.facts import catalog

    found: Shelf = {}
    try:
        for kind in KINDS:
            for path in sorted((catalogue / kind).glob("*.yaml")):
                thing = catalog.read(kind, path, (catalogue,))
                files = (*catalog.made_from(kind, path, (catalogue,)), catalogue / "sources.yaml")
                found[kind, path.stem] = thing, tuple(stamps(map(str, files)))
    except LcotError:
        return {}
    return found
