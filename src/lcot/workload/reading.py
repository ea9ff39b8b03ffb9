"""From an unmodified Hugging Face config.json to an `Architecture`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from lcot.errors import ParseError, UnknownName
from lcot.workload import (
    reading_dense,
    reading_gemma,
    reading_hybrid,
    reading_latent,
    reading_mixture,
    reading_older,
    reading_vision,
)
from lcot.workload.architecture import Architecture
from lcot.workload.reading_formats import checkpoint_formats
from lcot.workload.reading_keys import Keys

Reader = Callable[[Keys], Architecture]

# model_type -> the function that reads it
TEXTS: dict[str, Reader] = {
    **reading_dense.FAMILIES,
    **reading_mixture.FAMILIES,
    **reading_latent.FAMILIES,
    **reading_hybrid.FAMILIES,
    **reading_gemma.FAMILIES,
    **reading_older.FAMILIES,
}
FAMILIES: dict[str, Reader] = {**TEXTS, **dict.fromkeys(reading_vision.TOWERS, partial(reading_vision.wrapper, TEXTS))}


def read_config(
    config: Mapping[str, Any], id: str, file: str = "config.json", quantization: Mapping[str, Any] | None = None
) -> Architecture:
    """The architecture that a config.json describes.

    Parameters
    ----------
    config : mapping
        The parsed config.json, unmodified.
    id : str
        Name of the model. [text]
    file : str
        Where it came from, for messages. [text]
    quantization : mapping or None
        How the weights are stored, where the configuration does not say: the ``quantization`` of a
        hf_quant_config.json, or a quantization_config.

    Returns
    -------
    Architecture
        The model.

    Raises
    ------
    ParseError
        If a key is missing, of the wrong type, or not understood.
    DomainError
        If a number is outside what any model has.
    UnknownName
        If the model_type is not known.

    Notes
    -----
    Every key is either used or on the list of those that change no size, no byte and no step; any other is an
    error, so that :math:`cost(config)` never drops a term in silence.

    References
    ----------
    :cite:t:`wolf2020`.
    """
    keys = Keys(config, file)
    kind = keys.text("model_type")
    if kind not in FAMILIES:
        raise UnknownName("model_type", kind, FAMILIES, file)
    architecture = FAMILIES[kind](keys)
    stored = keys.section("quantization_config")
    if quantization is not None:
        stored = Keys(quantization, file, "quantization.")
    formats = checkpoint_formats(stored, architecture.layers) if stored is not None else {}
    keys.finish()
    if architecture.formats and quantization is None:
        formats = architecture.formats
    return replace(architecture, id=id, formats=formats)


def read_config_file(path: Path | str, id: str = "") -> Architecture:
    """The architecture in a config.json, or in the folder that holds one.

    Parameters
    ----------
    path : Path or str
        The file or its folder. [text]
    id : str
        Name of the model; empty for that of the folder. [text]

    Returns
    -------
    Architecture
        The model.

    Raises
    ------
    ParseError
        If there is no such file, or it is not JSON, or `read_config` refuses it.

    Notes
    -----
    See `read_config`; this is :math:`read(parse(file))`.

    References
    ----------
    :cite:t:`wolf2020`.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "config.json"
    beside = file.with_name(file.name.replace("config.json", "hf_quant_config.json"))
    stored = parse_json(beside).get("quantization") if beside.exists() else None
    if stored is not None and not isinstance(stored, dict):
        raise ParseError(beside, f"{stored!r} is not a mapping", key="quantization")
    quantization = cast("dict[str, Any] | None", stored)
    return read_config(parse_json(file), id or file.resolve().parent.name, str(file), quantization)


def parse_json(file: Path) -> dict[str, Any]:
    """The mapping in a JSON file. Raises `ParseError` with file and line."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParseError(file, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ParseError(file, "is not UTF-8 text") from None
    except RecursionError:
        raise ParseError(file, "is nested too deep") from None
    except json.JSONDecodeError as error:
        raise ParseError(file, f"is not JSON: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise ParseError(file, f"is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ParseError(file, "is not a mapping of keys to values")
    return cast("dict[str, Any]", content)
