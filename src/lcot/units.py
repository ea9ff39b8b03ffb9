"""The closed table of units. Inside LCOT everything is SI (and US dollars, tokens, ratios)."""

from __future__ import annotations

from lcot.errors import UnknownName

HOUR, DAY, YEAR = 3600.0, 86400.0, 8760 * 3600.0
MONTH = YEAR / 12
GIB = float(2**30)

# unit as written -> (dimension, factor to SI)
UNITS: dict[str, tuple[str, float]] = {
    "1": ("1", 1.0),
    "%": ("1", 0.01),
    "fraction": ("1", 1.0),
    "text": ("text", 1.0),
    "FLOP/s": ("FLOP/s", 1.0),
    "GFLOP/s": ("FLOP/s", 1e9),
    "TFLOP/s": ("FLOP/s", 1e12),
    "PFLOP/s": ("FLOP/s", 1e15),
    "FLOP": ("FLOP", 1.0),
    "B": ("B", 1.0),
    "kB": ("B", 1e3),
    "KiB": ("B", 1024.0),
    "MB": ("B", 1e6),
    "MiB": ("B", float(2**20)),
    "GB": ("B", 1e9),
    "GiB": ("B", GIB),
    "TB": ("B", 1e12),
    "TiB": ("B", float(2**40)),
    "B/s": ("B/s", 1.0),
    "MB/s": ("B/s", 1e6),
    "GB/s": ("B/s", 1e9),
    "TB/s": ("B/s", 1e12),
    "PB/s": ("B/s", 1e15),
    "Gb/s": ("B/s", 1e9 / 8),
    "Tb/s": ("B/s", 1e12 / 8),
    "s": ("s", 1.0),
    "ms": ("s", 1e-3),
    "us": ("s", 1e-6),
    "ns": ("s", 1e-9),
    "h": ("s", HOUR),
    "day": ("s", DAY),
    "month": ("s", MONTH),
    "year": ("s", YEAR),
    "Hz": ("1/s", 1.0),
    "MHz": ("1/s", 1e6),
    "GHz": ("1/s", 1e9),
    "1/s": ("1/s", 1.0),
    "1/h": ("1/s", 1 / HOUR),
    "1/year": ("1/s", 1 / YEAR),
    "%/year": ("1/s", 0.01 / YEAR),
    "W": ("W", 1.0),
    "kW": ("W", 1e3),
    "MW": ("W", 1e6),
    "GW": ("W", 1e9),
    "J": ("J", 1.0),
    "pJ": ("J", 1e-12),
    "kWh": ("J", 3.6e6),
    "MWh": ("J", 3.6e9),
    "TWh": ("J", 3.6e15),
    "USD": ("USD", 1.0),
    "kUSD": ("USD", 1e3),
    "MUSD": ("USD", 1e6),
    "BUSD": ("USD", 1e9),
    "USD/s": ("USD/s", 1.0),
    "USD/h": ("USD/s", 1 / HOUR),
    "USD/month": ("USD/s", 1 / MONTH),
    "USD/year": ("USD/s", 1 / YEAR),
    "USD/J": ("USD/J", 1.0),
    "USD/kWh": ("USD/J", 1 / 3.6e6),
    "USD/W": ("USD/W", 1.0),
    "USD/(kW*month)": ("USD/(W*s)", 1e-3 / MONTH),
    "USD/token": ("USD/token", 1.0),
    "USD/Mtok": ("USD/token", 1e-6),
    "token": ("token", 1.0),
    "ktok": ("token", 1e3),
    "Mtok": ("token", 1e6),
    "token/s": ("token/s", 1.0),
    "token/day": ("token/s", 1 / DAY),
    "Mtok/day": ("token/s", 1e6 / DAY),
    "Ptok/month": ("token/s", 1e15 / MONTH),
    "request/s": ("request/s", 1.0),
    "m": ("m", 1.0),
    "mm2": ("m2", 1e-6),
}


def dimension(unit: str) -> str:
    """Dimension of a unit, for instance ``B/s`` for ``TB/s``. Raises `UnknownName`."""
    if unit not in UNITS:
        raise UnknownName("unit", unit, UNITS)
    return UNITS[unit][0]


def to_si(value: float, unit: str) -> float:
    """Value in SI. Raises `UnknownName`.

    >>> to_si(4.8, "TB/s")
    4800000000000.0
    """
    dimension(unit)
    return value * UNITS[unit][1]


def from_si(value: float, unit: str) -> float:
    """SI value in ``unit``. Raises `UnknownName`."""
    dimension(unit)
    return value / UNITS[unit][1]
