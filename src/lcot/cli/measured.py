"""Files of measurements as the verbs take them: points (CSV), or the result files of benchmark tools (JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lcot.errors import ParseError
    from lcot.validation.types import Condition


def stated(system: str | None, devices: int | None, layout: str, software: str, model: str) -> dict[str, str]:
    """What the user says of the machine of result files, which do not state it, by column."""
    given = {"system": system, "n_devices": devices, "parallelism": layout, "engine": software, "model": model}
    return {column: str(value) for column, value in given.items() if value}


def conditions_in(path: Path, known: Mapping[str, str], unreadable: list[ParseError] | None = None) -> list[Condition]:
    """Conditions of a file: by its ending a result file of a benchmark tool, or points. Raises `ParseError`."""
    from lcot.validation.points import conditions_of, read_points
    from lcot.validation.recordings import read_recording

    if path.suffix == ".json":
        return conditions_of(read_recording(path, known), path)
    return read_points(path, unreadable)
