"""`lcot validate`: how far off are the predictions?"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.measured import conditions_in, stated
from lcot.cli.progress import counting
from lcot.errors import InputError, ParseError

if TYPE_CHECKING:
    from lcot.validation.types import Condition, Prediction

SAID = 5  # rows that are not understood, named one by one


def validate(
    *,
    points: Path | None = None,
    rows: Path | None = None,
    limit: int | None = None,
    system: str | None = None,
    devices: int | None = None,
    layout: str = "",
    software: str = "",
    model: str = "",
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """How far off are the predictions? Each row is predicted from only what it states, then compared.

    Parameters
    ----------
    points
        CSV in the columns of docs/accuracy.md, or the JSON of vllm bench serve, AIPerf or GuideLLM; without it, the
        measured points that ship with the package.
    rows
        Write id, value, predicted, low, high, status and reason of every row to this CSV.
    limit
        Only the first rows.
    system
        For result files, which do not say it: the system the runs were made on.
    devices
        For result files: devices of the run.
    layout
        For result files: the layout, such as tp8.
    software
        For result files: engine and version, such as vllm 0.12.0.
    model
        For result files that do not name it: the model.
    json_
        Print the report as JSON.
    """
    from lcot.validation.predict import predict
    from lcot.validation.score import as_json, as_table, score

    if limit is not None and limit < 1:
        raise InputError(f"--limit is {limit}; allowed: 1 or more")
    unreadable: list[ParseError] = []
    known = stated(system, devices, layout, software, model)
    conditions = conditions_in(points, known, unreadable) if points is not None else shipped()
    for problem in unreadable[:SAID]:
        print(f"lcot: not understood, so not predicted: {problem}", file=sys.stderr)
    if len(unreadable) > SAID:
        print(f"lcot: and {len(unreadable) - SAID} more rows", file=sys.stderr)
    conditions = conditions[:limit]
    with counting("runs predicted") as progress:
        predictions = predict(conditions, progress=progress)
    if rows is not None:
        write_predictions(rows, predictions)
    report = score(conditions, predictions)
    if json_:
        print(dumped(as_json(report)))
        return
    print(as_table(report.by_source_and_metric))
    print()
    print(as_table(report.by_family_and_metric))
    overall = report.overall

    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.1%}"

    print(
        f"\n{overall.rows} rows, {percent(overall.share_answered)} answered. Over {overall.groups} groups of source x "
        f"metric: median error {percent(overall.median_error)}, P90 {percent(overall.p90_error)}, "
        f"{percent(overall.hit_rate)} inside the 80% interval."
    )


def shipped() -> list[Condition]:
    """The measured points that ship with the package."""
    from lcot.validation.measured import measured_rows
    from lcot.validation.points import conditions_of

    return conditions_of(measured_rows(), "the shipped points")


def write_predictions(path: Path, predictions: list[Prediction]) -> None:
    """A CSV row for each prediction, whole or not at all."""
    from lcot.report.render import save

    columns = ("id", "value", "predicted", "low", "high", "status", "reason")
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for one in predictions:
        cells = [getattr(one, name) for name in columns]
        table.writerow(["" if cell is None else cell for cell in cells])
    save(path, text.getvalue())
