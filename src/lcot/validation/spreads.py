"""The committed ranges: which group a condition belongs to, and how much wider what was never measured is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lcot.facts.reading import read_yaml
from lcot.validation import intervals
from lcot.validation.intervals import Spread
from lcot.validation.types import Condition

KINDS = {"ttft_ms": "first token", "watts_system": "power", "joules_per_token": "energy"}  # others: "time"
MODERN = ("vllm", "sglang", "trtllm")
LIGHT = 32.0  # users above which queues decide the time to first token
UNSEEN = 1.3  # widening for a system, or a model, that was never measured
FIRST = intervals.Spread(-0.5, 0.5, 0)  # before any fit


@dataclass(frozen=True, slots=True)
class Spreads:
    """Fitted spreads by group, and what the fit had seen."""

    groups: Mapping[intervals.Path, Spread] = field(default_factory=dict[intervals.Path, Spread])
    systems: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()

    def of(self, path: intervals.Path, widening: float = 1.0) -> Spread:
        """Spread of the smallest fitted group on the path."""
        if not self.groups:
            return FIRST
        return intervals.spread_of(self.groups, path, widening)


def kind_of(metric: str) -> str:
    """Kind of quantity: time (and throughput), first token, power, energy."""
    return KINDS.get(metric, "time")


def path_of(condition: Condition) -> intervals.Path:
    """Group of a condition, from large to small: kind, engine's kind, scenario."""
    kind, scenario = kind_of(condition.metric), condition.scenario
    if kind == "first token" and scenario == "closed_loop":
        scenario += " light" if (condition.concurrency or 1.0) <= LIGHT else " heavy"
    return (kind, engine_kind(condition), scenario)


def engine_kind(condition: Condition) -> str:
    """``gpu modern`` for the present versions of the three engines that most measurements use, else what it is."""
    nvidia = condition.family.startswith(("NVIDIA", "AMD"))
    modern = condition.engine in MODERN and (condition.date or "")[:4] >= "2025"
    if nvidia:
        return "gpu modern" if modern else "gpu older"
    return "other chips"


def widening_of(condition: Condition) -> float:
    """Factor on a range where nothing near was measured: 1.3 each for a system and a model that no point has.

    The groups' quantiles come from errors on whole clusters, so they hold for other mixtures of known parts; the
    factor is what leaving out all points of a system, or of a model, adds to them (docs/accuracy.md).
    """
    known = committed_spreads()
    if not known.groups:
        return 1.0
    unknown = (condition.system not in known.systems) + (condition.model not in known.models)
    return UNSEEN**unknown


@lru_cache(maxsize=1)
def committed_spreads() -> Spreads:
    """The spreads that ship with the package; wide ones where none were fitted."""
    path = Path(str(files("lcot"))) / "validation" / "fitted.yaml"
    if not path.exists():
        return Spreads()
    content: dict[str, Any] = read_yaml(path)
    groups = {
        () if name == "all" else tuple(name.split(" / ")): Spread(*values)
        for name, values in content["spreads"].items()
    }
    return Spreads(groups, frozenset(content["systems"]), frozenset(content["models"]))
