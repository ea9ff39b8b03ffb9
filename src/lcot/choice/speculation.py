"""Acceptance lengths that were published, by model. Speculation is off unless it is asked for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lcot.steptime.types import Speculation
from lcot.workload.architecture import Architecture

FILE = Path(__file__).parent.parent / "catalog" / "speculation.yaml"


@cache
def on_record() -> dict[str, dict[str, Any]]:
    """Entry of each model with an acceptance length on record."""
    from lcot.facts.reading import read_yaml

    return {model: entry for entry in read_yaml(FILE)["entries"] for model in entry["models"]}


def speculation_of(model: Architecture, asked: str) -> Speculation:
    """``off``, or the speculation on record for the model; off too where none is, and the answer shows it by row."""
    entry = on_record().get(model.id) if asked == "stated" else None
    if entry is None:
        return Speculation()
    return Speculation(entry["method"], entry["draft_tokens"], entry["acceptance_length"])
