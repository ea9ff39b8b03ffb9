"""An outlook as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Any

from lcot.report.charts.market_outlook import charts
from lcot.report.document import document
from lcot.report.market_text import as_text, verdict
from lcot.report.render import bundle, drawing

ORDER = ("shares", "tokens", "cost", "rents")


def page(a: dict[str, Any]) -> str:
    """Verdict, charts, and the tables as text."""
    specs = {name: spec for name, spec in charts(a).items() if name in ORDER}
    figures = "\n".join(f'<figure id="{name}"></figure>' for name in ORDER if name in specs)
    body = f'<h1>{escape(verdict(a))}</h1>\n{figures}\n<div class="scroll"><pre>{escape(as_text(a))}</pre></div>'
    return document(f"LCOT market: {a['scenario']['id']}", body, scripts=(bundle(), drawing(specs)))
