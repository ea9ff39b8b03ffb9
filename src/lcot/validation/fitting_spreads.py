"""Fit the ranges from errors, measure how much wider they must be elsewhere, and write both beside the constants."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import log
from pathlib import Path

from lcot.validation.calibrate import cluster_of, data_hash
from lcot.validation.intervals import Path as Group
from lcot.validation.intervals import Residual, Spread, fit_spreads, hit_rates, holding_factor
from lcot.validation.spreads import path_of
from lcot.validation.types import Condition, Prediction

Pair = tuple[Condition, Residual]


def residuals_of(conditions: Iterable[Condition], predictions: Iterable[Prediction]) -> list[Pair]:
    """Log errors of the predicted rows with group and cluster, each beside its condition."""
    found: list[Pair] = []
    for condition, prediction in zip(conditions, predictions, strict=True):
        if prediction.status == "predicted" and prediction.predicted and condition.value > 0:
            error = log(condition.value / prediction.predicted)
            cluster = f"{condition.source} | {cluster_of(condition)}"
            found.append((condition, Residual(error, path_of(condition), cluster, condition.source)))
    return found


def factors_of(pairs: Sequence[Pair]) -> dict[str, float]:
    """Factors with which ranges hold 80 % of a system or model that their fit left out."""
    residuals = [residual for _, residual in pairs]
    groups = {
        "system": [condition.system for condition, _ in pairs],
        "model": [condition.model for condition, _ in pairs],
    }
    return {name: holding_factor(residuals, group) for name, group in groups.items()}


def as_yaml(
    spreads: dict[Group, Spread],
    rates: dict[Group, tuple[float, int]],
    conditions: Sequence[Condition],
    factors: Mapping[str, float],
    between: float,
) -> str:
    """The file of fitted ranges: quantiles of log(measured / predicted) by group, and what they rest on."""
    named = ", ".join(f"{name}: {value:.3f}" for name, value in factors.items())
    lines = [
        "# 10 and 90 % quantiles of log(measured / predicted) by group, cross-validated over clusters of",
        "# system x model x engine (docs/accuracy.md). `hits`: share inside a range fitted without the cluster.",
        f"data: {data_hash(conditions)} # SHA-256 of ids and values",
        f"factors: {{{named}}}",
        f"between: {between:.3f} # what sources outside the fit differ by beyond their ranges, log",
        f"systems: [{', '.join(sorted({c.system for c in conditions}))}]",
        f"models: [{', '.join(sorted({c.model for c in conditions}))}]",
        "sources:",
        *(f"  - {json.dumps(source)}" for source in sorted({c.source for c in conditions})),
        "spreads:",
    ]
    for group in sorted(spreads):
        spread, (hits, clusters) = spreads[group], rates.get(group, (float("nan"), 0))
        name = " / ".join(group) or "all"
        ends = f"{spread.low:.4f}, {spread.high:.4f}, {clusters}, {spread.sources}"
        lines.append(f'  "{name}": [{ends}] # hits {hits:.2f}')
    return "\n".join(lines) + "\n"


def write_spreads(
    conditions: Sequence[Condition], predictions: Sequence[Prediction], path: Path, between: float
) -> None:
    """Fit the ranges to predictions and write them; ``between`` as in `lcot.validation.spreads.Spreads`. [log]"""
    pairs = residuals_of(conditions, predictions)
    residuals = [residual for _, residual in pairs]
    fitted = fit_spreads(residuals)
    path.write_text(as_yaml(fitted, hit_rates(residuals), list(conditions), factors_of(pairs), between))
