"""The market by year: demand meets supply, buyers choose, the stock ages."""

from __future__ import annotations

from collections.abc import Callable

from lcot.market.types import Outlook, Scenario


def market(
    scenario: Scenario, *, draws: int = 64, seed: int = 2026, progress: Callable[[str], None] | None = None
) -> Outlook:
    """Solve a scenario year by year.

    Parameters
    ----------
    scenario : Scenario
        From `lcot.market.scenario.scenario`.
    draws : int
        Monte Carlo draws over facts, costs and parameters. [1]
    seed : int
        The same seed gives the same result. [1]
    progress : callable, optional
        Called with a sentence on what is done.

    Returns
    -------
    Outlook
        Shares, capacity, costs and rents by year and draw.

    Raises
    ------
    DomainError
        If ``draws`` < 1.

    Notes
    -----
    No formula: the steps are in `lcot.market.offers`, `lcot.market.choice`, `lcot.market.stock`.
    """
    raise NotImplementedError(scenario, draws, seed, progress)
