"""The market: a quantity over time, shares over time, and a fan of futures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from lcot.report.charts.marks import Row, Spec, bounds, chart, clean, dodge, dollars, field, logarithmic, palette
from lcot.report.charts.speed import spread
from lcot.report.palette import LESS, Colours, colours

WIDTH, HEIGHT = 640, 340
LABEL_ROOM = 170  # pixels right of the plot for names, at most
YEARS: Spec = {"title": None, "grid": False, "format": "%Y", "tickCount": {"interval": "year", "step": 1}}


def timeline(
    rows: Iterable[Row],
    *,
    quantity: str,
    style: str = "~g",
    chosen: Colours | None = None,
    title: str = "",
    subtitle: str = "",
) -> Spec:
    """A quantity over time, one line a series, named at its end.

    Each row: ``date`` (ISO), ``series``, ``value``, and where known ``low``, ``high``.
    """
    points = sorted(clean(rows, ("value",), "timeline"), key=lambda r: (r["series"], r["date"]))
    ends = {r["series"]: r for r in points}
    shades = chosen or colours(ends)
    low, high = bounds([r.get(key) or r["value"] for r in points for key in ("value", "low", "high")])
    x = field("date", "temporal", axis=dates([r["date"] for r in points]))
    y = field("value", "quantitative", **logarithmic(low, high, quantity, style))
    colour = field("series", "nominal", scale=palette(shades, ends), legend=None)
    places = spread([r["value"] for r in ends.values()], low, high, HEIGHT)
    names = [{**r, "at": at} for r, at in zip(ends.values(), places, strict=True)]
    tooltip = [
        field("series", "nominal", title="Series"),
        field("date", "temporal", title="Date"),
        field("value", "quantitative", title=quantity, format=".3~g"),
    ]
    ranged = [r for r in points if r.get("low") and r.get("high")]
    layers: list[Spec] = [
        {
            "data": {"values": ranged},
            "mark": {"type": "area", "opacity": 0.14},
            "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}, "color": colour},
        },
        {
            "data": {"values": points},
            "mark": {"type": "line", "point": {"size": 30, "filled": True}},
            "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
        },
        end_names(names, x, y | {"field": "at"}, colour),
    ]
    layers = layers if ranged else layers[1:]  # a layer without rows has no extent
    return chart(title or quantity, subtitle, layers, width=WIDTH, height=HEIGHT, padding=padding(ends))


def dates(found: list[str]) -> Spec:
    """Axis of dates: years where they span more than two, months otherwise."""
    years = int(max(found)[:4]) - int(min(found)[:4])
    return YEARS if years > 2 else {"title": None, "grid": False, "format": "%b %Y", "tickCount": 6}


def end_names(names: Sequence[Row], x: Spec, y: Spec, colour: Spec) -> Spec:
    """The name of each series at its end."""
    return {
        "data": {"values": list(names)},
        "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 8, "fontWeight": 600, "clip": False},
        "encoding": {"x": x, "y": y, "color": colour, "text": field("series", "nominal")},
    }


def padding(names: Iterable[str]) -> Spec:
    """Room on the right for the longest name."""
    longest = max(len(name) for name in names)
    return {"left": 12, "top": 12, "bottom": 12, "right": min(LABEL_ROOM, 16 + 7 * longest)}


def shares(
    rows: Iterable[Row],
    *,
    chosen: Colours | None = None,
    title: str = "Shares",
    subtitle: str = "",
) -> Spec:
    """Shares of a whole over the years, stacked to 100 %, each named at its right end.

    Each row: ``year``, ``series``, ``value`` (any unit; the chart shows shares).
    """
    points = clean(rows, ("year", "value"), "share")
    years = sorted({r["year"] for r in points})
    totals = {year: sum(r["value"] for r in points if r["year"] == year) for year in years}
    final = {r["series"]: r["value"] for r in points if r["year"] == years[-1]}
    order = sorted({r["series"] for r in points}, key=lambda name: -final.get(name, 0.0))
    shades = chosen or colours(order)
    stacked: list[dict[str, Any]] = []
    for year, group in groupby(
        sorted(points, key=lambda r: (r["year"], order.index(r["series"]))), lambda r: r["year"]
    ):
        reached = 0.0
        for row in group:
            share = row["value"] / totals[year]
            stacked.append({"date": f"{year:g}-01-01", "series": row["series"], "from": reached, "to": reached + share})
            stacked[-1]["share"] = share
            reached += share
    last = [r for r in stacked if r["date"] == f"{years[-1]:g}-01-01"]
    places = dodge([HEIGHT * (r["from"] + r["to"]) / 2 for r in last], 15, 6, HEIGHT - 6)
    names: list[dict[str, Any]] = [
        {"date": r["date"], "series": f"{r['series']} {r['share']:.0%}", "key": r["series"], "at": at / HEIGHT}
        for r, at in zip(last, places, strict=True)
    ]
    x = field("date", "temporal", axis=YEARS)
    y = field("from", "quantitative", scale={"domain": [0, 1]}, axis={"title": None, "format": "%", "tickCount": 5})
    colour = field("series", "nominal", scale=palette(shades, order), legend=None)
    tooltip = [
        field("series", "nominal", title="Series"),
        field("date", "temporal", title="Year", format="%Y"),
        field("share", "quantitative", title="Share", format=".1%"),
    ]
    layers: list[Spec] = [
        {
            "data": {"values": stacked},
            "mark": {"type": "area", "opacity": 0.88, "style": "layer"},
            "encoding": {"x": x, "y": y, "y2": {"field": "to"}, "color": colour, "tooltip": tooltip},
        },
        end_names(names, x, y | {"field": "at"}, colour | {"field": "key"}),
    ]
    return chart(title, subtitle, layers, width=WIDTH, height=HEIGHT, padding=padding([r["series"] for r in names]))


def fan(
    rows: Iterable[Row],
    *,
    quantity: str,
    style: str = "~g",
    history: Iterable[Row] = (),
    colour: str = LESS,
    title: str = "",
    subtitle: str = "",
) -> Spec:
    """A median with bands of 50 % and 80 % around it, after what was observed.

    Each row: ``year``, ``p10``, ``p25``, ``p50``, ``p75``, ``p90``; rows of ``history``: ``year``, ``value``.
    """
    ahead = [dated(r) for r in clean(rows, ("year", "p10", "p25", "p50", "p75", "p90"), "fan")]
    past = [dated(r) for r in history]
    low, high = bounds([*(r[key] for r in ahead for key in ("p10", "p90")), *(r["value"] for r in past)])
    x = field("date", "temporal", axis=YEARS)
    y = field("p50", "quantitative", **logarithmic(low, high, quantity, style))
    last = max(ahead, key=lambda r: r["year"])
    keys = ("p90", "p50", "p10")
    places = spread([last[key] for key in keys], low, high, HEIGHT)
    names = [
        {"date": last["date"], "at": at, "text": f"{k.upper()} {amount(last[k], style)}"}
        for k, at in zip(keys, places, strict=True)
    ]
    layers: list[Spec] = [
        {
            "data": {"values": ahead},
            "mark": {"type": "area", "opacity": opacity, "color": colour},
            "encoding": {"x": x, "y": y | {"field": lower}, "y2": {"field": upper}},
        }
        for lower, upper, opacity in (("p10", "p90", 0.16), ("p25", "p75", 0.24))
    ]
    layers.append({"data": {"values": ahead}, "mark": {"type": "line", "color": colour}, "encoding": {"x": x, "y": y}})
    if past:
        layers.append(
            {
                "data": {"values": past},
                "mark": {"type": "line", "style": "baseline", "strokeWidth": 2.25},
                "encoding": {"x": x, "y": y | {"field": "value"}},
            }
        )
    layers.append(
        {
            "data": {"values": names},
            "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 8, "style": "strong"},
            "encoding": {"x": x, "y": y | {"field": "at"}, "text": field("text", "nominal")},
        }
    )
    return chart(title or quantity, subtitle, layers, width=WIDTH, height=HEIGHT, padding=padding(["P90 0.000"]))


def amount(value: float, style: str) -> str:
    """A value as its axis writes it."""
    return dollars(value) if style.startswith("$") else f"{value:.3g}"


def dated(row: Row) -> dict[str, Any]:
    """The row with its year as a date."""
    return {**row, "date": f"{row['year']:g}-01-01"}
