"""Numbers as people type them."""

from __future__ import annotations

import math
import re

from lcot.errors import DomainError, InputError
from lcot.units import UNITS, to_si


def number(text: str | float | None, name: str, *, low: float = 0.0, high: float = math.inf) -> float | None:
    """A finite number greater than ``low`` and at most ``high``; None stays None. Raises `DomainError`."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        raise DomainError(name, text, f"a number greater than {low:g}") from None
    if not math.isfinite(value) or value <= low or value > high:
        bound = f" and at most {high:g}" if math.isfinite(high) else ""
        raise DomainError(name, text, f"a number greater than {low:g}{bound}")
    return value


def duration(text: str | None, name: str) -> float | None:
    """Seconds from ``2s``, ``350 ms`` or a plain number of seconds. Raises `InputError`."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*([a-z]*)\s*", text)
    units = sorted(u for u, (kind, _) in UNITS.items() if kind == "s")
    if not match or (match[2] and match[2] not in units):
        raise InputError(f"{name} is {text!r}; allowed: a duration such as 2s or 350ms (units: {', '.join(units)})")
    value = number(match[1], name)
    return None if value is None else to_si(value, match[2] or "s")
