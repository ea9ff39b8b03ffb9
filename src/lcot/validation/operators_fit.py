"""Constants of operators, fitted to measured kernels with the same formulas that predict steps.

One procedure for every operator and engine: robust least squares on log errors over all GPUs, each GPU and format
weighted alike, then the same again with each GPU left out in turn, to see whether the constants carry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lcot.facts.types import Fact, Facts
from lcot.validation.kernels import (
    Floats,
    Sample,
    attention_samples,
    collective_samples,
    expert_samples,
    gemm_samples,
    latent_samples,
    library_samples,
)

ENGINES = ("vllm", "sglang", "trtllm")
SCALE = 0.1  # log error beyond which a row counts by its size, not its square


@dataclass(frozen=True, slots=True)
class OperatorFit:
    """Constants of one operator for one engine, with the errors of the fit (logarithms, natural)."""

    operator: str
    engine: str
    constants: dict[str, float]
    low: dict[str, float]  # smallest and largest of the values that single GPUs would have
    high: dict[str, float]
    rows: int
    median: float
    p90: float
    left_out: dict[str, float]  # median error on a GPU by constants fitted to the others


OPERATORS: dict[str, tuple[tuple[str, ...], Callable[[Path, str], list[Sample]]]] = {
    "matrix products": (
        ("gemm.floor", "gemm.quantise", "gemm.loop", "gemm.memory", "gemm.fraction.bf16", "gemm.fraction.fp8",
         "gemm.fraction.fp4", "gemm.fraction.int8"),
        gemm_samples,
    ),
    "prompt attention": (
        ("attention.prefill.floor", "attention.prefill.fraction", "attention.prefill.memory"),
        lambda folder, engine: attention_samples(folder, engine, "context_attention"),
    ),
    "decode attention": (
        ("attention.decode.floor", "attention.decode.fraction", "attention.decode.memory",
         "attention.decode.memory.narrow", "attention.decode.tile"),
        lambda folder, engine: attention_samples(folder, engine, "generation_attention"),
    ),
    "latent prompt attention": (
        ("latent.prefill.floor", "latent.prefill.fraction", "latent.prefill.memory"),
        lambda folder, engine: latent_samples(folder, engine, "context_mla"),
    ),
    "latent decode attention": (
        ("latent.decode.floor", "latent.decode.fraction", "latent.decode.memory", "latent.decode.memory.narrow"),
        lambda folder, engine: latent_samples(folder, engine, "generation_mla"),
    ),
    "experts": (
        ("experts.floor", "experts.memory", "experts.share", "experts.tile", "experts.share.widened",
         "experts.tile.widened", "experts.tile.widened.mxfp4"),
        expert_samples,
    ),
    "all-reduce": (
        ("collective.one_shot", "collective.two_shot", "collective.ring", "collective.fraction.one_shot",
         "collective.fraction.two_shot", "collective.fraction.ring"),
        collective_samples,
    ),
    "all-gather": (
        ("collective.gather",), lambda folder, _: library_samples(folder, "all_gather"),
    ),
    "all-to-all": (
        ("exchange.floor", "exchange.fraction"), lambda folder, _: library_samples(folder, "alltoall"),
    ),
}  # fmt: skip


def _solve(samples: Sequence[Sample], keys: Sequence[str], start: Facts) -> Facts:
    """Constants that fit the samples; one that no sample depends on keeps its value."""
    from scipy.optimize import least_squares

    first = np.log([float(start.number(key)) for key in keys])

    def residuals(logs: Floats) -> Floats:
        tried = start.with_values(dict(zip(keys, np.exp(logs), strict=True)))
        errors = [np.log(s.predict(tried) / s.seconds) for s in samples]
        errors = [SCALE * np.arcsinh(e / SCALE) / np.sqrt(len(e)) for e in errors]
        return np.concatenate([*errors, 1e-3 * (logs - first)])

    solved = least_squares(residuals, first, bounds=(first - 3.0, first + 3.0), xtol=1e-3, ftol=1e-4)
    return start.with_values(dict(zip(keys, (float(v) for v in np.exp(solved.x)), strict=True)))


def errors(samples: Sequence[Sample], constants: Facts) -> Floats:
    """Absolute log errors of samples, one per kernel."""
    return np.concatenate([np.abs(np.log(s.predict(constants) / s.seconds)) for s in samples])


def fit_operator(operator: str, engine: str, folder: Path, start: Facts) -> OperatorFit | None:
    """Constants of one operator for one engine; None where nothing was measured."""
    keys, gather = OPERATORS[operator]
    samples = gather(folder, engine)
    if not samples:
        return None
    start = _with_keys(start, keys)
    fitted = _solve(samples, keys, start)
    error = errors(samples, fitted)
    left, single = {}, []
    for chip in sorted({s.chip for s in samples}):
        inside = [s for s in samples if s.chip == chip]
        others = [s for s in samples if s.chip != chip]
        if others:
            left[chip] = float(np.median(errors(inside, _solve(others, keys, fitted))))
        single.append(_solve(inside, keys, fitted))
    value = {key: float(fitted.number(key)) for key in keys}
    low = {key: min(float(one.number(key)) for one in (*single, fitted)) for key in keys}
    high = {key: max(float(one.number(key)) for one in (*single, fitted)) for key in keys}
    return OperatorFit(
        operator, engine, value, low, high, len(error), float(np.median(error)), float(np.quantile(error, 0.9)), left
    )


def _with_keys(start: Facts, keys: Sequence[str]) -> Facts:
    """The facts with a fact for each key; a narrow cache begins as a wide one, widened weights as others."""

    def plain(key: str) -> str:
        return key.removesuffix(".mxfp4").removesuffix(".narrow").removesuffix(".widened")

    more = {key: Fact(key, start.number(plain(key)), "1") for key in keys if key not in start}
    return Facts(start.owner, {**start.items_by_key, **more})


def fit_operators(
    folder: Path, start: Facts, engines: Sequence[str] = ENGINES, executor: Executor | None = None
) -> list[OperatorFit]:
    """Constants of every operator for every engine.

    Parameters
    ----------
    folder : Path
        Folder with the measured kernels.
    start : Facts
        Constants to begin from; one that the measurements do not touch stays.
    engines : sequence of str
        Engines. [text]
    executor : Executor, optional
        Where the fits are made; here and in order by default.

    Returns
    -------
    list of OperatorFit
        One per operator and engine that was measured.

    Raises
    ------
    InputError
        If a file is missing.
    """
    asked = [(operator, engine, folder, start) for engine in engines for operator in OPERATORS]
    run_all = map if executor is None else executor.map
    return [one for one in run_all(_fitted, asked) if one is not None]


def _fitted(asked: tuple[str, str, Path, Facts]) -> OperatorFit | None:
    return fit_operator(*asked)


def fits_as_text(fits: Sequence[OperatorFit], shipped: Callable[[str], Facts]) -> str:
    """The fits as a plain table: errors, also on a GPU left out, and each constant beside the one on record."""
    lines = [f"{'operator':24} {'engine':8} {'rows':>6} {'median':>7} {'p90':>7} {'left out':>9}"]
    for fit in fits:
        left = f"{float(np.median(list(fit.left_out.values()))):8.1%}" if fit.left_out else "-"
        said = f"{fit.operator:24} {fit.engine:8} {fit.rows:6} {fit.median:6.1%} {fit.p90:6.1%} {left:>9}"
        lines.append(said)
        for key, value in fit.constants.items():
            known = shipped(fit.engine)
            now = f"{float(known.number(key)):10.4g}" if known.has(key) else f"{'none':>10}"
            lines.append(f"  {key:34} on record {now}  fitted {value:10.4g}  {fit.low[key]:.3g} to {fit.high[key]:.3g}")
    return "\n".join(lines)
