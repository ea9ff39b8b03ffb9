"""One deployment of one model on one system: as stated, or the one that a comparison would pick; and its bill."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lcot.choice.search import beside, engine_for, plans
from lcot.choice.types import Question
from lcot.cost.bill import price
from lcot.cost.types import Bill
from lcot.errors import Infeasible
from lcot.facts.types import Site, System
from lcot.serving.simulation import Simulated
from lcot.serving.types import Served, Traffic
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


def deployment_of(system: System, model: Architecture, stated: Layout, question: Question) -> Deployment:
    """The stated deployment, or the cheapest one for the question where no width is stated.

    Raises
    ------
    Infeasible
        If no deployment meets the question, or the stated one does not fit.
    """
    if not any((stated.tensor, stated.data, stated.pipeline, stated.expert)):
        asked = replace(question, systems=(system,), precision=stated.weights, engine=stated.engine, pools="together")
        good, bad = plans(asked, system)
        if not good:
            raise Infeasible(f"no deployment of {model.id} on {system.id}: {bad[0].reason if bad else 'none to try'}")
        found = good[0].deployment
        if stated.kv:
            kept = precision(stated.weights, model, supported(system.chip), stated.kv)
            return replace(found, precision=kept)
        return found
    formats = precision(stated.weights, model, supported(system.chip), stated.kv)
    tensor, data = max(stated.tensor, 1), max(stated.data, 1)
    expert = max(stated.expert, 1)
    return Deployment(
        system, model, engine_for(system, stated.engine, question.settings), formats,
        tensor=tensor, data=data, pipeline=max(stated.pipeline, 1), expert=expert,
        expert_tensor=max(tensor * data // expert, 1),
    )  # fmt: skip


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
    Steps with prompts cost what they take beyond the same step without prompts:
    :math:`t_{in} = \\sum_k (T(step_k) - T(step_k \\setminus prompts))`; the rest is output.

    References
    ----------
    :cite:t:`horngren2015` on joint cost by activity.
    """
    outcome = run.outcome
    prompt = outcome.prompt_use[0]
    used = prompt[prompt[:, 0] > 0]
    mean = (used[:, 1:6] / used[:, :1]).T if len(used) else np.zeros((5, 0))
    whole = np.asarray(steps.latency(Step(*mean)).total)
    bare = np.where(mean[0] > 0, np.asarray(steps.latency(Step(mean[0], mean[1])).total), 0.0)
    fresh = float(np.sum(used[:, 0] * (1.0 - bare / whole))) if len(used) else 0.0
    busy = float(np.sum(outcome.decode_use[:, :, 0])) + float(np.sum(outcome.prompt_use[:, :, 0]))
    done = max(run.finished, 1)
    inputs = (run.input_rate + run.cached_rate) / run.rate
    served = Served(
        copies=float(run.copies), systems=float(run.systems), batch=run.batch, rate=run.rate,
        capacity=run.rate / max(run.utilisation, 1e-12), time_per_output_token=run.per_token.mean,
        time_to_first_token=run.first_token.mean, prefill_seconds=fresh / done, cached_seconds=0.0,
        decode_seconds=(busy - fresh) / done, cached_token_seconds=0.0,
        power=run.power if np.isfinite(run.power) else None,
    )  # fmt: skip
    cached = run.cached_rate / max(run.input_rate + run.cached_rate, 1e-12)
    return served, Traffic(inputs, run.output_rate / run.rate, run.rate, cached)
