"""Fit the ranges from out-of-sample errors, and write them beside the constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from pathlib import Path

from lcot.validation.calibrate import cluster_of, data_hash
from lcot.validation.intervals import Path as Group
from lcot.validation.intervals import Residual, Spread, fit_spreads, hit_rates
from lcot.validation.spreads import path_of
from lcot.validation.types import Condition, Prediction

OPTIMISM = 1.2  # error on a source left out of the fit over the error on sources in it (docs/accuracy.md)


def residuals_of(
    conditions: Iterable[Condition], predictions: Iterable[Prediction], optimism: float = OPTIMISM
) -> list[Residual]:
    """Log errors of the predicted rows, as large as on a source that was left out, with group and cluster."""
    found: list[Residual] = []
    for condition, prediction in zip(conditions, predictions, strict=True):
        if prediction.status == "predicted" and prediction.predicted and condition.value > 0:
            error = optimism * log(condition.value / prediction.predicted)
            cluster = f"{condition.source} | {cluster_of(condition)}"
            found.append(Residual(error, path_of(condition), cluster))
    return found


def as_yaml(
    spreads: dict[Group, Spread], rates: dict[Group, tuple[float, int]], conditions: Sequence[Condition]
) -> str:
    """The file of fitted ranges: quantiles of log(measured / predicted) by group, and what they rest on."""
    lines = [
        "# 10 and 90 % quantiles of log(measured / predicted) by group, cross-validated over clusters of",
        "# system x model x engine (docs/accuracy.md). `hits`: share inside a range fitted without the cluster.",
        f"data: {data_hash(conditions)} # SHA-256 of ids and values",
        f"systems: [{', '.join(sorted({c.system for c in conditions}))}]",
        f"models: [{', '.join(sorted({c.model for c in conditions}))}]",
        "spreads:",
    ]
    for group in sorted(spreads):
        spread, (hits, clusters) = spreads[group], rates.get(group, (float("nan"), 0))
        name = " / ".join(group) or "all"
        lines.append(f'  "{name}": [{spread.low:.4f}, {spread.high:.4f}, {clusters}] # hits {hits:.2f}')
    return "\n".join(lines) + "\n"


def write_spreads(conditions: Sequence[Condition], predictions: Sequence[Prediction], path: Path) -> None:
    """Fit the ranges to predictions and write them."""
    residuals = residuals_of(conditions, predictions)
    path.write_text(as_yaml(fit_spreads(residuals), hit_rates(residuals), list(conditions)))
