"""The limits of a year: caps that hold, contracts that must be kept, and what a unit of demand takes of each."""

from __future__ import annotations

import numpy as np

from lcot.market.assumptions import Assumptions
from lcot.market.types import Array, Scenario
from lcot.market.yearly import OnSale

ROOM = 0.9  # contracts take at most this share of what can be built
NOTHING = 1.0  # W: stands for no contract


def contracted(scenario: Scenario) -> tuple[str, ...]:
    """Vendors with contracts in any year, in the order of the vendors."""
    keys = {key.split(".")[1] for key in scenario.facts if key.startswith("contract.")}
    return tuple(v.id for v in scenario.vendors if v.id in keys)


def limits(
    scenario: Scenario, drawn: Assumptions, sale: OnSale, output: Array, caps: Array, year: int
) -> tuple[Array, Array]:  # fmt: skip
    """Uses and limits for the programme.

    Parameters
    ----------
    scenario : Scenario
        Resources and contracts.
    drawn : Assumptions
        Contracts as draws. [W]
    sale : OnSale
        What chips take.
    output : ndarray, shape (draws, segment, vendor)
        Demand that a chip serves. [token/s, H100 equivalents]
    caps : ndarray, shape (draws, resource)
        Of the year. [unit of the resource]
    year : int
        Which.

    Returns
    -------
    tuple of ndarray, shapes (draws, segment, vendor, limit) and (draws, limit)
        Resources first, then contracts, whose uses and limits are below zero. [unit of the resource, W]

    Notes
    -----
    Contracts F bind no further than what can be built. With the power P of a vendor's chips and their use a of r, each
    is cut by the scarcest of what it needs, in proportion with all others that need it:

    .. math:: F_j \\leftarrow F_j \\min_r \\min \\left( 1, \\frac{0.9 \\, C_r}{\\sum_k F_k a_{kr} / P_k} \\right)
    """
    offered = np.isfinite(output) & (output > 0)
    per = np.where(offered, 1.0 / np.where(offered, output, 1.0), 0.0)
    power = np.where(np.isfinite(sale.power), sale.power, 0.0)
    ids = [v.id for v in scenario.vendors]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where((power > 0)[..., None], sale.takes / power[..., None], 0.0).max(axis=1)  # units for a watt
    use, kept = [sale.takes * per[..., None]], np.zeros((drawn.draws, len(ids)))
    for vendor in contracted(scenario):
        j = ids.index(vendor)
        key = f"contract.{vendor}.{year}"
        if drawn.has(key):
            kept[:, j] = drawn.number(key)
        mine = np.zeros((*output.shape, 1))
        mine[:, :, j, 0] = -(power * per)[:, :, j]
        use.append(mine)
    kept = np.where((power > 0).any(axis=1), kept, 0.0)
    wanted = np.einsum("nj,njr->nr", kept, share)
    fits = np.where(wanted > ROOM * caps, ROOM * caps / np.where(wanted > 0, wanted, 1.0), 1.0)  # (draws, resource)
    kept = kept * np.where(share > 0, fits[:, None, :], 1.0).min(axis=2)
    rows = [ids.index(vendor) for vendor in contracted(scenario)]
    return np.concatenate(use, axis=3), np.concatenate([caps, -np.maximum(kept[:, rows], NOTHING)], axis=1)


def bound(use: Array, bounds: Array, added: Array) -> Array:
    """Share of what each vendor added that its contract asks for.

    Parameters
    ----------
    use, bounds : ndarray, shapes (draws, segment, vendor, limit) and (draws, limit)
        From `limits`; contracts are below zero. [unit of the limit]
    added : ndarray, shape (draws, segment, vendor)
        Units of demand met by what was added. [token/s, H100 equivalents]

    Returns
    -------
    ndarray, shape (draws, vendor)
        0 without a contract. [1]

    Notes
    -----
    .. math:: b_j = \\min(1, F_j / \\sum_s P_{sj} n_{sj})
    """
    here = (bounds < 0.0).all(axis=0)
    drawn = -np.einsum("nsjr,nsj->njr", use[..., here], added)
    asked = -bounds[:, None, here]
    return np.where(drawn > 0.0, np.minimum(asked / np.where(drawn > 0.0, drawn, 1.0), 1.0), 0.0).sum(axis=2)
