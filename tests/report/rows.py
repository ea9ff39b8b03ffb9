"""Plain rows of made-up shape, to draw."""

from __future__ import annotations

from typing import Any

SYSTEMS = ("hgx-h200", "gb200-nvl72", "mi355x-8", "cs-3", "galaxy-wh")
Rows = list[dict[str, Any]]


def front_rows() -> Rows:
    """Five fronts of which three end near each other."""
    rows: Rows = []
    shape = {
        "hgx-h200": (0.30, 120),
        "gb200-nvl72": (0.17, 260),
        "mi355x-8": (0.24, 150),
        "cs-3": (2.4, 2100),
        "galaxy-wh": (1.1, 140),
    }
    for system, (cost, fastest) in shape.items():
        for step in range(12):
            speed = fastest * (0.12 + 0.88 * step / 11)
            value = cost * (1 + 2.2 * (speed / fastest) ** 3)
            rows.append({"system": system, "speed": speed, "value": value, "low": value * 0.8, "high": value * 1.3})
            rows[-1]["deployment"] = "tp8"
    return rows


def cost_rows() -> Rows:
    """What five systems cost, with a range."""
    values = (0.31, 0.22, 0.27, 1.9, 1.12)
    return [
        {"system": name, "value": value, "low": value * 0.75, "high": value * 1.4}
        for name, value in zip(SYSTEMS, values, strict=True)
    ]


def bill_rows() -> Rows:
    """A bill with a credit."""
    lines = {"accelerators": 0.121, "server and network": 0.034, "facility": 0.028, "energy": 0.022, "staff": 0.011}
    return [{"line": line, "value": value} for line, value in {**lines, "residual value": -0.009}.items()]


def tornado_rows() -> Rows:
    """Five facts."""
    return [
        {"fact": "load factor", "at_low": 0.31, "at_high": 0.17, "low": "40 %", "high": "80 %"},
        {"fact": "system price", "at_low": 0.18, "at_high": 0.25, "low": "$240k", "high": "$390k"},
        {"fact": "attainable bandwidth", "at_low": 0.235, "at_high": 0.19, "low": "0.72", "high": "0.91"},
        {"fact": "cost of capital", "at_low": 0.195, "at_high": 0.225, "low": "8 %", "high": "14 %"},
        {"fact": "electricity", "at_low": 0.204, "at_high": 0.214, "low": "$0.05/kWh", "high": "$0.12/kWh"},
    ]


def latency_rows() -> Rows:
    """Three percentiles that rise towards saturation."""
    return [
        {"rate": rate, "statistic": name, "time": base * (1 + 0.4 * rate / (24 - rate))}
        for name, base in (("P50", 0.18), ("P90", 0.31), ("P99", 0.7))
        for rate in range(2, 23, 2)
    ]


def step_rows() -> Rows:
    """Two cases of four causes."""
    cases = {
        "hgx-h200, decode": (0.002, 0.012, 0.0021, 0.0018),
        "hgx-h200, prefill": (0.021, 0.004, 0.0035, 0.0018),
        "cs-3, decode": (0.00004, 0.00012, 0.0003, 0.0007),
    }
    parts = ("compute", "memory", "network", "fixed")
    return [
        {"case": case, "part": part, "seconds": seconds}
        for case, times in cases.items()
        for part, seconds in zip(parts, times, strict=True)
    ]


def scatter_rows() -> Rows:
    """Predictions about a tenth off."""
    groups = ("gpu", "lpu", "mesh", "wafer")
    return [
        {
            "measured": 4.0 * 1.045**i,
            "predicted": 4.0 * 1.045**i * (1 + 0.05 * ((i * 7) % 11 - 5)),
            "group": groups[i % 4],
        }
        for i in range(90)
    ]


def timeline_rows() -> Rows:
    """Two series that fall."""
    return [
        {"date": f"202{3 + q // 4}-{1 + 3 * (q % 4):02d}-01", "series": name, "value": start * 0.8**q}
        for name, start in (("70B class", 1.2), ("frontier", 12.0))
        for q in range(14)
    ]


def share_rows() -> Rows:
    """Four series, five years."""
    return [
        {"year": 2026 + i, "series": name, "value": start + i * step}
        for name, start, step in (
            ("NVIDIA", 80, -5),
            ("TPU", 9, 2),
            ("AMD", 6, 1.5),
            ("wafer and SRAM", 3, 1.2),
            ("other", 2, 0.3),
        )
        for i in range(5)
    ]


def fan_rows() -> Rows:
    """A widening fan."""
    return [
        {"year": 2026 + i, "p50": 1.0 * 0.6**i}
        | {
            key: 0.6**i * (1 + i * width)
            for key, width in (("p10", -0.12), ("p25", -0.06), ("p75", 0.09), ("p90", 0.2))
        }
        for i in range(5)
    ]
