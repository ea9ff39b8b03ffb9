"""What is in service: chips by vintage, retired by age or when running them costs more than new capacity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lcot.market.preferences import Base
from lcot.market.types import Array
from lcot.market.yearly import OnSale
from lcot.units import HOUR, YEAR

AGES = 5  # vintages that are in service in the base year


@dataclass(frozen=True, slots=True)
class Vintage:
    """Chips of one year. Arrays of shape (draws, segment, vendor)."""

    year: int
    chips: Array
    output: Array  # units of demand that a chip serves
    running: Array  # USD a year for one unit of demand
    power: Array  # W of a chip at the meter
    compute: Array  # H100 equivalents of a chip
    bound: Array  # chips that a contract keeps in service


def first_stock(year: int, base: Base, sale: OnSale, required: Array, growth: Array, exponent: Array) -> list[Vintage]:
    """The stock of the base year: what grew at a steady rate, with the shares of the base year.

    Parameters
    ----------
    year : int
        The base year.
    base : Base
        Shares and intensity.
    sale : OnSale
        What was on sale.
    required : ndarray, shape (draws, segment)
        Demand served, training as the last segment. [token/s, H100 equivalents]
    growth : ndarray, shape (draws,)
        Of compute in service, a year. [1]
    exponent : ndarray, shape (draws,)
        Of experience. [1]

    Returns
    -------
    list of Vintage
        Oldest first.

    Notes
    -----
    Of the capacity of age a there is a share :math:`g^{-a}`, on chips that deliver :math:`g^{-ba}` of this year's.
    """
    kept = np.stack([growth**-age for age in range(AGES)])
    kept = kept / kept.sum(axis=0)
    made: list[Vintage] = []
    for age in reversed(range(AGES)):
        older = growth ** (-exponent * age)
        output = useful(sale, base.intensity) * older[:, None, None]
        served = base.shares * required[:, :, None] * kept[age][:, None, None]
        made.append(vintage(year - age, served, output, sale, sale.compute * older[:, None, None]))
    return made


def useful(sale: OnSale, intensity: Array) -> Array:
    """Units of demand that a chip serves in practice; training as it is.

    Parameters
    ----------
    sale : OnSale
        What chips serve on the segment's models. [token/s, H100 equivalents]
    intensity : ndarray, shape (draws, segment)
        Of the base year. [1]

    Returns
    -------
    ndarray, shape (draws, segment, vendor)
        In the same unit. [token/s, H100 equivalents]

    Notes
    -----
    .. math:: q = \\Theta u / \\kappa
    """
    return sale.output / np.concatenate([intensity, np.ones((len(intensity), 1))], axis=1)[:, :, None]


def vintage(year: int, served: Array, output: Array, sale: OnSale, compute: Array) -> Vintage:
    """Chips that serve so much demand.

    Parameters
    ----------
    year : int
        When they were bought.
    served : ndarray, shape (draws, segment, vendor)
        Demand. [token/s, H100 equivalents]
    output : ndarray, shape (draws, segment, vendor)
        Of a chip, in the same unit. [token/s, H100 equivalents]
    sale : OnSale
        Running cost [USD/h] and power [W] of a chip.
    compute : ndarray, shape (draws, segment, vendor)
        H100 equivalents of a chip. [1]

    Returns
    -------
    Vintage
        Without NaN: no chips where nothing was on sale.

    Notes
    -----
    .. math:: n = x / q
    """
    offered = np.isfinite(output) & (output > 0)
    safe = np.where(offered, output, 1.0)
    chips = np.where(offered, served / safe, 0.0)
    running = np.where(offered, sale.running / HOUR * YEAR / safe, 0.0)
    zero = np.zeros_like(chips)
    return Vintage(
        year, chips, np.where(offered, output, 0.0), running, np.where(offered, sale.power, zero),
        np.where(offered, compute, zero), zero,
    )  # fmt: skip


def capacity(stock: list[Vintage]) -> Array:
    """Demand that the stock can serve, (draws, segment). [token/s, H100 equivalents]"""
    return np.sum([(v.chips * v.output).sum(axis=2) for v in stock], axis=0)


def retire(stock: list[Vintage], year: int, life: Array, price: Array | None) -> tuple[list[Vintage], Array]:
    """The stock without what is too old, or costs more to run than new capacity that serves as fast costs in all.

    Parameters
    ----------
    stock : list of Vintage
        In service.
    year : int
        This year.
    life : ndarray, shape (draws,)
        Years in service at most. [1]
    price : ndarray, shape (draws, segment, vendor), optional
        What the service of each vendor's chips is worth: the price of new capacity, rents and the worth of speed
        included. [USD a year for a unit of demand]

    Returns
    -------
    tuple of list of Vintage and ndarray, shape (draws, segment, vendor)
        What stays, and the chips retired. [1]

    Notes
    -----
    Retired where :math:`a \\ge n`, or :math:`c_{running} > p` and no contract binds the chip.
    """
    left: list[Vintage] = []
    gone = np.zeros_like(stock[0].chips)
    for v in stock:
        old = (year - v.year >= life)[:, None, None]
        stays = np.where(old, 0.0, v.chips)
        if price is not None:
            stays = np.where(v.running > price, np.minimum(stays, v.bound), stays)
        gone = gone + v.chips - stays
        left.append(replace(v, chips=stays))
    return left, gone


def total(stock: list[Vintage], name: str) -> Array:
    """Sum over vintages of chips times a quantity of a chip, (draws, segment, vendor). [unit of the quantity]"""
    return np.sum([v.chips * (getattr(v, name) if name != "chips" else 1.0) for v in stock], axis=0)
