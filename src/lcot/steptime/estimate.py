"""Step time of any deployment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lcot.errors import DomainError, UnknownName
from lcot.steptime.gpu import gpu
from lcot.steptime.lpu import lpu
from lcot.steptime.mesh import mesh
from lcot.steptime.rdu import rdu
from lcot.steptime.types import Deployment, StepTime
from lcot.steptime.wafer import wafer
from lcot.workload.formats import bytes_of

FAMILIES: dict[str, Callable[[Deployment], StepTime]] = {
    "gpu": gpu,
    "wafer": wafer,
    "lpu": lpu,
    "rdu": rdu,
    "mesh": mesh,
}


def estimate(deployment: Deployment) -> StepTime:
    r"""Step time, capacity and power of one model copy.

    Parameters
    ----------
    deployment : Deployment
        What runs where.

    Returns
    -------
    StepTime
        Functions of a step, and what the copy holds.

    Raises
    ------
    UnknownName
        If the family or a number format is unknown.
    DomainError
        If the layout does not multiply, or the engine serves another family.
    Infeasible
        If the model does not fit.
    MissingFact
        If a fact that the calculation needs is not on record.

    Notes
    -----
    .. math:: \text{StepTime} = f_{family}(\text{deployment})

    References
    ----------
    :cite:t:`williams2009`.
    """
    d = deployment
    if d.system.family not in FAMILIES:
        raise UnknownName("architecture family", d.system.family, FAMILIES, d.system.id)
    if d.engine.family != d.system.family:
        raise DomainError("engine", d.engine.id, f"an engine of the family {d.system.family}", d.system.id)
    for name in (
        d.precision.attention,
        d.precision.dense_format,
        d.precision.experts,
        d.precision.kv,
        d.precision.head,
    ):
        bytes_of(name)
    speculation = d.speculation
    if speculation.draft_tokens < 0:
        raise DomainError("draft_tokens", speculation.draft_tokens, "0 or more", "speculation")
    if not 1.0 <= speculation.acceptance_length <= 1.0 + speculation.draft_tokens:
        allowed = f"between 1 and 1 + draft_tokens = {1 + speculation.draft_tokens}"
        raise DomainError("acceptance_length", speculation.acceptance_length, allowed, "speculation")
    if d.mode == "apart" and d.paired is not None:
        return apart(estimate(replace(d, mode="", paired=None)), estimate(d.paired))
    return FAMILIES[d.system.family](d)


def apart(own: StepTime, prompts: StepTime) -> StepTime:
    """The copy that decodes beside those that compute prompts on the same kind of system."""
    joint = replace(own.deployment, mode="apart", paired=prompts.deployment)
    return replace(own, deployment=joint, prefill=prompts, notes=(*own.notes, *prompts.notes))
