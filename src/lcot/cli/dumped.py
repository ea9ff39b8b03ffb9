"""Answers as JSON text: numbers that are not finite become null, which the standard knows."""

from __future__ import annotations

import json
import math
from typing import Any


def dumped(answer: Any) -> str:
    """JSON text of an answer."""
    return json.dumps(_finite(answer), indent=1, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    return None if isinstance(value, float) and not math.isfinite(value) else value
