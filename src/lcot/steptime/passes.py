"""One pass of operators over a load, on the busiest chip; operators that differ in size alone are timed together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lcot.cell import Cell, several
from lcot.facts.types import Facts, Numeric
from lcot.steptime import attention as mixing
from lcot.steptime import network
from lcot.steptime.experts import experts
from lcot.steptime.gemm import elementwise, gemm
from lcot.steptime.load import Load
from lcot.steptime.roofline import NOTHING, plus, times
from lcot.steptime.types import Breakdown, Deployment
from lcot.workload import sharding
from lcot.workload.operators import Elementwise, Experts, Gemm, Mixing, Operator
from lcot.workload.sharding import Ranks, experts_on_chip, gemm_on_chip, heads_on_chip, is_summed


@dataclass(frozen=True, slots=True)
class Alike:
    """Operators that differ in size alone, by the first of them.

    Sizes are arrays where there are several; of copies abreast they have one more axis, with a number for each copy.
    """

    operator: Operator
    count: Numeric  # layers of each
    n: Numeric = 0.0  # on the chip: columns, elements touched, heads or experts
    k: Numeric = 0.0  # on the chip: inner dimension, KV heads, or width of an expert
    whole: Numeric = 0.0  # columns over all chips
    kernels: Numeric = 0.0  # of elementwise operators


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass computes on one chip of a deployment; ``axes`` are those that facts of its chip and engine have."""

    alike: tuple[Alike, ...]
    axes: int
    ranks: Ranks
    deployment: Deployment


def pass_of(body: tuple[Operator, ...], ranks: Ranks, deployment: Deployment) -> Pass:
    """Operators cut to one chip and put together where they differ in size alone.

    Parameters
    ----------
    body : tuple of Operator
        The operators, whole.
    ranks : Ranks
        The layout. [1]
    deployment : Deployment
        The deployment. Where its facts are cells every operator stays by itself, so that it can be told apart.

    Returns
    -------
    Pass
        For `pass_time`.

    Notes
    -----
    No formula: see `lcot.workload.sharding` for the sizes.
    """
    values = [*varied(deployment.system.chip.facts), *varied(deployment.engine.facts)]
    traced = any(isinstance(value, Cell) for value in values)
    axes = max(map(np.ndim, values), default=0)
    return Pass(cut(body, ranks, traced), axes, ranks, deployment)


@lru_cache(maxsize=1024)
def cut(body: tuple[Operator, ...], ranks: Ranks, traced: bool = False) -> tuple[Alike, ...]:
    """Operators cut to one chip and put together where they differ in size alone.

    Parameters
    ----------
    body : tuple of Operator
        The operators, whole.
    ranks : Ranks
        The layout. [1]
    traced : bool
        Whether every operator stays by itself.

    Returns
    -------
    tuple of Alike
        In the order of the first of each.

    Notes
    -----
    No formula: see `lcot.workload.sharding` for the sizes.
    """
    groups: dict[object, list[Operator]] = {}
    for place, operator in enumerate(body):
        groups.setdefault(place if traced else _kind(operator, ranks), []).append(operator)
    return tuple(_alike(group, ranks) for group in groups.values())


def abreast(cuts: Sequence[tuple[Alike, ...]], ranks: Ranks, deployment: Deployment) -> Pass:
    """The pass of copies of the same kind, with a last axis over the copies.

    Parameters
    ----------
    cuts : sequence of tuple of Alike
        From `cut`, of the same body, each for one copy.
    ranks : Ranks
        Their layouts. [1]
    deployment : Deployment
        Their deployments, with facts over the copies.

    Returns
    -------
    Pass
        For `pass_time`.

    Notes
    -----
    No formula: sizes side by side.
    """
    groups: list[Alike] = []
    for same in zip(*cuts, strict=True):
        n, k, whole, kernels = (
            np.stack([getattr(one, size) for one in same], axis=-1) for size in ("n", "k", "whole", "kernels")
        )
        groups.append(Alike(same[0].operator, same[0].count, n, k, whole, kernels))
    return Pass(tuple(groups), 1, ranks, deployment)


def pass_time(made: Pass, load: Load) -> Breakdown:
    r"""Time of one pass of operators over a load, collectives included.

    Parameters
    ----------
    made : Pass
        The operators.
    load : Load
        Work of the busiest rank. [token]

    Returns
    -------
    Breakdown
        Seconds by cause. [s]

    Raises
    ------
    MissingFact
        If a fact is not on record.

    Notes
    -----
    .. math:: T = \sum_i n_i \left( t_i + t_{collective, i} \right)

    References
    ----------
    :cite:t:`pope2022`.
    """
    axes = max(made.axes, np.ndim(load.tokens))
    return plus(*(_together(alike, axes, load, made.ranks, made.deployment) for alike in made.alike))


def varied(facts: Facts) -> Iterable[Numeric]:
    """Values that are neither one number nor text: draws, or cells."""
    for fact in facts.items_by_key.values():
        value = fact.value
        if value is not None and not isinstance(value, float | str):
            yield value


def _kind(operator: Operator, ranks: Ranks) -> object:
    """What operators must share to be timed together."""
    if isinstance(operator, Gemm):
        return operator.format, operator.compute, operator.sampled, is_summed(operator, ranks.tensor)
    if isinstance(operator, Mixing):
        return operator.attention, operator.kv
    if isinstance(operator, Experts):
        return operator.layer, operator.width, operator.format, operator.compute
    return Elementwise


def _alike(group: list[Operator], ranks: Ranks) -> Alike:
    first = group[0]
    counts = [float(one.count) for one in group]
    if isinstance(first, Gemm):
        sizes = [(*gemm_on_chip(one, ranks.tensor), one.n) for one in group if isinstance(one, Gemm)]
        n, k, whole = (_column(column) for column in zip(*sizes, strict=True))
        return Alike(first, _column(counts), n, k, whole)
    if isinstance(first, Elementwise):
        touched = [one for one in group if isinstance(one, Elementwise)]
        elements = _column([sharding.cut(one.elements, ranks.tensor) for one in touched])
        return Alike(first, _column(counts), elements, kernels=_column([one.kernels for one in touched]))
    if isinstance(first, Mixing):
        return Alike(first, sum(counts), *heads_on_chip(first.attention, ranks.tensor))
    return Alike(first, sum(counts), *experts_on_chip(first.layer, ranks))


def _column(numbers: Iterable[float]) -> Numeric:
    column = [*numbers]
    return float(column[0]) if len(column) == 1 else np.array(column, dtype=float)


def _together(alike: Alike, axes: int, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    """Time of operators alike over all their layers; several lie along a new first axis until they are added up."""
    if np.ndim(alike.count) == 0:
        return times(_one(alike.operator, alike, load, ranks, d), alike.count)
    n, k, whole, kernels = (_ahead(size, axes) for size in (alike.n, alike.k, alike.whole, alike.kernels))
    each = _one(alike.operator, Alike(alike.operator, alike.count, n, k, whole, kernels), load, ranks, d)
    counts, parts = _ahead(alike.count, axes), (each.compute, each.memory, each.network, each.fixed)
    return Breakdown(*(_added(part, counts, axes) for part in parts))


def _ahead(size: Numeric, axes: int) -> Numeric:
    """A size with its operators along an axis before all others; copies abreast keep theirs as the last."""
    if np.ndim(size) == 0:
        return size
    return np.reshape(size, (len(size), *(1,) * (axes - np.ndim(size) + 1), *np.shape(size)[1:]))


def _added(part: Numeric, counts: Numeric, axes: int) -> Numeric:
    """Sum over operators, in their order: a product of matrices would round equal loads apart."""
    if np.ndim(part) <= axes:  # the same for all
        return part * np.add.reduce(counts, axis=None)
    return np.add.reduce(part * counts, axis=0)


def _one(operator: Operator, size: Alike, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    chip, engine = d.system.chip, d.engine.facts
    if isinstance(operator, Gemm):
        return _gemm(operator, size, load, ranks, d)
    if isinstance(operator, Mixing):
        a, heads, kv_heads = operator.attention, size.n, size.k
        return plus(
            mixing.prefill(a, heads, kv_heads, operator.kv, load.prefill, load.pairs, chip, engine),
            mixing.decode(a, heads, kv_heads, operator.kv, load.sequences, load.context, load.queries, chip, engine),
        )
    if isinstance(operator, Elementwise):
        return elementwise(load.tokens, size.n, size.kernels, chip, engine)
    return plus(_experts(operator, size, load, ranks, d), _routing(operator, load, ranks, d))


def _gemm(operator: Gemm, size: Alike, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    chip, engine = d.system.chip, d.engine.facts
    tokens = load.sampled if operator.sampled else load.tokens
    time = gemm(tokens, size.n, size.k, operator.format, operator.compute, chip, engine)
    if not several(ranks.tensor):
        return time
    message = 2.0 * tokens * size.whole
    if is_summed(operator, ranks.tensor):
        return plus(time, _network(network.all_reduce(message, network.group(chip, ranks.tensor), engine)))
    if operator.sampled:
        return plus(time, _network(network.all_gather(message, network.group(chip, ranks.tensor), engine)))
    return time


def _experts(operator: Experts, size: Alike, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    tokens = load.everyone if several(ranks.data) else load.tokens
    return experts(
        tokens, operator.layer, size.n, size.k, operator.width, ranks.expert, operator.format, operator.compute,
        d.system.chip, d.engine.facts,
    )  # fmt: skip


def _routing(operator: Experts, load: Load, ranks: Ranks, d: Deployment) -> Breakdown:
    """Moving tokens to their experts and back. Replicated tokens only need their results added up."""
    chip, engine = d.system.chip, d.engine.facts
    if not several(ranks.stage):
        return NOTHING
    everyone = network.group(chip, ranks.stage)
    if not several(ranks.data):
        if operator.layer.shared_width:  # added together with the shared experts' partial sums
            return NOTHING
        return _network(network.all_reduce(2.0 * load.tokens * operator.width, everyone, engine))
    chosen, own = operator.layer.active, load.tokens / ranks.tensor * operator.width
    each = own * _reached(ranks.expert, chosen) * ranks.expert_tensor
    sent = 1.0 if operator.compute != "bf16" else 2.0
    apart = network.exchange(each * sent, everyone, engine) + network.exchange(2.0 * each, everyone, engine)
    if several(everyone.outside):
        beyond = own * _reached(everyone.outside, chosen) * (1.0 - 1.0 / everyone.outside)
        there = network.forward(each * sent, beyond * sent, everyone, engine)
        apart = np.minimum(apart, there + network.forward(2.0 * each, 2.0 * beyond, everyone, engine))
    whole = 2.0 * load.everyone * operator.width
    gathered = network.all_gather(whole * sent / 2.0, everyone, engine) + network.all_gather(whole, everyone, engine)
    return _network(np.minimum(apart, gathered))


def _reached(places: Numeric, chosen: float) -> Numeric:
    """Of so many places, those that hold an expert which a token chose."""
    return places * (1.0 - (1.0 - 1.0 / places) ** chosen)


def _network(seconds: Numeric) -> Breakdown:
    return Breakdown(0.0, 0.0, seconds, 0.0)
