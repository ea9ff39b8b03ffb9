"""The whole report of an answer: page, front and sources together."""

from __future__ import annotations

from lcot.choice.types import Answer
from lcot.report.charts.front import front
from lcot.report.contract import front_rows, front_subtitle, source_rows, to_dict
from lcot.report.page import report
from lcot.report.render import Spec


def whole_report(answer: Answer) -> str:
    """One self-contained HTML document."""
    charts = [front_of(answer)] if front_rows(answer) else []
    return report(to_dict(answer), charts, source_rows(answer))


def front_of(answer: Answer) -> Spec:
    """The chart of the front, with what its numbers mean. Raises `InputError` where no system is ranked."""
    title = f"{answer.question.model.id} at full load"
    speed = answer.question.target.speed
    return front(front_rows(answer), target=speed, title=title, subtitle=front_subtitle(answer))
