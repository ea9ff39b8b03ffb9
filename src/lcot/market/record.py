"""What vendors sold, year by year, the simple rule that carries it on in a line, and what a run says they sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.facts.catalog import SHIPPED
from lcot.facts.schema import Owner
from lcot.facts.types import Facts
from lcot.market.companies import read
from lcot.market.types import Array, Outlook, Scenario

RECORD = SHIPPED / "market" / "record.yaml"


class RecordFile(Owner):
    """Sales by vendor and year."""


def record() -> Facts:
    """The sales on record, ``sales.<vendor>.<year>``. [USD]. Raises `ParseError`."""
    return read(RecordFile, RECORD)[1]


def observed(facts: Facts, scenario: Scenario) -> tuple[tuple[int, ...], tuple[int, ...], Array]:
    """Shares of sales.

    Parameters
    ----------
    facts : Facts
        Of `record`.
    scenario : Scenario
        Its vendors.

    Returns
    -------
    tuple of tuple of int, tuple of int and ndarray, shape (years, vendors)
        Years, indices of the vendors on record in all of them, shares among these. [1]

    Notes
    -----
    .. math:: s_{jt} = R_{jt} / \\sum_k R_{kt}
    """
    years = tuple(sorted({int(key.rsplit(".", 1)[1]) for key in facts if key.startswith("sales.")}))
    known = tuple(
        j for j, v in enumerate(scenario.vendors) if all(facts.has(f"sales.{v.id}.{year}") for year in years)
    )  # fmt: skip
    sales = np.array([[float(facts.number(f"sales.{scenario.vendors[j].id}.{y}")) for j in known] for y in years])
    return years, known, sales / sales.sum(axis=1, keepdims=True)


def trend(years: tuple[int, ...], shares: Array, year: int) -> Array | None:
    """Line through the shares before a year, carried to it, not below zero and made to sum to one; None of one. [1]

    Parameters
    ----------
    years : tuple of int
        Years on record.
    shares : ndarray, shape (years, vendors)
        Observed. [1]
    year : int
        Year to predict.

    Returns
    -------
    ndarray, shape (vendors,), or None
        Shares. [1]

    Notes
    -----
    Least squares, :math:`s_t = a + b t`.
    """
    past = [i for i, y in enumerate(years) if y < year]
    if len(past) < 2:
        return None
    at = np.array([years[i] for i in past], dtype=float)
    slope, level = np.polyfit(at, shares[past], 1)
    found = np.maximum(level + slope * year, 0.0)
    return found / found.sum()


@dataclass(frozen=True, slots=True)
class Level:
    """What a company sold of systems in a year: in a run of the market, and on record."""

    company: str
    year: int
    bought: Array  # (draw,): USD, in the run
    sold: float  # USD, on record
    note: str


def levels(outlook: Outlook, facts: Facts) -> tuple[Level, ...]:
    """Systems bought in a run of the market beside the sales on record, from the run's first year on.

    Parameters
    ----------
    outlook : Outlook
        Shares of its first year are those on record, prices and compute are not taken from sales.
    facts : Facts
        Of `record`.

    Returns
    -------
    tuple of Level
        By year, then by vendor.

    Notes
    -----
    A year of which a part is on record counts as so many parts; networks are left out where they are on record:

    .. math:: R = \\frac{S}{p} (1 - n)
    """
    made: list[Level] = []
    for year in outlook.years:
        part = facts.number(f"part.{year}") if facts.has(f"part.{year}") else 1.0
        for vendor in outlook.scenario.vendors:
            key = f"sales.{vendor.id}.{year}"
            if not facts.has(key):
                continue
            network = facts.number(f"network.{vendor.id}") if facts.has(f"network.{vendor.id}") else 0.0
            rows = [j for j, v in enumerate(outlook.scenario.vendors) if v.company == vendor.company]
            bought = outlook.spending[rows, outlook.year(year)].sum(axis=0)
            sold = float(facts.number(key) / part * (1.0 - network))
            made.append(Level(vendor.company, year, bought, sold, facts[key].note))
    return tuple(made)
