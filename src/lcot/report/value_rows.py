"""Rows of the charts of a valuation, from its plain data."""

from __future__ import annotations

from typing import Any

from lcot.report.value_text import market_of, money, volume

Answer = dict[str, Any]
Row = dict[str, Any]


def bridge_rows(a: Answer) -> list[Row]:
    """From revenue to net income, and from there to the value of the equity."""
    c = {key: entry["stated"] for key, entry in a["chain"].items()}
    year = a["basis"]["exit_year"]
    lines = [
        (f"revenue {year}", c["revenue"], True), ("cost of revenue", -c["cost_of_revenue"], False),
        ("operating cost", -c["operating_cost"], False), ("tax", -c["tax"], False),
        (f"net income {year}", c["net_income"], True),
        (f"{a['terms']['multiple']['stated']:g} times that, discounted", c["exit"], True),
        ("cash flow until then", c["interim"], False), ("net cash on record", c["cash"], False),
        ("equity", c["equity"], True),
    ]  # fmt: skip
    return [{"line": line, "value": value, "total": total, "text": money(value)} for line, value, total in lines]


def reverse_rows(a: Answer) -> tuple[list[Row], list[Row]]:
    """The curve of shares needed, and the points on it: what is asked, and what the stated facts are worth."""
    asked = a["asked"]
    rows = [{**row, "text": volume(a, row["volume"])} for row in asked["curve"] if row["share"] is not None]
    share = next(one["needed"] for one in asked["needs"] if one["lever"] == "share")
    marks: list[Row] = []
    if share is not None:
        marks.append({"equity": asked["equity"], "share": share, "name": f"{money(asked['equity'])}: {share:.1%}"})
    stated, worth = a["terms"]["share"]["stated"], a["chain"]["equity"]["stated"]
    if worth > 0:
        marks.append({"equity": worth, "share": stated, "name": f"stated facts: {money(worth)} at {stated:.1%}"})
    return rows, marks


def chart_of(a: Answer) -> dict[str, Any]:
    """The chart of the answer: in reverse where a value was asked for, the bridge otherwise."""
    from lcot.report.charts.value import bridge, reverse

    who = a["company"]["name"]
    if a["asked"]:
        rows, marks = reverse_rows(a)
        title = f"What {who} must take for a value"
        return reverse(rows, marks=marks, title=title, subtitle=f"share of {market_of(a)}, {a['basis']['exit_year']}")
    subtitle = f"US dollars, {a['terms']['share']['stated']:.1%} of {market_of(a)}; a model, not advice"
    return bridge(bridge_rows(a), title=f"{who}: from revenue to value", subtitle=subtitle)
