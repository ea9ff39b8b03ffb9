"""`lcot claims`: which published claims hold against the record and under the model?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.progress import telling
from lcot.cli.workers import MOST, opened
from lcot.errors import InputError

DRAWS = 64  # through the model, unless asked otherwise


def claims(
    id: Annotated[list[str] | None, Parameter(negative=())] = None,
    /,
    *,
    scenario: str = "goldman",
    draws: int = DRAWS,
    seed: int = 2026,
    workers: int = 0,
    record_only: Annotated[bool, Parameter(negative=())] = False,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    svg: Path | None = None,
) -> None:
    """Which published claims hold? The record first, then the verdict, the probability, and what would turn it.

    Runs of the model are kept, so that the same question is answered at once the second time.

    Parameters
    ----------
    id
        Claims, such as C7 C11; all without any.
    scenario
        Scenario of the market, or the path of a YAML file.
    draws
        Draws through the model.
    seed
        Seed of the draws.
    workers
        Worker processes for the map of C11; 0: here.
    record_only
        Do not run the model: the record, the verdict and what turns it.
    json_
        Print as JSON.
    svg
        Write the map of costs of C11, as .svg, .png, .html or .json.
    """
    from lcot.report.claims import answered
    from lcot.report.claims_text import as_text

    if draws < 1 or draws > 1 << 16:
        raise InputError(f"--draws is {draws}; allowed: 1 to {1 << 16}")
    if not 0 <= workers <= MOST:
        raise InputError(f"--workers is {workers}; allowed: 0 to {MOST}")
    with telling("reading the record") as progress, opened("", workers) as executor:
        answer = answered(id or [], scenario, draws, seed, progress, not record_only, executor)
    print(dumped(answer) if json_ else as_text(answer))
    if svg is not None:
        draw(answer, svg)


def draw(answer: dict[str, object], file: Path) -> None:
    """Write the map. Raises `InputError` where the answer has none."""
    from lcot.report.charts.claims import crossover, rows_of
    from lcot.report.render import write

    listed = answer["claims"]
    assert isinstance(listed, list)
    found = next((one["map"] for one in listed if "map" in one), None)
    if found is None:
        raise InputError("--svg draws the map of C11; ask for C11, or for all, without --record-only")
    cells, lines = rows_of(found)
    write(
        file,
        crossover(
            cells, lines, title="Where wafer-scale is cheaper than GPU clusters",
            subtitle="1,000 tokens in, 500 out, owned; line and dot: P10-P90, P50 of the crossing; blank: none serves",
        ),
    )  # fmt: skip
