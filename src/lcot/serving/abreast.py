"""Curves and pools of many copies at once: those of one kind side by side, the others by themselves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np

from lcot.errors import Infeasible, MissingFact
from lcot.facts.types import Numeric
from lcot.serving.curve import Curve, DecodeSteps, curve, power_of
from lcot.serving.pools import Pool
from lcot.serving.prompts import curve_of, fitting, pool_of, prompt_steps
from lcot.serving.types import Target, Traffic
from lcot.steptime.abreast import abreast, kinds_of
from lcot.steptime.types import StepTime

Found = TypeVar("Found")
Refused = Infeasible | MissingFact


def curves(
    copies: Sequence[StepTime], traffic: Traffic, target: Target, grids: Sequence[np.ndarray]
) -> list[Curve | Refused]:
    """The curve of each copy, as `lcot.serving.prompts.curve_of` gives it.

    Parameters
    ----------
    copies : sequence of StepTime
        Each with all its work on the same chips.
    traffic : Traffic
        Lengths of the requests.
    target : Target
        The service level.
    grids : sequence of ndarray
        Batches of each. [1]

    Returns
    -------
    list of Curve, Infeasible or MissingFact
        In their order; what stands against a copy in its place.

    Notes
    -----
    No formula: shorter grids are filled up with their last batch.
    """

    def together(places: Sequence[int]) -> list[Curve]:
        longest = max(len(grids[i]) for i in places)
        batch = np.stack([np.pad(grids[i], (0, longest - len(grids[i])), "edge") for i in places], axis=1)
        found = curve(abreast([copies[i] for i in places]), traffic, batch)
        parts = {one.name: _apart(getattr(found, one.name), batch.shape) for one in fields(Curve)}
        return [_one(parts, k, len(grids[i])) for k, i in enumerate(places)]

    return _by_kind(copies, together, lambda i: curve_of(copies[i], traffic, target, grids[i])[0])


def pools(copies: Sequence[StepTime], traffic: Traffic, target: Target) -> list[Pool | Refused]:
    """The pool of each copy, as `lcot.serving.prompts.pool_of` gives it.

    Parameters
    ----------
    copies : sequence of StepTime
        Those that would compute prompts.
    traffic : Traffic
        Lengths and burstiness.
    target : Target
        The service level.

    Returns
    -------
    list of Pool, Infeasible or MissingFact
        In their order; what stands against a copy in its place.

    Notes
    -----
    No formula: copies of a kind are asked together.
    """

    def together(places: Sequence[int]) -> list[Pool]:
        side = abreast([copies[i] for i in places])
        groups, step, pieces = prompt_steps(side, traffic, 1)
        times, power = side.latency(step).total * pieces, power_of(side, step)
        own = [group.tolist() for group in groups]
        return [
            fitting(
                copies[i], traffic, target, [group[k] for group in own], times[:, k],
                None if power is None else power[:, k],
            )
            for k, i in enumerate(places)
        ]  # fmt: skip

    return _by_kind(copies, together, lambda i: pool_of(copies[i], traffic, target))


def _by_kind(
    copies: Sequence[StepTime], together: Callable[[Sequence[int]], list[Found]], alone: Callable[[int], Found]
) -> list[Found | Refused]:
    """What is found of each copy: in one go of those of a kind, one by one where that is refused."""
    kinds: dict[Hashable, list[int]] = {}
    for i, kind in enumerate(kinds_of(copies)):
        kinds.setdefault(kind, []).append(i)
    found: dict[int, Found | Refused] = {}
    for places in kinds.values():
        if len(places) > 1:
            try:
                found.update(zip(places, together(places), strict=True))
                continue
            except (Infeasible, MissingFact):
                pass  # of one of them: each says for itself what it lacks
        for i in places:
            try:
                found[i] = alone(i)
            except (Infeasible, MissingFact) as error:
                found[i] = error
    return [found[i] for i in range(len(copies))]


def _apart(values: Numeric, shape: tuple[int, ...]) -> Numeric:
    """Numbers of copies abreast with the copies first; of steps, each of theirs."""
    if values is None:
        return None
    if isinstance(values, DecodeSteps):
        return tuple(_apart(one, shape) for one in (values.way, values.slot, values.power))
    if np.ndim(values) < 2:
        return np.broadcast_to(values, shape[-1:])
    return np.ascontiguousarray(np.broadcast_to(values, shape).T)


def _one(parts: dict[str, Numeric], place: int, points: int) -> Curve:
    """The curve of one of the copies."""

    def own(values: Numeric) -> Numeric:
        if values is None:
            return None
        return values[place] if np.ndim(values) == 1 else values[place, :points]

    made = {name: own(values) for name, values in parts.items() if name != "decode"}
    return Curve(**made, decode=DecodeSteps(*map(own, parts["decode"])))
