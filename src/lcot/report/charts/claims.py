"""The map of costs: where wafers are cheaper than GPU clusters, over speed and load, for several models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from lcot.report.charts.marks import Row, Spec, chart, clean, field, logarithmic
from lcot.report.palette import LESS, MORE

ROW = 26  # pixels a row of cells
WIDTH = 640
NEITHER = "#e8e8e8"


def crossover(cells: Iterable[Row], crossings: Iterable[Row], *, title: str, subtitle: str = "") -> Spec:
    """Cells coloured by the probability that the wafer is cheaper, and the speed at which that turns with its range.

    Each cell: ``row`` (model and load), ``speed`` [tokens/s a user], ``probability``, ``text``. Each crossing: ``row``,
    ``p10``, ``p50``, ``p90`` [tokens/s a user].
    """
    squares = clean(cells, ("speed", "probability"), "map")
    order = list(dict.fromkeys(one["row"] for one in squares))
    ends = edges(sorted({one["speed"] for one in squares}))
    for one in squares:
        one["from"], one["to"] = ends[one["speed"]]
        one["percent"] = f"{one['probability']:.0%}"
    low, high = min(one["from"] for one in squares), max(one["to"] for one in squares)
    x = field("from", "quantitative", **logarithmic(low, high, "tokens/s that a user gets"))
    y = field("row", "nominal", sort=order, axis={"title": None, "grid": False, "labelLimit": 240, "labelFontSize": 12})
    scale = {"domain": [0, 0.5, 1], "range": [LESS, NEITHER, MORE]}
    legend = {"title": "probability that the wafer is cheaper", "format": ".0%", "type": "gradient", "orient": "top"}
    legend |= {"titleLimit": 400, "gradientLength": 260, "values": [0, 0.25, 0.5, 0.75, 1]}
    tooltip = [
        field("row", "nominal", title="Model and load"),
        field("speed", "quantitative", title="Tokens/s a user"),
        field("percent", "nominal", title="Wafer cheaper"),
        field("text", "nominal", title="USD per million tokens"),
    ]
    layers: list[Spec] = [
        {
            "data": {"values": squares},
            "mark": {"type": "rect", "opacity": 0.9},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": y,
                "color": field("probability", "quantitative", scale=scale, legend=legend),
                "tooltip": tooltip,
            },
        }
    ]
    turns = [dict(one) for one in crossings if one.get("p50") is not None]
    if turns:
        layers += [
            {
                "data": {"values": turns},
                "mark": {"type": "rule", "strokeWidth": 3, "style": "baseline"},
                "encoding": {"x": x | {"field": "p10"}, "x2": {"field": "p90"}, "y": y},
            },
            {
                "data": {"values": turns},
                "mark": {"type": "point", "filled": True, "size": 55, "style": "baseline"},
                "encoding": {"x": x | {"field": "p50"}, "y": y},
            },
        ]
    return chart(title, subtitle, layers, width=WIDTH, height=ROW * len(order))


def edges(speeds: Sequence[float]) -> dict[float, tuple[float, float]]:
    """Where the cell of each speed begins and ends: halfway, in the logarithm, to its neighbours."""
    middles = [math.sqrt(a * b) for a, b in pairwise(speeds)]
    first = speeds[0] ** 2 / middles[0] if middles else speeds[0] / 2
    last = speeds[-1] ** 2 / middles[-1] if middles else speeds[-1] * 2
    bounds = [first, *middles, last]
    return {speed: (bounds[i], bounds[i + 1]) for i, speed in enumerate(speeds)}


def rows_of(found: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Cells and crossings of the chart from the map of the answer."""

    def name(one: Row) -> str:
        return f"{one['model']}, {one['requests_per_second']:g}/s"

    cells = [
        {
            "row": name(c), "speed": c["tokens_per_second_per_user"], "probability": c["probability_wafer_cheaper"],
            "text": f"GPU {shown(c['gpu_usd_per_mtok'])}, wafer {shown(c['wafer_usd_per_mtok'])}",
        }
        for c in found["cells"]
    ]  # fmt: skip
    lines = [{"row": name(c), "p10": c["p10"], "p50": c["p50"], "p90": c["p90"]} for c in found["crossings"]]
    return cells, lines


def shown(cost: float | None) -> str:
    """A cost, or that nothing serves."""
    return "cannot serve" if cost is None else f"${cost:.3g}"
