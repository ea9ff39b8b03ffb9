"""From an unmodified Hugging Face config.json to an `Architecture`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from lcot.errors import ParseError, UnknownName
from lcot.workload import reading_dense, reading_latent, reading_mixture
from lcot.workload.architecture import Architecture
from lcot.workload.reading_formats import checkpoint_formats
from lcot.workload.reading_keys import Keys

Reader = Callable[[Keys], Architecture]

# model_type -> the function that reads it
FAMILIES: dict[str, Reader] = {
    **reading_dense.FAMILIES,
    **reading_mixture.FAMILIES,
    **reading_latent.FAMILIES,
}


def read_config(config: Mapping[str, Any], id: str, file: str = "config.json") -> Architecture:
    """The architecture that a config.json describes.

    Parameters
    ----------
    config : mapping
        The parsed config.json, unmodified.
    id : str
        Name of the model. [text]
    file : str
        Where it came from, for messages. [text]

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
    from dataclasses import replace

    if not isinstance(config, Mapping):
        raise ParseError(file, "is not a mapping of keys to values")
    keys = Keys(config, file)
    kind = keys.text("model_type")
    if kind not in FAMILIES:
        raise UnknownName("model_type", kind, FAMILIES, file)
    architecture = FAMILIES[kind](keys)
    formats = architecture.formats or checkpoint_formats(keys.section("quantization_config"), architecture.layers)
    keys.finish()
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
    return read_config(parse_json(file), id or file.resolve().parent.name, str(file))


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
