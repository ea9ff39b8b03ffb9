"""A sized fleet as one HTML file: what it takes, why, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from lcot.choice.sizing import Fleet
from lcot.choice.types import Question
from lcot.report.answer import SHOWN
from lcot.report.appendix import accuracy_rows, fact_rows
from lcot.report.document import document, items, paragraph, section, table
from lcot.report.figures import CAUSES, bill_figure, parts
from lcot.report.page import SOURCE_COLUMNS, accuracy_table, figure, named
from lcot.report.sized import as_text


def page(a: Mapping[str, Any], fleet: Fleet, question: Question) -> str:
    """One self-contained HTML document; ``a`` is what ``--json`` prints."""
    first, *rest = as_text(dict(a)).splitlines()
    keys = ("copies", "chips", "systems", "spares", "rate", "rate_with_headroom", "power", "site_power", "capital",
            "cost_per_year", "limit")  # fmt: skip
    asked = {"model": a["model"], "system": a["system"], "site": a["site"], **a["load"], **a["target"], **a["margins"]}
    facts = [fleet.system.facts, fleet.system.chip.facts, question.site.facts]
    used = [fleet.steps.deployment] if fleet.steps is not None else []
    rejected = [(r["layout"], r["reason"]) for r in a["rejected"][:SHOWN]]
    body = [
        f"<header><h1>{escape(first)}</h1>{items(rest)}</header>",
        section("The fleet", table(("", "value"), named({key: a[key] for key in keys}))),
        section("Its bill", *bill_parts(fleet)),
        section("Inside a decode step at the mean batch", step_table(fleet, question)),
        section("Cheaper, but short of it", table(("layout", "why"), rejected)),
        section("The question", table(("", "asked"), named(asked))),
        section("Assumptions", *assumptions(a, fleet)),
        section("Sources", table(SOURCE_COLUMNS, ([row.get(k) for k in SOURCE_COLUMNS] for row in fact_rows(facts)))),
        section("Accuracy", accuracy_table(accuracy_rows(used)) if used else ""),
        paragraph(f"Schema {a['schema']}.", "quiet"),
    ]
    return document(f"LCOT: {a['model']} on {a['system']}", "\n".join(part for part in body if part))


def bill_parts(fleet: Fleet) -> list[str]:
    """The chart and the money of the bill; nothing where there is none."""
    bill = fleet.bill
    if bill is None:
        return [paragraph(f"Not priced: {fleet.unpriced}")] if fleet.unpriced else []
    paid = [(name, float(value)) for name, value in bill.capital.items() if float(value)]
    return [figure(bill_figure(bill, fleet.system.name)), table(("paid to start", "USD"), paid)]


def step_table(fleet: Fleet, question: Question) -> str:
    """Milliseconds of a decode step at the mean batch, by cause."""
    if fleet.steps is None or fleet.run is None:
        return ""
    spent = parts(fleet.system.id, fleet.steps, float(fleet.run.batch), question.traffic)
    return table(CAUSES, [[row["seconds"] * 1e3 for row in spent]], "Milliseconds")


def assumptions(a: Mapping[str, Any], fleet: Fleet) -> list[str]:
    """Units, what was extrapolated, and the declared estimates in use."""
    notes = list(fleet.steps.notes) if fleet.steps is not None else []
    estimates = list(fleet.bill.estimates) if fleet.bill is not None else []
    said = [*notes, *([f"declared estimates in use: {', '.join(estimates)}"] if estimates else [])]
    units = "; ".join(f"{key.replace('_', ' ')}: {unit}" for key, unit in a["units"].items())
    return [items(said), paragraph(units, "quiet")]
