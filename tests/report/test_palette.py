"""The colours hold the contrast and the distances that the palette promises."""

from __future__ import annotations

import itertools
import math

import pytest

from lcot.report.palette import HUES, PAGES, colours, config, dashes

# How red-weak and green-weak eyes see linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
EYES = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def linear(hue: str) -> list[float]:
    parts = [int(hue[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(hue: str) -> float:
    red, green, blue = linear(hue)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def seen(hue: str, eye: str) -> tuple[float, float, float]:
    """CIELAB of a colour as an eye sees it."""
    red, green, blue = (
        min(max(sum(weight * part for weight, part in zip(row, linear(hue), strict=True)), 0), 1) for row in EYES[eye]
    )
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.95047, y, z / 1.08883))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("hue", HUES)
def test_hues_are_seen_on_both_pages(hue: str, page: str) -> None:
    assert contrast(hue, PAGES[page]["background"]) >= 3


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("part", ["text", "quiet"])
def test_text_is_read_on_both_pages(part: str, page: str) -> None:
    assert contrast(PAGES[page][part], PAGES[page]["background"]) >= 4.5


@pytest.mark.parametrize("eye", EYES)
def test_hues_stay_apart(eye: str) -> None:
    nearest = min(math.dist(seen(a, eye), seen(b, eye)) for a, b in itertools.combinations(HUES, 2))
    assert nearest >= 20


def test_a_system_keeps_its_colour_whatever_the_order() -> None:
    assert colours(["b", "a", "c"]) == colours(["c", "b", "a", "a"])


def test_more_names_than_hues_differ_in_dash() -> None:
    names = [f"s{i:02d}" for i in range(20)]
    pairs = [(colours(names)[n], tuple(dashes(names)[n])) for n in names]
    assert len(set(pairs)) == 20


def test_both_pages_configure_the_same_things() -> None:
    assert config("light").keys() == config("dark").keys()
    assert config("light")["background"] != config("dark")["background"]
