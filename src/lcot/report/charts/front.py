"""The front: cost or throughput against the speed a user gets, one line a system."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from lcot.report.charts.marks import (
    LETTER,
    TAIL,
    Row,
    Spec,
    bounds,
    chart,
    clean,
    dodge,
    field,
    logarithmic,
    palette,
    without_tails,
)
from lcot.report.palette import Colours, colours, dashes

WIDTH, HEIGHT = 680, 400
CROWD = 6  # more names than this stand in a column of their own
MEASURES = {
    "usd_per_mtok": ("US dollars per million tokens", "$~g"),
    "tokens_per_second_per_chip": ("Tokens/s per chip", "~s"),
    "tokens_per_second_per_mw": ("Tokens/s per MW", "~s"),
}
SPEED = "Tokens/s per user"
BEYOND = 2.0  # times the least and the most of the lines: how far bands may go
KEY: tuple[Spec, ...] = (
    {
        "data": {"values": [{"text": "measured"}]},
        "mark": {"type": "text", "style": "quiet", "align": "right", "x": {"expr": "width - 6"}, "y": 8},
        "encoding": {"text": field("text", "nominal")},
    },
    {
        "data": {"values": [{}]},
        "mark": {"type": "point", "size": 50, "shape": "diamond", "style": ["quiet", "measured"], "aria": False}
        | {"x": {"expr": "width - 78"}, "y": 8},
    },
)


def front(
    rows: Iterable[Row],
    *,
    measure: str = "usd_per_mtok",
    measured: Iterable[Row] = (),
    target: float | None = None,
    chosen: Colours | None = None,
    title: str = "The front",
    subtitle: str = "",
) -> Spec:
    """Chart of ``measure`` against ``speed``.

    Each row: ``system``, ``speed`` [token/s a user], ``value``, and where known ``low``, ``high``, ``deployment``.
    Rows of ``measured`` (``system``, ``speed``, ``value``, ``source``, and where known ``run``, what was run, and
    ``same``, false for what is near the question only) lie on top as points. ``target`` is a speed.
    A line of cost ends at ten times the system's least, and the subtitle says so where that cuts it.
    """
    known = sorted(clean(rows, ("speed", "value"), "front"), key=lambda r: (r["system"], r["speed"]))
    lines = without_tails(known) if measure == "usd_per_mtok" else known
    below = [subtitle] if subtitle else []
    if len(lines) < len(known):
        below.append(f"lines end at {TAIL} times the least cost of the system")
    points = [r for r in map(dict, measured) if r.get("value") and r.get("speed")]
    shades = chosen or colours(r["system"] for r in [*lines, *points])
    axis_title, style = MEASURES[measure]
    left, right = bounds([*(r["speed"] for r in [*lines, *points]), *([target] if target else [])])
    values = [r["value"] for r in [*lines, *points]]
    room = min(values) / BEYOND, max(values) * BEYOND  # a band that reaches further is cut, so that lines stay apart
    ends = [min(max(r[key], room[0]), room[1]) for r in lines for key in ("low", "high") if r.get(key)]
    bottom, top = bounds([*values, *ends])
    labels = end_labels(lines, (left, right), (bottom, top))
    for _ in range(20):  # a wider axis moves the names too, but less each time
        right = max(right, *(label["edge"] for label in labels))
        labels = end_labels(lines, (left, right), (bottom, top))
    names = {r["system"] for r in [*lines, *points]}
    x = field("speed", "quantitative", **logarithmic(left, right, SPEED))
    y = field("value", "quantitative", **logarithmic(bottom, top, axis_title, style))
    colour = field("system", "nominal", scale=palette(shades, names), legend=None)
    layers = [*bands(lines, x, y, colour), *target_rule(target, x)]
    layers += curves(lines, x, y, colour, axis_title) + end_marks(labels, x, y, colour)
    if points:
        layers += [dots(points, x, y, colour), *KEY]
    return chart(title, below, layers, width=WIDTH, height=HEIGHT, usermeta={"least": 520})


def bands(lines: list[dict[str, Any]], x: Spec, y: Spec, colour: Spec) -> list[Spec]:
    """The range of each line, where it has one."""
    ranged = [r for r in lines if r.get("low") and r.get("high")]
    if not ranged:
        return []
    return [
        {
            "data": {"values": ranged},
            "mark": {"type": "area", "opacity": 0.14, "line": False, "clip": True},
            "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}, "color": colour},
        }
    ]


def curves(lines: list[dict[str, Any]], x: Spec, y: Spec, colour: Spec, axis_title: str) -> list[Spec]:
    """The lines, and the points that hovering finds."""
    names = sorted({r["system"] for r in lines})
    dash = dashes(names)
    tooltip = [
        field("system", "nominal", title="System"),
        field("speed", "quantitative", title=SPEED, format=".3~g"),
        field("value", "quantitative", title=axis_title, format=".3~g"),
        *([field("deployment", "nominal", title="Deployment")] if any("deployment" in r for r in lines) else []),
    ]
    drawn = {"x": x, "y": y, "color": colour}
    kind = field("system", "nominal", legend=None, scale={"domain": names, "range": [dash[n] for n in names]})
    return [
        {
            "data": {"values": lines},
            "mark": {"type": "line", "interpolate": "monotone"},
            "encoding": drawn | {"strokeDash": kind},
        },
        {
            "data": {"values": lines},
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 0},
            "encoding": drawn | {"tooltip": tooltip},
        },
    ]


def dots(points: list[dict[str, Any]], x: Spec, y: Spec, colour: Spec) -> Spec:
    """Measured points."""
    tooltip = [
        field("system", "nominal", title="Measured"),
        field("speed", "quantitative", title=SPEED, format=".3~g"),
        field("value", "quantitative", title="Value", format=".3~g"),
        *([field("run", "nominal", title="Run")] if any("run" in r for r in points) else []),
        field("source", "nominal", title="Source"),
    ]
    faint = {"condition": {"test": "datum.same === false", "value": 0.45}, "value": 1}
    return {
        "data": {"values": points},
        "mark": {"type": "point", "size": 70, "shape": "diamond", "style": "measured"},
        "encoding": {"x": x, "y": y, "stroke": colour, "opacity": faint, "tooltip": tooltip},
    }


def target_rule(target: float | None, x: Spec) -> list[Spec]:
    """A line at the speed asked for, with its name."""
    if not target:
        return []
    data = {"values": [{"speed": target, "label": f"asked: {target:g} tokens/s"}]}
    return [
        {"data": data, "mark": {"type": "rule", "style": "reference"}, "encoding": {"x": x}},
        {
            "data": data,
            "mark": {"type": "text", "style": "quiet", "align": "left", "dx": 6, "y": 8},
            "encoding": {"x": x, "text": field("label", "nominal")},
        },
    ]


def end_labels(lines: list[dict[str, Any]], xs: tuple[float, float], ys: tuple[float, float]) -> list[dict[str, Any]]:
    """One label at the fast end of each line, moved where labels would lie on each other."""

    def across(value: float) -> float:
        return WIDTH * math.log(value / xs[0]) / math.log(xs[1] / xs[0])

    def up(value: float) -> float:
        return HEIGHT * math.log(value / ys[0]) / math.log(ys[1] / ys[0])

    def back(pixels: float, limits: tuple[float, float], span: int) -> float:
        return limits[0] * (limits[1] / limits[0]) ** (pixels / span)

    ends = {r["system"]: r for r in lines}
    labels: list[dict[str, Any]] = [
        {"system": name, "speed": r["speed"], "value": r["value"], "across": across(r["speed"]), "up": up(r["value"])}
        for name, r in ends.items()
    ]
    column = max(item["across"] for item in labels) + 18
    for group in [labels] if len(labels) > CROWD else crowds(labels):
        for item, place in zip(group, dodge([item["up"] for item in group], 15, 6, HEIGHT - 6), strict=True):
            item["up"] = place
    for item in labels:
        beside = column if len(labels) > CROWD else item["across"]
        item["at"], item["beside"] = back(item["up"], ys, HEIGHT), back(beside, xs, WIDTH)
        item["edge"] = back(beside + 12 + LETTER * len(item["system"]), xs, WIDTH)
    return labels


def crowds(labels: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Labels that share columns of the chart, together."""
    ordered = sorted(labels, key=lambda item: item["across"])
    groups: list[list[dict[str, Any]]] = [[ordered[0]]]
    for before, item in pairwise(ordered):
        if item["across"] - before["across"] < 12 + LETTER * len(str(before["system"])):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def end_marks(labels: list[dict[str, Any]], x: Spec, y: Spec, colour: Spec) -> list[Spec]:
    """A dot at the end of each line, its name beside it, and a thread where the name had to move."""
    keys = ("system", "speed", "value", "at", "beside")
    data = {"values": [{key: item[key] for key in keys} for item in labels]}
    name = {"type": "text", "align": "left", "baseline": "middle", "dx": 8, "fontWeight": 600}
    place = {"x": x | {"field": "beside"}, "y": y | {"field": "at"}, "text": field("system", "nominal")}
    thread = {"x": x, "x2": {"field": "beside"}, "y": y, "y2": {"field": "at"}, "color": colour}
    return [
        {"data": data, "mark": {"type": "rule", "opacity": 0.55}, "encoding": thread},
        {
            "data": data,
            "mark": {"type": "point", "filled": True, "size": 34, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": colour},
        },
        {"data": data, "mark": name | {"style": "halo"}, "encoding": place},
        {"data": data, "mark": name, "encoding": place | {"color": colour}},
    ]
