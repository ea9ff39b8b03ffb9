"""LCOT: the levelised cost of tokens.

Which accelerator serves this model cheapest, at this speed, under this load, and what is that worth?
The names below load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "Answer": "lcot.choice.types",
    "Deployment": "lcot.steptime.types",
    "Question": "lcot.choice.types",
    "Target": "lcot.serving.types",
    "Traffic": "lcot.serving.types",
    "catalog": "lcot.facts",
    "compare": "lcot.choice.compare",
    "estimate": "lcot.steptime.estimate",
    "model": "lcot.workload.models",
    "price": "lcot.cost.bill",
    "steady": "lcot.serving.steady",
}

__all__ = [*sorted(_PLACES)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("lcot")
    if name not in _PLACES:
        raise AttributeError(f"module 'lcot' has no attribute {name!r}")
    place = import_module(_PLACES[name])
    return import_module(f"{_PLACES[name]}.{name}") if name == "catalog" else getattr(place, name)
