"""Predict measured points from only what their rows state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import isfinite

from lcot.errors import DomainError, Infeasible, LcotError
from lcot.facts import catalog
from lcot.steptime.types import Deployment, Speculation, StepTable, StepTime
from lcot.validation.consistency import contradiction, is_share
from lcot.validation.deploying import OFF, Overrides, Plan, drafted, engine_id, model_of, plans
from lcot.validation.intervals import mixture
from lcot.validation.observe import THROUGHPUT, Pool, Setup, Values, filling, observe, protocol_of
from lcot.validation.points import USUAL
from lcot.validation.policies import policy_of
from lcot.validation.precisions import is_mixture
from lcot.validation.recipes import drafting_of, limit_of, service_drafts, with_benchmark_weights, with_recipe_cache
from lcot.validation.spreads import Spreads, committed_spreads
from lcot.validation.types import Condition, Layout, Prediction

STATISTIC = {"": "mean", "median": "p50", "average": "mean"}
TOTALS = (*THROUGHPUT, "watts_system", "joules_per_token")
MIXED_SHARE = 0.25  # weight of unstated multi-token prediction where the model ships it; see docs/accuracy.md
FEW = 8.0  # requests that the cache of any copy should hold at once [1]
MOST_MEMORY = 0.98  # share of the memory that an engine may be given, at the very most [1]
SIZES = (1024, 4096, 16384)  # sequences that tables are made for
LEAST_RESERVE = 0.5e9  # least room for activations and graphs [B]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one condition's run would show, under each assumption on what the row leaves open."""

    components: tuple[tuple[float, Values], ...] = ()  # weight, values
    status: str = "predicted"
    reason: str = ""


def predict(
    conditions: Iterable[Condition],
    overrides: Overrides | None = None,
    spreads: Spreads | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Prediction]:
    """Prediction of each condition's metric and statistic; rows of one run are worked out once.

    Parameters
    ----------
    conditions : iterable of Condition
        What was measured; values are used only to fill `Prediction.value`.
    overrides : mapping, optional
        Values of engine facts to use instead of those on record, by engine id. [SI]
    spreads : Spreads, optional
        Ranges; the committed ones by default.
    progress : callable, optional
        Called with the number of runs done. [1]

    Returns
    -------
    list of Prediction
        In the order of the conditions.
    """
    rows = list(conditions)
    ranges = committed_spreads() if spreads is None else spreads
    runs: dict[Condition, list[int]] = defaultdict(list)
    for place, condition in enumerate(rows):
        runs[run_of(condition)].append(place)
    found: dict[int, Prediction] = {}
    for done, members in enumerate(runs.values()):
        answer = answer_of(rows[members[0]], overrides)
        for place in members:
            found[place] = _prediction(rows[place], answer, ranges)
        if progress is not None:
            progress(done + 1)
    return [found[place] for place in range(len(rows))]


def run_of(condition: Condition) -> Condition:
    """The run that a row belongs to: the condition without what was measured of it."""
    return replace(condition, id="", metric=_kind(condition.metric), statistic="", value=0.0, unit="", quality="")


def _kind(metric: str) -> str:
    return "tok_s" if "tok_s_total" in metric else ""


def answer_of(condition: Condition, overrides: Overrides | None = None) -> Answer:
    """What the run of a condition would show."""
    if not condition.system and not condition.model:
        return Answer(status="unanswered", reason=condition.note)
    wrong = contradiction(condition)
    if wrong:
        return Answer(status="inconsistent", reason=wrong)
    if condition.input_tokens is None or condition.output_tokens is None:
        return Answer(status="unanswered", reason="no lengths are stated, and no sourced table has them")
    components: list[tuple[float, Values]] = []
    try:
        for weight, speculation in assumed(condition):
            try:
                cramped = _is_cramped(condition, speculation, overrides)
                values = _best(condition, speculation, generous(overrides) if cramped else overrides)
            except Infeasible:  # it did run, so its operator gave the engine more memory than is usual
                values = _best(condition, speculation, generous(overrides))
            components.append((weight, values))
    except LcotError as problem:
        if not components:
            status = "inconsistent" if _does_not_fit(condition, problem) else "unanswered"
            return Answer(status=status, reason=f"{type(problem).__name__}: {problem}")
    return Answer(tuple(components))


def _is_cramped(condition: Condition, speculation: Speculation, overrides: Overrides | None) -> bool:
    """Whether the cache that is usual holds so few of a row's users that its operator will have made more room."""
    users, layout = condition.concurrency or 1.0, condition.layout
    if layout is None or is_share(condition) or users <= layout.copies:
        return False
    plan = with_caches(plans(condition, speculation, overrides)[0], condition)
    steps = steps_of(plan.deployment)
    length = sum(_lengths(condition))
    held = float(steps.kv_capacity) / (length + float(steps.fixed(length)))
    return held < min(FEW, users / layout.copies)


def generous(overrides: Overrides | None) -> Overrides:
    """The same overrides with nearly all of the memory given to every engine of GPUs and meshes."""
    most = {"memory.fraction": MOST_MEMORY, "memory.free": MOST_MEMORY, "memory.reserve": LEAST_RESERVE}
    given = overrides or {}
    engines = (*catalog.engines("gpu"), *catalog.engines("mesh"))
    each = {one.id: {key: value for key, value in most.items() if one.facts.has(key)} for one in engines}
    return dict(given) | {name: {**given.get(name, {}), **values} for name, values in each.items()}


def _does_not_fit(condition: Condition, problem: LcotError) -> bool:
    return condition.layout is not None and isinstance(problem, Infeasible) and "weights" in str(problem)


def assumed(condition: Condition) -> list[tuple[float, Speculation]]:
    """Speculation to assume, with weights: as stated by the row or by the public recipe of its run, or both where
    they leave it open and the model ships it.
    """
    stated = drafting_of(condition) if condition.speculation is None else condition.speculation
    stated = drafted(condition) if stated is None else stated
    if stated is not None:
        return [(1.0, stated)]
    if service_drafts(condition):
        return service_drafts(condition)
    if not model_of(condition.model).prediction_layers or condition.scenario not in ("closed_loop", "interactive"):
        return [(1.0, OFF)]
    return [(1.0 - MIXED_SHARE, OFF), (MIXED_SHARE, USUAL)]


def _best(condition: Condition, speculation: Speculation, overrides: Overrides | None) -> Values:
    """Values of the run; of the usual layouts, where none is stated, those of the best by the scenario's own aim."""
    share = share_of(condition)
    if share is not None:
        return share(speculation, overrides)
    best: Values | None = None
    problem: LcotError | None = None
    for stated in plans(condition, speculation, gpu_only(condition, overrides)):
        plan = with_caches(stated, condition)
        try:
            values = observe(condition, setup_of(condition, plan), *_lengths(condition))
        except LcotError as error:
            problem = problem or error
            continue
        except (ArithmeticError, ValueError) as error:  # numbers outside what the step time was made for: no answer
            problem = problem or DomainError("run", condition.id or condition.model, f"a computable one ({error})")
            continue
        if best is None or _aim(condition, values) > _aim(condition, best):
            best = values
        if not condition.devices:
            break  # the least number of whole systems that holds the model
    if best is None:
        raise problem or LcotError("no layout")
    return best


MACHINE = 8  # devices
USUAL_BATCH = 128.0  # of a device in a decode pool
POOLS = (16, 32, 64, 144)  # devices of the pools that serve such models where rows give the share of one


def share_of(condition: Condition) -> Callable[[Speculation, Overrides | None], Values] | None:
    """How to work out a row that gives one device's share of a larger pool; None for every other row.

    Where the pool is not stated it is the first of `POOLS` that holds the model, or a machine for a dense one.
    """
    if not is_share(condition):
        return None
    stated = condition.layout if condition.layout is not None and condition.layout.chips > 1 else None

    def values(speculation: Speculation, overrides: Overrides | None) -> Values:
        problem: LcotError | None = None
        held = limit_of(condition) < float("inf") and condition.metric in THROUGHPUT  # to a time per token
        sizes = POOLS if is_mixture(model_of(condition.model)) else (MACHINE,)
        for devices in sizes if stated is None else (stated.chips,):
            spread = Layout(tensor=1, data=devices, expert=devices) if devices in POOLS else None
            whole = replace(condition, devices=devices, layout=stated or spread, note=condition.note if held else "")
            try:
                if condition.concurrency is not None or not held:
                    each = condition.concurrency or _filling(whole, speculation, overrides)
                    whole = replace(whole, concurrency=each * devices)
                found = _best(whole, speculation, overrides)
            except LcotError as error:
                problem = problem or error
                continue
            return {
                key: value / devices if "total" in key[0] or "watts" in key[0] else value
                for key, value in found.items()
            }
        raise problem or LcotError("no pool")

    return values


def _filling(condition: Condition, speculation: Speculation, overrides: Overrides | None) -> float:
    """Sequences on each device of a pool whose row states none: `USUAL_BATCH`, or for a rate what the cache holds."""
    if condition.metric not in THROUGHPUT or condition.scenario != "decode_only":
        return USUAL_BATCH
    plan = with_caches(plans(condition, speculation, overrides)[0], condition)
    pool, (i, o) = setup_of(condition, plan).serving, _lengths(condition)
    return max(filling(pool, i + o / 2.0) / pool.steps.deployment.chips, 1.0)


def with_caches(plan: Plan, condition: Condition) -> Plan:
    """The plan with the formats that the run's public recipe or benchmark sets."""

    def one(deployment: Deployment) -> Deployment:
        return with_recipe_cache(with_benchmark_weights(deployment, condition), condition)

    prefill = one(plan.prefill) if plan.prefill is not None else None
    return replace(plan, deployment=one(plan.deployment), prefill=prefill)


def gpu_only(condition: Condition, overrides: Overrides | None) -> Overrides | None:
    """Overrides without the host's share of power, where the row measured the accelerators alone."""
    if "gpu power only" not in condition.note.lower():
        return overrides
    name = engine_id(condition)
    return {**(overrides or {}), name: {**(overrides or {}).get(name, {}), "power.host": 0.0}}


def _aim(condition: Condition, values: Values) -> float:
    """What a tester who chose the layout would have tuned for: throughput under full load, else speed."""
    if protocol_of(condition) in ("offline", "server"):
        return values[("output_tok_s_total", "mean")]
    return -values.get(("tpot_ms", "mean"), values[("ttft_ms", "mean")])


def _lengths(condition: Condition) -> tuple[float, float]:
    return float(condition.input_tokens or 0.0), float(condition.output_tokens or 0.0)


def setup_of(condition: Condition, plan: Plan) -> Setup:
    """Pools, tables and rules of a plan."""
    policy = policy_of(plan.deployment, condition, plan)
    sequences = max(1, min(policy.max_sequences, int(condition.concurrency or policy.max_sequences)))
    policy = replace(policy, max_sequences=sequences)

    def pool(deployment: Deployment, copies: int) -> Pool:
        steps = steps_of(deployment)
        return Pool(steps, copies, lambda: table_of(deployment, sequences, policy.max_batched_tokens))

    prefill = pool(plan.prefill, plan.prefill_copies) if plan.prefill is not None else None
    return Setup(pool(plan.deployment, plan.copies), prefill, policy)


def _fingerprint(deployment: Deployment) -> tuple[object, ...]:
    d = deployment
    facts = tuple((key, fact.value) for key, fact in d.engine.facts.items() if not isinstance(fact.value, str))
    layout = (d.tensor, d.data, d.pipeline, d.expert, d.expert_tensor, d.context)
    return (d.system.id, d.model.id, d.engine.id, facts, d.precision, layout, d.speculation)


_steps: dict[tuple[object, ...], StepTime] = {}
_tables: dict[tuple[object, ...], StepTable] = {}


def steps_of(deployment: Deployment) -> StepTime:
    """Step time of a deployment, kept."""
    from lcot.steptime.estimate import estimate

    key = _fingerprint(deployment)
    if key not in _steps:
        if len(_steps) > 2000:
            _steps.clear()
        _steps[key] = estimate(deployment)
    return _steps[key]


def table_of(deployment: Deployment, sequences: int, budget: int) -> StepTable:
    """Step table of a deployment for the kernel, kept."""
    from lcot.steptime.tables import tables

    size, budget = next((size for size in SIZES if size >= sequences), sequences), max(budget, 32768)
    key = (*_fingerprint(deployment), size, budget)
    if key not in _tables:
        if len(_tables) > 300:
            _tables.clear()
        _tables[key] = tables(steps_of(deployment), size, budget)
    return _tables[key]


def statistic_of(condition: Condition) -> str:
    """The statistic that a row asks for; the mean where the metric is a total of the run, which has but one value."""
    if condition.metric in TOTALS:
        return "mean"
    return STATISTIC.get(condition.statistic, condition.statistic)


def _prediction(condition: Condition, answer: Answer, spreads: Spreads) -> Prediction:
    def without(status: str, reason: str) -> Prediction:
        return Prediction(condition.id, condition.value, None, None, None, status, reason)

    if answer.status != "predicted":
        return without(answer.status, answer.reason)
    key = (condition.metric, statistic_of(condition))
    parts = [(weight, values[key]) for weight, values in answer.components if key in values]
    parts = [(weight, value) for weight, value in parts if isfinite(value) and value > 0]
    if not parts:
        return without("unanswered", f"{key[0]} ({key[1]}) does not follow from {protocol_of(condition)}")
    spread = spreads.around(condition)
    low, middle, high = mixture([(weight, value, spread) for weight, value in parts])
    status, reason = "predicted", ""
    if protocol_of(condition) == "server" and condition.rate and condition.metric in THROUGHPUT:
        status, reason = "identity", "open-loop throughput is the offered rate times the lengths"
    return Prediction(condition.id, condition.value, middle, low, high, status, reason)
