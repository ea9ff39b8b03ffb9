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
    A contract F binds no further than what can be built: with a chip's power P and its use a of resource r,

    .. math:: F \\leftarrow \\min(F, 0.9 \\min_r C_r P / a_r)
    """
    offered = np.isfinite(output) & (output > 0)
    per = np.where(offered, 1.0 / np.where(offered, output, 1.0), 0.0)
    use = [sale.takes * per[..., None]]
    bounds = [caps]
    ids = [v.id for v in scenario.vendors]
    power = np.where(np.isfinite(sale.power), sale.power, 0.0)
    for vendor in contracted(scenario):
        j = ids.index(vendor)
        key = f"contract.{vendor}.{year}"
        wanted = drawn.number(key) if drawn.has(key) else np.full(drawn.draws, NOTHING)
        drawing, taking = power[:, :, j], sale.takes[:, :, j, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            can = np.where(taking > 0, caps[:, None, :] * drawing[:, :, None] / taking, np.inf)
        can = np.where((drawing > 0)[:, :, None], can, np.inf).min(axis=(1, 2))
        can = np.where((drawing > 0).any(axis=1), can, 0.0)
        kept = np.maximum(np.minimum(wanted, ROOM * can), NOTHING)
        mine = np.zeros((*output.shape, 1))
        mine[:, :, j, 0] = -(power * per)[:, :, j]
        use.append(mine)
        bounds.append(-kept[:, None])
    return np.concatenate(use, axis=3), np.concatenate(bounds, axis=1)
