"""Models by catalogue id, by any name they go by, or from a config.json."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from lcot.errors import ParseError, UnknownName
from lcot.workload.architecture import Architecture
from lcot.workload.reading import parse_json, read_config, read_config_file
from lcot.workload.reading_formats import checkpoint_formats
from lcot.workload.reading_keys import Keys

FOLDER = Path(__file__).resolve().parent.parent / "catalog" / "models"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What the catalogue says of a model beside its configuration.

    ``parameters`` and ``active`` are as published, ``where`` says where. ``verbatim``: the configuration is the
    publisher's file, else it was written from the published architecture that ``source`` names. ``base``: the
    model whose layers this one has, stored as ``quantization`` says.
    """

    id: str
    repository: str
    source: str
    licence: str
    parameters: float
    active: float | None
    where: str
    base: str
    verbatim: bool
    quantization: Mapping[str, Any] | None
    aliases: tuple[str, ...]
    note: str


KEYS = frozenset(
    ("id", "repository", "base", "verbatim", "source", "licence", "published", "quantization", "aliases", "note")
)


def read_entry(file: Path) -> ModelEntry:
    """One model file of the catalogue. Raises `ParseError`."""
    import ryaml

    try:
        loaded = ryaml.loads(file.read_text(encoding="utf-8"))  # pyright: ignore[reportPrivateImportUsage]
    except (OSError, ValueError) as error:
        raise ParseError(file, f"cannot be read: {error}") from None
    if not isinstance(loaded, dict):
        raise ParseError(file, "is not a mapping of keys to values")
    content = cast("dict[str, Any]", loaded)
    for key in content:
        if key not in KEYS:
            raise ParseError(file, "unknown key", key=key, allowed=", ".join(sorted(KEYS)))
    published = content.get("published")
    for key in ("id", "repository", "source", "licence"):
        if not isinstance(content.get(key), str):
            raise ParseError(file, "missing", key=key, allowed="a text")
    if not isinstance(published, dict) or "parameters" not in published or "where" not in published:
        raise ParseError(file, "missing", key="published", allowed="parameters and where")
    counts = cast("dict[str, Any]", published)
    return ModelEntry(
        id=content["id"],
        repository=content["repository"],
        source=content["source"],
        licence=content["licence"],
        parameters=float(counts["parameters"]),
        active=float(counts["active"]) if "active" in counts else None,
        where=str(counts["where"]),
        base=content.get("base", ""),
        verbatim=bool(content.get("verbatim", False)),
        quantization=content.get("quantization"),
        aliases=tuple(content.get("aliases", ())),
        note=content.get("note", ""),
    )


@cache
def entries() -> Mapping[str, ModelEntry]:
    """All models of the catalogue by id."""
    found = [read_entry(file) for file in sorted(FOLDER.glob("*.yaml"))]
    return {entry.id: entry for entry in found}


@cache
def names() -> Mapping[str, str]:
    """Id by any name, in lower case: id, repository, alias, and the last part of a repository's name."""
    found: dict[str, str] = {}
    for entry in entries().values():
        for name in (entry.id, entry.repository, *entry.aliases):
            found[name.lower()] = entry.id
    for entry in entries().values():
        for name in (entry.repository, *entry.aliases):
            found.setdefault(name.lower().rsplit("/", 1)[-1], entry.id)
    return found


def model_ids() -> list[str]:
    """Ids of the models in the catalogue.

    Returns
    -------
    list of str
        In alphabetical order. [text]

    Notes
    -----
    The set of files, :math:`\\{id\\}`.

    References
    ----------
    :cite:t:`wolf2020`.
    """
    return sorted(entries())


def resolve(name: str, where: str = "") -> str:
    """Catalogue id of a model by any of its names, letter case aside.

    Parameters
    ----------
    name : str
        Id, repository, its last part, or another spelling. [text]
    where : str
        Where the name was found, for the message. [text]

    Returns
    -------
    str
        Catalogue id. [text]

    Raises
    ------
    UnknownName
        If no model is called so; with the nearest names.

    Notes
    -----
    A look-up, :math:`id = f(\\text{name})`.

    References
    ----------
    :cite:t:`wolf2020`.
    """
    plain = name.strip().lower()
    found = names().get(plain) or spelled(spelling(plain))
    if found:
        return found
    raise UnknownName("model", name, [*entries(), *(e.repository for e in entries().values())], where)


# words of a name that do not change the layers: how a model was tuned, which release of it, who serves it
TUNED = frozenset(
    ("instruct", "chat", "it", "hf", "base", "preview", "latest", "versatile", "instant", "turbo", "thinking", "high",
     "medium", "low", "reference", "99", "99.9", "full", "original", "text")
)  # fmt: skip
DAY = re.compile(r"(?:20)?2\d(?:0[1-9]|1[0-2])|0[1-9][0-3]\d|1[0-2][0-3]\d")  # of a release: 2507, 0324


def words_of(name: str) -> list[str]:
    """The words of a name without its publisher, in lower case; points stay only between digits.

    Parameters
    ----------
    name : str
        As a file has it. [text]

    Returns
    -------
    list of str
        At least one, perhaps empty. [text]

    Notes
    -----
    No formula: it splits the text.

    References
    ----------
    :cite:t:`wolf2020`.

    Examples
    --------
    >>> words_of("RedHatAI/Llama-3.1-8B-quantized.w8a8")
    ['llama', '3.1', '8b', 'quantized', 'w8a8']
    """
    return re.split(r"[^a-z0-9.]+|(?<![0-9])\.|\.(?![0-9])", name.lower().rsplit("/", 1)[-1])


def spelling(name: str, without: Collection[str] = ()) -> str:
    """A name without its publisher, its spaces and signs, and the words that do not change the layers.

    Parameters
    ----------
    name : str
        As a file has it. [text]
    without : collection of str
        Further words to leave out. [text]

    Returns
    -------
    str
        Lower-case letters and digits. [text]

    Notes
    -----
    A look-up's key, :math:`k = f(\\text{name})`.

    References
    ----------
    :cite:t:`wolf2020`.

    Examples
    --------
    >>> spelling("Meta Llama 3.1 8B Instruct"), spelling("mistralai/Mixtral-8x7B")
    ('llama318b', 'mixtral8x7b')
    """
    words = words_of(name)
    if words[0] == "meta" and len(words) > 1:
        words = words[1:]
    kept = [word for word in words if word not in TUNED and word not in without and not DAY.fullmatch(word)]
    return "".join(kept).replace(".", "")


def spelled(key: str) -> str:
    """Catalogue id of a model by the spelling of one of its names; empty where none has it.

    Parameters
    ----------
    key : str
        See `spelling`. [text]

    Returns
    -------
    str
        Catalogue id. [text]

    Notes
    -----
    A look-up, :math:`id = f(k)`.

    References
    ----------
    :cite:t:`wolf2020`.
    """
    return _spellings().get(key, "")


@cache
def _spellings() -> Mapping[str, str]:
    """Id by spelling; the first id in alphabetical order with the fewest words left out, where several share one."""
    found: dict[str, str] = {}
    for keep in (True, False):  # names without such words stand above names with them
        for name, id in sorted(names().items()):
            key = spelling(name)
            if (key == re.sub(r"[^a-z0-9]", "", name.rsplit("/", 1)[-1])) == keep:
                found.setdefault(key, id)
    return found


@cache
def _from_catalogue(id: str) -> Architecture:
    entry = entries()[id]
    if not entry.base:
        file = FOLDER / f"{id}.json"
        return read_config(parse_json(file), id, str(file), entry.quantization)
    if entry.base not in entries() or entry.quantization is None:
        raise ParseError(FOLDER / f"{id}.yaml", "needs a base in the catalogue and a quantization", key="base")
    base = _from_catalogue(entry.base)
    section = Keys(entry.quantization, str(FOLDER / f"{id}.yaml"), "quantization.")
    return replace(base, id=id, formats=checkpoint_formats(section, base.layers))


def model(name: str | Path) -> Architecture:
    """The architecture of a model.

    Parameters
    ----------
    name : str or Path
        Catalogue id, repository or alias, or the path of a config.json or of its folder. [text]

    Returns
    -------
    Architecture
        The model.

    Raises
    ------
    UnknownName
        If it is neither in the catalogue nor a file.
    ParseError
        If the file is not a configuration that is understood.

    Notes
    -----
    A name in the catalogue wins over a file of the same name, :math:`f = f_{catalogue} \\cup f_{file}`.

    References
    ----------
    :cite:t:`wolf2020`.
    """
    text = str(name)
    try:
        return _from_catalogue(resolve(text))
    except UnknownName:
        path = Path(name)
        if path.exists() or path.suffix == ".json":
            return read_config_file(path)
        raise
