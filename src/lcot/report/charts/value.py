"""Values: from revenue to net income to the value of the equity, and the share that a value asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lcot.report.charts.cost import ROW, label
from lcot.report.charts.marks import Row, Spec, chart, clean, field
from lcot.report.palette import LESS, MORE, NEUTRAL


def bridge(rows: Iterable[Row], *, title: str, subtitle: str = "") -> Spec:
    """Sums that lead from one to another: each starts where the one before ended; totals start at nothing.

    Each row: ``line``, ``value`` [US dollars], ``total`` (whether it is a sum so far), ``text``.
    """
    steps: list[dict[str, Any]] = []
    reached = 0.0
    for row in clean(rows, ("value",), "value"):
        start = 0.0 if row["total"] else reached
        reached = row["value"] if row["total"] else reached + row["value"]
        kind = "total" if row["total"] else ("adds" if row["value"] >= 0 else "takes")
        ends = {"from": start / 1e9, "to": reached / 1e9, "end": max(start, reached) / 1e9}
        steps.append({"line": row["line"], "text": row["text"], "kind": kind, **ends})
    order = [step["line"] for step in steps]
    low, high = min(0.0, *(min(s["from"], s["to"]) for s in steps)), max(0.0, *(s["end"] for s in steps))
    x = field(
        "from",
        "quantitative",
        scale={"domain": [low, high + (high - low) * 0.22], "nice": False},
        axis={"title": "billion US dollars", "format": "$,~f", "tickCount": 6},
    )
    y = field(
        "line", "nominal", sort=order, axis={"title": None, "grid": False, "labelFontSize": 12, "labelLimit": 240}
    )
    kinds = {"domain": ["adds", "takes", "total"], "range": [LESS, MORE, NEUTRAL]}
    tooltip = [field("line", "nominal", title="Line"), field("text", "nominal", title="US dollars")]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.66}, "cornerRadius": 1},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": y,
                "color": field("kind", "nominal", scale=kinds, legend=None),
                "tooltip": tooltip,
            },
        },
        label("text", x | {"field": "end"}, y, dx=7, style="strong"),
    ]
    return chart(title, subtitle, layers, height=ROW * len(steps), data={"values": steps})


def reverse(
    rows: Iterable[Row], *, marks: Iterable[Row] = (), title: str, subtitle: str = "", volume: str = ""
) -> Spec:
    """The share of the market that each value of the equity asks for.

    Each row: ``equity`` [US dollars], ``share`` [1], ``text`` (volume in words). Each mark: ``equity``, ``share``,
    ``name``: points of interest on or off the line.
    """
    points = [{**r, "bn": r["equity"] / 1e9} for r in clean(rows, ("equity", "share"), "share needed")]
    named = [{**r, "bn": r["equity"] / 1e9} for r in sorted(marks, key=lambda r: r["share"])]
    x = field("bn", "quantitative", axis={"title": "value of all equity, billion US dollars", "format": "$,~f"})
    y = field("share", "quantitative", axis={"title": "share of the inference market", "format": "%"})
    tooltip = [
        field("bn", "quantitative", title="Value, billion US dollars", format=".3~g"),
        field("share", "quantitative", title="Share needed", format=".1%"),
        field("text", "nominal", title=volume or "Volume"),
    ]
    layers: list[Spec] = [
        {
            "data": {"values": points},
            "mark": {"type": "line", "color": LESS},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        }
    ]
    if named:
        layers += [
            {
                "data": {"values": named},
                "mark": {"type": "point", "filled": True, "size": 70, "color": MORE},
                "encoding": {"x": x, "y": y},
            },
            *(
                {
                    "data": {"values": some},
                    "mark": {"type": "text", "align": align, "dx": dx, "dy": dy, "style": "strong"},
                    "encoding": {"x": x, "y": y, "text": field("name", "nominal")},
                }
                for some, align, dx, dy in ((named[:1], "left", 8, 10), (named[1:], "right", -8, -10))
                if some
            ),
        ]
    return chart(title, subtitle, layers)
