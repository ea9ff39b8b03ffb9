"""Amounts as people write them: an SI value in the unit that leaves few zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcot.units import UNITS, from_si

# SI unit -> units to show it in, smallest first; the largest that leaves 1 or more before the point
LADDERS: dict[str, tuple[str, ...]] = {
    "s": ("ns", "us", "ms", "s", "h", "day", "year"),
    "B": ("B", "kB", "MB", "GB", "TB"),
    "B/s": ("B/s", "MB/s", "GB/s", "TB/s", "PB/s"),
    "FLOP/s": ("FLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s"),
    "W": ("W", "kW", "MW", "GW"),
    "J": ("J", "kWh", "MWh", "TWh"),
    "USD": ("USD", "kUSD", "MUSD", "BUSD"),
    "USD/s": ("USD/h",),
    "USD/token": ("USD/Mtok",),
    "USD/J": ("USD/kWh",),
    "USD/(W*s)": ("USD/(kW*month)",),
    "1/s": ("%/year", "1/s", "MHz", "GHz"),
}


def unit_for(value: float, unit: str) -> str:
    """The unit in which to show an SI value."""
    ladder = LADDERS.get(unit, (unit,))
    fitting = [one for one in ladder if one in UNITS and abs(value) >= UNITS[one][1] * 0.9995]
    return fitting[-1] if fitting else ladder[0]


def amount(value: Any, unit: str) -> str:
    """A value or the ends of an array, four digits, with its unit.

    >>> amount(4.8e12, "B/s")
    '4.8 TB/s'
    >>> amount(3.3626e-07, "USD/token")
    '0.3363 USD/Mtok'
    """
    array = np.asarray(value, dtype=float)
    low, high = float(np.min(array)), float(np.max(array))
    shown = unit_for(high, unit)
    tail = f" {shown}" if shown not in ("", "1") else ""
    if array.ndim and low != high:
        return f"{digits(low, shown)} to {digits(high, shown)}{tail}"
    return f"{digits(high, shown)}{tail}"


def digits(value: float, unit: str) -> str:
    """Four digits of a value in a unit."""
    number = from_si(value, unit) if unit in UNITS else value
    return f"{number:,.0f}" if 1e4 <= abs(number) < 1e12 else f"{number:.4g}"
