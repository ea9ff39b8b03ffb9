"""Configurations of decoders with grouped-query attention and mixture-of-experts layers."""

from __future__ import annotations

from dataclasses import replace

from lcot.errors import DomainError
from lcot.workload.architecture import Architecture, FeedForward
from lcot.workload.reading_keys import Keys
from lcot.workload.reading_parts import architecture, grouped_attention, layer_count, windows


def check_active(keys: Keys, active: int, experts: int) -> None:
    """Refuse more active experts than there are."""
    if active > experts:
        raise DomainError("num_experts_per_tok", active, f"at most the {experts} experts", keys.file)


def gpt_oss(keys: Keys) -> Architecture:
    """OpenAI gpt-oss: windows on every other layer, a sink per head, biases everywhere."""
    count, hidden = layer_count(keys), keys.integer("hidden_size")
    width, experts = keys.integer("intermediate_size"), keys.integer("num_local_experts", "num_experts")
    active = keys.integer("num_experts_per_tok", "experts_per_token")
    check_active(keys, active, experts)
    heads = keys.integer("num_attention_heads")
    attention = grouped_attention(keys, extra=heads)
    layer = FeedForward(
        width, experts=experts, active=active, expert_extra_parameters=2 * width + hidden, extra_parameters=experts
    )
    alternating = tuple("sliding_attention" if i % 2 == 0 else "full_attention" for i in range(count))
    kinds = windows(keys, count, keys.integer("sliding_window"), alternating)
    return architecture(keys, [(replace(attention, window=w), layer) for w in kinds])


FAMILIES = {"gpt_oss": gpt_oss}
