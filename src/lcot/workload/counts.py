"""Parameters and bytes of weights, part by part. Pure arithmetic on an `Architecture`."""

from __future__ import annotations

from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.formats import Precision, bytes_of, native

PARTS: tuple[str, ...] = ("attention", "dense", "experts", "head", "other")


def attention_parameters(attention: Attention, hidden: int) -> int:
    """Weights of the projections of one layer: what multiplies every token, without biases and norms.

    Parameters
    ----------
    attention : Attention
        The layer.
    hidden : int
        Width of the hidden state. [1]

    Returns
    -------
    int
        Parameters. [1]

    Notes
    -----
    .. math:: P = P_q + P_{kv} + P_o + P_{gate} + P_{indexer}

    With query compression :math:`P_q = h r_q + r_q n d`, else :math:`h n d`. MLA has
    :math:`P_{kv} = h (r_{kv} + d_r) + r_{kv} n (d - d_r + d_v)`.

    References
    ----------
    :cite:t:`vaswani2017`, section 3.2; :cite:t:`deepseekv2`, section 2.1; :cite:t:`dao2024` for ``ssm``.
    """
    a = attention
    if a.kind == "none":
        return 0
    inner = a.heads * a.value_dim
    if a.kind in ("linear", "ssm"):
        return hidden * a.input_width + inner * hidden
    queries = a.heads * a.head_dim
    query = hidden * a.query_rank + a.query_rank * queries if a.query_rank else hidden * queries
    if a.kind == "mla":
        keys = hidden * (a.kv_rank + a.rope_dim) + a.kv_rank * a.heads * (a.head_dim - a.rope_dim + a.value_dim)
    else:
        single = a.shared_kv or a.key_is_value
        keys = hidden * a.kv_heads * (a.head_dim if single else a.head_dim + a.value_dim)
    rank = a.output_rank
    output = inner * rank + a.output_groups * rank * hidden if rank else inner * hidden
    source = a.query_rank or hidden
    indexer = source * a.indexer_heads * a.indexer_dim + hidden * (a.indexer_dim + a.indexer_heads)
    return query + keys + output + hidden * a.gate_width + (indexer if a.indexer_heads else 0)


def expert_parameters(layer: FeedForward, hidden: int) -> int:
    """Weights of one routed expert, biases included.

    Parameters
    ----------
    layer : FeedForward
        The layer.
    hidden : int
        Width of the hidden state. [1]

    Returns
    -------
    int
        Parameters. [1]

    Notes
    -----
    .. math:: P = m\\,h\\,w

    with :math:`m` matrices of width :math:`w`, and the latent width in place of :math:`h` where there is one.

    References
    ----------
    :cite:t:`shazeer2020`; :cite:t:`shazeer2017`.
    """
    return layer.matrices * (layer.latent or hidden) * layer.width + layer.expert_extra_parameters


def router_parameters(layer: FeedForward, hidden: int) -> int:
    """Weights of the router, and of the projections to and from the latent width.

    Parameters
    ----------
    layer : FeedForward
        The layer.
    hidden : int
        Width of the hidden state. [1]

    Returns
    -------
    int
        Parameters; 0 for a dense layer. [1]

    Notes
    -----
    .. math:: P = h E + 2 h l

    References
    ----------
    :cite:t:`shazeer2017`.
    """
    return hidden * layer.experts + 2 * hidden * layer.latent


def _block_parts(block: Block, architecture: Architecture, experts: str) -> dict[str, int]:
    hidden, layer = architecture.hidden, block.feed_forward
    parts = dict.fromkeys(PARTS, 0)
    parts["attention"] = attention_parameters(block.attention, hidden)
    parts["other"] = block.attention.extra_parameters + architecture.norms * hidden
    if layer is not None:
        dense = layer.shared_width if layer.experts else layer.width
        parts["dense"] = layer.matrices * hidden * dense
        parts["experts"] = (layer.active if experts == "active" else layer.experts) * expert_parameters(layer, hidden)
        parts["other"] += router_parameters(layer, hidden) + layer.extra_parameters
    return {part: block.count * count for part, count in parts.items()}


def parameters_by_part(architecture: Architecture, experts: str = "all", prediction: bool = False) -> dict[str, int]:
    """Parameters by part: attention, dense, experts, head, other.

    Parameters
    ----------
    architecture : Architecture
        The model.
    experts : str
        ``all`` or ``active``, the experts that one token passes. [text]
    prediction : bool
        Count the multi-token prediction layers too; they share embedding and head with the model. [1]

    Returns
    -------
    dict
        Parameters of each part. [1]

    Notes
    -----
    A prediction layer is its blocks, a projection of two hidden states to one and three norms,
    :math:`P = P_{block} + 2h^2 + 3h`.

    References
    ----------
    :cite:t:`deepseekv3`, section 2.2.
    """
    a = architecture
    parts = dict.fromkeys(PARTS, 0)
    blocks = list(a.blocks)
    if prediction:
        blocks += [block for block in a.prediction for _ in range(a.prediction_layers)]
        parts["dense"] += a.prediction_layers * 2 * a.hidden**2
        parts["other"] += a.prediction_layers * 3 * a.hidden
    for block in blocks:
        for part, count in _block_parts(block, a, experts).items():
            parts[part] += count
    parts["head"] = a.vocabulary * a.hidden * (1 if a.tied_embeddings else 2)
    parts["other"] += a.outer_norms * a.hidden + a.learned_positions * a.hidden + a.extra_parameters
    return parts


def parameters(architecture: Architecture, prediction: bool = False) -> int:
    """All parameters of the model.

    Parameters
    ----------
    architecture : Architecture
        The model.
    prediction : bool
        Count the multi-token prediction layers too. [1]

    Returns
    -------
    int
        Parameters. [1]

    Notes
    -----
    .. math:: P = \\sum_\\text{parts} P_\\text{part}

    References
    ----------
    :cite:t:`deepseekv3`, section 4.2.
    """
    return sum(parameters_by_part(architecture, prediction=prediction).values())


def active_parameters(architecture: Architecture, embedding: bool = True) -> int:
    """Parameters that one token passes.

    Parameters
    ----------
    architecture : Architecture
        The model.
    embedding : bool
        Count the input embedding (a look-up, of which a token reads one row). Publishers differ: DeepSeek counts
        it, OpenAI does not. [1]

    Returns
    -------
    int
        Parameters. [1]

    Notes
    -----
    .. math:: P_{active} = P - (E - k) P_{expert}

    over all mixture-of-experts layers.

    References
    ----------
    :cite:t:`openai2025gptoss`, table 1.
    """
    a = architecture
    count = sum(parameters_by_part(a, "active").values()) - a.extra_parameters
    return count if embedding or a.tied_embeddings else count - a.vocabulary * a.hidden


def weight_bytes_by_part(architecture: Architecture, precision: Precision | None = None) -> dict[str, float]:
    """Bytes of the weights by part.

    Parameters
    ----------
    architecture : Architecture
        The model.
    precision : Precision or None
        Number formats; None for those of the checkpoint. [text]

    Returns
    -------
    dict
        Bytes of each part; norms, routers, biases and the vision tower stay in bf16. [B]

    Notes
    -----
    .. math:: B = P\\,b / 8

    with :math:`b` bits per weight, scales included.

    References
    ----------
    :cite:t:`rouhani2023`, table 1.
    """
    p = precision or native(architecture)
    formats = {"attention": p.attention, "dense": p.dense_format, "experts": p.experts, "head": p.head, "other": "bf16"}
    return {part: count * bytes_of(formats[part]) for part, count in parameters_by_part(architecture).items()}


def weight_bytes(architecture: Architecture, precision: Precision | None = None) -> float:
    """Bytes of all weights.

    Parameters
    ----------
    architecture : Architecture
        The model.
    precision : Precision or None
        Number formats; None for those of the checkpoint. [text]

    Returns
    -------
    float
        Bytes. [B]

    Notes
    -----
    .. math:: B = \\sum_\\text{parts} B_\\text{part}

    References
    ----------
    :cite:t:`rouhani2023`, table 1.
    """
    return sum(weight_bytes_by_part(architecture, precision).values())
