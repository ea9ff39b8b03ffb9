"""What makes the difference between two costs: by line of the bill, and by fact, in dollars that add up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcot.choice.sensitivity import evaluator, replaced
from lcot.choice.types import Plan, Question
from lcot.cost.capital import system_price
from lcot.cost.power import provided_power
from lcot.cost.pricing import priced_at
from lcot.cost.reading import Reading
from lcot.errors import Infeasible, MissingFact
from lcot.facts.draw import COUNTS
from lcot.facts.types import Fact, Facts, System
from lcot.trace.causes import CAUSES, Behind, behind_cause, behind_line, shares

Array = NDArray[np.float64]
ORDERS = 16  # orders in which facts change over, each also backwards
WHOLE = ("network.price", "power.typical", "power.idle", "host.count")  # facts of a system that grow with its chips


@dataclass(frozen=True, slots=True)
class Part:
    """One cause of a difference."""

    name: str
    dollars: float  # of the first cost less the second [USD/token]
    first: float | None = None  # value for the first, in SI
    second: float | None = None
    unit: str = ""
    behind: tuple[Behind, ...] = ()  # facts of both systems behind the cause


@dataclass(frozen=True, slots=True)
class Difference:
    """Two blended costs and what makes the difference. Each list adds up to it."""

    plans: tuple[Plan, Plan]
    costs: tuple[float, float]  # USD/token
    lines: tuple[Part, ...]
    facts: tuple[Part, ...]  # empty where the two cannot change facts over
    why_not: str  # why there are no facts
    method: str


def difference_of(first: Plan, asked: Question, second: Plan, other: Question) -> Difference:
    """What makes the blended costs of two plans differ.

    Parameters
    ----------
    first, second : Plan
        Priced plans.
    asked, other : Question
        Their questions.

    Returns
    -------
    Difference
        Of the first cost less the second. [USD/token]

    Raises
    ------
    MissingFact
        If one has no price.

    Notes
    -----
    By line: with the cost m of a chip by line, its seconds n for a token by cause, and the share u of the capacity
    that is delivered, :math:`c = \\sum_j m_j \\sum_k n_k / u`; each of the three factors gets the mean of what its
    change adds over the orders in which they change, and is split by line and by cause. By fact: the first's facts are
    changed over to the second's, chip for chip, in its own layout, and each fact gets the mean of what it adds over
    orders and their reverses;
    what is left is the layout, engine and formats.

    References
    ----------
    :cite:t:`shapley1953`; :cite:t:`castro2009` for the sampling of orders.
    """
    costs = (cost_of(first), cost_of(second))
    why_not, facts = "", ()
    try:
        facts = by_fact(first, asked, second, other, costs)
    except (Infeasible, MissingFact) as error:
        why_not = str(error)
    method = f"mean over {2 * ORDERS} orders of changing facts over, seed {asked.seed}, in the layout of the first"
    return Difference((first, second), costs, by_line(first, asked, second, other), facts, why_not, method)


def cost_of(plan: Plan) -> float:
    """Blended cost. Raises `MissingFact`. [USD/token]"""
    if plan.bill is None:
        owner, _, key = plan.unpriced.partition(".")
        raise MissingFact(owner, key, "the difference")
    return float(plan.bill.cost["bottleneck_seconds"].blended)


def by_line(first: Plan, asked: Question, second: Plan, other: Question) -> tuple[Part, ...]:
    """The difference by line of the bill of a chip, by what a chip can deliver, and by how far it is used."""
    (one, need, idle), (two, less, busy) = (factors(plan, q) for plan, q in ((first, asked), (second, other)))
    mean = even(need, less, idle, busy)
    parts = [
        Part(f"{name} of a chip", (one.get(name, 0.0) - two.get(name, 0.0)) * mean, one.get(name), two.get(name),
             "USD/s", behind_line(name, first, second, asked.term))
        for name in dict.fromkeys([*one, *two])
    ]  # fmt: skip
    sums = sum(one.values()), sum(two.values())
    price = even(*sums, idle, busy)
    spent = [{cause: need * share for cause, share in shares(plan, q).items()}
             for plan, q, need in ((first, asked, need), (second, other, less))]  # fmt: skip
    able = [
        Part(name, (spent[0][cause] - spent[1][cause]) * price, spent[0][cause],
             spent[1][cause], "s", behind_cause(cause, first, second))
        for cause, name in CAUSES.items()
    ]  # fmt: skip
    used = Part("share of them delivered", (idle - busy) * even(*sums, need, less), 1 / idle, 1 / busy, "1")
    return tuple(sorted([*parts, *able, used], key=lambda part: -abs(part.dollars)))


def factors(plan: Plan, question: Question) -> tuple[dict[str, float], float, float]:
    """Cost of a chip by line [USD/s], chips for a token/s of capacity, capacity over tokens delivered [1]."""
    assert plan.bill is not None
    chips, traffic = float(plan.served.systems) * plan.deployment.system.count, question.traffic
    able = float(plan.served.capacity) * float(traffic.input_tokens + traffic.output_tokens)
    lines = {name: float(value) / chips for name, value in plan.bill.lines.items()}
    return lines, chips / able, able / float(sum(plan.bill.tokens.values()))


def even(a: float, b: float, c: float, d: float) -> float:
    """What a third factor is multiplied by when a product goes from a times c to b times d, mean over all orders."""
    return (a * c + b * d) / 3.0 + (a * d + b * c) / 6.0


def by_fact(
    first: Plan, asked: Question, second: Plan, other: Question, costs: tuple[float, float]
) -> tuple[Part, ...]:
    """The difference by fact (see `difference_of`). Raises `Infeasible` where facts cannot be changed over."""
    a, b = first.deployment, second.deployment
    if a.system.family != b.system.family or a.model.id != b.model.id:
        raise Infeasible("two families or two models have no facts in common that could be changed over")
    own, theirs = plain_system(a.system, asked), plain_system(b.system, other)
    deployment = replace(a, system=own, paired=None if a.paired is None else replace(a.paired, system=own))
    stated, evaluate, _ = evaluator(deployment, asked)
    goals = changed(stated, own, theirs, asked, other)
    names = list(goals)
    table = np.array([goals[name] for name in names])  # (facts, 2): the first's value, the second's
    places = orders(len(names), asked.seed)
    rows = np.concatenate([steps_along(order) for order in places])  # (order x step, facts): 1 where changed over
    values = {name: np.where(rows[:, i] > 0, table[i, 1], table[i, 0]) for i, name in enumerate(names)}
    found = np.broadcast_to(np.asarray(evaluate(replaced(stated, values))), (len(rows),))
    if not np.isfinite(found).all():
        raise Infeasible(f"{a.label} on {own.id} does not serve the question with every mix of the two sets of facts")
    found = found.reshape(len(places), len(names) + 1)
    gains = np.zeros((len(places), len(names)))
    for row, order in enumerate(places):
        gains[row, order] = found[row, :-1] - found[row, 1:]
    dollars = gains.mean(axis=0)
    parts: list[Part] = []
    for i, (owner, key) in enumerate(names):
        name = f"{owner}.{key}" if owner == asked.site.id else key
        parts.append(Part(name, float(dollars[i]), float(table[i, 0]), float(table[i, 1]), stated[owner][key].unit))
    rest = costs[0] - costs[1] - float(dollars.sum())
    bought = [f"{int(plan.served.systems)} x {plan.deployment.system.id}" for plan in (first, second)]
    layout = f"layout, engine, whole systems: {bought[0]} ({a.label}) against {bought[1]} ({b.label})"
    return (*sorted(parts, key=lambda part: -abs(part.dollars)), Part(layout, rest))


def changed(
    stated: Mapping[str, Facts], own: System, theirs: System, asked: Question, other: Question
) -> dict[tuple[str, str], tuple[float, float]]:
    """Facts that differ and that both have: owner and key of the first, with both values, chip for chip."""
    ratio = own.count / theirs.count
    pairs = [
        (own.chip.facts, theirs.chip.facts, 1.0),
        (own.facts, theirs.facts, ratio),
        (asked.site.facts, other.site.facts, 1.0),
    ]
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for mine, yours, scale in pairs:
        for key, fact in mine.items():
            given = yours.get(key)
            if given is None or not is_number(fact) or not is_number(given) or key.endswith(COUNTS):
                continue
            factor = scale if key in ("price", "power.max", *WHOLE) else 1.0
            before, after = float(fact.value), float(given.value) * factor  # type: ignore[arg-type]
            if before != after and key in stated[mine.owner]:
                found[mine.owner, key] = (before, after)
    return found


def is_number(fact: Fact) -> bool:
    """Whether a fact has a single number."""
    return isinstance(fact.value, int | float)


def plain_system(system: System, question: Question) -> System:
    """The system with the price of a complete one and its power as ``power.max``, so that two can be compared."""
    reading = Reading()
    made = system
    if question.basis == "own":
        made = priced_at(system, float(system_price(system, question.site, reading)))
    watts = float(provided_power(made, question.site, reading))
    power = Fact("power.max", watts, "W", kind="user", scope="system")
    kept: dict[str, Any] = {k: v for k, v in made.facts.items() if k != "power.all_in"}
    return replace(made, facts=Facts(made.facts.owner, {**kept, "power.max": power}))


def orders(count: int, seed: int) -> list[NDArray[np.int64]]:
    """Orders of some facts, each also backwards."""
    random = np.random.default_rng(seed)
    drawn = [random.permutation(count) for _ in range(ORDERS)]
    return [one for order in drawn for one in (order, order[::-1])]


def steps_along(order: NDArray[np.int64]) -> Array:
    """Which facts are changed over at each step of an order, from none to all."""
    made = np.zeros((len(order) + 1, len(order)))
    for step, place in enumerate(order, 1):
        made[step:, place] = 1.0
    return made
