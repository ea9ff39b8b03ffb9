"""An outlook as one HTML file that needs nothing else and can be printed."""

from __future__ import annotations

from html import escape
from typing import Any

from lcot.facts.types import Facts
from lcot.report.appendix import fact_rows
from lcot.report.charts.market_outlook import charts
from lcot.report.document import document, items, paragraph, section, table
from lcot.report.market_text import as_text, verdict
from lcot.report.page import PAIRS, accuracy_table, figure, named, source_table

ORDER = ("shares", "tokens", "cost", "rents")


def page(a: dict[str, Any], facts: Facts) -> str:
    """Verdict, charts, the tables as text; the scenario's facts, its estimates and the back-test behind them."""
    specs = charts(a)
    body = [
        f"<header><h1>{escape(verdict(a))}</h1>{paragraph(a['basis']['advice'], 'quiet')}</header>",
        *(figure(specs[name]) for name in ORDER if name in specs),
        section("In numbers", f'<div class="scroll"><pre>{escape(as_text(a))}</pre></div>'),
        section("The question", table(("", "asked"), named(a["scenario"] | a["basis"]), kind=PAIRS)),
        section("Assumptions", items(f"declared estimate: {key}" for key in a["estimates"])),
        section("Accuracy", *accuracy(a)),
        section("Sources", source_table(fact_rows([facts]))),
        paragraph(f"Schema {a['schema']}.", "quiet"),
    ]
    return document(f"LCOT market: {a['scenario']['id']}", "\n".join(part for part in body if part))


def accuracy(a: dict[str, Any]) -> list[str]:
    """The back-test, also where it loses."""
    tested = a["backtest"]
    if tested is None:
        return [paragraph("The choice was not tested on the record (--no-backtest).")]
    return [paragraph(tested["verdict"]), accuracy_table(tested["scores"]), items(tested["missing"])]
