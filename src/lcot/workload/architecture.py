"""What a model is: its blocks, from an unmodified config.json.

`Architecture` is the only description of a model above this file; `lcot.workload.reading` makes it from a config.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attention:
    """One attention (or sequence-mixing) layer.

    kind: ``gqa`` (MHA and MQA are its ends), ``mla``, ``linear`` (gated delta net and similar), ``ssm`` (Mamba),
    ``none``. The matrices that multiply every token follow from the widths here; see `lcot.workload.counts`.
    """

    kind: str
    heads: int = 0  # linear, ssm: value heads
    kv_heads: int = 0  # linear: key heads; ssm: groups
    head_dim: int = 0  # width of one query/key head (MLA: nope + rope; linear: key width; ssm: state width)
    value_dim: int = 0  # width of one value head
    window: int | None = None  # tokens seen by a sliding window or chunk; None: all
    query_rank: int = 0  # rank of the query compression; 0: none
    kv_rank: int = 0  # MLA: rank of the KV compression
    rope_dim: int = 0  # MLA: width of the shared rotary key
    output_rank: int = 0  # rank of the output projection of each group; 0: one full matrix
    output_groups: int = 1
    gate_width: int = 0  # further columns projected from the hidden state: output gate, compressors
    shared_kv: bool = False  # keys and values are the same cached vectors
    key_is_value: bool = False  # one projection makes keys and values; they are cached apart
    compression: int = 1  # tokens per cached entry; above 1 the last ``window`` tokens are cached whole beside them
    input_width: int = 0  # linear, ssm: columns of the input projection, everything projected from the hidden state
    state_elements: int = 0  # linear, ssm: elements of recurrent state per sequence and layer
    state_bytes: int = 0  # linear, ssm: bytes of recurrent and convolution state per sequence and layer
    extra_parameters: int = 0  # biases, norms, convolutions, sinks, compressors: parameters not in the projections
    sparse_top_k: int = 0  # sparse attention (DSA): cached entries attended after selection; 0: all
    indexer_heads: int = 0
    indexer_dim: int = 0


@dataclass(frozen=True, slots=True)
class FeedForward:
    """One feed-forward layer: dense (``experts`` = 0) or mixture of experts."""

    width: int  # intermediate width of the dense layer, or of one routed expert
    matrices: int = 3  # 3 gated (gate, up, down), 2 plain
    experts: int = 0
    active: int = 0  # experts per token
    shared_width: int = 0  # summed intermediate width of the shared experts, or of a dense layer beside; 0: none
    latent: int = 0  # experts work in this width instead of the hidden one (Nemotron latent MoE); 0: hidden
    expert_extra_parameters: int = 0  # biases of one routed expert
    extra_parameters: int = 0  # biases of dense layers, router bias, gate of the shared expert


@dataclass(frozen=True, slots=True)
class Block:
    """``count`` layers alike."""

    count: int
    attention: Attention
    feed_forward: FeedForward | None


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model.

    ``formats`` names the number format that the checkpoint stores, by part: ``attention`` (projections),
    ``dense`` (dense layers and shared experts), ``experts`` (routed), ``head`` (embedding and output) and ``kv``,
    each in the table of `lcot.workload.formats`.
    """

    id: str
    hidden: int
    vocabulary: int
    blocks: tuple[Block, ...]
    tied_embeddings: bool
    max_context: int
    formats: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    prediction_layers: int = 0  # multi-token prediction layers shipped with the checkpoint
    prediction: tuple[Block, ...] = ()  # what one of them is made of
    norms: int = 2  # norm vectors of width ``hidden`` per layer
    outer_norms: int = 1  # norm vectors of width ``hidden`` outside the layers
    learned_positions: int = 0
    extra_parameters: int = 0  # vision tower and other parts outside the decoder: counted, never stepped

    @property
    def layers(self) -> int:
        """Decoder layers. [1]"""
        return sum(block.count for block in self.blocks)
