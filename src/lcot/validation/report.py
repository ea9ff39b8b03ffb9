"""What README and docs show of the accuracy: a table, the data of a chart, and a summary that can go stale."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from lcot.validation.score import Report, Score, score
from lcot.validation.types import Condition, Prediction

SCHEMA = "lcot.accuracy/1"
NAMES = {
    "tpot_ms": "time per output token",
    "ttft_ms": "time to first token",
    "output_tok_s_total": "output throughput",
    "total_tok_s_total": "total throughput",
    "input_tok_s_total": "input throughput",
    "output_tok_s_per_user": "speed of a user",
    "watts_system": "power",
    "joules_per_token": "energy per token",
}


def summary(conditions: Sequence[Condition], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Scores by source and metric and overall, rounded, ready for JSON.

    Parameters
    ----------
    conditions : sequence of Condition
        Measured points. [any]
    predictions : sequence of Prediction
        One for each. [any]

    Returns
    -------
    dict
        Versioned; errors are ratios. [any]
    """
    report: Report = score(conditions, predictions)

    def rounded(item: dict[str, Any]) -> dict[str, Any]:
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in item.items()}

    return {
        "schema": SCHEMA,
        "overall": rounded(asdict(report.overall)),
        "by_source_and_metric": [rounded(asdict(item)) for item in report.by_source_and_metric],
        "by_family_and_metric": [rounded(asdict(item)) for item in report.by_family_and_metric],
    }


def committed_summary() -> dict[str, Any]:
    """The summaries that ship with the package: ``evidence``, all points, and ``shipped``, those in the package."""
    return json.loads((Path(str(files("lcot"))) / "validation" / "accuracy.json").read_text())


def accuracy_table(found: dict[str, Any]) -> str:
    """README's table in Markdown: one line per metric, the median over the sources.

    Parameters
    ----------
    found : dict
        From `summary`. [any]

    Returns
    -------
    str
        Markdown. [text]
    """
    lines = [
        "| Quantity | Sources | Rows | Answered | Median error | P90 error | Inside the 80 % range |",
        "|---|---|---|---|---|---|---|",
    ]
    for metric, name in NAMES.items():
        items = [Score(**item) for item in found["by_source_and_metric"] if item["metric"] == metric]
        scored = [item for item in items if item.median_error is not None]
        if not scored:
            continue
        asked = sum(item.answered + item.unanswered for item in items)
        answered = sum(item.answered for item in items) / asked if asked else 1.0
        cells = [_middle([getattr(item, key) for item in scored]) for key in ("median_error", "p90_error", "hit_rate")]
        rows = sum(item.rows for item in items)
        lines.append(
            f"| {name} | {len(items)} | {rows:,} | {answered:.0%} | "
            + " | ".join(f"{cell:.0%}" for cell in cells)
            + " |"
        )
    return "\n".join(lines)


def _middle(values: Sequence[float | None]) -> float:
    known = sorted(value for value in values if value is not None)
    half = len(known) // 2
    return known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2


def chart_points(conditions: Sequence[Condition], predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Rows of the predicted-against-measured chart: one mark per answered point.

    Parameters
    ----------
    conditions : sequence of Condition
        Measured points. [any]
    predictions : sequence of Prediction
        One for each. [any]

    Returns
    -------
    list of dict
        ``id``, ``metric``, ``family``, ``source``, ``engine``, ``model``, ``measured``, ``predicted``, ``low``,
        ``high``, in the metric's own unit.
    """
    return [
        {
            "id": condition.id,
            "metric": NAMES.get(condition.metric, condition.metric),
            "family": condition.family,
            "source": condition.source,
            "engine": condition.engine,
            "model": condition.model,
            "measured": condition.value,
            "predicted": prediction.predicted,
            "low": prediction.low,
            "high": prediction.high,
        }
        for condition, prediction in zip(conditions, predictions, strict=True)
        if prediction.status == "predicted"
    ]


def regenerate(evidence: Path, *pages: Path) -> None:
    """Predict everything again, fit the ranges, and write what is committed: ranges, coverage, summary, tables.

    Parameters
    ----------
    evidence : Path
        Folder with ``measurements/calibration.csv`` and ``measurements/serving_runs.csv``.
    pages : Path
        Pages whose table is replaced: ``docs/accuracy.md``, ``README.md``.
    """
    from lcot.validation.coverage import as_yaml, coverage
    from lcot.validation.fitting_spreads import write_spreads
    from lcot.validation.points import read_points
    from lcot.validation.predict import predict
    from lcot.validation.spreads import committed_spreads

    here = Path(str(files("lcot"))) / "validation"
    names = ("calibration.csv", "serving_runs.csv")
    conditions = [row for name in names for row in read_points(evidence / "measurements" / name)]
    predictions = predict(conditions)
    between = committed_spreads().between  # measured on other points than these
    write_spreads(conditions, predictions, here / "fitted.yaml", between)
    committed_spreads.cache_clear()
    (here.parent / "catalog" / "coverage.yaml").write_text(as_yaml(coverage(conditions)))
    ranged = [with_range(*pair) for pair in zip(conditions, predictions, strict=True)]
    found = {"evidence": summary(conditions, ranged), "shipped": shipped_summary()}
    (here / "accuracy.json").write_text(json.dumps(found, indent=1) + "\n")
    for page in pages:
        page.write_text(with_table(page.read_text(), accuracy_table(found["evidence"])))


def with_range(condition: Condition, prediction: Prediction) -> Prediction:
    """The prediction with the committed range around its middle."""
    from lcot.validation.intervals import range_of
    from lcot.validation.spreads import committed_spreads

    if prediction.predicted is None:
        return prediction
    low, high = range_of(prediction.predicted, committed_spreads().around(condition))
    return replace(prediction, low=low, high=high)


def shipped_summary() -> dict[str, Any]:
    """Summary over the points that ship with the package."""
    from lcot.validation.measured import measured_rows
    from lcot.validation.points import conditions_of
    from lcot.validation.predict import predict

    conditions = conditions_of(measured_rows(), "the shipped points")
    return summary(conditions, predict(conditions))


BEGIN, END = "<!-- accuracy table -->", "<!-- end of accuracy table -->"


def with_table(text: str, table: str) -> str:
    """A page with its accuracy table replaced; the page marks the place with two comments."""
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    import os
    import sys

    regenerate(Path(os.environ["LCOT_EVIDENCE"]), *map(Path, sys.argv[1:]))
