"""How far predictions are from measurements, by family, source and metric."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from lcot.validation.types import Condition, Prediction

SCHEMA = "lcot.validate/1"
LEVEL = 0.8  # probability that the stated range should hold
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of one group of rows. Errors are relative to the measured value; the range is scored in logarithms."""

    family: str
    source: str
    metric: str
    rows: int
    answered: int
    unanswered: int
    inconsistent: int
    identity: int
    median_error: float | None
    p90_error: float | None
    bias: float | None  # median of predicted over measured, minus 1
    hit_rate: float | None  # share of measured values inside the 80 % range
    interval_score: float | None  # mean log width, plus 10 times each miss

    @property
    def share_answered(self) -> float:
        """Answered rows over the rows that are consistent and say something. [1]"""
        asked = self.answered + self.unanswered
        return self.answered / asked if asked else 1.0


@dataclass(frozen=True, slots=True)
class Overall:
    """Medians over the source x metric groups, so that no source drowns the rest."""

    groups: int
    rows: int
    share_answered: float
    median_error: float | None
    p90_error: float | None
    hit_rate: float | None
    interval_score: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of one file of points."""

    overall: Overall
    by_source_and_metric: tuple[Score, ...]
    by_family_and_metric: tuple[Score, ...]
    by_group: tuple[Score, ...]  # family x source x metric


def relative_errors(measured: Floats, predicted: Floats) -> Floats:
    r"""Absolute error of each prediction relative to the measured value.

    Parameters
    ----------
    measured : ndarray, shape (n,)
        Measured values, positive. [any]
    predicted : ndarray, shape (n,)
        Predicted values in the same unit. [any]

    Returns
    -------
    ndarray, shape (n,)
        Errors. [1]

    Notes
    -----
    .. math:: e = |\hat y - y| / y
    """
    return np.abs(predicted - measured) / measured


def interval_scores(measured: Floats, low: Floats, high: Floats) -> Floats:
    r"""Interval score of each range, in logarithms: its width plus a penalty for what it misses.

    Parameters
    ----------
    measured : ndarray, shape (n,)
        Measured values, positive. [any]
    low, high : ndarray, shape (n,)
        Ends of the 80 % range, positive. [any]

    Returns
    -------
    ndarray, shape (n,)
        Scores; lower is better, and a wide range wins nothing. [1]

    Notes
    -----
    .. math:: s = \ln\frac{u}{l} + \frac{2}{\alpha}\left(\max(0, \ln\frac{l}{y}) + \max(0, \ln\frac{y}{u})\right)

    with :math:`\alpha = 0.2`. :cite:t:`gneiting2007`, eq. 43.
    """
    miss = np.maximum(0.0, np.log(low / measured)) + np.maximum(0.0, np.log(measured / high))
    return np.log(high / low) + 2.0 / (1.0 - LEVEL) * miss


def score_group(predictions: Sequence[Prediction], *, family: str = "", source: str = "", metric: str = "") -> Score:
    """Score of one group of predictions; errors are None where nothing was answered."""
    status = [p.status for p in predictions]
    answered = [p for p in predictions if p.status == "predicted" and p.predicted is not None]
    errors = bias = hits = scores = None
    p90 = None
    if answered:
        measured = np.array([p.value for p in answered])
        predicted = np.array([p.predicted for p in answered], dtype=float)
        relative = relative_errors(measured, predicted)
        errors, p90 = float(np.median(relative)), float(np.quantile(relative, 0.9))
        bias = float(np.exp(np.median(np.log(predicted / measured))) - 1.0)
        ranged = [p for p in answered if p.low is not None and p.high is not None]
        if ranged:
            y = np.array([p.value for p in ranged])
            low, high = (np.array([getattr(p, end) for p in ranged], dtype=float) for end in ("low", "high"))
            hits = float(np.mean((y >= low) & (y <= high)))
            scores = float(np.mean(interval_scores(y, low, high)))
    return Score(
        family=family,
        source=source,
        metric=metric,
        rows=len(predictions),
        answered=len(answered),
        unanswered=status.count("unanswered"),
        inconsistent=status.count("inconsistent"),
        identity=status.count("identity"),
        median_error=errors,
        p90_error=p90,
        bias=bias,
        hit_rate=hits,
        interval_score=scores,
    )


def score(conditions: Iterable[Condition], predictions: Iterable[Prediction]) -> Report:
    """Score of every prediction against its condition's measured value, by family, source and metric.

    Parameters
    ----------
    conditions : iterable of Condition
        What was measured. [any]
    predictions : iterable of Prediction
        One for each condition, matched by ``id``. [any]

    Returns
    -------
    Report
        Scores by family x source x metric and their sums, and the median over source x metric. [any]
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    pairs = [(condition, by_id[condition.id]) for condition in conditions]

    def grouped(key: Callable[[Condition], tuple[str, str, str]]) -> tuple[Score, ...]:
        groups: dict[tuple[str, str, str], list[Prediction]] = defaultdict(list)
        for condition, prediction in pairs:
            groups[key(condition)].append(prediction)
        return tuple(
            score_group(members, family=family, source=source, metric=metric)
            for (family, source, metric), members in sorted(groups.items())
        )

    by_source = grouped(lambda c: ("", c.source, c.metric))
    return Report(
        overall=_overall(by_source),
        by_source_and_metric=by_source,
        by_family_and_metric=grouped(lambda c: (c.family, "", c.metric)),
        by_group=grouped(lambda c: (c.family, c.source, c.metric)),
    )


def _overall(groups: Sequence[Score]) -> Overall:
    def middle(name: str) -> float | None:
        values = [getattr(group, name) for group in groups if getattr(group, name) is not None]
        return float(np.median(values)) if values else None

    asked = sum(group.answered + group.unanswered for group in groups)
    return Overall(
        groups=len(groups),
        rows=sum(group.rows for group in groups),
        share_answered=sum(group.answered for group in groups) / asked if asked else 1.0,
        median_error=middle("median_error"),
        p90_error=middle("p90_error"),
        hit_rate=middle("hit_rate"),
        interval_score=middle("interval_score"),
    )


def as_json(report: Report) -> dict[str, object]:
    """The report as a versioned, JSON-ready mapping; all errors are ratios."""

    def plain(item: Score) -> dict[str, object]:
        return {**asdict(item), "share_answered": item.share_answered}

    return {
        "schema": SCHEMA,
        "level": LEVEL,
        "overall": asdict(report.overall),
        "by_source_and_metric": [plain(item) for item in report.by_source_and_metric],
        "by_family_and_metric": [plain(item) for item in report.by_family_and_metric],
        "by_family_source_and_metric": [plain(item) for item in report.by_group],
    }


def _percent(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "-"
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def as_table(scores: Sequence[Score]) -> str:
    """Scores as a plain text table; errors in percent."""
    head = ("family", "source", "metric", "rows", "answered %", "median %", "p90 %", "bias %", "in range %", "score")
    lines = [
        (
            item.family,
            item.source[:48],
            item.metric,
            str(item.rows),
            _percent(item.share_answered),
            _percent(item.median_error),
            _percent(item.p90_error),
            _percent(item.bias, signed=True),
            _percent(item.hit_rate),
            "-" if item.interval_score is None else f"{item.interval_score:.2f}",
        )
        for item in scores
    ]
    keep = [i for i in range(len(head)) if i > 2 or any(line[i] for line in lines)]
    widths = [max(len(row[i]) for row in (head, *lines)) for i in range(len(head))]

    def cell(row: Sequence[str], i: int) -> str:
        return row[i].ljust(widths[i]) if i < 3 else row[i].rjust(widths[i])

    return "\n".join("  ".join(cell(row, i) for i in keep).rstrip() for row in (head, *lines))
