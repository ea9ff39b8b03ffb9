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
    return (
        f"overloaded: {late:.0%} of the requests still wait when the last one arrives; {sent:.3g} requests/s were sent "
        f"and {pace(outcome):.3g} served, so latencies depend on how long the load lasts",
    )


def _late(outcome: Outcome) -> float:
    """Share of the requests that still wait for their first token when the last one arrives; it does not count."""
    last = float(np.max(outcome.arrival))
    before = ~outcome.rejected & (outcome.arrival < last)
    return float(np.mean(outcome.engine_first_token[before] > last)) if before.any() else 0.0


def pace(outcome: Outcome) -> float:
    """Requests that a fleet ends per second in the middle of a run, without its filling and its emptying.

    Parameters
    ----------
    outcome : Outcome
        The run.

    Returns
    -------
    float
        Rate; not a number where fewer than ten ended. [request/s]

    Notes
    -----
    .. math:: r = \\frac{0.4 N}{t_{0.7} - t_{0.3}}

    with :math:`t_q` the time by which a share q of the N requests that are not rejected has ended.
    """
    ends = np.sort(outcome.finish[~outcome.rejected])
    if len(ends) < 10:
        return float("nan")
    low, high = int(0.3 * (len(ends) - 1)), int(0.7 * (len(ends) - 1))
    return float((high - low) / max(ends[high] - ends[low], 1e-12))
