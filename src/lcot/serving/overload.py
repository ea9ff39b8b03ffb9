"""Whether a run had more load than its copies could take, and how much they took."""

from __future__ import annotations

import numpy as np

from lcot.serving.types import Outcome

OVERLOADED = 0.05  # of the requests that wait for their first token when the last one arrives


def overload(outcome: Outcome) -> tuple[str, ...]:
    """Says so where requests arrive faster than they are served: many still wait when the last one arrives."""
    late = _late(outcome)
    if late <= OVERLOADED:
        return ()
    sent = len(outcome.arrival) / float(np.ptp(outcome.arrival))
    ended = outcome.finish[~outcome.rejected]
    served = len(ended) / float(np.max(ended) - np.min(outcome.arrival))
    return (
        f"overloaded: {late:.0%} of the requests still wait when the last one arrives; {sent:.3g} requests/s were sent "
        f"and {served:.3g} served, from the first arrival to the last end: latencies depend on how long the load lasts",
    )


def _late(outcome: Outcome) -> float:
    """Share of the requests that still wait for their first token when the last one arrives; it does not count."""
    last = float(np.max(outcome.arrival))
    before = ~outcome.rejected & (outcome.arrival < last)
    return float(np.mean(outcome.engine_first_token[before] > last)) if before.any() else 0.0
