"""The work of a step on the busiest data-parallel rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.cell import several
from lcot.facts.types import Facts, Numeric
from lcot.steptime.types import Step
from lcot.workload.sharding import Ranks


@dataclass(frozen=True, slots=True)
class Load:
    """What the busiest data-parallel rank does in a step, and ``everyone``, the tokens of all of them."""

    sequences: Numeric
    context: Numeric
    prefill: Numeric
    pairs: Numeric
    prompts: Numeric
    queries: float  # new tokens of a decoding sequence
    everyone: Numeric

    @property
    def tokens(self) -> Numeric:
        """Tokens on this rank. [token]"""
        return self.sequences * self.queries + self.prefill

    @property
    def sampled(self) -> Numeric:
        """Tokens on this rank that are sampled from. [token]"""
        return self.sequences * self.queries + self.prompts


def load_of(step: Step, ranks: Ranks, draft_tokens: int, engine: Facts) -> Load:
    r"""The work of a step on the busiest data-parallel rank.

    Parameters
    ----------
    step : Step
        Work of the whole copy.
    ranks : Ranks
        The layout. [1]
    draft_tokens : int
        Tokens proposed per decoding sequence. [token]
    engine : Facts
        Constants: ``data.imbalance`` [1].

    Returns
    -------
    Load
        Work of one rank.

    Raises
    ------
    MissingFact
        If the engine lacks the constant.

    Notes
    -----
    .. math:: x' = (1 + \iota)\, x / \min(d, \max(1, n))

    Fewer sequences than ranks leave ranks empty, and a prompt is never cut over ranks.

    References
    ----------
    :cite:t:`zheng2024sglang`.
    """
    queries = 1.0 + draft_tokens
    d, spread = ranks.data * 1.0, 1.0
    if several(ranks.data):
        spread = 1.0 + engine.number("data.imbalance")
    decoding = np.minimum(spread / np.minimum(d, np.maximum(step.decode_sequences, 1.0)), 1.0)
    reading = np.minimum(spread / np.minimum(d, np.maximum(step.prefill_sequences, 1.0)), 1.0)
    return Load(
        sequences=step.decode_sequences * decoding,
        context=step.decode_context * decoding,
        prefill=step.prefill_tokens * reading,
        pairs=step.prefill_pairs * reading,
        prompts=step.prefill_sequences * reading,
        queries=queries,
        everyone=step.decode_sequences * queries + step.prefill_tokens,
    )
