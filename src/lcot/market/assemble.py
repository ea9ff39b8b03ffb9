"""From solved years to the outlook: arrays turned so that draws come last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.market.assumptions import Assumptions
from lcot.market.offers import Offers
from lcot.market.preferences import Base
from lcot.market.stock import Vintage, total
from lcot.market.types import Array, Demand, Outlook, Parts, Scenario, Supply
from lcot.market.yearly import OnSale


@dataclass(frozen=True, slots=True)
class Year:
    """One solved year. Arrays of shape (draws, segment, vendor), training as the last segment."""

    sale: OnSale
    shares: Array
    bought: Array  # chips
    retired: Array  # chips
    stock: list[Vintage]
    rents: Array  # (draws, resource)
    left: Array  # (draws, resource)
    served: Array  # (draws, segment)


def _turned(arrays: list[Array]) -> Array:
    """Years of (draws, segment, vendor) as (segment, vendor, year, draws)."""
    return np.stack(arrays).transpose(2, 3, 0, 1)


def assembled(
    scenario: Scenario, found: Offers, drawn: Assumptions, wanted: Demand, made_of: Supply, base: Base,
    years: list[Year], seed: int,
) -> Outlook:  # fmt: skip
    """The outlook of solved years.

    Parameters
    ----------
    scenario, found, drawn, wanted, made_of, base
        What it rests on.
    years : list of Year
        In order.
    seed : int
        Of the draws. [1]

    Returns
    -------
    Outlook
        Arrays end with the draws.

    Notes
    -----
    Cost of a vendor: over the tokens of what it added, :math:`\\sum_s x_{sj} c_{sj} / \\sum_s x_{sj}`; of the market,
    over all.
    """
    inner = slice(0, len(scenario.segments))
    added = _turned([y.bought for y in years])
    stock = _turned([total(y.stock, "chips") for y in years])
    serving = _turned([total(y.stock, "output") for y in years])
    compute = _turned([total(y.stock, "compute") for y in years])
    power = _turned([total(y.stock, "power") for y in years])
    cost = _turned([y.sale.cost for y in years])
    price = _turned([np.nan_to_num(y.sale.price) for y in years])
    new_compute = added * _turned([np.nan_to_num(y.sale.compute) for y in years])
    parts = Parts(*(
        _turned([getattr(y.sale, name) for y in years])[inner]
        for name in ("hour", "throughput", "utilisation", "cost", "speed", "power", "running")
    ))  # fmt: skip
    output = _turned([y.sale.output for y in years])[inner]
    tokens_added = np.where(np.isfinite(output), added[inner] * np.nan_to_num(output), 0.0)
    tokens_added = tokens_added / base.intensity.T[:, None, None, :]
    paid = np.where(tokens_added > 0, tokens_added * np.where(np.isfinite(cost[inner]), cost[inner], 0.0), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.where(tokens_added.sum(axis=0) > 0, paid.sum(axis=0) / tokens_added.sum(axis=0), np.inf)
        everyone = paid.sum(axis=(0, 1)) / tokens_added.sum(axis=(0, 1))
        held = serving[inner] / serving[inner].sum(axis=1, keepdims=True)
    spent = added * price
    estimates = [f"market.{key}" for key, fact in scenario.facts.items() if fact.is_estimate]
    r = len(scenario.resources)
    return Outlook(
        scenario=scenario, years=scenario.years, segments=tuple(s.id for s in scenario.segments),
        vendors=tuple(v.id for v in scenario.vendors), draws=drawn.draws, seed=seed, demand=wanted, supply=made_of,
        tokens=np.stack([y.served for y in years]).transpose(2, 0, 1)[inner],
        share=_turned([y.shares for y in years])[inner], stock_share=np.nan_to_num(held),
        additions=added[inner], training_additions=added[-1], stock=stock[inner],
        compute_additions=new_compute.sum(axis=0), inference_compute=compute[inner].sum(axis=(0, 1)),
        training_compute=compute[-1].sum(axis=0), power=power[inner], training_power=power[-1],
        spending=spent.sum(axis=0), inference_spending=spent[inner].sum(axis=0), cost=own, segment_cost=cost[inner],
        market_cost=everyone, rents=np.stack([y.rents[:, :r] for y in years]).transpose(2, 0, 1),
        slack=np.stack([y.left[:, :r] for y in years]).transpose(2, 0, 1), parts=parts, intensity=base.intensity.T,
        price=price.max(axis=0), retired=_turned([y.retired for y in years])[inner],
        system=tuple(
            tuple(tuple(y.sale.system[s][j] for y in years) for j in range(len(scenario.vendors)))
            for s in range(len(scenario.segments))
        ),
        estimates=tuple(sorted({*found.estimates, *estimates})),
        left_out=found.left_out,
    )  # fmt: skip
