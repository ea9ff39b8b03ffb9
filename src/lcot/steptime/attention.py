"""Time of attention and of other sequence mixers on a chip."""

from __future__ import annotations

import numpy as np

from lcot.facts.types import Chip, Facts, Numeric
from lcot.steptime.gemm import peak
from lcot.steptime.roofline import NOTHING, main_bandwidth, plus, roofline, some
from lcot.steptime.types import Breakdown
from lcot.workload.architecture import Attention
from lcot.workload.formats import INDEXER_BYTES, bytes_of


def seen_in_prefill(attention: Attention, mean: Numeric) -> Numeric:
    r"""Positions that a prompt token attends to on average, windows and selection respected.

    Parameters
    ----------
    attention : Attention
        The layer.
    mean : numeric, shape (...)
        Mean over the prompt tokens of the positions before them. [token]

    Returns
    -------
    numeric, shape (...)
        Positions attended. [token]

    Notes
    -----
    A prompt of n tokens has a mean of n/2; inside a window w the mean is that, beyond it

    .. math:: w - \frac{w^2}{2n}, \qquad n = 2 \cdot \text{mean}

    References
    ----------
    :cite:t:`beltagy2020`, section 3.
    """
    limit = _limit(attention)
    if limit is None:
        return mean / attention.compression
    long = np.maximum(mean, limit / 2.0)
    inside = np.minimum(mean, limit - limit * limit / (4.0 * long))
    return inside + (mean / attention.compression if attention.compression > 1 and attention.window else 0.0)


def seen_in_decode(attention: Attention, mean: Numeric) -> Numeric:
    r"""Cached positions that a new token attends to, windows and selection respected.

    Parameters
    ----------
    attention : Attention
        The layer.
    mean : numeric, shape (...)
        Mean context of the decoding sequences. [token]

    Returns
    -------
    numeric, shape (...)
        Positions. [token]

    Notes
    -----
    .. math:: \min(c, w)

    References
    ----------
    :cite:t:`beltagy2020`, section 3.
    """
    limit = _limit(attention)
    if limit is None:
        return mean / attention.compression
    inside = np.minimum(mean, float(limit))
    return inside + (mean / attention.compression if attention.compression > 1 and attention.window else 0.0)


def _limit(attention: Attention) -> float | None:
    limits = [float(n) for n in (attention.window, attention.sparse_top_k) if n]
    return min(limits) if limits else None


def prefill(
    attention: Attention,
    heads: Numeric,
    kv_heads: Numeric,
    kv: str,
    tokens: Numeric,
    pairs: Numeric,
    chip: Chip,
    engine: Facts,
) -> Breakdown:
    r"""Time of attention over the prompt tokens of a step, in one layer.

    Parameters
    ----------
    attention : Attention
        The layer.
    heads, kv_heads : numeric
        Heads on this chip. [1]
    kv : str
        Format of the cache. [text]
    tokens : numeric, shape (...)
        Prompt tokens on this chip. [token]
    pairs : numeric, shape (...)
        Sum over them of the positions before. [token]
    chip : Chip
        The chip.
    engine : Facts
        Constants: ``attention.prefill.floor`` [s], ``attention.prefill.fraction`` and
        ``attention.prefill.memory`` [1], the same with ``latent`` for MLA.

    Returns
    -------
    Breakdown
        Seconds by cause. [s]

    Raises
    ------
    MissingFact
        If the chip or the engine lacks a constant.

    Notes
    -----
    .. math:: t = t_0 + \frac{2 n (d_k + d_v) \sum p}{\eta_c F}
              + \frac{2 m\,[n (d_k + d_v) + n_{kv} (d_k + d_v)]}{\eta_m B}

    Queries in, values out, keys and values once. MLA is computed with its heads unfolded.

    References
    ----------
    :cite:t:`dao2023`, section 3; :cite:t:`deepseekv2`, section 2.1.
    """
    a = attention
    if a.kind == "none":
        return NOTHING
    if a.kind in ("linear", "ssm"):
        return _recurrent(a, heads, tokens, tokens / 64.0, chip, engine)
    name = "latent.prefill" if a.kind == "mla" else "attention.prefill"
    width = a.head_dim + a.value_dim
    mean = pairs / np.maximum(tokens, 1e-9)
    seen = seen_in_prefill(a, mean) * tokens
    rate = engine.number(f"{name}.fraction") * peak(chip, "bf16")
    bandwidth = engine.number(f"{name}.memory") * main_bandwidth(chip)
    arithmetic = 2.0 * heads * width * seen / rate
    both = heads if a.kind == "mla" else kv_heads
    moved = 2.0 * tokens * (heads + both) * width / bandwidth
    fixed = engine.number(f"{name}.floor") * some(tokens)
    return plus(Breakdown(arithmetic, moved, 0.0, fixed), _index(a, pairs, 0.0, chip, engine))


def decode(
    attention: Attention,
    heads: Numeric,
    kv_heads: Numeric,
    kv: str,
    sequences: Numeric,
    context: Numeric,
    queries: float,
    chip: Chip,
    engine: Facts,
) -> Breakdown:
    r"""Time of attention of the decoding sequences of a step over their caches, in one layer.

    Parameters
    ----------
    attention : Attention
        The layer.
    heads, kv_heads : numeric
        Heads on this chip. [1]
    kv : str
        Format of the cache. [text]
    sequences : numeric, shape (...)
        Decoding sequences on this chip. [1]
    context : numeric, shape (...)
        Sum of their contexts. [token]
    queries : float
        New tokens of each sequence, above 1 with speculation. [1]
    chip : Chip
        The chip.
    engine : Facts
        Constants: ``attention.decode.floor`` [s], ``attention.decode.fraction``, ``attention.decode.memory`` [1],
        the same with ``latent`` for MLA; ``attention.decode.tile`` [token].

    Returns
    -------
    Breakdown
        Seconds by cause. [s]

    Raises
    ------
    MissingFact
        If the chip or the engine lacks a constant.

    Notes
    -----
    .. math:: t = t_0 + \left\| \frac{b\,n_{kv}(d_k + d_v) \sum c}{\eta_m B},\;
              \frac{2 q n (d_k + d_v) \sum c}{\eta_c F} \right\|_2

    No context is shorter than the tile in which kernels read the cache.
    MLA reads one latent of :math:`r_{kv} + d_r` for all heads (weights absorbed) and multiplies it twice,
    :math:`2 q n (2 r_{kv} + d_r) \sum c`, on every tensor-parallel rank.

    References
    ----------
    :cite:t:`pope2022`, section 3.3; :cite:t:`deepseekv2`, section 2.1.
    """
    a = attention
    if a.kind == "none":
        return NOTHING
    if a.kind in ("linear", "ssm"):
        return _recurrent(a, heads, sequences * queries, sequences, chip, engine)
    latent = a.kind == "mla"
    name = "latent.decode" if latent else "attention.decode"
    mean = context / np.maximum(sequences, 1e-9)
    seen = np.maximum(seen_in_decode(a, mean), engine.number("attention.decode.tile")) * sequences
    entry = a.kv_rank + a.rope_dim if latent else kv_heads * (a.head_dim if a.shared_kv else a.head_dim + a.value_dim)
    product = heads * (2 * a.kv_rank + a.rope_dim) if latent else heads * (a.head_dim + a.value_dim)
    bandwidth = _cache_share(name, kv, engine) * main_bandwidth(chip)
    moved = bytes_of(kv) * entry * seen / bandwidth
    arithmetic = 2.0 * queries * product * seen / (engine.number(f"{name}.fraction") * peak(chip, "bf16"))
    fixed = engine.number(f"{name}.floor") * some(sequences)
    return plus(roofline(arithmetic, moved, fixed), _index(a, queries * context, context, chip, engine))


def _cache_share(name: str, kv: str, engine: Facts) -> Numeric:
    """Share of the bandwidth at which a cache is read; caches below 16 bits are widened on the way, which costs."""
    narrow = f"{name}.memory.narrow"
    return engine.number(narrow if bytes_of(kv) < 1.5 and engine.has(narrow) else f"{name}.memory")


def _recurrent(a: Attention, heads: Numeric, tokens: Numeric, visits: Numeric, chip: Chip, engine: Facts) -> Breakdown:
    """A recurrent state is read and written once per visit (a decode step, a chunk of 64 prompt tokens)."""
    share = heads / max(a.heads, 1)
    bandwidth = engine.number("attention.decode.memory") * main_bandwidth(chip)
    moved = 2.0 * a.state_bytes * share * visits / bandwidth
    rate = engine.number("attention.prefill.fraction") * peak(chip, "bf16")
    arithmetic = 6.0 * a.state_elements * share * tokens / rate
    return roofline(arithmetic, moved, engine.number("attention.decode.floor") * some(tokens))


def _index(a: Attention, pairs: Numeric, read: Numeric, chip: Chip, engine: Facts) -> Breakdown:
    """The indexer of sparse attention scores every cached position in 8 bits, on every rank."""
    if not a.indexer_heads:
        return NOTHING
    form = "fp8" if chip.facts.has("peak.fp8") else "bf16"
    rate = engine.number("attention.prefill.fraction") * peak(chip, form)
    bandwidth = engine.number("attention.decode.memory") * main_bandwidth(chip)
    arithmetic = 2.0 * a.indexer_heads * a.indexer_dim * pairs / a.compression / rate
    moved = a.indexer_dim * INDEXER_BYTES * read / a.compression / bandwidth
    return roofline(arithmetic, moved, engine.number("attention.decode.floor"))
