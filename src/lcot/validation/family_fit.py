"""Constants of the engines that do not run on GPUs, fitted on public measurements by one procedure.

Each engine has a few free constants, each with a log-normal prior that comes from the machine and not from the points
it is fitted to. The points are read from the folder of measurements, turned into deployments, and the constants are
moved by robust least squares on log errors (`lcot.validation.fitting.solve`), re-linearised until they stand still.
Every point is then predicted again by constants that were fitted without its model: those errors are the ones to
quote. Committed constants stand in ``catalog/engines``; ``python -m lcot.validation.family_fit`` prints the fit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt
from pathlib import Path

import numpy as np

from lcot.facts import catalog
from lcot.facts.types import Engine
from lcot.steptime.estimate import estimate
from lcot.validation.family_cases import (
    Case,
    cerebras,
    groq,
    neuron,
    sambanova,
    tenstorrent,
    tpu,
    waferllm,
    wafers,
)
from lcot.validation.fitting import EIGHTY, row_weights, solve

Range = tuple[float, float, float]  # value, and the ends of the prior 80 % range, SI


@dataclass(frozen=True, slots=True)
class Fitted:
    """Constants of one engine, and the errors of its points."""

    engine: str
    values: dict[str, Range]  # with the fitted spread
    cases: tuple[Case, ...]
    errors: np.ndarray  # predicted over measured, less 1, fitted on all points
    left_out: np.ndarray  # the same, fitted without the point's model


FREE: dict[str, tuple[str, Callable[[Path, Engine], Iterator[Case]], dict[str, Range]]] = {
    "wafers together": ("cerebras", wafers, {"mesh.cycles_per_hop": (3.5, 1.0, 12.0)}),
    "cerebras": ("cerebras", cerebras, {"mesh.cycles_per_hop": (3.5, 1.0, 12.0)}),
    "waferllm": ("waferllm", waferllm, {"mesh.cycles_per_hop": (3.5, 1.0, 12.0)}),
    "groq": ("groq", groq, {"operator.latency": (2e-6, 2e-7, 2e-5)}),
    "sambaflow": (
        "sambaflow",
        sambanova,
        {
            "memory.attainable": (0.85, 0.75, 1.0),
            "layer.latency": (5e-6, 1e-6, 3e-5),
            "sequence.latency": (2e-6, 3e-7, 1e-5),
            "compute.attainable": (0.2, 0.05, 0.7),
        },
    ),
    "tt-metal": (
        "tt-metal",
        tenstorrent,
        {
            "memory.attainable": (0.6, 0.45, 0.92),
            "operator.latency": (5e-5, 1e-5, 2e-4),
            "prefill.operator.latency": (1e-4, 1e-5, 5e-4),
            "hop.latency": (4e-6, 1e-6, 2e-5),
            "step.latency": (1e-3, 1e-4, 1e-2),
            "sequence.latency": (5e-6, 5e-7, 3e-5),
            "compute.attainable": (0.3, 0.1, 0.7),
            "attention.attainable": (0.2, 0.05, 0.6),
            "collective.attainable": (0.12, 0.03, 0.5),
        },
    ),
    "neuron": (
        "neuron",
        neuron,
        {
            "memory.attainable": (0.7, 0.5, 0.9),
            "operator.latency": (5e-6, 1e-6, 3e-5),
            "prefill.operator.latency": (2e-5, 2e-6, 2e-4),
            "hop.latency": (2e-6, 3e-7, 1e-5),
            "step.latency": (1e-3, 1e-4, 5e-3),
            "sequence.latency": (5e-6, 5e-7, 3e-5),
            "compute.attainable": (0.5, 0.2, 0.8),
            "attention.attainable": (0.05, 0.003, 0.5),
            "collective.attainable": (0.3, 0.1, 0.8),
        },
    ),
    "tpu-vllm": (
        "tpu-vllm",
        tpu,
        {
            "memory.attainable": (0.8, 0.65, 0.92),
            "operator.latency": (3e-6, 1e-6, 1e-5),
            "step.latency": (1e-3, 2e-4, 5e-3),
            "sequence.latency": (1e-6, 1e-7, 5e-6),
            "compute.attainable": (0.5, 0.3, 0.7),
        },
    ),
}  # free constants of each fit and their priors; the rest of an engine's facts are taken as they stand


def predicted(cases: Sequence[Case], engine: Engine, values: Mapping[str, float]) -> np.ndarray:
    """Value of each case with these constants."""
    facts = engine.facts.with_values(dict(values))
    tuned = replace(engine, facts=facts)
    return np.array([case.read(estimate(replace(case.deployment, engine=tuned))) for case in cases])


def fitted_values(
    cases: Sequence[Case], engine: Engine, free: Mapping[str, Range]
) -> tuple[dict[str, float], np.ndarray]:
    """Constants that fit the cases, and their covariance in logarithms.

    Gauss-Newton on the logarithms: predictions are linearised by differences, solved with the priors, and again from
    there, until no constant moves by more than a thousandth.
    """
    keys = list(free)
    spread = np.array([log(high / low) / EIGHTY for _, low, high in free.values()])
    start = np.array([log(value) for value, _, _ in free.values()])
    bounds = np.log(np.array([(low, high) for _, low, high in free.values()]))
    measured = np.log([case.value for case in cases])
    weights = row_weights(
        [case.source for case in cases], [f"{c.deployment.system.id} {c.model} {c.metric}" for c in cases]
    )
    at, covariance = start.copy(), np.diag(spread**2)

    def log_values(point: np.ndarray) -> np.ndarray:
        return np.log(predicted(cases, engine, {key: exp(x) for key, x in zip(keys, point, strict=True)}))

    for _ in range(12):
        base = log_values(at)
        jacobian = np.stack([(log_values(at + 0.02 * unit) - base) / 0.02 for unit in np.eye(len(keys))], axis=1)
        residuals = measured - base + jacobian @ (at - start)
        fit = solve(residuals, jacobian, weights, spread)
        new = np.clip(start + np.clip(fit.shift - (at - start), -1.0, 1.0) + (at - start), bounds[:, 0], bounds[:, 1])
        covariance, moved = fit.covariance, float(np.max(np.abs(new - at)))
        at = new
        if moved < 1e-3:
            break
    return {key: exp(x) for key, x in zip(keys, at, strict=True)}, covariance


def fit_engine(name: str, folder: Path) -> Fitted:
    """Fit one entry of `FREE` on the measurements under ``folder``, with leave-one-model-out errors."""
    engine_id, cases_of, free = FREE[name]
    engine = catalog.engine(engine_id)
    cases = tuple(cases_of(folder, engine))
    measured = np.array([case.value for case in cases])
    values, covariance = fitted_values(cases, engine, free)
    errors = predicted(cases, engine, values) / measured - 1.0
    left_out = np.full(len(cases), np.nan)
    groups = np.array([case.model for case in cases])
    if len(set(groups)) > 1:
        for group in sorted(set(groups)):
            rest = [case for case in cases if case.model != group]
            test = groups == group
            without, _ = fitted_values(rest, engine, free)
            chosen = [case for case in cases if case.model == group]
            left_out[test] = predicted(chosen, engine, without) / measured[test] - 1.0
    half = [EIGHTY / 2.0 * sqrt(variance) for variance in np.diag(covariance)]
    ranges = {key: (v, v * exp(-h), v * exp(h)) for (key, v), h in zip(values.items(), half, strict=True)}
    return Fitted(name, ranges, cases, errors, left_out)


def report(fitted: Fitted) -> str:
    """Constants and errors of a fit as text."""
    lines = [fitted.engine]
    lines += [f"  {key:26} {v:10.4g}  {low:10.4g} to {high:10.4g}" for key, (v, low, high) in fitted.values.items()]
    for source, metric in sorted({(case.source, case.metric) for case in fitted.cases}):
        chosen = [i for i, case in enumerate(fitted.cases) if (case.source, case.metric) == (source, metric)]
        inside, outside = np.abs(fitted.errors[chosen]), np.abs(fitted.left_out[chosen])
        fit = f"median {np.median(inside):.3f}  P90 {np.quantile(inside, 0.9):.3f}"
        out = f"left out: median {np.median(outside):.3f}  P90 {np.quantile(outside, 0.9):.3f}"
        lines.append(f"  {source[:40]:40} {metric:22} n {len(chosen):3}  {fit}  {out}")
    return "\n".join(lines)


def main() -> None:
    """Fit all engines on the measurements that ``LCOT_EVIDENCE`` names, and print them."""
    folder = Path(os.environ.get("LCOT_EVIDENCE", "."))
    for name in FREE:
        print(report(fit_engine(name, folder)))


if __name__ == "__main__":
    main()
