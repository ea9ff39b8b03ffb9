"""What was made once and is kept between processes: beside the sources, or in the user's cache where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path


def places(folder: Path, name: str) -> list[Path]:
    """Where something kept may lie, in the order of search.

    Parameters
    ----------
    folder : Path
        The sources that it was made from.
    name : str
        Its name: what it is, ``-``, a hash of all that it depends on. [text]

    Returns
    -------
    list of Path
        Beside the sources, then in the user's cache.
    """
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [folder / "__pycache__" / name, user / "lcot" / name]


def fetch(folder: Path, name: str) -> bytes | None:
    """What is kept under a name.

    Parameters
    ----------
    folder, name : Path, str
        See `places`.

    Returns
    -------
    bytes or None
        None where nothing is kept, or where it cannot be read.
    """
    for place in places(folder, name):
        try:
            return place.read_bytes()
        except OSError:
            continue
    return None


def keep(folder: Path, name: str, content: bytes) -> None:
    """Keep something, whole or not at all, in place of what an older hash has beside the sources.

    Where nothing can be written it is not kept.

    Parameters
    ----------
    folder, name : Path, str
        See `places`.
    content : bytes
        What is kept.
    """
    stem, _, _ = name.partition("-")
    for place in places(folder, name):
        partial = place.with_name(f"{place.name}.{os.getpid()}.partial")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            partial.replace(place)
            for other in folder.glob(f"__pycache__/{stem}-*{place.suffix}"):
                other.unlink(missing_ok=True) if other.name != name else None
            return
        except OSError:  # read-only: the next place
            partial.unlink(missing_ok=True) if partial.exists() else None
