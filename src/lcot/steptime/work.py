"""What one step reads and multiplies over a whole model, for the families that do not time each operator apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lcot.facts.types import Chip, Facts, Numeric
from lcot.steptime.types import Breakdown, Deployment, Step
from lcot.workload.architecture import Attention
from lcot.workload.caches import kv_bytes_of_entry
from lcot.workload.formats import INDEXER_BYTES, bytes_of
from lcot.workload.operators import Elementwise, Experts, Gemm, Mixing, Operator, operators

ACTIVATION = 2.0  # bytes of one activation between operators: 16 bits on every machine here


@dataclass(frozen=True, slots=True)
class Load:
    """One step over all layers. Weights and cache in bytes read, operations by the format of the matrix units."""

    weights: Numeric
    cache: Numeric
    operations: dict[str, Numeric]  # of matrix products
    mixing: Numeric  # operations of attention itself: scores, values, state

    @property
    def bytes(self) -> Numeric:
        """Bytes read from memory. [B]"""
        return self.weights + self.cache


def tokens_of(deployment: Deployment, step: Step) -> Numeric:
    """Tokens that pass the layers in a step: decoding ones with their drafts, and the prompt's.

    Parameters
    ----------
    deployment : Deployment
        Its speculation is read.
    step : Step
        What the step processes.

    Returns
    -------
    numeric, shape (...)
        Tokens. [token]

    Notes
    -----
    .. math:: m = n (1 + \\gamma) + p

    References
    ----------
    :cite:t:`leviathan2023`.
    """
    return step.decode_sequences * (1.0 + deployment.speculation.draft_tokens) + step.prefill_tokens


def attended(attention: Attention, step: Step) -> tuple[Numeric, Numeric]:
    """Cached entries that one layer reads in decoding, and pairs of query and key in the prompt.

    Parameters
    ----------
    attention : Attention
        The layer: window, compression and sparse selection count.
    step : Step
        What the step processes.

    Returns
    -------
    tuple of numeric, shape (...)
        Entries and pairs. [token]

    Notes
    -----
    .. math:: e = \\min(C, w n), \\qquad q = \\min(P, w p)

    References
    ----------
    :cite:t:`gemma3`, section 2.1.
    """
    a = attention
    entries, pairs = step.decode_context, step.prefill_pairs
    if a.compression > 1:
        local = (a.window or 0) * step.decode_sequences
        entries = entries / a.compression + np.minimum(entries, local)
        pairs = pairs / a.compression + np.minimum(pairs, (a.window or 0) * step.prefill_tokens)
    elif a.window is not None:
        entries = np.minimum(entries, a.window * step.decode_sequences)
        pairs = np.minimum(pairs, a.window * step.prefill_tokens)
    if a.sparse_top_k:
        entries = np.minimum(entries, a.sparse_top_k * step.decode_sequences)
        pairs = np.minimum(pairs, a.sparse_top_k * step.prefill_tokens)
    return entries, pairs


def _mixing(operator: Mixing, step: Step, queries: float, tokens: Numeric) -> tuple[Numeric, Numeric]:
    """Bytes of cache and state read, and operations, of one mixing operator over its layers."""
    a = operator.attention
    if a.kind in ("linear", "ssm"):
        moved = 2.0 * a.state_bytes * (step.decode_sequences + step.prefill_sequences)
        return operator.count * moved, operator.count * 6.0 * a.state_elements * tokens
    width = 2 * a.kv_rank + a.rope_dim if a.kind == "mla" else a.head_dim + a.value_dim
    entries, pairs = attended(a, step)
    entry = kv_bytes_of_entry(a, operator.kv)
    index = a.indexer_dim * INDEXER_BYTES if a.indexer_heads else 0.0
    read = entries * (entry - index) + step.decode_context * index
    done = 2.0 * a.heads * width * (entries * queries + pairs)
    scanned = 2.0 * a.indexer_heads * a.indexer_dim * (step.decode_context * queries + step.prefill_pairs)
    return operator.count * read, operator.count * (done + scanned)


def load(deployment: Deployment, step: Step, chosen: Iterable[Operator] | None = None) -> Load:
    """What a step reads and multiplies.

    Parameters
    ----------
    deployment : Deployment
        Model, precision and speculation.
    step : Step
        What the step processes.
    chosen : iterable of Operator, optional
        Only these operators; all of the model by default.

    Returns
    -------
    Load
        Bytes and operations over all chips of the copy. [B], [FLOP]

    Notes
    -----
    Every product reads its weights once and costs :math:`2mnk`. Of E experts, m tokens that choose k each touch

    .. math:: E \\left(1 - (1 - k/E)^m\\right)

    References
    ----------
    :cite:t:`pope2022`, section 2; :cite:t:`shazeer2017`.
    """
    queries = 1.0 + deployment.speculation.draft_tokens
    tokens = tokens_of(deployment, step)
    sampled = step.decode_sequences * queries + step.prefill_sequences
    weights, cache, mixed = 0.0 * tokens, 0.0 * tokens, 0.0 * tokens
    done: dict[str, Numeric] = {}
    for operator in operators(deployment.model, deployment.precision) if chosen is None else chosen:
        if isinstance(operator, Elementwise):
            continue
        if isinstance(operator, Mixing):
            read, count = _mixing(operator, step, queries, tokens)
            cache, mixed = cache + read, mixed + count
            continue
        if isinstance(operator, Experts):
            share = operator.layer.active / operator.layer.experts
            size = operator.parameters * bytes_of(operator.format)
            weights = weights + size * (1.0 - (1.0 - share) ** tokens)
            count, unit = 2.0 * operator.parameters * share * tokens, operator.compute
        else:
            weights = weights + operator.parameters * bytes_of(operator.format)
            count, unit = 2.0 * operator.parameters * (sampled if operator.sampled else tokens), operator.compute
        done[unit] = done.get(unit, 0.0) + count
    return Load(weights, cache, done, mixed)


def compute_time(work: Load, chip: Chip, chips: Numeric, engine: Facts) -> Numeric:
    """Time of the operations on ``chips`` chips.

    Parameters
    ----------
    work : Load
        The step.
    chip : Chip
        Facts ``peak.<format>``; a format that it lacks runs at the 16-bit rate.
    chips : numeric
        Chips that share the work evenly. [1]
    engine : Facts
        ``compute.attainable``, and ``attention.attainable`` where attention reaches another share of the peak. [1]

    Returns
    -------
    numeric, shape (...)
        Seconds. [s]

    Raises
    ------
    MissingFact
        If the chip has no 16-bit rate, or the engine no attainable share.

    Notes
    -----
    .. math:: t = \\sum_f O_f / (N F_f \\eta) + O_a / (N F \\eta_a)

    References
    ----------
    :cite:t:`williams2009`.
    """
    share = engine.number("compute.attainable", "the time of matrix products")
    own = engine.number("attention.attainable") if engine.has("attention.attainable") else share
    wide = "peak.bf16" if chip.facts.has("peak.bf16") else "peak.fp8"
    total: Numeric = work.mixing / (chips * chip.facts.number(wide, "the time of attention") * own)
    for unit, count in work.operations.items():
        key = f"peak.{unit}" if chip.facts.has(f"peak.{unit}") else wide
        total = total + count / (chips * chip.facts.number(key, "the time of matrix products") * share)
    return total


def reductions(chosen: Iterable[Operator]) -> int:
    """Sums over many cores that must end one after the other in a pass through the model.

    Parameters
    ----------
    chosen : iterable of Operator
        The operators.

    Returns
    -------
    int
        One for each matrix product and norm, three for attention (scores, softmax, values), three for experts
        (in, out, combine). [1]

    Notes
    -----
    .. math:: R = \\sum_i c_i r_i

    References
    ----------
    :cite:t:`he2025waferllm`, section 4.
    """
    total = 0
    for operator in chosen:
        if isinstance(operator, Gemm):
            total += operator.count
        elif isinstance(operator, Mixing | Experts):
            total += 3 * operator.count
        elif "norm" in operator.name:
            total += operator.count * operator.kernels
    return total


def longest(compute: Numeric, memory: Numeric, network: Numeric = 0.0, fixed: Numeric = 0.0) -> Breakdown:
    """The largest of three times that overlap, booked to its cause, beside a fixed time that does not overlap.

    Parameters
    ----------
    compute, memory, network : numeric, shape (...)
        Times that overlap. [s]
    fixed : numeric, shape (...)
        Time that does not. [s]

    Returns
    -------
    Breakdown
        Adds up to the step. [s]

    Notes
    -----
    .. math:: t = \\max(t_c, t_m, t_n) + t_f

    References
    ----------
    :cite:t:`williams2009`.
    """
    by_compute = (compute >= memory) & (compute >= network)
    by_memory = ~by_compute & (memory >= network)
    other = ~by_compute & ~by_memory
    return Breakdown(compute * by_compute, memory * by_memory, network * other, fixed + 0.0 * (compute + memory))
