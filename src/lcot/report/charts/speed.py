"""Speed: latency against load, where the time of a step goes, predictions against measurements."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from lcot.report.charts.cost import ROW
from lcot.report.charts.marks import Row, Spec, bounds, chart, clean, dodge, field, finite, logarithmic, palette
from lcot.report.palette import HUES, PARTS, Colours, colours

WIDTH, HEIGHT = 640, 340


def latency(
    rows: Iterable[Row],
    *,
    knee: float | None = None,
    target: float | None = None,
    what: str = "Time to first token",
    title: str = "Latency against load",
    subtitle: str = "",
) -> Spec:
    """Latency against load, one line a percentile, with the knee and the target.

    Each row: ``rate`` [request/s], ``statistic`` (mean, P50, P90, P99), ``time`` [s].
    """
    points = sorted(clean(rows, ("rate", "time"), "latency"), key=lambda r: (r["statistic"], r["rate"]))
    ends = {r["statistic"]: r for r in points}
    order = sorted(ends, key=lambda name: ends[name]["time"])
    shades = dict(zip(order, ("#5a89f6", "#436fb1", "#b1436f", "#ab512b") * len(order), strict=False))
    low, high = bounds([*(r["time"] for r in points), *([target] if target else [])])
    last = max(r["rate"] for r in points)
    x = field(
        "rate",
        "quantitative",
        scale={"domain": [0, last * 1.12], "nice": False},
        axis={"title": "Requests/s", "tickCount": 7},
    )
    y = field("time", "quantitative", **logarithmic(low, high, f"{what} (s)"))
    colour = field("statistic", "nominal", scale=palette(shades, order), legend=None)
    ups = spread([ends[name]["time"] for name in order], low, high, HEIGHT)
    names = [{**ends[name], "at": at} for name, at in zip(order, ups, strict=True)]
    layers: list[Spec] = [
        *rule("rate", x, knee, "knee", "requests/s", vertical=True),
        *rule("time", y, target, "target", "s", vertical=False),
        {
            "data": {"values": points},
            "mark": {"type": "line", "interpolate": "monotone", "point": {"size": 26, "filled": True}},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "tooltip": [
                    field("statistic", "nominal", title="Statistic"),
                    field("rate", "quantitative", title="Requests/s", format=".3~g"),
                    field("time", "quantitative", title="Seconds", format=".3~g"),
                ],
            },
        },
        {
            "data": {"values": names},
            "mark": {"type": "text", "align": "left", "dx": 9, "fontWeight": 600},
            "encoding": {"x": x, "y": y | {"field": "at"}, "color": colour, "text": field("statistic", "nominal")},
        },
    ]
    return chart(title, subtitle, layers, width=WIDTH, height=HEIGHT)


def spread(values: list[float], low: float, high: float, height: float, gap: float = 15) -> list[float]:
    """Values on a logarithmic axis moved apart so that their labels do not touch."""
    span = math.log(high / low)
    places = dodge([height * math.log(v / low) / span for v in values], gap, 6, height - 6)
    return [low * math.exp(place / height * span) for place in places]


def rule(name: str, channel: Spec, value: float | None, text: str, unit: str, *, vertical: bool) -> list[Spec]:
    """A dashed line with its name at a value of one axis."""
    if value is None:
        return []
    data = {"values": [{name: value, "label": f"{text}: {value:.3g} {unit}"}]}
    axis = "x" if vertical else "y"
    place = {"dx": 6, "y": HEIGHT - 8} if vertical else {"dy": -7, "x": 4}
    return [
        {"data": data, "mark": {"type": "rule", "style": "reference"}, "encoding": {axis: channel}},
        {
            "data": data,
            "mark": {"type": "text", "style": "quiet", "align": "left", **place},
            "encoding": {axis: channel, "text": field("label", "nominal")},
        },
    ]


def step_time(rows: Iterable[Row], *, title: str = "Where the time of a step goes", subtitle: str = "") -> Spec:
    """Seconds of a step by cause, stacked, one bar a case.

    Each row: ``case`` (a system, or prefill and decode), ``part`` (compute, memory, network, fixed), ``seconds``.
    """
    order = list(PARTS)
    known = sorted(clean(rows, ("seconds",), "step"), key=lambda r: order.index(r["part"]))
    cases = list(dict.fromkeys(r["case"] for r in known))
    totals = {case: sum(r["seconds"] for r in known if r["case"] == case) for case in cases}
    longest = max(totals.values())
    reached = dict.fromkeys(cases, 0.0)
    for row in known:
        row["from"], row["to"] = reached[row["case"]] * 1e3, (reached[row["case"]] + row["seconds"]) * 1e3
        reached[row["case"]] += row["seconds"]
        row["middle"] = (row["from"] + row["to"]) / 2
        share = row["seconds"] / totals[row["case"]] if totals[row["case"]] else 0.0
        row["share"] = f"{share:.0%}" if row["seconds"] > 0.07 * longest else ""
    ends = [{"case": case, "from": total * 1e3, "text": f"{total * 1e3:.3g} ms"} for case, total in totals.items()]
    x = field(
        "from",
        "quantitative",
        scale={"domain": [0, longest * 1.14e3], "nice": False},
        axis={"title": "Milliseconds", "tickCount": 6},
    )
    y = field(
        "case", "nominal", sort=cases, axis={"title": None, "grid": False, "labelFontSize": 12, "labelLimit": 260}
    )
    scale = {"domain": order, "range": [PARTS[part] for part in order]}
    tooltip = [
        field("case", "nominal", title="Case"),
        field("part", "nominal", title="Cause"),
        field("seconds", "quantitative", title="Seconds", format=".3~g"),
    ]
    layers: list[Spec] = [
        {
            "data": {"values": known},
            "mark": {"type": "bar", "height": {"band": 0.66}},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": y,
                "color": field("part", "nominal", scale=scale, legend={}),
                "tooltip": tooltip,
            },
        },
        {
            "data": {"values": known},
            "mark": {"type": "text", "color": "#ffffff", "fontSize": 11, "fontWeight": 600},
            "encoding": {"x": x | {"field": "middle"}, "y": y, "text": field("share", "nominal")},
        },
        {
            "data": {"values": ends},
            "mark": {"type": "text", "align": "left", "dx": 7, "style": "strong"},
            "encoding": {"x": x, "y": y, "text": field("text", "nominal")},
        },
    ]
    return chart(title, subtitle, layers, width=WIDTH, height=ROW * len(cases))


def predicted_measured(
    rows: Iterable[Row],
    *,
    unit: str,
    chosen: Colours | None = None,
    title: str = "Predicted against measured",
    subtitle: str = "",
) -> Spec:
    """Scatter of predictions on measurements with lines at equality and 20 % either side.

    Each row: ``measured``, ``predicted`` [``unit``], ``group`` (a family, or a source), and where known ``label``.
    """
    points = clean(rows, ("measured", "predicted"), "prediction")
    points = [p for p in points if p["measured"] > 0 and p["predicted"] > 0]
    groups = sorted({p["group"] for p in points})
    shades = chosen or colours(groups)
    low, high = bounds([v for p in points for v in (p["measured"], p["predicted"])])
    x = field("measured", "quantitative", **logarithmic(low, high, f"Measured ({unit})", "~s"))
    y = field("predicted", "quantitative", **logarithmic(low, high, f"Predicted ({unit})", "~s"))
    guides = [
        {"line": name, "measured": end, "predicted": min(max(end * factor, low), high)}
        for name, factor in (("equal", 1.0), ("+20 %", 1.2), ("-20 %", 1 / 1.2))
        for end in (low * max(1, 1 / factor), high / max(1, factor))
    ]
    near = sum(abs(p["predicted"] / p["measured"] - 1) <= 0.2 for p in points) / len(points)
    note = [{"text": f"{near:.0%} of {len(points):,} points within 20 % (dashed)"}]
    names = {"domain": groups, "range": [shades.get(g, HUES[0]) for g in groups]}
    layers: list[Spec] = [
        {
            "data": {"values": guides},
            "mark": {"type": "line", "style": "reference"},
            "encoding": {
                "x": x,
                "y": y,
                "detail": field("line", "nominal"),
                "strokeDash": {"condition": {"test": "datum.line == 'equal'", "value": [1, 0]}, "value": [4, 4]},
            },
        },
        {
            "data": {"values": points},
            "mark": {"type": "point", "filled": True, "size": 30, "opacity": 0.62},
            "encoding": {
                "x": x,
                "y": y,
                "color": field("group", "nominal", scale=names, legend={"symbolType": "circle"}),
                "tooltip": scatter_tooltip(points, unit),
            },
        },
        {
            "data": {"values": note},
            "mark": {"type": "text", "style": "strong", "align": "left", "x": 8, "y": 12},
            "encoding": {"text": field("text", "nominal")},
        },
    ]
    return chart(title, subtitle, layers, width=460, height=460)


def scatter_tooltip(points: list[dict[str, Any]], unit: str) -> list[Spec]:
    """What hovering over a point says."""
    names = [field("group", "nominal", title="Group")]
    if any("label" in p for p in points):
        names.append(field("label", "nominal", title="Condition"))
    return names + [
        field(key, "quantitative", title=f"{key.capitalize()} ({unit})", format=".3~g")
        for key in ("measured", "predicted")
        if all(finite(p[key]) for p in points)
    ]
