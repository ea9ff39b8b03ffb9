"""One deployment of one model on one system: as stated, or the one that a comparison would pick; and its bill."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.candidate import beside
from lcot.choice.finalists import finalist, tables
from lcot.choice.search import TRIED, engine_for, plans
from lcot.choice.types import Entry, Plan, Question
from lcot.cost.bill import price
from lcot.cost.types import Bill
from lcot.errors import Infeasible
from lcot.facts.types import Site, System
from lcot.serving.policy import preset
from lcot.serving.simulation import Ready, Simulated
from lcot.serving.types import Reals, Served, Traffic
from lcot.steptime.types import Deployment, Step, StepTime
from lcot.workload.architecture import Architecture
from lcot.workload.formats import precision, supported


@dataclass(frozen=True, slots=True)
class Layout:
    """What a user states of a deployment; 0 and empty: not stated."""

    tensor: int = 0
    data: int = 0
    pipeline: int = 0
    expert: int = 0
    weights: str = "native"
    kv: str = ""
    engine: str = ""

    @property
    def width(self) -> bool:
        """Whether any width is stated."""
        return any((self.tensor, self.data, self.pipeline, self.expert))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A deployment, and the copies of it that fill the fewest systems that hold one (of each pool)."""

    deployment: Deployment
    copies: int
    prefill_copies: int = 0  # where prompts are computed on copies of their own


def chosen(system: System, model: Architecture, stated: Layout, question: Question) -> Chosen:
    """The stated deployment; the one that a comparison picks for the question where no width is stated.

    Raises
    ------
    Infeasible
        If no deployment meets the question, or the stated one does not fit.
    """
    if stated.width:
        made = deployment_of(system, model, stated, question)
        return Chosen(made, max(system.count // made.chips, 1))
    asked = replace(question, systems=(system,), precision=stated.weights, engine=stated.engine)
    good, bad = plans(asked, system)
    if not good:
        raise Infeasible(f"no deployment of {model.id} on {system.id}: {bad[0].reason if bad else 'none to try'}")
    item = Entry(system, "ranked", plan=good[0], tried=tuple(one.deployment for one in good[:TRIED]))
    found = finalist(item, asked, None)
    if found.plan is None:
        raise Infeasible(f"no deployment of {model.id} on {system.id}: {found.reason}")
    return of_plan(found.plan, stated)


def of_plan(found: Plan, stated: Layout) -> Chosen:
    """A plan's deployment, its caches in the format stated, and its copies."""
    deployment, served = found.deployment, found.served
    if stated.kv:
        own = deployment.system.chip
        formats = precision(stated.weights, deployment.model, supported(own), stated.kv)
        other = deployment.paired
        if other is not None and deployment.mode == "apart":
            other = replace(other, precision=formats)
        deployment = replace(deployment, precision=formats, paired=other)
    return Chosen(deployment, int(served.copies), int(served.prefill_copies))


def deployment_of(system: System, model: Architecture, stated: Layout, question: Question) -> Deployment:
    """The deployment with the stated widths, 1 where none is stated."""
    formats = precision(stated.weights, model, supported(system.chip), stated.kv)
    tensor, data = max(stated.tensor, 1), max(stated.data, 1)
    expert = max(stated.expert, 1)
    return Deployment(
        system, model, engine_for(system, stated.engine, question.settings), formats,
        tensor=tensor, data=data, pipeline=max(stated.pipeline, 1), expert=expert,
        expert_tensor=max(tensor * data // expert, 1),
    )  # fmt: skip


def ready(steps: StepTime, policy: str = "") -> Ready:
    """A copy (of each pool) with its admission rules and tables, as a comparison runs its finalists.

    Parameters
    ----------
    steps : StepTime
        The copy.
    policy : str
        Rules by name; "": those of its engine. [text]

    Returns
    -------
    Ready
        Rules for one copy (of each pool).

    Raises
    ------
    UnknownName
        If there are no rules of this name.
    Infeasible
        If the cache holds not even one sequence's state.

    Notes
    -----
    No formula: see `lcot.choice.finalists.tables`.
    """
    deployment = steps.deployment
    if policy:  # rules go by the engine's name
        deployment = replace(deployment, engine=replace(deployment.engine, id=preset(policy).name))
    rules, table, first = tables(replace(steps, deployment=deployment))
    return Ready(steps, replace(rules, prefill_replicas=int(first is not None)), table, first)


def bill_of(run: Simulated, steps: StepTime, site: Site, basis: str, term: str) -> Bill:
    """The bill of a simulated fleet.

    Parameters
    ----------
    run : Simulated
        What the fleet did.
    steps : StepTime
        One copy.
    site : Site
        Where it runs.
    basis, term : str
        ``own`` or ``rent``, and the term of the rent.

    Returns
    -------
    Bill
        Per token delivered; input, cached input and output by the seconds that the run spent on each.

    Raises
    ------
    MissingFact
        If a price or another fact is not on record.

    Notes
    -----
    The bill of `served_of` a run.
    """
    served, traffic = served_of(run, steps)
    return price(steps.deployment.system, served, traffic, site, basis, term, beside(steps.deployment))


def served_of(run: Simulated, steps: StepTime) -> tuple[Served, Traffic]:
    """What a simulated fleet served, as the bill asks for it.

    Parameters
    ----------
    run : Simulated
        What the fleet did.
    steps : StepTime
        One copy.

    Returns
    -------
    tuple of Served and Traffic
        The fleet with bottleneck seconds by kind of token, and its load.

    Notes
    -----
    Steps with prompts cost what they take beyond the same step without prompts, and cached input what positions in the
    cache add to that: :math:`t_{in} + t_{cached} = \\sum_k (T(step_k) - T(step_k \\setminus prompts))`,
    :math:`t_{cached} = \\sum_k (T(step_k) - T(step_k \\setminus cached\\ positions))`; the rest is output. Seconds of a
    pool that computes prompts are all input, and count as those of as many chips of a copy that decodes.

    References
    ----------
    :cite:t:`horngren2015` on joint cost by activity.
    """
    outcome = run.outcome
    done = max(run.finished, 1)
    fresh = (outcome.input_tokens - outcome.cached_tokens)[~outcome.rejected]
    positions = float(np.sum(fresh * outcome.cached_tokens[~outcome.rejected], dtype=np.float64))
    more = float(np.sum(fresh))  # positions of one more cached token in every request
    apart = run.prefill_copies > 0 and steps.prefill is not None
    spent = _prompt_seconds(outcome.prompt_use[-1], steps, 0.0 if apart else positions, 0.0 if apart else more)
    busy = float(np.sum(outcome.decode_use[-1, :, 0])) + float(np.sum(outcome.prompt_use[-1, :, 0]))
    decode = busy - spent[0] - spent[1]
    if apart and steps.prefill is not None:
        chips = steps.prefill.deployment.chips / steps.deployment.chips
        spent = spent + chips * _prompt_seconds(outcome.prompt_use[0], steps.prefill, positions, more)
    inputs = (run.input_rate + run.cached_rate) / run.rate
    served = Served(
        copies=float(run.copies), systems=float(run.systems), batch=run.batch, rate=run.rate,
        capacity=run.rate / max(run.utilisation, run.prefill_utilisation, 1e-12),
        time_per_output_token=run.per_token.mean, time_to_first_token=run.first_token.mean,
        prefill_seconds=float(spent[0]) / done, cached_seconds=float(spent[1]) / done,
        decode_seconds=float(decode) / done, cached_token_seconds=float(spent[2]) / done,
        power=run.power if np.isfinite(run.power) else None, prefill_copies=float(run.prefill_copies),
    )  # fmt: skip
    cached = run.cached_rate / max(run.input_rate + run.cached_rate, 1e-12)
    return served, Traffic(inputs, run.output_rate / run.rate, run.rate, cached)


def _prompt_seconds(use: Reals, steps: StepTime, positions: float, more: float) -> Reals:
    """Seconds that prompts add to steps: of fresh tokens, of positions in the cache, and of ``more`` such positions."""
    used = use[use[:, 0] > 0]
    if not len(used):
        return np.zeros(3)
    seconds, (d, c, p, q, s) = used[:, 0], (used[:, 1:6] / used[:, :1]).T
    whole = np.asarray(steps.latency(Step(d, c, p, q, s)).total)
    bare = np.where(d > 0, np.asarray(steps.latency(Step(d, c)).total), 0.0)
    share = np.array([min(positions, float(q @ used[:, 6])), more]) / float(q @ used[:, 6])
    without = np.asarray(steps.latency(Step(d, c, p, q * (1.0 - share[0]), s)).total)
    beside = np.asarray(steps.latency(Step(d, c, p, q * (1.0 + share[1]), s)).total)
    cached = float(np.sum(seconds * (1.0 - without / whole)))
    return np.array([
        float(np.sum(seconds * (1.0 - bare / whole))) - cached, cached, float(np.sum(seconds * (beside / whole - 1.0)))
    ])  # fmt: skip
