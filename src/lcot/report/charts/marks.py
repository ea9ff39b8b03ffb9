"""What the charts share: clean rows, scales with round ticks, labels that do not collide."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from lcot.errors import InputError

Row = Mapping[str, Any]
Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
TAIL = 10  # a line of cost ends where it is this many times the system's least
LINE = 104  # letters of a subtitle that stand over a chart in one line
LETTER = 7.6  # width of a letter of a bold 12-pixel label in a wide face


def chart(
    title: str, subtitle: str | Sequence[str], layers: list[Spec], *, width: int = 640, height: int = 360, **more: Any
) -> Spec:
    """A layered chart with a title."""
    below = [line for text in ([subtitle] if isinstance(subtitle, str) else subtitle) for line in wrap(text, LINE)]
    head = {"text": title, "subtitle": subtitle if [subtitle] == below else below} if below else {"text": title}
    return {"$schema": SCHEMA, "title": head, "width": width, "height": height, "layer": layers, **more}


def clean(rows: Iterable[Row], numbers: Sequence[str], what: str) -> list[dict[str, Any]]:
    """Rows whose ``numbers`` are all there and finite. Raises `InputError` where none is left."""
    kept = [dict(row) for row in rows if all(finite(row.get(key)) for key in numbers)]
    if not kept:
        raise InputError(f"no {what} to draw: no row has finite values of {', '.join(numbers)}")
    return kept


def without_tails(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines without the part where a little speed costs many times as much."""
    least: dict[str, float] = {}
    for row in lines:
        least[row["system"]] = min(row["value"], least.get(row["system"], math.inf))
    return [row for row in lines if row["value"] <= TAIL * least[row["system"]]]


def finite(value: object) -> bool:
    """Whether ``value`` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def field(name: str, kind: str, **more: Any) -> Spec:
    """A typed channel."""
    return {"field": name, "type": kind, **more}


def palette(colours: Mapping[str, str], names: Iterable[str]) -> Spec:
    """A colour scale for exactly the names in the chart."""
    shown = sorted(set(names))
    return {"domain": shown, "range": [colours[name] for name in shown]}


def bounds(values: Iterable[float], *, spread: float = 0.06) -> tuple[float, float]:
    """Limits of a logarithmic axis with a little room on both sides."""
    known = [v for v in values if v > 0]
    if not known:
        raise InputError("nothing to draw on a logarithmic axis: no value is above zero")
    low, high = min(known), max(known)
    room = max((high / low) ** spread, 1.06)
    return low / room, high * room


def ticks(low: float, high: float) -> list[float]:
    """Round ticks (1, 2, 5 and their powers of ten) of a logarithmic axis; finer where those are too few."""
    found: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        found = [
            float(f"{step * 10.0**power:.6g}")
            for power in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
            for step in steps
            if low <= step * 10.0**power <= high
        ]
        if len(found) >= 5:
            break
    return found


def logarithmic(low: float, high: float, title: str, style: str = "~g") -> Spec:
    """Scale and axis of a logarithmic channel."""
    return {
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {"values": ticks(low, high), "format": style, "title": title},
    }


def dodge(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved apart to ``gap``, between ``low`` and ``high`` where there is room, order kept."""
    groups: list[list[int]] = []  # each is packed at `gap` around the mean of its members

    def start(group: list[int]) -> float:
        mean = sum(positions[i] for i in group) / len(group)
        reach = gap * (len(group) - 1)
        return max(min(mean - reach / 2, high - reach), low)

    for index in sorted(range(len(positions)), key=lambda i: positions[i]):
        groups.append([index])
        while len(groups) > 1 and start(groups[-1]) < start(groups[-2]) + gap * len(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = list(positions)
    for group in groups:
        for place, index in enumerate(group):
            placed[index] = start(group) + place * gap
    return placed


def dollars(value: float) -> str:
    """Dollars with the figures that matter."""
    sign, size = "-" if value < 0 else "", abs(value)
    if size >= 1000:
        return f"{sign}${size:,.0f}"
    return f"{sign}${size:.2f}" if size >= 0.1 else f"{sign}${size:.2g}"


def alike(values: Sequence[float]) -> list[str]:
    """Dollars of several amounts with the same decimals, enough for three figures of the largest."""
    largest = max(map(abs, values), default=0.0)
    decimals = min(max(2 - math.floor(math.log10(largest)), 0), 9) if largest else 2
    return [f"{'-' if value < 0 else ''}${abs(value):,.{decimals}f}" for value in values]
