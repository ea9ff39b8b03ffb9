"""Which facts move the answer: causes, bars of a tornado, elasticities, and what better hardware buys.

Everything here works on a function ``evaluate(facts) -> cost`` from facts by owner to the cost of a token, and asks it
once, with arrays: one column for each value that is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lcot.choice.model_error import ERROR, error_of
from lcot.choice.types import Question
from lcot.choice.uncertainty import cost_of, machines, with_facts
from lcot.errors import DomainError, UnknownName
from lcot.facts.draw import quantile, span
from lcot.facts.types import Fact, Facts
from lcot.steptime.types import Deployment

Array = NDArray[np.float64]
ByOwner = Mapping[str, Facts]
Evaluate = Callable[[ByOwner], Array]
Factor = tuple[str, str]  # owner, key

MODEL = "model"  # pseudo-owner of the model's own error
LOAD = "load"  # pseudo-owner of the traffic

# cause -> how the keys begin that belong to it (a star: one name); the first that fits
CAUSES: dict[str, tuple[str, ...]] = {
    "memory bandwidth": ("memory.*.bandwidth", "memory.*.latency", "host.bandwidth"),
    "memory capacity": ("memory.*.capacity", "memory.*.usable", "memory.fraction", "memory.reserve", "host.memory"),
    "compute": ("peak.", "achievable.", "synchronous."),
    "data movement between chips": ("fabric.",),
    "power": ("power.", "pue", "electricity."),
    "price": ("price", "rent.", "network.price", "host.price", "capital."),
    "finance": ("finance.", "life.", "growth.", "market."),
    "load": ("load_factor", "rate", "availability"),
    "operations": ("operations.", "facility."),
}
BETTER = (  # facts of hardware of which less is better, beside latencies
    *("power.max", "power.typical", "power.all_in", "power.idle", "power.tdp"),
    *("price", "rent.on_demand", "rent.reserved", "rent.spot", "rent.index"),
)
ENGINE = "engine"  # every fact of an engine, and the model's error


def cause_of(owner: str, key: str, engines: Iterable[str] = ()) -> str:
    """The cause to which a fact belongs.

    Parameters
    ----------
    owner : str
        Whose fact it is.
    key : str
        Its key.
    engines : iterable of str
        Owners that are engines.

    Returns
    -------
    str
        A key of `CAUSES`, ``engine``, or ``other``.
    """
    if owner == MODEL or owner in engines:
        return ENGINE
    parts = key.split(".")
    starred = ".".join([parts[0], "*", *parts[2:]]) if len(parts) > 2 else key
    for cause, beginnings in CAUSES.items():
        if any(key.startswith(one) or starred == one for one in beginnings):
            return cause
    return "other"


def varying(facts: ByOwner) -> list[Factor]:
    """Facts that have a range, by owner and key."""
    return [(owner, key) for owner, some in facts.items() for key in sorted(some) if span(some[key]) is not None]


def replaced(facts: ByOwner, values: Mapping[Factor, Array]) -> dict[str, Facts]:
    """The same facts with some values replaced."""
    by_owner: dict[str, dict[str, Array]] = {}
    for (owner, key), value in values.items():
        by_owner.setdefault(owner, {})[key] = value
    return {owner: some.with_values(by_owner.get(owner, {})) for owner, some in facts.items()}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a tornado: cost at the low and the high end of one fact, all others as stated."""

    owner: str
    key: str
    cause: str
    low: float  # value of the fact, its P10
    high: float  # its P90
    cost_at_low: float
    cost_at_high: float
    cost: float  # with every fact as stated

    @property
    def width(self) -> float:
        """Length of the bar, in the unit of the cost."""
        return abs(self.cost_at_high - self.cost_at_low)


def tornado(evaluate: Evaluate, facts: ByOwner, engines: Iterable[str] = ()) -> list[Bar]:
    """Cost at the P10 and P90 of each fact, one at a time.

    Parameters
    ----------
    evaluate : callable
        Cost from facts by owner.
    facts : mapping of str to Facts
        Facts as stated, by owner.
    engines : iterable of str
        Owners that are engines.

    Returns
    -------
    list of Bar
        Widest first.
    """
    factors, engines = varying(facts), set(engines)
    columns = 2 * len(factors) + 1
    values: dict[Factor, Array] = {}
    ends: list[tuple[float, float]] = []
    for i, (owner, key) in enumerate(factors):
        low, high = quantile(facts[owner][key], np.array([0.1, 0.9]))
        column = np.full(columns, float(facts[owner].number(key)))
        column[2 * i], column[2 * i + 1] = low, high
        values[owner, key] = column
        ends.append((float(low), float(high)))
    cost = np.broadcast_to(evaluate(replaced(facts, values)), (columns,))
    bars = [
        Bar(
            owner,
            key,
            cause_of(owner, key, engines),
            *ends[i],
            float(cost[2 * i]),
            float(cost[2 * i + 1]),
            float(cost[-1]),
        )
        for i, (owner, key) in enumerate(factors)
    ]
    return sorted(bars, key=lambda bar: -bar.width)


def elasticities(evaluate: Evaluate, facts: ByOwner, factors: Iterable[Factor] | None = None) -> dict[Factor, float]:
    """Per cent of cost for one per cent of each fact.

    Parameters
    ----------
    evaluate : callable
        Cost from facts by owner.
    facts : mapping of str to Facts
        Facts as stated, by owner.
    factors : iterable of (owner, key), optional
        Which facts; those with a range by default. A fact that is zero has none.

    Returns
    -------
    dict of (owner, key) to float
        Elasticity at the stated values, largest first. [1]

    Notes
    -----
    .. math:: \\epsilon = \\frac{\\ln c(1.01 x) - \\ln c(x / 1.01)}{2 \\ln 1.01}

    References
    ----------
    :cite:t:`saltelli2008`, chapter 1.
    """
    chosen = [f for f in (varying(facts) if factors is None else factors) if facts[f[0]].number(f[1]) != 0.0]
    step, columns = 1.01, 2 * len(chosen)
    values: dict[Factor, Array] = {}
    for i, (owner, key) in enumerate(chosen):
        column = np.full(columns, float(facts[owner].number(key)))
        column[2 * i] /= step
        column[2 * i + 1] *= step
        values[owner, key] = column
    cost = np.broadcast_to(evaluate(replaced(facts, values)), (columns,))
    slopes = np.log(cost[1::2] / cost[0::2]) / (2 * np.log(step))
    return dict(sorted(zip(chosen, map(float, slopes), strict=True), key=lambda pair: -abs(pair[1])))


def improved(evaluate: Evaluate, facts: ByOwner, factor: float = 2.0, engines: Iterable[str] = ()) -> dict[str, float]:
    """Cost if the hardware were ``factor`` times as good in one respect, over cost as it is.

    Parameters
    ----------
    evaluate : callable
        Cost from facts by owner.
    facts : mapping of str to Facts
        Facts as stated, by owner.
    factor : float
        Above 0: bandwidths, capacities and peaks are multiplied by it; latencies, powers, prices and rents divided. [1]
    engines : iterable of str
        Owners that are engines.

    Returns
    -------
    dict of str to float
        Ratio of costs by cause: 0.9 for twice the fabric says that it buys 10 %. [1]

    Raises
    ------
    DomainError
        If the factor is not positive.

    Notes
    -----
    .. math:: \\rho = c(k x) / c(x)

    References
    ----------
    :cite:t:`saltelli2008`, chapter 1.
    """
    if not factor > 0:
        raise DomainError("factor", factor, "above 0")
    engines = {*engines, MODEL, LOAD}
    chosen: dict[Factor, str] = {
        (owner, key): cause_of(owner, key)
        for owner, some in facts.items()
        for key, fact in some.items()
        if owner not in engines and isinstance(fact.value, int | float) and (key in BETTER or is_hardware(key))
    }
    causes = [cause for cause in CAUSES if cause in chosen.values()]
    values: dict[Factor, Array] = {}
    for (owner, key), cause in chosen.items():
        column = np.full(len(causes) + 1, float(facts[owner].number(key)))
        lower = key.endswith("latency") or key in BETTER
        column[causes.index(cause)] *= 1.0 / factor if lower else factor
        values[owner, key] = column
    cost = np.broadcast_to(evaluate(replaced(facts, values)), (len(causes) + 1,))
    return {cause: float(cost[i] / cost[-1]) for i, cause in enumerate(causes)}


def is_hardware(key: str) -> bool:
    """Whether a fact is a speed or a capacity of a chip, of which more is better (of a latency, less)."""
    return key.startswith(("memory.", "fabric.", "peak.", "synchronous.")) and not key.endswith((".size", ".count"))


def held(facts: Facts, keys: Iterable[str]) -> Facts:
    """The facts, with those of ``keys`` that are numbers held at their value."""
    kept = dict(facts)
    for key in keys:
        fact = kept.get(key)
        if fact is not None and isinstance(fact.value, int | float):
            kept[key] = replace(fact, low=fact.value, high=fact.value)
    return Facts(facts.owner, kept)


def evaluator(deployment: Deployment, question: Question) -> tuple[dict[str, Facts], Evaluate, set[str]]:
    """The facts on which the cost of a deployment rests, and the cost as a function of them.

    Parameters
    ----------
    deployment : Deployment
        One that meets the target.
    question : Question
        Traffic, target, site and basis.

    Returns
    -------
    tuple of dict, callable and set of str
        Facts by owner (chip, system, engine, site, the model's error and the load), the function, the engines. The
        constants of an engine whose error was measured are held: the error covers them.

    Raises
    ------
    UnknownName
        If two of them have one name.
    """
    system, engine, site = deployment.system, deployment.engine, question.site
    spread = error_of(engine)
    width = np.sqrt(6.0) * spread  # half-width of a triangle with this standard deviation
    low, high = float(np.exp(-width)), float(np.exp(width))
    error = Fact("error", 1.0, "1", low, high, kind="estimate", note="factor on step time")
    constants = held(engine.facts, set(engine.facts) if engine.facts.has(ERROR) else {ERROR})
    facts = {one.owner: one for one in (system.chip.facts, system.facts, constants, site.facts)}
    distinct = len(facts) == 4
    for other in machines(deployment)[1:]:
        for one in (other.system.chip.facts, other.system.facts, other.engine.facts):
            facts.setdefault(one.owner, one)
    if not distinct or {MODEL, LOAD} & set(facts):
        raise UnknownName("owner", "of two things at once", facts)
    facts[MODEL] = Facts(MODEL, {"error": error})
    if question.traffic.rate is not None:
        rate = float(np.asarray(question.traffic.rate))
        load = Fact("rate", rate, "request/s", rate, rate, kind="user")
        facts[LOAD] = Facts(LOAD, {"rate": load})

    def evaluate(values: ByOwner) -> Array:
        moved = with_facts(deployment, values)
        asked = replace(question, site=replace(site, facts=values[site.facts.owner]))
        if LOAD in values:
            asked = replace(asked, traffic=replace(asked.traffic, rate=values[LOAD].number("rate")))
        shape = np.broadcast_shapes(
            *(np.shape(fact.value) for some in values.values() for fact in some.values() if fact.value is not None)
        )
        return cost_of(moved, asked, values[MODEL].number("error"), shape)

    return facts, evaluate, {one.engine.facts.owner for one in machines(deployment)}
