"""Ranges of an answer: facts with ranges and the model's own error, drawn through the same functions.

Facts of a site hold for all systems at once, so that they move all costs together; facts of a chip, a system or an
engine are drawn alike wherever it stands. Each owner's facts are one scrambled Sobol sample in an order of its own that
follows from the seed and the owner's name: an answer about one system does not change when another is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lcot.choice.candidate import plan
from lcot.choice.model_error import ERROR, error_of, model_error, slowed, stream_of
from lcot.choice.sharing import shared
from lcot.choice.sobol import points
from lcot.choice.types import Question, Spread
from lcot.errors import DomainError, Infeasible, MissingFact
from lcot.facts.draw import draw_system, moving_together, quantile, span
from lcot.facts.types import Facts, Numeric, Site
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment

if TYPE_CHECKING:
    from lcot.choice.simulated import Ran, Seen

Array = NDArray[np.float64]


def samples(owners: Iterable[Facts], n: int, seed: int, together: Mapping[str, str] | None = None) -> dict[str, Facts]:
    """Draws of facts by owner: every fact that varies becomes an array.

    Parameters
    ----------
    owners : iterable of Facts
        Facts of sites, engines, chips and systems; an owner that comes twice is drawn once.
    n : int
        Number of draws, at least 1; a power of two is balanced. [1]
    seed : int
        The same seed gives the same draws. [1]
    together : mapping of str to str, optional
        "owner.key" -> group whose facts take the same quantile (see `lcot.facts.draw.moving_together`).

    Returns
    -------
    dict of str to Facts
        By owner; values of shape (n,) where the fact varies.

    Raises
    ------
    DomainError
        If ``n`` < 1.
    """
    if n < 1:
        raise DomainError("draws", n, "at least 1")
    groups = together or {}
    drawn: dict[str, Facts] = {}
    for facts in owners:
        if facts.owner in drawn:
            continue
        keys = sorted(key for key, fact in facts.items() if span(fact) is not None)
        shares = points(n, len(keys), stream_of(facts.owner, seed)) if keys else np.empty((n, 0))
        values: dict[str, Array] = {}
        for column, key in enumerate(keys):
            group = groups.get(f"{facts.owner}.{key}")
            share = points(n, 1, stream_of(group, seed))[:, 0] if group else shares[:, column]
            values[key] = quantile(facts[key], share)
        drawn[facts.owner] = facts.with_values(values)
    return drawn


def with_facts(deployment: Deployment, facts: Mapping[str, Facts]) -> Deployment:
    """The deployment, and what runs beside it, with the facts of these owners in place of their own."""
    engine = deployment.engine
    return replace(
        deployment,
        system=draw_system(deployment.system, facts),
        engine=replace(engine, facts=facts.get(engine.facts.owner, engine.facts)),
        paired=None if deployment.paired is None else with_facts(deployment.paired, facts),
    )


def machines(deployment: Deployment) -> list[Deployment]:
    """The deployment and what runs beside it."""
    return [deployment, *([] if deployment.paired is None else machines(deployment.paired))]


def cost_of(
    deployment: Deployment,
    question: Question,
    factor: Numeric = 1.0,
    shape: tuple[int, ...] = (),
    ran: Ran | None = None,
) -> Array:
    """Blended cost of a deployment under the question's load, draw by draw.

    Parameters
    ----------
    deployment : Deployment
        Its facts may be draws.
    question : Question
        Traffic, target, site (may hold draws) and basis.
    factor : numeric, shape (...)
        Real over predicted step time. [1]
    shape : tuple of int
        Shape of the draws. [1]
    ran : Ran, optional
        Its runs through the simulator, which then say what a copy carries.

    Returns
    -------
    ndarray, shape (...)
        Cost of a token; infinite in draws in which the deployment does not meet the target. [USD/token]

    Raises
    ------
    MissingFact
        If step time or the bill needs a fact that nobody published.

    Notes
    -----
    No formula: step time, curve, steady state and bill one after the other.
    """
    try:
        found = plan(deployment, question, slowed(estimate(deployment), factor), drawn=bool(shape))
    except Infeasible:
        return np.full(shape, np.inf)
    if found.bill is None:
        raise MissingFact(*found.unpriced.split(".", 1))
    if ran is not None:
        from lcot.choice.simulated import kept_to

        found = kept_to(found, question, ran)
        assert found.bill is not None
    cost = np.asarray(found.bill.cost["bottleneck_seconds"].blended, dtype=float)
    return np.nan_to_num(np.broadcast_to(cost, shape), nan=np.inf)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question and its deployments with drawn facts."""

    question: Question
    deployments: dict[str, tuple[Deployment, ...]]  # by system
    factors: dict[str, Array]  # model error by system [1]


def drawn(
    question: Question, deployments: Mapping[str, Sequence[Deployment]], n: int, seed: int, engines: bool = True
) -> Drawn:
    """Draw every fact that the deployments of a comparison rest on.

    Parameters
    ----------
    question : Question
        Its site is drawn once for all systems.
    deployments : mapping of str to sequence of Deployment
        By system; the best few of each.
    n : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws. [1]
    engines : bool
        Whether engine facts vary too. Those of an engine whose error was measured never do: the error covers them.

    Returns
    -------
    Drawn
        What `costs` evaluates.
    """
    every = [one for some in deployments.values() for first in some for one in machines(first)]
    systems = list({one.system.id: one.system for one in every}.values())
    owners: list[Facts] = [question.site.facts]
    for system in systems:
        owners += [system.chip.facts, system.facts]
    if engines:
        owners += [one.engine.facts for one in every if not one.engine.facts.has(ERROR)]
    facts = samples(owners, n, seed, moving_together(systems, [question.site]))
    site = Site(question.site.id, question.site.name, facts.get(question.site.facts.owner, question.site.facts))
    made: dict[str, tuple[Deployment, ...]] = {}
    factors: dict[str, Array] = {}
    for name, some in deployments.items():
        made[name] = tuple(with_facts(one, facts) for one in some)
        for one in some[:1]:
            factors[name] = model_error(f"{one.engine.id} on {one.system.chip.id}", error_of(one.engine), n, seed)
    return Drawn(replace(question, site=site), made, factors)


def costs(sample: Drawn, n: int, seen: Seen | None = None, processes: int = 1) -> dict[str, Array]:
    """Blended cost by system and draw: of the best of its deployments in that draw.

    Parameters
    ----------
    sample : Drawn
        From `drawn`.
    n : int
        Number of draws. [1]
    seen : mapping of str to mapping of str to Ran, optional
        Runs through the simulator by system and label; those deployments alone stand for their system.
    processes : int
        Copies of this process that share the work. [1]

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Infinite where no deployment meets the target. [USD/token]
    """

    def least(name: str) -> Array:
        some, runs = sample.deployments[name], (seen or {}).get(name, {})
        kept = [one for one in some if one.label in runs] or some
        each = [cost_of(one, sample.question, sample.factors[name], (n,), runs.get(one.label)) for one in kept]
        return np.min(each, axis=0)

    names = [name for name, some in sample.deployments.items() if some]
    return dict(zip(names, shared(least, names, processes), strict=True))


def evaluate(
    question: Question,
    deployments: Mapping[str, Sequence[Deployment]],
    n: int,
    seed: int,
    seen: Seen | None = None,
    processes: int = 1,
) -> dict[str, Array]:
    """Costs by system and draw; one chunk of work that any process can do (see `lcot.choice.chunks`).

    Parameters
    ----------
    question : Question
        What is compared.
    deployments : mapping of str to sequence of Deployment
        By system.
    n : int
        Number of draws. [1]
    seed : int
        Of this chunk. [1]
    seen : mapping of str to mapping of str to Ran, optional
        Runs through the simulator (see `costs`).
    processes : int
        Copies of this process that share the work. [1]

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Blended cost. [USD/token]
    """
    return costs(drawn(question, deployments, n, seed), n, seen, processes)


def spreads(by_system: Mapping[str, Array]) -> dict[str, Spread]:
    """P10, P50, P90 and the probability of being cheapest.

    Parameters
    ----------
    by_system : mapping of str to ndarray, shape (n,)
        Costs with the same draws of all common facts; infinite where not possible. [USD/token]

    Returns
    -------
    dict of str to Spread
        Probabilities add up to one less the share of draws in which nothing is possible. [USD/token, 1]

    Notes
    -----
    A tie counts for each in equal parts:

    .. math:: p_s = \\frac{1}{n} \\sum_i \\frac{[c_{si} = \\min_k c_{ki}]}{\\#\\{k : c_{ki} = \\min\\}}

    References
    ----------
    :cite:t:`hyndman1996`, definition 1 (inverse of the empirical distribution, which allows infinite costs).
    """
    if not by_system:
        return {}
    table = np.stack(list(by_system.values()))
    best = table.min(axis=0)
    winners = (table == best) & np.isfinite(best)
    chance = (winners / np.maximum(winners.sum(axis=0), 1)).mean(axis=1)
    low, mid, high = np.quantile(table, [0.1, 0.5, 0.9], axis=1, method="inverted_cdf")
    return {
        name: Spread(float(low[i]), float(mid[i]), float(high[i]), float(chance[i])) for i, name in enumerate(by_system)
    }
