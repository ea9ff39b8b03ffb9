"""What measurement files call systems, engines and formats, in the words of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.facts.reading import read_yaml
from lcot.workload.models import resolve, spelled, spelling, words_of


@dataclass(frozen=True, slots=True)
class Named:
    """What a spelling stands for. ``note`` says what it stands for only by a stated assumption."""

    id: str
    version: str = ""
    note: str = ""
    prefill: str = ""  # of a system: another one, which reads the prompts


@cache
def content() -> Mapping[str, Any]:
    """The vocabulary file."""
    return read_yaml(Path(str(files("lcot"))) / "validation" / "vocabulary.yaml")


@cache
def _patterns(part: str) -> tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...]:
    return tuple((re.compile(rule["match"], re.IGNORECASE), rule) for rule in content()[part])


def _first(part: str, text: str) -> tuple[re.Match[str], Mapping[str, Any]] | None:
    for pattern, rule in _patterns(part):
        found = pattern.search(text)
        if found:
            return found, rule
    return None


@cache
def system_named(text: str) -> Named:
    """Catalogue id of a system by any spelling.

    Parameters
    ----------
    text : str
        As a file has it, such as ``NVIDIA H100-SXM-80GB`` or ``H100 x8``. [text]

    Returns
    -------
    Named
        The id, with a note where it stands for several kinds.

    Raises
    ------
    UnknownName
        If no system is called so.
    """
    plain = text.strip().strip("\"'")
    if plain in catalog.system_ids():
        return Named(plain)
    found = _first("systems", plain)
    if found is None:
        raise UnknownName("system", text, catalog.system_ids())
    return Named(found[1]["id"], note=found[1].get("note", ""), prefill=found[1].get("prefill", ""))


COUNTED = re.compile(
    r"^(\d+) ?x ?(?!\d)|\((\d+) ?(?:x|GPUs?|chips?|NPUs?|accelerators?|\w+ chips?)|[, ]x ?(\d+)\)?$|\b(\d+) chips?\b",
    re.IGNORECASE,
)


def devices_named(text: str) -> int:
    """Accelerators that the name of a system counts; 0 where it counts none.

    >>> devices_named("8x NVIDIA H200"), devices_named("GB200 NVL72 (16 GPUs)"), devices_named("MI300X x8")
    (8, 16, 8)
    """
    found = COUNTED.search(text.strip())
    return int(next(filter(None, found.groups()))) if found else 0


@cache
def model_named(text: str) -> Named:
    """Catalogue id of a model by any spelling, also of a copy in other formats that the catalogue does not list.

    Parameters
    ----------
    text : str
        As a file has it, such as ``RedHatAI/Qwen3-14B-FP8-dynamic``. [text]

    Returns
    -------
    Named
        The id; its version is the format that the name speaks of where only the layers are those of the catalogue.

    Raises
    ------
    UnknownName
        If no model is called so.
    """
    try:
        return Named(resolve(text))
    except UnknownName:
        stored: Mapping[str, str] = content()["stored"]
        found = [stored[word] for word in words_of(text) if word in stored]
        layers = spelled(spelling(text, {*stored, *content()["beside"]}))
        if not found or not layers:
            raise
        return Named(layers, version=found[0])


@cache
def engine_named(text: str) -> Named:
    """Family and version of a serving engine by any spelling.

    Parameters
    ----------
    text : str
        As a file has it, such as ``sglang 0.5.6.post2`` or ``TensorRT-LLM v0.5``. [text]

    Returns
    -------
    Named
        The family and the version; the version is empty where the text has none.

    Raises
    ------
    UnknownName
        If no engine is called so.
    """
    plain = text.strip().strip("\"'")
    found = _first("engines", plain)
    if found is None:
        known = sorted({rule["family"] for rule in content()["engines"]})
        raise UnknownName("engine", text, known)
    match, rule = found
    version = rule.get("version") or match.groupdict().get("version") or ""
    return Named(rule["family"], version.rstrip(".").removesuffix(".x"), rule.get("note", ""))


@cache
def weights_named(text: str) -> Mapping[str, Any]:
    """Formats of the weights by part, as the vocabulary writes them. Raises `UnknownName`."""
    found = _first("weights", text.strip())
    if found is None:
        raise UnknownName("weight_dtype", text, ["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4", "bfp8", "bfp4"])
    return found[1]


@cache
def cache_named(text: str) -> str:
    """Format of the KV cache; empty where not stated. Raises `UnknownName`."""
    found = _first("caches", text.strip())
    if found is None:
        raise UnknownName("kv_dtype", text, ["bf16", "fp8", "bfp8"])
    return found[1]["format"]


def parts_per_chip(system: str) -> int:
    """Dies or cores of a chip that layouts of this system may count in place of chips; 1 where they do not."""
    return int(content()["parts_per_chip"].get(system, 1))
