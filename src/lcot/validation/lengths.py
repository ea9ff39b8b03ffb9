"""Lengths of requests by benchmark, for rows that do not state them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
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


# lengths that a title or a note gives: "ISL/OSL 1024/8192", "8k/1k"
WRITTEN = re.compile(
    r"(?:ISL ?/ ?OSL|in ?/ ?out|input ?/ ?output)[ :=]*(\d+)(k?) ?/ ?(\d+)(k?)\b|\b(\d+)(k) ?/ ?(\d+)(k)\b",
    re.IGNORECASE,
)


def written(stated: Lengths, about: str) -> Lengths:
    """The lengths of a row, its gaps filled from what its own notes say.

    >>> written(Lengths(None, None, 4.0), "chat 1k/8k").output
    8192.0
    """
    found = WRITTEN.search(about) if stated.input is None or stated.output is None else None
    if not found:
        return stated
    first, many, second, more = (part or "" for part in (found.groups()[:4] if found[1] else found.groups()[4:]))
    given = float(first) * (1024.0 if many else 1.0), float(second) * (1024.0 if more else 1.0)
    input_tokens = given[0] if stated.input is None else stated.input
    output_tokens = given[1] if stated.output is None else stated.output
    return replace(stated, input=input_tokens, output=output_tokens)


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
    found = written(stated, about)
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
