"""What most configurations share: the grouping of equal layers, grouped-query attention, windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import cast

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from lcot.workload.reading_keys import Keys

Layer = tuple[Attention, FeedForward | None]
MOST_LAYERS = 2000


def blocks_of(layers: Iterable[Layer]) -> tuple[Block, ...]:
    """Equal layers as one block, in order of first appearance."""
    return tuple(Block(count, *layer) for layer, count in Counter(layers).items())


def layer_count(keys: Keys, *names: str) -> int:
    """Number of decoder layers."""
    return keys.integer(*(names or ("num_hidden_layers",)), most=MOST_LAYERS)


def architecture(keys: Keys, layers: Iterable[Layer], **parts: object) -> Architecture:
    """The architecture around ``layers``; embeddings, context and tying from the usual keys."""
    values = dict(parts)
    if "hidden" not in values:
        values["hidden"] = keys.integer("hidden_size")
    if "tied_embeddings" not in values:
        values["tied_embeddings"] = keys.flag("tie_word_embeddings", False)
    if "max_context" not in values:
        values["max_context"] = keys.integer("max_position_embeddings", default=0, least=0)
    values["vocabulary"] = keys.integer("vocab_size")
    return Architecture(id="", blocks=blocks_of(layers), **values)  # type: ignore[arg-type]


def grouped_attention(
    keys: Keys,
    *,
    biased: tuple[bool, bool] | None = None,
    head_norms: bool = False,
    window: int | None = None,
    extra: int = 0,
) -> Attention:
    """Grouped-query attention from the usual keys.

    ``biased`` says whether the query, key and value projections, and the output projection, have a bias; None asks
    ``attention_bias`` for both. ``head_norms``: queries and keys are normalised per head.
    """
    hidden = keys.integer("hidden_size")
    heads = keys.integer("num_attention_heads")
    kv_heads = keys.integer("num_key_value_heads", default=heads)
    if heads % kv_heads:
        raise DomainError("num_key_value_heads", kv_heads, f"a divisor of num_attention_heads {heads}", keys.file)
    if not keys.has("head_dim") and hidden % heads:
        raise DomainError("num_attention_heads", heads, f"a divisor of hidden_size {hidden}", keys.file)
    width = keys.integer("head_dim", default=hidden // heads)
    inputs, output = biased if biased is not None else (keys.flag("attention_bias", False),) * 2
    biases = inputs * (heads + 2 * kv_heads) * width + output * hidden
    return Attention(
        kind="gqa",
        heads=heads,
        kv_heads=kv_heads,
        head_dim=width,
        value_dim=width,
        window=window,
        extra_parameters=biases + head_norms * 2 * width + extra,
    )


def windows(keys: Keys, layers: int, window: int | None, default: tuple[str, ...] | None = None) -> list[int | None]:
    """The window of each layer, from ``layer_types`` where there is one, else from ``default``."""
    kinds = cast("list[str] | None", keys.items("layer_types", str, layers)) or (list(default) if default else None)
    if kinds is None:
        return [window] * layers
    known = {"full_attention": None, "sliding_attention": window, "chunked_attention": window}
    for kind in kinds:
        if kind not in known:
            raise DomainError("layer_types", kind, " or ".join(known), keys.file)
    return [known[kind] for kind in kinds]
