"""What fits beside the weights: tokens of KV cache, sequences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lcot.cell import value_of
from lcot.errors import Infeasible
from lcot.facts.types import Numeric
from lcot.steptime.roofline import main_tier
from lcot.steptime.types import Deployment
from lcot.workload.architecture import Architecture
from lcot.workload.formats import INDEXER_BYTES, Precision, bytes_of
from lcot.workload.operators import Experts, Gemm, operators
from lcot.workload.sharding import Ranks, heads_on_chip, layers_of_stage, weights_on_chip


@dataclass(frozen=True, slots=True)
class Room:
    """What one model copy holds."""

    weights: Numeric  # bytes of weights on the fullest chip
    token: Numeric  # bytes of KV cache of one more token on one chip
    sequence: Numeric  # bytes of one sequence on one chip whatever its length: windows, recurrent state
    tokens: Numeric  # tokens of KV cache of the whole copy
    growth: Numeric = float("inf")  # bytes by which the windows of a sequence grow with each token until they are full


@lru_cache(maxsize=4096)
def weights_of_chip(model: Architecture, precision: Precision, ranks: Ranks) -> float:
    r"""Bytes of weights on the fullest chip.

    Parameters
    ----------
    model : Architecture
        The model.
    precision : Precision
        Number formats. [text]
    ranks : Ranks
        The layout. [1]

    Returns
    -------
    float
        Bytes. [B]

    Raises
    ------
    UnknownName
        If a number format is unknown.

    Notes
    -----
    .. math:: W' = f_{stage} \sum_{operators} b\,P' + b_{head} \frac{V h}{t} + 2\,P_{other}

    References
    ----------
    :cite:t:`shoeybi2019`, section 3.
    """
    layers = layers_of_stage(model.layers, ranks.pipeline)
    inside, outer = 0.0, 0.0
    for operator in operators(model, precision):
        if not isinstance(operator, Gemm | Experts):
            continue
        size = weights_on_chip(operator, ranks) * bytes_of(operator.format)
        if isinstance(operator, Gemm) and operator.sampled:
            outer += size
        else:
            inside += size
    embedding = model.vocabulary * model.hidden * bytes_of(precision.head) / ranks.tensor
    ends = outer if model.tied_embeddings or ranks.pipeline > 1 else outer + embedding
    small = 2.0 * (model.extra_parameters / ranks.tensor + model.layers * model.norms * model.hidden)
    return inside * layers + ends + small


@lru_cache(maxsize=4096)
def cache_of_chip(model: Architecture, kv: str, ranks: Ranks) -> tuple[float, float]:
    r"""Bytes of KV cache on one chip: of one more token, and of one sequence whatever its length.

    Parameters
    ----------
    model : Architecture
        The model.
    kv : str
        Format of the cache. [text]
    ranks : Ranks
        The layout. [1]

    Returns
    -------
    tuple of float
        Bytes per token, bytes per sequence. [B]

    Raises
    ------
    UnknownName
        If the format is unknown.

    Notes
    -----
    .. math:: b = f_{stage} \sum_{full} n_{kv}' (d_k + d_v) b_e, \qquad
              s = f_{stage} \Big( \sum_{windows} w\, n_{kv}' (d_k + d_v) b_e + \sum_{states} b_s / t \Big)

    A model whose every layer has a window counts as one without windows.

    References
    ----------
    :cite:t:`kwon2023`, section 3; :cite:t:`deepseekv2`, table 1.
    """
    token, sequence, windowed = 0.0, 0.0, 0.0
    for block in model.blocks:
        a = block.attention
        sequence += block.count * a.state_bytes / min(ranks.tensor, max(a.heads, 1))
        if a.kind not in ("gqa", "mla"):
            continue
        kv_heads = heads_on_chip(a, ranks.tensor)[1]
        width = (
            a.kv_rank + a.rope_dim
            if a.kind == "mla"
            else kv_heads * (a.head_dim if a.shared_kv else a.head_dim + a.value_dim)
        )
        entry = block.count * (width * bytes_of(kv) + (a.indexer_dim * INDEXER_BYTES if a.indexer_heads else 0.0))
        if a.window is None:
            token += entry / a.compression
        else:
            sequence += entry * a.window
            windowed += entry
            token += entry / a.compression if a.compression > 1 else 0.0
    share = layers_of_stage(model.layers, ranks.pipeline)
    if token == 0.0 and windowed > 0.0:
        return windowed * share, 0.0
    return token * share, sequence * share


def room(deployment: Deployment, ranks: Ranks) -> Room:
    r"""What one model copy holds beside its weights.

    Parameters
    ----------
    deployment : Deployment
        The deployment; the engine has ``memory.fraction`` [1] and ``memory.reserve`` [B], and ``memory.free`` [1]
        where it takes a share of what the weights leave instead of a share of all.
    ranks : Ranks
        Its layout. [1]

    Returns
    -------
    Room
        Bytes by use, and tokens of KV cache.

    Raises
    ------
    Infeasible
        If the weights leave no room for a cache; the limit is ``memory``.
    MissingFact
        If the chip's memory or a constant of the engine is not on record.

    Notes
    -----
    .. math:: N = d \cdot \frac{\phi M - W' - A}{b}

    over d data-parallel ranks, with the engine's share :math:`\phi` of the memory M and its reserve A for
    activations and captured graphs; or :math:`\phi (M - W' - A)`.

    References
    ----------
    :cite:t:`kwon2023`, section 4.3.
    """
    chip, engine = deployment.system.chip, deployment.engine.facts
    tier = main_tier(chip)
    key = "usable" if chip.facts.has(f"memory.{tier}.usable") else "capacity"
    memory = chip.facts.number(f"memory.{tier}.{key}", "whether the model fits")
    weights = weights_of_chip(deployment.model, deployment.precision, ranks)
    token, sequence = cache_of_chip(deployment.model, deployment.precision.kv, ranks)
    reserve = engine.number("memory.reserve")
    if engine.has("memory.free"):
        left = engine.number("memory.free") * (memory - weights - reserve)
    else:
        left = memory * engine.number("memory.fraction") - weights - reserve
    if np.all(value_of(left) <= 0):
        have, need = float(np.max(value_of(memory))) / 1e9, weights / 1e9
        raise Infeasible(
            f"{deployment.model.id} as {deployment.precision.label} on {deployment.label} needs {need:.0f} GB of"
            f" weights per chip beside the engine's reserve; {chip.name} has {have:.0f} GB",
            "memory",
        )
    tokens = ranks.data * np.maximum(left, 0.0) / token if token else 0.0 * left + 1e15
    return Room(weights, token, sequence, tokens, _growth(deployment.model, deployment.precision.kv, ranks))


@lru_cache(maxsize=4096)
def _growth(model: Architecture, kv: str, ranks: Ranks) -> float:
    """Bytes that one more token takes in the windowed layers of one chip; no bound where a state is recurrent too."""
    found = 0.0
    for block in model.blocks:
        a = block.attention
        if a.state_bytes:
            return float("inf")
        if a.window is not None and a.kind == "gqa":
            width = a.head_dim if a.shared_kv else a.head_dim + a.value_dim
            found += block.count * heads_on_chip(a, ranks.tensor)[1] * width * bytes_of(kv)
    return found * layers_of_stage(model.layers, ranks.pipeline) or float("inf")
