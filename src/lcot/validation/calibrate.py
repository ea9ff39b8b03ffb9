"""Fit the engines' constants on end-to-end runs: one documented procedure, and a check of what is committed.

Operator constants come first, from kernel latencies (`lcot.validation.operators_fit`). Here the few constants of each
engine that whole runs determine are moved from their committed values by `lcot.validation.fitting`: robust, with the
committed ranges as priors, every source counted once. The rows are a sample, some runs of each cluster, so that a
refit takes minutes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from hashlib import sha256
from math import exp, log

import numpy as np
import numpy.typing as npt

from lcot.facts.types import Engine
from lcot.validation.deploying import Overrides, engine_entry, model_of
from lcot.validation.fitting import Fit, Parameter, left_out, row_weights, solve
from lcot.validation.predict import Answer, answer_of, run_of, statistic_of
from lcot.validation.types import Condition

# constants that whole runs determine; all others keep what kernels or documents say
FITTED = (
    "host.step",
    "host.sequence",
    "gemm.memory",
    "gemm.fraction.bf16",
    "gemm.fraction.fp8",
    "experts.floor",
    "attention.decode.memory",
    "client.first_token",
)
RUNS_PER_CLUSTER = 4
STEP = 0.1  # relative step of the finite differences
WILD = log(5.0)  # a row further off than this is an accident of the run or of its row, and is not fitted on


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the fit."""

    condition: Condition
    cluster: str
    engine: str
    residual: float  # log(measured / predicted) at the committed constants


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fit, and what it says of rows that it did not see."""

    parameters: tuple[Parameter, ...]
    rows: tuple[Row, ...]
    fit: Fit
    out_of_sample: dict[str, npt.NDArray[np.float64]]  # by what was left out: source, system, model -> residuals
    fitted: npt.NDArray[np.float64]  # residuals of the rows that were fitted to
    data: str  # SHA-256 of the rows

    def mean_error(self, left_out: str = "") -> float:
        """Mean absolute log error, weighted as in the fit, of all rows or with each of what is named left out. [1]"""
        weights = row_weights([row.condition.source for row in self.rows], [row.cluster for row in self.rows])
        residuals = self.out_of_sample[left_out] if left_out else self.fitted
        return float(np.average(np.abs(residuals), weights=weights))

    def optimism(self, left_out: str) -> float:
        """Mean error on what the fit left out, over that on what it saw; at least 1. [1]"""
        return max(self.mean_error(left_out) / self.mean_error(), 1.0)

    def values(self) -> dict[str, dict[str, float]]:
        """Fitted values by engine and key. [SI]"""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for parameter, shift in zip(self.parameters, self.fit.shift, strict=True):
            found[parameter.owner][parameter.key] = parameter.value * exp(float(shift))
        return dict(found)


def cluster_of(condition: Condition) -> str:
    """System x model x engine: rows that share their fate."""
    return f"{condition.system} | {condition.model} | {condition.engine}"


def data_hash(conditions: Iterable[Condition]) -> str:
    """SHA-256 over ids and values, in the order of the ids."""
    digest = sha256()
    for condition in sorted(conditions, key=lambda c: c.id):
        digest.update(f"{condition.id}={condition.value!r};".encode())
    return digest.hexdigest()


def sample(conditions: Sequence[Condition], runs_per_cluster: int = RUNS_PER_CLUSTER) -> list[Condition]:
    """Some runs of each cluster and source, with all their rows, chosen by the hash of the run.

    Parameters
    ----------
    conditions : sequence of Condition
        All points.
    runs_per_cluster : int
        Most runs of one cluster and source. [1]

    Returns
    -------
    list of Condition
        The same choice every time.
    """
    groups: dict[str, dict[Condition, list[Condition]]] = defaultdict(lambda: defaultdict(list))
    for condition in conditions:
        groups[f"{condition.source} | {cluster_of(condition)}"][run_of(condition)].append(condition)
    chosen: list[Condition] = []
    for runs in groups.values():
        order = sorted(runs, key=lambda run: sha256(repr(run).encode()).hexdigest())
        for run in order[:runs_per_cluster]:
            chosen += runs[run]
    return chosen


def parameters_of(conditions: Iterable[Condition], keys: Sequence[str] = FITTED) -> list[Parameter]:
    """The constants to fit: those of ``keys`` that the rows' engines hold as positive numbers."""
    found: dict[tuple[str, str], Parameter] = {}
    for condition in conditions:
        engine = engine_entry(condition)
        for key in keys:
            parameter = _parameter(engine, key)
            if parameter is not None:
                found[engine.id, key] = parameter
    return [found[name] for name in sorted(found)]


def _parameter(engine: Engine, key: str) -> Parameter | None:
    fact = engine.facts.get(key)
    if fact is None or fact.value is None or isinstance(fact.value, str) or float(fact.value) <= 0:
        return None
    value = float(fact.value)
    low = float(fact.low) if fact.low is not None and float(fact.low) > 0 else value / 2
    high = float(fact.high) if fact.high is not None else value * 2
    return Parameter(engine.id, key, value, min(low, value / 1.01), max(high, value * 1.01))


def residual_of(condition: Condition, answer: Answer) -> float | None:
    """log(measured / predicted) of a row; None where it is not predicted, or wildly off."""
    key = (condition.metric, statistic_of(condition))
    if answer.status != "predicted" or condition.value <= 0:
        return None
    values = [(weight, found[key]) for weight, found in answer.components if found.get(key, 0.0) > 0]
    if not values:
        return None
    # where speculation is not stated, the likelier of the two, given nothing but its weight
    predicted = max(values)[1]
    return log(condition.value / predicted)


def calibrate(
    conditions: Sequence[Condition],
    keys: Sequence[str] = FITTED,
    runs_per_cluster: int = RUNS_PER_CLUSTER,
    progress: Callable[[int], None] | None = None,
    start: Overrides | None = None,
    executor: Executor | None = None,
) -> Calibration:
    """Fit the engines' constants, and predict each row without its source, its system and its model.

    Parameters
    ----------
    conditions : sequence of Condition
        Measured points.
    keys : sequence of str
        Constants to fit where an engine has them. [text]
    runs_per_cluster : int
        Size of the sample. [1]
    progress : callable, optional
        Called with the number of predictions done. [1]
    start : mapping, optional
        Values to begin from instead of the committed ones, by engine id and key. [SI]
    executor : Executor, optional
        Where the predictions are made; here and in order by default.

    Returns
    -------
    Calibration
        Fit and out-of-sample residuals.
    """
    run_all = map if executor is None else executor.map
    chosen = sample([c for c in conditions if c.scenario != "server" or "tok_s" not in c.metric], runs_per_cluster)
    runs: dict[Condition, list[Condition]] = defaultdict(list)
    for condition in chosen:
        runs[run_of(condition)].append(condition)
    first = [(members[0], start) for members in runs.values()]
    answers = dict(zip(runs, run_all(_answer, first), strict=True))
    rows: list[Row] = []
    for run, members in runs.items():
        for condition in members:
            residual = residual_of(condition, answers[run])
            if residual is not None and abs(residual) < WILD:
                rows.append(Row(condition, cluster_of(condition), engine_entry(condition).id, residual))
    parameters = [_begun(p, start) for p in parameters_of((row.condition for row in rows), keys)]
    jacobian = _jacobian(rows, parameters, run_all, progress, start)
    residuals = np.array([row.residual for row in rows])
    sources = [row.condition.source for row in rows]
    clusters = [row.cluster for row in rows]
    prior = np.array([parameter.spread for parameter in parameters])
    fit = solve(residuals, jacobian, row_weights(sources, clusters), prior)
    groups = {
        "source": sources,
        "system": [row.condition.system for row in rows],
        "model": [row.condition.model for row in rows],
    }
    out = {name: left_out(residuals, jacobian, sources, clusters, prior, group) for name, group in groups.items()}
    fitted = residuals - jacobian @ fit.shift
    return Calibration(tuple(parameters), tuple(rows), fit, out, fitted, data_hash(chosen))


def _begun(parameter: Parameter, start: Overrides | None) -> Parameter:
    value = (start or {}).get(parameter.owner, {}).get(parameter.key, parameter.value)
    return replace(parameter, value=value)


def _answer(asked: tuple[Condition, Overrides | None]) -> Answer:
    return answer_of(*asked)


def touches(key: str, condition: Condition) -> bool:
    """Whether a constant can move the run of a condition at all; what it cannot move is not predicted again."""
    if key.startswith("experts."):
        return is_mixture(condition)
    if key.startswith("gemm.fraction.") and condition.precision is not None:
        used = (condition.precision.compute, condition.precision.expert_compute, condition.precision.dense_compute)
        return key.removeprefix("gemm.fraction.") in used or key.endswith("bf16")
    return key != "client.first_token" or condition.metric == "ttft_ms"


def _jacobian(
    rows: Sequence[Row],
    parameters: Sequence[Parameter],
    run_all: Callable[..., Iterable[Answer]],
    progress: Callable[[int], None] | None,
    start: Overrides | None,
) -> npt.NDArray[np.float64]:
    """Derivative of log(predicted) of each row with respect to the logarithm of each parameter."""
    runs = [run_of(row.condition) for row in rows]
    wanted: dict[tuple[int, Condition], tuple[Condition, Overrides]] = {}
    for column, parameter in enumerate(parameters):
        before = (start or {}).get(parameter.owner, {})
        moved: Overrides = {parameter.owner: {**before, parameter.key: parameter.value * (1.0 + STEP)}}
        for row, run in zip(rows, runs, strict=True):
            if row.engine == parameter.owner and touches(parameter.key, row.condition):
                wanted.setdefault((column, run), (row.condition, moved))
    members: dict[Condition, list[int]] = defaultdict(list)
    for place, run in enumerate(runs):
        members[run].append(place)
    matrix = np.zeros((len(rows), len(parameters)))
    answers = run_all(_answer, list(wanted.values()))
    for done, ((column, run), answer) in enumerate(zip(wanted, answers, strict=True)):
        for place in members[run]:
            residual = residual_of(rows[place].condition, answer)
            if residual is not None:
                matrix[place, column] = (rows[place].residual - residual) / log(1.0 + STEP)
        if progress is not None:
            progress(done + 1)
    return matrix


def is_mixture(condition: Condition) -> bool:
    """Whether the model of a condition has experts."""
    blocks = model_of(condition.model).blocks
    return any(block.feed_forward is not None and block.feed_forward.experts > 0 for block in blocks)


def tension(calibration: Calibration, tolerance: float = 1.0) -> list[str]:
    """What a refit moves by more than ``tolerance`` prior standard deviations from what is committed; empty if none."""
    return [
        f"{parameter.owner}.{parameter.key}: {parameter.value:.4g} -> {parameter.value * exp(float(shift)):.4g} "
        f"({moved:+.1f} prior deviations)"
        for parameter, shift, moved in zip(
            calibration.parameters, calibration.fit.shift, calibration.fit.moved, strict=True
        )
        if abs(float(moved)) > tolerance
    ]


def as_text(calibration: Calibration) -> str:
    """The fit as a plain table: value before and after, movement and identification of each constant."""
    lines = [f"{'constant':44} {'before':>10} {'after':>10} {'moved':>7} {'known':>6}"]
    zipped = zip(
        calibration.parameters, calibration.fit.shift, calibration.fit.moved, calibration.fit.identified, strict=True
    )
    for parameter, shift, moved, known in zipped:
        name = f"{parameter.owner}.{parameter.key}"
        after = parameter.value * exp(float(shift))
        lines.append(f"{name:44} {parameter.value:10.4g} {after:10.4g} {moved:+7.2f} {known:6.2f}")
    correlation = calibration.fit.correlation
    for i in range(len(calibration.parameters)):
        for j in range(i):
            if abs(correlation[i, j]) > 0.7:
                one, other = calibration.parameters[i], calibration.parameters[j]
                lines.append(f"{one.owner}.{one.key} ~ {other.owner}.{other.key}: {correlation[i, j]:+.2f}")
    return "\n".join(lines)


def errors_as_text(calibration: Calibration) -> str:
    """Errors on rows that the fit saw and on those it left out: mean absolute log, and the median in percent."""
    lines = [f"{'left out':12} {'rows':>6} {'mean |log|':>11} {'median':>8} {'over fitted':>12}"]
    for name in ("", *calibration.out_of_sample):
        residuals = calibration.out_of_sample[name] if name else calibration.fitted
        median = float(np.median(np.expm1(np.abs(residuals))))
        over = calibration.optimism(name) if name else 1.0
        said = f"{name or 'nothing':12} {len(residuals):6} {calibration.mean_error(name):11.3f}"
        lines.append(f"{said} {median:7.1%} {over:12.2f}")
    return "\n".join(lines)
