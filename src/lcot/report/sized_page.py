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
from lcot.report.page import PAIRS, accuracy_table, figure, named, plain, source_table
from lcot.report.sized import as_text


def page(a: Mapping[str, Any], fleet: Fleet, question: Question) -> str:
    """One self-contained HTML document; ``a`` is what ``--json`` prints."""
    first, *rest = as_text(dict(a)).splitlines()
    asked = {"model": a["model"], "system": a["system"], "site": a["site"], **a["load"], **a["target"], **a["margins"]}
    facts = [fleet.system.facts, fleet.system.chip.facts, question.site.facts]
    used = [fleet.steps.deployment] if fleet.steps is not None else []
    rejected = [(r["layout"], r["reason"]) for r in a["rejected"][:SHOWN]]
    body = [
        f"<header><h1>{escape(first)}</h1>{items(rest)}</header>",
        section("The fleet", table(("", "value"), fleet_rows(a), kind=PAIRS)),
        section("Its bill", *bill_parts(fleet)),
        section("Inside a decode step at the mean batch", step_table(fleet, question)),
        section("Cheaper, but short of it", table(("layout", "why"), rejected)),
        section("The question", table(("", "asked"), named(asked), kind=PAIRS)),
        section("Assumptions", *assumptions(a, fleet)),
        section("Accuracy", accuracy_table(accuracy_rows(used)) if used else ""),
        section("Sources", source_table(fact_rows(facts))),
        paragraph(f"Schema {a['schema']}.", "quiet"),
    ]
    return document(f"LCOT: {a['model']} on {a['system']}", "\n".join(part for part in body if part))


ROWS = (  # key, what it is, factor from SI
    ("systems", "systems that serve", 1.0),
    ("spares", "systems kept spare", 1.0),
    ("copies", "copies of the model", 1.0),
    ("prefill_copies", "copies for prompts beside them", 1.0),
    ("chips", "chips", 1.0),
    ("rate", "requests/s", 1.0),
    ("rate_with_headroom", "requests/s with headroom", 1.0),
    ("power", "power of the systems, kW", 1e-3),
    ("site_power", "from the grid, kW", 1e-3),
    ("capital", "to start, USD", 1.0),
    ("cost_per_year", "a levelised year, USD", 1.0),
)


def fleet_rows(a: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the fleet is and takes, without what is not known."""
    rows = [(what, plain(a[key] * factor)) for key, what, factor in ROWS if a[key] is not None]
    return [*rows, ("what one copy less breaks", str(a["limit"]))] if rows else []


def bill_parts(fleet: Fleet) -> list[str]:
    """The chart and the money of the bill; nothing where there is none."""
    bill = fleet.bill
    if bill is None:
        return [paragraph(f"Not priced: {fleet.unpriced}")] if fleet.unpriced else []
    paid = [(name, plain(float(value))) for name, value in bill.capital.items() if float(value)]
    start = table(("paid to start", "USD"), paid, kind=PAIRS)
    return [figure(bill_figure(bill, fleet.system.name)), start]


def step_table(fleet: Fleet, question: Question) -> str:
    """Milliseconds of a decode step at the mean batch, by cause."""
    if fleet.steps is None or fleet.run is None:
        return ""
    spent = parts(fleet.system.id, fleet.steps, float(fleet.run.batch), question.traffic)
    return table(CAUSES, [[row["seconds"] * 1e3 for row in spent]], "Milliseconds", PAIRS)


def assumptions(a: Mapping[str, Any], fleet: Fleet) -> list[str]:
    """Units, what was extrapolated, and the declared estimates in use."""
    notes = list(fleet.steps.notes) if fleet.steps is not None else []
    estimates = list(fleet.bill.estimates) if fleet.bill is not None else []
    said = [*notes, *([f"declared estimates in use: {', '.join(estimates)}"] if estimates else [])]
    units = "; ".join(f"{key.replace('_', ' ')}: {unit}" for key, unit in a["units"].items())
    return [items(said), paragraph(units, "quiet")]
