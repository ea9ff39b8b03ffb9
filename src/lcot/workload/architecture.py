"""What a model is: its blocks, from an unmodified config.json.

`Architecture` is the only description of a model above this file; `reading.py` makes it from a config.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attention:
    """One attention (or sequence-mixing) layer.

    kind: ``gqa`` (MHA and MQA are its ends), ``mla``, ``linear`` (gated delta net and similar), ``ssm`` (Mamba),
    ``none``.
    """

    kind: str
    heads: int = 0
    kv_heads: int = 0
    head_dim: int = 0  # width of one query/key head (MLA: nope + rope)
    value_dim: int = 0  # width of one value head
    window: int | None = None  # tokens seen by a sliding window; None: all
    query_rank: int = 0  # MLA: rank of the query compression; 0: none
    kv_rank: int = 0  # MLA: rank of the KV compression
    rope_dim: int = 0  # MLA: width of the shared rotary key
    state_bytes_elements: int = 0  # linear, ssm: elements of recurrent state per sequence and layer
    extra_parameters: int = 0  # biases, norms, convolutions, sinks, indexers: parameters not in the projections
    bias: bool = False
    sparse_top_k: int = 0  # sparse attention (DSA): tokens attended after selection; 0: all
    indexer_heads: int = 0
    indexer_dim: int = 0


@dataclass(frozen=True, slots=True)
class FeedForward:
    """One feed-forward layer: dense (``experts`` = 0) or mixture of experts."""

    width: int  # intermediate width of the dense layer, or of one routed expert
    matrices: int = 3  # 3 gated (gate, up, down), 2 plain
    experts: int = 0
    active: int = 0  # experts per token
    shared_width: int = 0  # summed intermediate width of the shared experts; 0: none
    bias: bool = False
    latent: int = 0  # experts work in this width instead of the hidden one (Nemotron latent MoE); 0: hidden


@dataclass(frozen=True, slots=True)
class Block:
    """``count`` layers alike, at ``positions`` of the stack where it matters."""

    count: int
    attention: Attention
    feed_forward: FeedForward | None


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model.

    ``formats`` names the number format that the checkpoint stores, by part: ``attention``, ``dense``, ``experts``,
    ``head`` (embedding and output), each in the table of `lcot.workload.formats`.
    """

    id: str
    hidden: int
    vocabulary: int
    blocks: tuple[Block, ...]
    tied_embeddings: bool
    max_context: int
    formats: dict[str, str] = field(default_factory=dict[str, str])
    prediction_layers: int = 0  # multi-token prediction layers shipped with the checkpoint
    norms: int = 2  # norm vectors of width ``hidden`` per layer
    learned_positions: int = 0
    extra_parameters: int = 0  # vision tower and other parts outside the decoder: counted, never stepped

    @property
    def layers(self) -> int:
        """Decoder layers. [1]"""
        return sum(block.count for block in self.blocks)
