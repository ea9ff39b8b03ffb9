"""A simulated run over time."""

from __future__ import annotations

from collections.abc import Iterable

from lcot.report.charts.marks import Row, Spec, clean, field

SERIES = ("running", "waiting")


def running_and_waiting(rows: Iterable[Row], *, title: str = "Requests in the system", subtitle: str = "") -> Spec:
    """Requests running and waiting over time, stacked, so that the height is all that is in the system.

    Each row: ``time`` [s], ``running``, ``waiting`` [request].
    """
    points = [
        {"time": row["time"], "series": name, "value": row[name], "order": i}
        for row in clean(rows, ("time", *SERIES), "time line")
        for i, name in enumerate(SERIES)
    ]
    colour = field("series", "nominal", title="", scale={"domain": list(SERIES), "range": ["#436fb1", "#ab512b"]})
    return {
        "title": {"text": title, "subtitle": subtitle},
        "width": 640,
        "height": 260,
        "data": {"values": points},
        "mark": {"type": "area", "interpolate": "step-after"},
        "encoding": {
            "x": field("time", "quantitative", title="Time (s)"),
            "y": field("value", "quantitative", title="Requests", stack="zero"),
            "color": colour,
            "order": field("order", "ordinal"),
        },
    }
