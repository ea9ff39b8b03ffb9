"""The front on a terminal, in letters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from lcot.report.charts.marks import TAIL, Row, bounds, clean, ticks, without_tails

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARGIN = 9  # columns left of the plot


def front(
    rows: Iterable[Row],
    *,
    target: float | None = None,
    width: int = 100,
    height: int = 18,
    quantity: str = "$/Mtok",
) -> str:
    """Front of ``value`` against ``speed`` on logarithmic axes, one letter a system.

    Each row: ``system``, ``speed`` [token/s a user], ``value``. Systems past the 26th are left out, and it says so;
    lines end where those of the chart do.
    """
    known = clean(rows, ("speed", "value"), "front")
    points = without_tails(known)
    names = list(dict.fromkeys(r["system"] for r in points))
    shown = dict(zip(names, LETTERS, strict=False))
    longest = max(len(name) for name in shown)
    columns = max(width - MARGIN - longest - 6, 20)
    xs = bounds([*(r["speed"] for r in points), *([target] if target else [])], spread=0.02)
    ys = bounds([r["value"] for r in points], spread=0.02)
    grid = [[" "] * columns for _ in range(height)]
    if target:
        for line in grid:
            line[place(target, xs, columns)] = ":"
    for name, letter in reversed(shown.items()):
        line = sorted((r["speed"], r["value"]) for r in points if r["system"] == name)
        for column, row in trace(line, xs, ys, columns, height):
            grid[row][column] = letter
    legend = [f"  {letter} {name}" for name, letter in shown.items()] + [""] * height
    heights = {height - 1 - place(t, ys, height): f"{t:g}" for t in reversed(ticks(*ys))}
    body = [
        f"{heights.get(i, ''):>{MARGIN - 2}} {'┤' if i in heights else '│'}{''.join(line)}{legend[i]}".rstrip()
        for i, line in enumerate(grid)
    ]
    cut = [f"{' ' * MARGIN}lines end at {TAIL} times the least cost of the system"] if len(points) < len(known) else []
    hidden = [f"{len(names) - len(shown)} more systems are not drawn"] if len(names) > len(shown) else []
    return "\n".join([f"{quantity:>{MARGIN - 2}}", *body, *axis(xs, columns, target), *cut, *hidden])


def place(value: float, limits: tuple[float, float], cells: int) -> int:
    """Cell of a value on a logarithmic axis."""
    return min(int(cells * math.log(value / limits[0]) / math.log(limits[1] / limits[0])), cells - 1)


def trace(
    line: list[tuple[float, float]], xs: tuple[float, float], ys: tuple[float, float], columns: int, height: int
) -> Iterable[tuple[int, int]]:
    """Cells that a line passes."""
    cells = [(place(x, xs, columns), height - 1 - place(y, ys, height)) for x, y in line]
    yield from cells
    for (x0, y0), (x1, y1) in pairwise(cells):
        steps = max(abs(x1 - x0), abs(y1 - y0))
        for step in range(1, steps):
            yield round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)


def axis(xs: tuple[float, float], columns: int, target: float | None) -> list[str]:
    """The horizontal axis, its ticks and its name."""
    rule, words = ["─"] * columns, [" "] * (columns + 8)
    free = 0
    for tick in ticks(*xs):
        column, text = place(tick, xs, columns), f"{tick:g}"
        rule[column] = "┬"
        start = max(column - len(text) // 2, 0)
        if start >= free:
            words[start : start + len(text)] = text
            free = start + len(text) + 1
    name = "tokens/s per user" + (f"   (: asked {target:g})" if target else "")
    margin = " " * MARGIN
    return [f"{' ' * (MARGIN - 1)}└{''.join(rule)}", f"{margin}{''.join(words)}".rstrip(), f"{margin}{name}"]
