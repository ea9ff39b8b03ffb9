"""Colours and type of every chart, for a light and a dark page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Eight hues that stay apart for readers with normal, red-weak and green-weak sight, and that hold a contrast of at
# least 3 to 1 against both pages. Tests compute both.
HUES = ("#436fb1", "#ab512b", "#099eae", "#b1436f", "#ae8d09", "#5a5af6", "#dc7474", "#5a89f6")
DASHES = ((1, 0), (7, 3), (2, 2))
LESS, MORE, NEUTRAL = "#436fb1", "#ab512b", "#7b828c"
PARTS = {"compute": "#436fb1", "memory": "#099eae", "network": "#ae8d09", "fixed": "#7b828c"}

PAGES = {
    "light": {"background": "#ffffff", "text": "#1c2128", "quiet": "#5c6570", "grid": "#e6e9ed"},
    "dark": {"background": "#14171c", "text": "#e8ebef", "quiet": "#9aa3ad", "grid": "#2a3038"},
}
FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"

Colours = Mapping[str, str]


def colours(names: Iterable[str]) -> dict[str, str]:
    """One colour for each name; give all charts of an answer the colours of all its systems, so that they agree."""
    ordered = sorted(set(names))
    return {name: HUES[place % len(HUES)] for place, name in enumerate(ordered)}


def dashes(names: Iterable[str]) -> dict[str, list[int]]:
    """A dash for each name: solid until the hues repeat."""
    ordered = sorted(set(names))
    return {name: list(DASHES[min(place // len(HUES), len(DASHES) - 1)]) for place, name in enumerate(ordered)}


def config(page: str = "light") -> dict[str, Any]:
    """Vega-Lite configuration for a ``light`` or ``dark`` page."""
    look = PAGES[page]
    return {
        "background": look["background"],
        "font": FONT,
        "padding": 12,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "color": look["text"],
            "fontSize": 16,
            "fontWeight": 600,
            "subtitleColor": look["quiet"],
            "subtitleFontSize": 12,
            "subtitlePadding": 5,
            "offset": 16,
            "frame": "bounds",
        },
        "axis": {
            "domain": False,
            "ticks": False,
            "grid": True,
            "gridColor": look["grid"],
            "labelColor": look["quiet"],
            "labelFontSize": 11,
            "labelPadding": 7,
            "titleColor": look["quiet"],
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 10,
        },
        "legend": {
            "labelColor": look["text"],
            "titleColor": look["quiet"],
            "labelFontSize": 12,
            "symbolType": "square",
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "offset": 6,
        },
        "text": {"color": look["text"], "fontSize": 12},
        "rule": {"color": look["quiet"]},
        "line": {"strokeWidth": 2.25, "strokeCap": "round", "strokeJoin": "round"},
        "style": {
            "quiet": {"color": look["quiet"], "fontSize": 11},
            "strong": {"color": look["text"], "fontSize": 12, "fontWeight": 600},
            "measured": {"fill": look["background"], "fillOpacity": 1, "strokeWidth": 2, "opacity": 1},
            "halo": {
                "color": look["background"],
                "stroke": look["background"],
                "strokeWidth": 4,
                "strokeJoin": "round",
            },
            "layer": {"stroke": look["background"], "strokeWidth": 1},
            "reference": {"color": look["quiet"], "strokeDash": [4, 4], "strokeWidth": 1},
            "baseline": {"color": look["text"], "strokeWidth": 1.25},
        },
    }
