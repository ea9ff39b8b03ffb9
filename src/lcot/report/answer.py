"""The whole report of an answer: page, front and sources together."""

from __future__ import annotations

from lcot.choice.types import Answer
from lcot.report.charts.front import front
from lcot.report.contract import front_rows, source_rows, to_dict
from lcot.report.page import report


def whole_report(answer: Answer) -> str:
    """One self-contained HTML document."""
    rows = front_rows(answer)
    charts = [front(rows, target=answer.question.target.speed, title="The front at full load")] if rows else []
    return report(to_dict(answer), charts, source_rows(answer))
