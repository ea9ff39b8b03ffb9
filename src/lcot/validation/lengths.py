"""Lengths of requests by benchmark, for rows that do not state them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lcot.facts.reading import read_yaml


@dataclass(frozen=True, slots=True)
class Lengths:
    """Mean lengths [token] and concurrency of a row; ``origin`` is ``row`` or the rule that filled a gap."""

    input: float | None
    output: float | None
    concurrency: float | None
    origin: str = "row"


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """Rules of the table, in order."""
    content: Mapping[str, Any] = read_yaml(Path(str(files("lcot"))) / "validation" / "lengths.yaml")
    return tuple(content["rules"])


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def fill(stated: Lengths, about: str, scenario: str) -> Lengths:
    """The lengths of a row, its gaps filled from the table.

    Parameters
    ----------
    stated : Lengths
        What the row states; None where it does not.
    about : str
        Source, notes and model of the row, in which the patterns are searched. [text]
    scenario : str
        Scenario of the row. [text]

    Returns
    -------
    Lengths
        With the id of the first rule that filled a length, else ``row``. Rules that fit are taken in order, each
        filling only what is still missing; a concurrency is filled beside a length, never alone.
    """
    found = stated
    for rule in rules():
        if found.input is not None and found.output is not None:
            break
        if "scenario" in rule and rule["scenario"] != scenario:
            continue
        if "match" in rule and not _pattern(rule["match"]).search(about):
            continue
        gives = (found.input is None and "input" in rule) or (found.output is None and "output" in rule)
        if not gives:
            continue
        found = Lengths(
            input=found.input if found.input is not None else rule.get("input"),
            output=found.output if found.output is not None else rule.get("output"),
            concurrency=found.concurrency if found.concurrency is not None else rule.get("concurrency"),
            origin=rule["id"] if found.origin == "row" else found.origin,
        )
    return found
