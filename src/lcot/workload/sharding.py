"""What one chip does of an operator when a model is cut over tensor, data, expert and pipeline ranks."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from lcot.cell import several
from lcot.errors import DomainError
from lcot.facts.types import Numeric
from lcot.workload.architecture import Architecture, Attention, FeedForward
from lcot.workload.operators import Experts, Gemm, Operator, Span

COPIES = 2  # of an expert at most, where expert ranks outnumber the experts


@dataclass(frozen=True, slots=True)
class Ranks:
    """How one model copy is cut. Chips = tensor x data x pipeline = expert x expert_tensor x pipeline.

    Of copies abreast (see `lcot.steptime.abreast`) each is an array with one number for each copy.
    """

    tensor: Numeric = 1
    data: Numeric = 1
    pipeline: Numeric = 1
    expert: Numeric = 1
    expert_tensor: Numeric = 1

    @property
    def stage(self) -> Numeric:
        """Chips of one pipeline stage. [1]"""
        return self.tensor * self.data


def ranks_of(
    architecture: Architecture, tensor: int, data: int, pipeline: int, expert: int, expert_tensor: int
) -> Ranks:
    """The ranks of a layout, checked; experts that nobody placed are cut over all chips of a stage.

    Parameters
    ----------
    architecture : Architecture
        The model.
    tensor, data, pipeline : int
        Tensor-, data- and pipeline-parallel ranks. [1]
    expert, expert_tensor : int
        Expert-parallel ranks, and ranks that share one expert. Both 1 with more chips: experts are cut as the
        dense layers are. [1]

    Returns
    -------
    Ranks
        The layout.

    Raises
    ------
    DomainError
        If a number is below 1, if the expert ranks do not multiply to the stage, if there are more than two for each
        expert, or if there are more pipeline stages than layers.

    Notes
    -----
    .. math:: t\\,d = e\\,e_t

    Ranks beyond the number of experts hold second copies of some of them.

    References
    ----------
    :cite:t:`shoeybi2019`, section 3; :cite:t:`deepseekv3`, section 3.4.
    """
    for name, value in (
        ("tensor", tensor), ("data", data), ("pipeline", pipeline), ("expert", expert), ("expert_tensor", expert_tensor)
    ):  # fmt: skip
        if value < 1 or value != int(value):
            raise DomainError(name, value, "a whole number of at least 1", "deployment")
    if pipeline > architecture.layers:
        raise DomainError("pipeline", pipeline, f"at most the {architecture.layers} layers of {architecture.id}")
    stage = tensor * data
    experts = max((b.feed_forward.experts for b in architecture.blocks if b.feed_forward), default=0)
    if not experts:
        return Ranks(tensor, data, pipeline)
    if expert_tensor == 1 and stage % expert == 0:
        expert_tensor = stage // expert
    if expert * expert_tensor != stage:
        allowed = f"expert x expert_tensor equal to tensor x data = {stage}"
        raise DomainError("expert x expert_tensor", expert * expert_tensor, allowed, "deployment")
    if expert > COPIES * experts:
        allowed = f"at most {COPIES} for each of the {experts} experts of {architecture.id}"
        raise DomainError("expert", expert, allowed, "deployment")
    return Ranks(tensor, data, pipeline, expert, expert_tensor)


def cut(span: Span, ranks: int) -> int:
    """Elements of a dimension on the fullest of ``ranks`` chips.

    Parameters
    ----------
    span : Span
        The dimension and its indivisible units. [1]
    ranks : int
        Chips that share it. [1]

    Returns
    -------
    int
        Elements; a dimension with fewer units than ranks is replicated. [1]

    Notes
    -----
    .. math:: w' = \\lceil u / r \\rceil \\, w / u

    References
    ----------
    :cite:t:`shoeybi2019`, section 3.
    """
    return ceil(ceil(span.units / ranks) * span.width / span.units)


def gemm_on_chip(gemm: Gemm, ranks: int) -> tuple[int, int]:
    """Columns and inner dimension of a matrix product on one of ``ranks`` chips.

    Parameters
    ----------
    gemm : Gemm
        The whole product.
    ranks : int
        Tensor-parallel ranks. [1]

    Returns
    -------
    tuple of int
        n and k. [1]

    Notes
    -----
    .. math:: n' = \\sum_i \\lceil u_i / r \\rceil w_i / u_i, \\qquad k' = \\lceil u / r \\rceil k / u

    References
    ----------
    :cite:t:`shoeybi2019`, section 3.
    """
    return sum(cut(span, ranks) for span in gemm.columns), cut(gemm.rows, ranks)


def is_summed(gemm: Gemm, ranks: Numeric) -> bool:
    """Whether the product's results are partial sums that chips must add up (inner dimension cut).

    Parameters
    ----------
    gemm : Gemm
        The whole product.
    ranks : numeric
        Tensor-parallel ranks. [1]

    Returns
    -------
    bool
        Whether there is an all-reduce.

    Notes
    -----
    No formula: only an inner dimension of several units is ever cut.
    """
    return several(ranks) and gemm.rows.units > 1


def heads_on_chip(attention: Attention, ranks: int) -> tuple[int, int]:
    """Query heads and KV heads on one of ``ranks`` chips.

    Parameters
    ----------
    attention : Attention
        The layer.
    ranks : int
        Tensor-parallel ranks. [1]

    Returns
    -------
    tuple of int
        Heads and KV heads; KV heads are replicated where there are more ranks than KV heads, and the latent of
        MLA is on every rank. [1]

    Notes
    -----
    .. math:: n' = \\lceil n / r \\rceil, \\qquad n_{kv}' = \\max(1, \\lceil n_{kv} / r \\rceil)

    References
    ----------
    :cite:t:`pope2022`, section 3.3.
    """
    kv = 1 if attention.kind == "mla" else ceil(attention.kv_heads / ranks)
    return ceil(attention.heads / ranks), kv


def experts_on_chip(layer: FeedForward, ranks: Ranks) -> tuple[int, int]:
    """Routed experts held by one chip, and the width of each that it holds.

    Parameters
    ----------
    layer : FeedForward
        The layer.
    ranks : Ranks
        The layout. [1]

    Returns
    -------
    tuple of int
        Experts and width. [1]

    Notes
    -----
    .. math:: E' = \\lceil E / e \\rceil, \\qquad w' = \\lceil w / e_t \\rceil

    References
    ----------
    :cite:t:`lepikhin2021`.
    """
    return ceil(layer.experts / ranks.expert), ceil(layer.width / ranks.expert_tensor)


def weights_on_chip(operator: Operator, ranks: Ranks) -> int:
    """Weights of an operator on the fullest chip, before the layers are cut into pipeline stages.

    Parameters
    ----------
    operator : Operator
        The operator.
    ranks : Ranks
        The layout. [1]

    Returns
    -------
    int
        Parameters. [1]

    Notes
    -----
    .. math:: P' = c\\,n'\\,k' \\quad\\text{or}\\quad c\\,E'\\,m\\,h\\,w'

    References
    ----------
    :cite:t:`shoeybi2019`, section 3.
    """
    if isinstance(operator, Gemm):
        n, k = gemm_on_chip(operator, ranks.tensor)
        return operator.count * n * k
    if isinstance(operator, Experts):
        experts, width = experts_on_chip(operator.layer, ranks)
        return operator.count * experts * operator.layer.matrices * operator.width * width
    return 0


def layers_of_stage(layers: int, stages: Numeric) -> Numeric:
    """Share of the stack that the slowest pipeline stage holds, as a fraction of all layers.

    Parameters
    ----------
    layers : int
        Layers. [1]
    stages : numeric
        Pipeline stages; of copies abreast, one number for each. [1]

    Returns
    -------
    numeric
        Fraction. [1]

    Notes
    -----
    .. math:: f = \\lceil L / s \\rceil / L

    References
    ----------
    :cite:t:`narayanan2021`, section 2.2.
    """
    return (np.ceil if isinstance(stages, np.ndarray) else ceil)(layers / stages) / layers
