"""`lcot bill`: what a fleet of one system costs, line by line and year by year."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.question import Asked
from lcot.errors import InputError

DEFAULT = Asked()


def bill(
    system: str,
    model: str,
    /,
    *,
    asked: Asked = DEFAULT,
    sources: bool = True,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """What does a fleet of this system cost, line by line, by level, by year, and what rests on which source?

    Parameters
    ----------
    system
        A system's id or YAML file.
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    sources
        List every fact in the bill with its range and source.
    json_
        Print as JSON.
    """
    from lcot.cli.sensitivity import best
    from lcot.report.billed import as_dict, as_text

    if asked.system:
        raise InputError("--system is for comparisons; here the system comes first: lcot bill SYSTEM MODEL")
    if asked.basis == "api":
        raise InputError("--basis api has no system; allowed: own, rent (prices of hosts: lcot compare --basis api)")
    question = replace(asked, system=[system]).question(model)
    answer = as_dict(best(question), question)
    print(dumped(answer) if json_ else as_text(answer, sources))
