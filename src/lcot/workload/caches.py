"""Bytes that one sequence holds: KV cache, with windows, compression and indexers, and recurrent state."""

from __future__ import annotations

from lcot.facts.types import Numeric
from lcot.workload.architecture import Architecture, Attention
from lcot.workload.formats import INDEXER_BYTES, bytes_of


def kv_bytes_of_entry(attention: Attention, kv_format: str) -> float:
    """Bytes of one cached entry of one layer.

    Parameters
    ----------
    attention : Attention
        The layer.
    kv_format : str
        Number format of the cache. [text]

    Returns
    -------
    float
        Bytes; 0 for a layer without a KV cache. [B]

    Notes
    -----
    Keys and values :math:`n_{kv}(d_k + d_v)`; MLA :math:`r_{kv} + d_r`; the key of a sparse indexer is
    stored in fp8 with one 4-byte scale per 128 elements.

    References
    ----------
    :cite:t:`deepseekv2`, table 1; :cite:t:`deepseekv32`.
    """
    a = attention
    if a.kind == "mla":
        elements = a.kv_rank + a.rope_dim
    elif a.kind == "gqa":
        elements = a.kv_heads * (a.head_dim if a.shared_kv else a.head_dim + a.value_dim)
    else:
        return 0.0
    return elements * bytes_of(kv_format) + (a.indexer_dim * INDEXER_BYTES if a.indexer_heads else 0.0)


def kv_bytes_per_token(architecture: Architecture, kv_format: str = "bf16") -> float:
    """Bytes of KV cache that one more token needs while no window is full.

    Parameters
    ----------
    architecture : Architecture
        The model.
    kv_format : str
        Number format of the cache. [text]

    Returns
    -------
    float
        Bytes per token. [B]

    Notes
    -----
    .. math:: b = \\sum_\\text{layers} n_{kv} (d_k + d_v)\\, b_{element}

    References
    ----------
    :cite:t:`zhao2025insights`, table 1.
    """
    total = 0.0
    for block in architecture.blocks:
        a = block.attention
        share = 1.0 if a.compression == 1 else 1.0 / a.compression
        total += block.count * kv_bytes_of_entry(a, kv_format) * share
    return total


def kv_bytes(architecture: Architecture, context: Numeric, kv_format: str = "bf16") -> Numeric:
    """Bytes of KV cache of one sequence, windows and compression included, recurrent state not.

    Parameters
    ----------
    architecture : Architecture
        The model.
    context : numeric, shape (...)
        Tokens of the sequence. [token]
    kv_format : str
        Number format of the cache. [text]

    Returns
    -------
    numeric, shape (...)
        Bytes. [B]

    Notes
    -----
    .. math:: B(c) = \\sum_\\text{layers} b\\,\\big(\\min(c, w) \\;\\text{or}\\; c / m + \\min(c, w)\\big)

    References
    ----------
    :cite:t:`zhao2025insights`, table 1; :cite:t:`gemma3`, section 5.2.
    """
    import numpy as np

    total: Numeric = 0.0 * np.asarray(context, dtype=float)
    for block in architecture.blocks:
        a = block.attention
        inside = context if a.window is None else np.minimum(context, a.window)
        entry = kv_bytes_of_entry(a, kv_format)
        if a.compression == 1:
            total = total + block.count * entry * inside
        else:  # the window holds no keys of the indexer
            whole = entry - (a.indexer_dim * INDEXER_BYTES if a.indexer_heads else 0.0)
            total = total + block.count * (whole * inside + entry * context / a.compression)
    return total if np.ndim(context) else float(total)


def state_bytes(architecture: Architecture) -> float:
    """Bytes of recurrent and convolution state of one sequence, whatever its length.

    Parameters
    ----------
    architecture : Architecture
        The model.

    Returns
    -------
    float
        Bytes; 0 without linear attention or state-space layers. [B]

    Notes
    -----
    .. math:: B = \\sum_\\text{layers} (n\\,d_k\\,d_v\\,b_s + k\\,w\\,b)

    References
    ----------
    :cite:t:`dao2024`, section 7; :cite:t:`yang2024`.
    """
    return float(sum(block.count * block.attention.state_bytes for block in architecture.blocks))
