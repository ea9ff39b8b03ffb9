"""A fleet for a load within a service level: which deployment, how many, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.deploy import Chosen, Layout, bill_of, deployment_of, of_plan, ready
from lcot.choice.search import nearest_miss, plans
from lcot.choice.types import Question, Rejection
from lcot.cost.types import Bill
from lcot.errors import Infeasible, MissingFact
from lcot.facts.types import System
from lcot.serving.simulation import Ready, Simulated, simulate_ready
from lcot.serving.size import Sized, check_margins, size, thinned
from lcot.serving.types import Requests, Target
from lcot.steptime.estimate import estimate
from lcot.steptime.types import StepTime

TRIED = 8  # deployments, from the cheapest on, that are sized before it is given up


@dataclass(frozen=True, slots=True)
class Margins:
    """What a fleet keeps beyond its load."""

    headroom: float = 0.2  # load to be ready for, as a share of the one given
    spares: float = 0.05  # systems beside those that serve, as a share of them
    attainment: float = 0.95  # share of requests within the target


@dataclass(frozen=True, slots=True)
class Fleet:
    """A load's fleet on one system, or why there is none."""

    system: System
    steps: StepTime | None  # None: nothing meets the target
    sized: Sized | None
    run: Simulated | None  # the whole fleet at the load itself, without headroom
    bill: Bill | None  # None: unpriced, or no fleet
    unpriced: str = ""
    rejected: tuple[Rejection, ...] = ()  # deployments that would be cheaper but do not meet the target
    limit: str = ""


def fleet(
    question: Question,
    stated: Layout,
    requests: Requests,
    target: Target,
    margins: Margins,
    policy: str = "",
    prefix_cache: bool = True,
) -> Fleet:
    """The fleet that a load needs.

    Parameters
    ----------
    question : Question
        One system, the model, the load's mean lengths and rate, the target, site and basis of cost.
    stated : Layout
        The deployment; where no width is stated, the cheapest that holds.
    requests : Requests
        The load.
    target : Target
        The service level of each request. [s], [token/s]
    margins : Margins
        Headroom, spares and attainment. [1]
    policy : str
        Admission rules by name; "": those of the engine.
    prefix_cache : bool
        Whether prefixes are found again, where the load tells them.

    Returns
    -------
    Fleet
        Copies, chips, systems, power and bill; without a fleet, why each deployment falls short and what would do.

    Raises
    ------
    DomainError
        If a margin or the load is outside its domain.
    MissingFact
        If step time needs a fact that is not on record.

    Notes
    -----
    The bill is of all systems, spares included, over the tokens of the load itself; headroom is paid for, not used:
    :math:`c = \\dot C(n^* + spares) / \\dot n_{tokens}`.

    References
    ----------
    :cite:t:`zhong2024`, section 4.
    """
    check_margins(margins.headroom, margins.spares, margins.attainment)
    rejected: list[Rejection] = []
    system = question.systems[0]
    try:
        for one in candidates(question, stated, margins.headroom):
            steps = estimate(one.deployment)
            copy = ready(steps, policy)
            rules = replace(copy.policy, prefix_cache=prefix_cache and requests.hashes is not None)
            copy = replace(copy, policy=rules)
            try:
                found = size(
                    copy, requests, target, margins.headroom, margins.spares, margins.attainment,
                    one.prefill_copies / one.copies,
                )  # fmt: skip
            except Infeasible as error:
                rejected.append(Rejection(one.deployment.label, str(error), error.limit))
                continue
            return priced(system, copy, found, requests, target, question, tuple(rejected), margins.headroom)
    except Infeasible as error:
        rejected.append(Rejection(system.id, str(error), error.limit))
    return Fleet(system, None, None, None, None, rejected=tuple(rejected), limit=rejected[0].limit if rejected else "")


def candidates(question: Question, stated: Layout, headroom: float) -> Iterator[Chosen]:
    """The stated deployment, or those of a search, cheapest first, a few of them.

    Parameters
    ----------
    question : Question
        Load, target and site.
    stated : Layout
        What the user states.
    headroom : float
        Load beyond that of the question. [1]

    Yields
    ------
    Chosen
        Deployment, and the proportion of its pools.

    Raises
    ------
    Infeasible
        If nothing meets the question in closed form.
    """
    system, rate = question.systems[0], question.traffic.rate
    if stated.width:
        yield Chosen(deployment_of(system, question.model, stated, question), 1)
        return
    traffic = question.traffic if rate is None else replace(question.traffic, rate=rate * (1.0 + headroom))
    asked = replace(question, precision=stated.weights, engine=stated.engine, traffic=traffic)
    good, bad = plans(asked, system)
    if not good:
        nearest = nearest_miss(bad)
        limit = next((r.limit for r in bad if nearest == f"{r.layout}: {r.reason}"), "")
        raise Infeasible(nearest, limit)
    for found in good[:TRIED]:
        yield of_plan(found, stated)


def priced(
    system: System, copy: Ready, found: Sized, requests: Requests, target: Target, question: Question,
    rejected: tuple[Rejection, ...], headroom: float,
) -> Fleet:  # fmt: skip
    """The fleet with what it does at the load itself, and its bill.

    Parameters
    ----------
    system, copy, found, requests, target, question, rejected
        What was sized, for what, and what was cheaper but not enough.
    headroom : float
        Share of the load in ``found`` that is not there on average. [1]

    Returns
    -------
    Fleet
        Power of spares is their idle power.

    Notes
    -----
    .. math:: r = r_{sized} / (1 + h)
    """
    n, whole = found.groups, found.systems + found.spares
    rules = replace(copy.policy, replicas=found.copies // n, prefill_replicas=found.prefill_copies // n)
    one = simulate_ready(replace(copy, policy=rules), thinned(requests, n), target)
    load = found.rate / (1.0 + headroom)  # the run's own rate counts its last answers, after the load has ended
    scale = load / one.rate
    spare_power = one.idle_power * n / found.chips * system.count * found.spares
    run = replace(
        one, copies=found.copies, prefill_copies=found.prefill_copies, systems=whole, rate=load,
        goodput=one.goodput * scale, input_rate=one.input_rate * scale,
        cached_rate=one.cached_rate * scale, output_rate=one.output_rate * scale,
        power=one.power * n + (spare_power if np.isfinite(spare_power) else 0.0), idle_power=one.idle_power * n,
    )  # fmt: skip
    try:
        bill, unpriced = bill_of(run, copy.steps, question.site, question.basis, question.term), ""
    except MissingFact as error:
        bill, unpriced = None, f"no sourced value for {error.owner}.{error.key}"
    return Fleet(system, copy.steps, found, run, bill, unpriced, rejected, found.limit)
