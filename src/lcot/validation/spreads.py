"""The committed ranges: which group a condition belongs to, and how much wider what was never measured is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from math import prod
from pathlib import Path
from typing import Any

from lcot.facts import catalog
from lcot.facts.reading import read_yaml
from lcot.validation import intervals
from lcot.validation.intervals import Spread
from lcot.validation.types import Condition

KINDS = {"ttft_ms": "first token", "watts_system": "power", "joules_per_token": "energy"}  # others: "time"
MODERN = ("vllm", "sglang", "trtllm")
LIGHT = 32.0  # users above which queues decide the time to first token
FIRST = intervals.Spread(-0.5, 0.5, 0)  # before any fit


@dataclass(frozen=True, slots=True)
class Spreads:
    """Fitted spreads by group, what the fit had seen, and the terms for what it had not.

    ``factors`` are measured: ``system`` and ``model`` are those with which ranges hold 80 % of a system or model that
    was left out of their fit. ``between`` is what sources differ by, measured on sources that no constant was fitted
    to (`intervals.between_sources`); it stands beside the range of every source that the fit had not seen. [log]
    """

    groups: Mapping[intervals.Path, Spread] = field(default_factory=dict[intervals.Path, Spread])
    systems: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    factors: Mapping[str, float] = field(default_factory=dict[str, float])
    between: float = 0.0

    def around(self, condition: Condition) -> Spread:
        """Range around the prediction of a condition, in logarithms, wider for what the fit had not seen of it."""
        if not self.groups:
            return FIRST
        path, other = path_of(condition), condition.source not in self.sources
        found = intervals.spread_of(self.groups, path, intervals.SEVERAL if other else 0)
        return found.wider(self.widening(condition), self.between if other else 0.0)

    def widening(self, condition: Condition) -> float:
        """Factor on the range of a condition for what the fit had not seen of it: at least 1."""
        unseen = {"system": condition.system not in self.systems, "model": condition.model not in self.models}
        return prod(self.factors.get(name, 1.0) for name, applies in unseen.items() if applies)


def kind_of(metric: str) -> str:
    """Kind of quantity: time (and speed of a user), throughput, first token, power, energy."""
    return "throughput" if metric.endswith("_total") else KINDS.get(metric, "time")


def path_of(condition: Condition) -> intervals.Path:
    """Group of a condition, from large to small: kind, engine's kind, scenario, chip."""
    kind, scenario = kind_of(condition.metric), condition.scenario
    if kind == "first token" and scenario == "closed_loop":
        scenario += " light" if (condition.concurrency or 1.0) <= LIGHT else " heavy"
    path = (kind, engine_kind(condition), scenario)
    known = condition.system in catalog.system_ids()
    return (*path, catalog.system(condition.system).chip.id) if known else path


def engine_kind(condition: Condition) -> str:
    """``gpu modern`` for the present versions of the three engines that most measurements use, else what it is."""
    modern = condition.engine in MODERN and (condition.date or "")[:4] >= "2025"
    if _maker(condition) in ("NVIDIA", "AMD"):
        return "gpu modern" if modern else "gpu older"
    return "other chips"


def _maker(condition: Condition) -> str:
    if condition.system in catalog.system_ids():
        return catalog.system(condition.system).chip.vendor
    return condition.family.split(" ")[0]


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
    factors = {name: float(value) for name, value in content["factors"].items()}
    systems, models, sources = (frozenset(content[name]) for name in ("systems", "models", "sources"))
    return Spreads(groups, systems, models, sources, factors, float(content["between"]))
