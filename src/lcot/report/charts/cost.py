"""Costs: who is cheapest, what the bill is made of, which facts move it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lcot.report.charts.marks import Row, Spec, alike, chart, clean, dollars, field
from lcot.report.palette import LESS, MORE, NEUTRAL, Colours, colours

ROW = 30  # pixels a bar
PER_MTOK = "US dollars per million tokens"
REACH = 1.5  # times the dearest bar: where a range is cut, and its end told


def cheapest(
    rows: Iterable[Row], *, chosen: Colours | None = None, title: str = "Who is cheapest", subtitle: str = ""
) -> Spec:
    """Bars of cost, cheapest first, with the range and the distance to the best.

    All that changes with an answer stands in the data ``rows``, so that a page can put in others without a new chart.
    Each row: ``system``, ``value`` [USD per million tokens], and where known ``low``, ``high``.
    """
    bars = sorted(clean(rows, ("value",), "cost"), key=lambda r: r["value"])
    best = bars[0]["value"]
    for bar in bars:
        bar["low"], bar["high"] = bar.get("low") or bar["value"], bar.get("high") or bar["value"]
        bar["price"] = dollars(bar["value"])
        bar["against"] = "cheapest" if bar is bars[0] else against(bar["value"] / best)
    shades = chosen or colours(bar["system"] for bar in bars)
    limit = REACH * bars[-1]["value"]
    for place, bar in enumerate(bars):
        if bar["high"] > limit:
            bar["against"] += f", up to {dollars(bar['high'])}"
        bar["end"] = min(bar["high"], limit)
        bar |= {
            "place": place,
            "shade": shades[bar["system"]],
            "room": bar["end"] * (1.24 if bar["high"] <= limit else 1.45),
        }
    axis = {"title": PER_MTOK, "format": "$~r", "tickCount": 6}
    x = field("value", "quantitative", scale={"domainMin": 0, "nice": False}, axis=axis)
    first = {"field": "place", "op": "min", "order": "ascending"}
    y = field(
        "system", "nominal", sort=first, axis={"title": None, "grid": False, "labelFontSize": 12, "labelLimit": 260}
    )
    colour = field("shade", "nominal", scale=None)
    tooltip = [
        field("system", "nominal", title="System"),
        field("value", "quantitative", title=PER_MTOK, format="$.3~g"),
        field("low", "quantitative", title="Low", format="$.3~g"),
        field("high", "quantitative", title="High", format="$.3~g"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.62}, "opacity": 0.9, "cornerRadiusEnd": 2},
            "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 1.5, "style": "baseline"},
            "encoding": {"x": x | {"field": "low"}, "x2": {"field": "end"}, "y": y},
        },
        label("price", x | {"field": "end"}, y, dx=8, style="strong"),
        label("against", x | {"field": "end"}, y, dx=62, style="quiet"),
        {"mark": {"type": "point", "opacity": 0, "tooltip": None}, "encoding": {"x": x | {"field": "room"}, "y": y}},
    ]
    return chart(title, subtitle, layers, height=ROW * len(bars), data={"name": "rows", "values": bars})


def against(ratio: float) -> str:
    """How much more than the best: in per cent, from twice on as a multiple."""
    return f"+{ratio - 1:.0%}" if ratio < 2 else f"{ratio:.1f}x"


def label(text: str, x: Spec, y: Spec, *, dx: float, style: str, align: str = "left") -> Spec:
    """Text beside a mark."""
    mark = {"type": "text", "align": align, "baseline": "middle", "dx": dx, "style": style}
    return {"mark": mark, "encoding": {"x": x, "y": y, "text": field(text, "nominal")}}


def waterfall(rows: Iterable[Row], *, title: str = "What the bill is made of", subtitle: str = "") -> Spec:
    """Lines of a bill, each starting where the one before ended, and their sum.

    Each row: ``line``, ``value`` [USD per million tokens]; credits are negative.
    """
    parts = clean(rows, ("value",), "bill")
    total = sum(part["value"] for part in parts)
    steps: list[dict[str, Any]] = []
    reached = 0.0
    for part in parts:
        steps.append({"line": part["line"], "from": reached, "to": reached + part["value"], "value": part["value"]})
        reached += part["value"]
    steps.append({"line": "total", "from": 0.0, "to": total, "value": total})
    for step, text in zip(steps, alike([step["value"] for step in steps]), strict=True):
        step["end"] = max(step["from"], step["to"])
        step["share"] = f"{step['value'] / total:.0%}" if total and step["line"] != "total" else ""
        step["text"] = text
        step["kind"] = "total" if step["line"] == "total" else ("cost" if step["value"] >= 0 else "credit")
    order = [step["line"] for step in steps]
    low, high = min(0.0, *(s["from"] for s in steps)), max(s["end"] for s in steps)
    x = field(
        "from",
        "quantitative",
        scale={"domain": [low, low + (high - low) * 1.2], "nice": False},
        axis={"title": PER_MTOK, "format": "$~r", "tickCount": 6},
    )
    y = field("line", "nominal", sort=order, axis={"title": None, "grid": False, "labelFontSize": 12})
    kinds = {"domain": ["cost", "credit", "total"], "range": [LESS, "#099eae", NEUTRAL]}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.66}, "cornerRadius": 1},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": y,
                "color": field("kind", "nominal", scale=kinds, legend=None),
                "tooltip": [field("line", "nominal"), field("value", "quantitative", title=PER_MTOK, format="$.3~g")],
            },
        },
        label("text", x | {"field": "end"}, y, dx=7, style="strong"),
        label("share", x | {"field": "end"}, y, dx=62, style="quiet"),
    ]
    return chart(title, subtitle, layers, height=ROW * len(steps), data={"values": steps})


def tornado(
    rows: Iterable[Row], base: float, *, limit: int = 10, title: str = "Which facts move the answer", subtitle: str = ""
) -> Spec:
    """Bars from the answer to what it becomes at the low and the high end of each fact, widest first.

    Each row: ``fact``, ``at_low``, ``at_high`` [USD per million tokens], ``low``, ``high`` (the fact's ends, as text),
    and where it differs ``id``, the fact's owner and key.
    """
    facts = sorted(clean(rows, ("at_low", "at_high"), "sensitivity"), key=lambda r: -abs(r["at_high"] - r["at_low"]))[
        :limit
    ]
    bars: list[dict[str, Any]] = [
        {
            "fact": r["fact"],
            "id": r.get("id", r["fact"]),
            "end": end,
            "from": base,
            "to": r[f"at_{end}"],
            "text": str(r.get(end, "")),
        }
        for r in facts
        for end in ("low", "high")
    ]
    for bar in bars:
        bar["result"] = dollars(bar["to"])
    order = [r["fact"] for r in facts]
    ends = [value for bar in bars for value in (bar["to"], base)]
    room = (max(ends) - min(ends)) * 0.22 or max(abs(base), 1e-9) * 0.1
    x = field(
        "from",
        "quantitative",
        scale={"domain": [min(ends) - room, max(ends) + room], "nice": False, "zero": False},
        axis={"title": PER_MTOK, "format": "$~r", "tickCount": 6},
    )
    y = field(
        "fact", "nominal", sort=order, axis={"title": None, "grid": False, "labelFontSize": 12, "labelLimit": 320}
    )
    scale = {"domain": ["low", "high"], "range": [LESS, MORE]}
    legend = {"labelExpr": "datum.label == 'low' ? 'fact at its low end' : 'fact at its high end'"}
    tooltip = [
        field("id", "nominal", title="Fact"),
        field("text", "nominal", title="Fact is"),
        field("result", "nominal", title=PER_MTOK),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.62}},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": y,
                "color": field("end", "nominal", scale=scale, legend=legend),
                "tooltip": tooltip,
            },
        },
        {"data": {"values": [{"from": base}]}, "mark": {"type": "rule", "style": "baseline"}, "encoding": {"x": x}},
        *(
            label("text", x | {"field": "to"}, y, dx=dx, style="quiet", align=align)
            | {"transform": [{"filter": f"datum.to {sign} datum.from"}]}
            for sign, dx, align in (("<", -6, "right"), (">", 6, "left"))
        ),
    ]
    return chart(title, subtitle, layers, height=ROW * len(facts), data={"values": bars}, usermeta={"least": 380})
