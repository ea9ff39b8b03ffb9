"""Demand: tokens by segment and year, and the compute that trains beside them."""

from __future__ import annotations

import numpy as np

from lcot.market.assumptions import Assumptions
from lcot.market.types import Demand, Scenario


def demand(scenario: Scenario, drawn: Assumptions) -> Demand:
    """Tokens and training compute that a scenario asks for.

    Parameters
    ----------
    scenario : Scenario
        Segments and years.
    drawn : Assumptions
        Totals [token/s], shares [1], growth of training [1] as draws.

    Returns
    -------
    Demand
        Tokens per second by segment, H100 equivalents that train.

    Notes
    -----
    Shares are made to sum to one in each year and draw. Training compute grows from what is not inference in the base
    year:

    .. math:: T_{st} = T_t \\frac{w_{st}}{\\sum_k w_{kt}}, \\quad B_t = (1 - i_0) C_0 \\prod_{u \\le t} g_u
    """
    years = scenario.years
    total = drawn.path("tokens", years, geometric=True)
    weights = np.stack([drawn.path(f"share.{s.id}", years) for s in scenario.segments])
    base = drawn.number("compute.2025") * (1.0 - drawn.number("inference.share_2025"))
    growth = drawn.path("growth.training", years)
    growth[0] = 1.0
    facts = scenario.facts
    kinds: list[tuple[float, float, float]] = []
    for s in scenario.segments:
        n_in, cached, n_out = (float(facts.number(f"segment.{s.id}.{key}")) for key in ("input", "cached", "output"))
        kinds.append((n_in * (1 - cached), n_in * cached, n_out))
    split = np.array(kinds) / np.sum(kinds, axis=1, keepdims=True)
    return Demand(
        total * weights / weights.sum(axis=0), base * np.cumprod(growth, axis=0), split[:, 0], split[:, 1], split[:, 2]
    )  # fmt: skip
