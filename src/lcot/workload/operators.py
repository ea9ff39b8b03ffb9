"""What one pass through a model computes: matrix products, attention, experts, and what moves between them.

The operators are whole, not yet cut; `lcot.workload.sharding` gives what one chip does of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.formats import Precision


@dataclass(frozen=True, slots=True)
class Span:
    """A dimension of ``width`` elements that can be cut into ``units`` whole pieces, and no finer; 1: never cut."""

    width: int
    units: int


@dataclass(frozen=True, slots=True)
class Gemm:
    """A matrix product of every token in the pass (``sampled``: of the tokens that are sampled from only).

    ``columns`` are the parts of the output, ``rows`` is the inner dimension. At most one of the two is cut.
    """

    name: str
    part: str  # attention | dense | router | head | prediction
    count: int  # layers
    columns: tuple[Span, ...]
    rows: Span
    format: str  # of the weights
    compute: str  # what the matrix units multiply in
    sampled: bool = False

    @property
    def n(self) -> int:
        """Columns of the whole product. [1]"""
        return sum(span.width for span in self.columns)

    @property
    def k(self) -> int:
        """Inner dimension of the whole product. [1]"""
        return self.rows.width

    @property
    def parameters(self) -> int:
        """Weights over all layers. [1]"""
        return self.count * self.n * self.k


@dataclass(frozen=True, slots=True)
class Mixing:
    """The part of attention (or of another sequence mixer) that has no weights: scores, softmax, values, state."""

    name: str
    count: int
    attention: Attention
    kv: str  # format of the cache


@dataclass(frozen=True, slots=True)
class Experts:
    """The routed experts of a mixture: each token passes ``layer.active`` of them."""

    name: str
    count: int
    layer: FeedForward
    width: int  # of a token as the experts see it: hidden, or latent
    format: str
    compute: str

    @property
    def parameters(self) -> int:
        """Weights over all layers and experts. [1]"""
        return self.count * self.layer.experts * self.layer.matrices * self.width * self.layer.width


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Norms, activations, rotary embedding, writing the cache: elements read and written per token."""

    name: str
    count: int
    elements: Span
    kernels: int = 1


Operator = Gemm | Mixing | Experts | Elementwise
GemmOf = Callable[[str, tuple[Span, ...], Span], Gemm]


@lru_cache(maxsize=64)
def operators(architecture: Architecture, precision: Precision) -> tuple[Operator, ...]:
    """Operators of one pass through the decoder, embedding and output included.

    Parameters
    ----------
    architecture : Architecture
        The model.
    precision : Precision
        Number formats of the deployment. [text]

    Returns
    -------
    tuple of Operator
        In order of a layer; ``count`` says over how many layers each repeats.

    Notes
    -----
    A matrix product of :math:`m` tokens costs :math:`2mnk` operations; the weights of all products and experts
    sum to the parameters that multiply tokens.

    References
    ----------
    :cite:t:`vaswani2017`, section 3; :cite:t:`deepseekv2`, section 2.1; :cite:t:`shazeer2017`.
    """
    a, p = architecture, precision
    found: list[Operator] = [Elementwise("embedding", 1, Span(2 * a.hidden, 1))]
    for block in a.blocks:
        found += _block(block, a, p)
    found.append(Elementwise("final norm", 1, Span(2 * a.hidden, 1)))
    found.append(_head(a, p))
    return tuple(found)


def prediction_operators(architecture: Architecture, precision: Precision) -> tuple[Operator, ...]:
    """Operators of one pass through one multi-token prediction layer, with the output matrix it shares.

    Parameters
    ----------
    architecture : Architecture
        The model.
    precision : Precision
        Number formats of the deployment. [text]

    Returns
    -------
    tuple of Operator
        Empty where the model ships no such layer.

    Notes
    -----
    Two hidden states are joined and projected, :math:`2h \\to h`, then one block and the output matrix follow.

    References
    ----------
    :cite:t:`deepseekv3`, section 2.2.
    """
    a, p = architecture, precision
    if not a.prediction_layers or not a.prediction:
        return ()
    join = (Span(a.hidden, a.hidden),)
    found: list[Operator] = [
        Gemm("join", "prediction", 1, join, Span(2 * a.hidden, 1), p.dense_format, p.dense_compute or p.compute)
    ]
    for block in a.prediction:
        found += _block(block, a, p)
    return (*found, _head(a, p))


def _head(a: Architecture, p: Precision) -> Gemm:
    return Gemm(
        "output", "head", 1, (Span(a.vocabulary, a.vocabulary),), Span(a.hidden, 1), p.head, "bf16", sampled=True
    )


def _block(block: Block, a: Architecture, p: Precision) -> list[Operator]:
    norms = Elementwise("norms", block.count, Span(2 * a.norms * a.hidden, 1), kernels=a.norms)
    return [norms, *_attention(block, a.hidden, p), *_feed_forward(block, a.hidden, p)]


def _attention(block: Block, hidden: int, p: Precision) -> list[Operator]:
    a, count = block.attention, block.count
    if a.kind == "none":
        return []

    def gemm(name: str, columns: tuple[Span, ...], rows: Span) -> Gemm:
        return Gemm(name, "attention", count, columns, rows, p.attention, p.compute)

    inner = a.heads * a.value_dim
    whole = Span(hidden, 1)
    found: list[Operator]
    if a.kind in ("linear", "ssm"):
        found = [gemm("input", (Span(a.input_width, a.heads),), whole)]
        touched = Span(2 * a.input_width, a.heads)
    elif a.kind == "mla":
        found = _latent(a, gemm, whole)
        touched = Span(2 * (a.heads * a.head_dim + a.kv_rank + a.rope_dim), a.heads)
    else:
        found = _grouped(a, gemm, whole)
        touched = Span(2 * (a.heads * a.head_dim + a.kv_heads * (a.head_dim + a.value_dim)), a.heads)
    found.append(Elementwise("rotary and cache", count, touched))
    if a.indexer_heads:
        source = Span(a.query_rank or hidden, 1)
        found.append(gemm("indexer query", (Span(a.indexer_heads * a.indexer_dim, 1),), source))
        found.append(gemm("indexer key", (Span(a.indexer_dim + a.indexer_heads, 1),), whole))
    found.append(Mixing("mixing", count, a, p.kv))
    if a.output_rank:
        group = Span(inner // a.output_groups, 1)
        found.append(gemm("output low rank", (Span(a.output_groups * a.output_rank, a.output_groups),), group))
        found.append(gemm("attention output", (whole,), Span(a.output_groups * a.output_rank, a.output_groups)))
    else:
        found.append(gemm("attention output", (whole,), Span(inner, a.heads)))
    return found


def _grouped(a: Attention, gemm: GemmOf, whole: Span) -> list[Operator]:
    queries = Span(a.heads * a.head_dim, a.heads)
    keys = Span(a.kv_heads * (a.head_dim if a.shared_kv or a.key_is_value else a.head_dim + a.value_dim), a.kv_heads)
    gate = (Span(a.gate_width, a.heads),) if a.gate_width else ()
    if a.query_rank:
        down = gemm("query down", (Span(a.query_rank, 1), keys, *gate), whole)
        return [down, gemm("query up", (queries,), Span(a.query_rank, 1))]
    return [gemm("query key value", (queries, keys, *gate), whole)]


def _latent(a: Attention, gemm: GemmOf, whole: Span) -> list[Operator]:
    queries = Span(a.heads * a.head_dim, a.heads)
    latent = Span(a.kv_rank + a.rope_dim, 1)
    absorbed = Span(a.heads * (a.head_dim - a.rope_dim + a.value_dim), a.heads)
    up = gemm("latent up", (absorbed,), Span(a.kv_rank, 1))
    gate = (Span(a.gate_width, a.heads),) if a.gate_width else ()
    if not a.query_rank:
        return [gemm("query and latent", (queries, latent, *gate), whole), up]
    down = gemm("query and latent down", (Span(a.query_rank, 1), latent, *gate), whole)
    return [down, gemm("query up", (queries,), Span(a.query_rank, 1)), up]


def _feed_forward(block: Block, hidden: int, p: Precision) -> list[Operator]:
    layer, count = block.feed_forward, block.count
    if layer is None:
        return []
    compute = p.dense_compute or p.compute
    found: list[Operator] = []
    width = layer.shared_width if layer.experts else layer.width
    if width:
        into = (Span((layer.matrices - 1) * width, width),)
        found.append(Gemm("up", "dense", count, into, Span(hidden, 1), p.dense_format, compute))
        found.append(Elementwise("activation", count, Span(layer.matrices * width, width)))
        found.append(Gemm("down", "dense", count, (Span(hidden, 1),), Span(width, width), p.dense_format, compute))
    if layer.experts:
        seen = layer.latent or hidden
        found.append(Gemm("router", "router", count, (Span(layer.experts, 1),), Span(hidden, 1), "bf16", "bf16"))
        if layer.latent:
            for name, n, k in (("to latent", layer.latent, hidden), ("from latent", hidden, layer.latent)):
                found.append(Gemm(name, "router", count, (Span(n, 1),), Span(k, 1), "bf16", "bf16"))
        found.append(Experts("experts", count, layer, seen, p.experts, p.expert_compute))
    return found
