"""The whole report of an answer: page, charts, sources and accuracy together."""

from __future__ import annotations

from collections.abc import Iterable

from lcot.choice.types import Answer
from lcot.report.appendix import accuracy_rows, fact_rows
from lcot.report.charts.front import front
from lcot.report.charts.marks import Row
from lcot.report.contract import MEASURES, front_rows, front_subtitle, to_dict
from lcot.report.figures import bill_figure, step_figure
from lcot.report.page import report
from lcot.report.render import Spec

SHOWN = 12  # systems of a chart


def whole_report(answer: Answer) -> str:
    """One self-contained HTML document."""
    front = [front_of(answer)] if front_rows(answer) else []
    used = [e.plan.deployment for e in answer.entries if e.plan is not None and e.status in ("ranked", "unpriced")]
    costed = [
        each for e in answer.by_status("ranked") if e.plan for each in (e.plan.deployment, e.plan.deployment.paired)
    ]
    facts = [part for d in costed if d for part in (d.system.facts, d.system.chip.facts, d.engine.facts)]
    figures = [*front, *details(answer).values()]
    return report(to_dict(answer), figures, fact_rows([*facts, answer.question.site.facts]), accuracy_rows(used))


def front_of(answer: Answer, measure: str = MEASURES[0], measured: Iterable[Row] = ()) -> Spec:
    """The chart of the front, with what its numbers mean. Raises `InputError` where no system is ranked."""
    names = {item.system.id: item.system.name for item in answer.entries}
    title, rows = f"{answer.question.model.id} at full load", front_rows(answer, measure)
    rows, points = ([{**row, "system": names[row["system"]]} for row in some] for some in (rows, measured))
    below = [front_subtitle(answer)]
    if any("low" in row for row in rows):
        below.append("bands: P10 to P90 of the cheapest at the point asked, carried along their lines")
    if measure == MEASURES[2]:
        below.append("power of the systems, without the site's cooling")
    return front(
        rows, measure=measure, measured=points, target=answer.question.target.speed, title=title,
        subtitle="; ".join(below),
    )  # fmt: skip


def details(answer: Answer) -> dict[str, Spec]:
    """The bill of the cheapest system, and what a step of each ranked one spends its time on; none without one."""
    ranked = [(e.system, e.plan) for e in answer.by_status("ranked") if e.plan is not None][:SHOWN]
    if not ranked:
        return {}
    system, best = ranked[0]
    bill = {"bill": bill_figure(best.bill, system.name)} if best.bill is not None else {}
    return bill | {"step": step_figure([(one.name, plan) for one, plan in ranked], answer.question.traffic)}
