"""What vendors sold, year by year, and the simple rule that carries it on in a line."""

from __future__ import annotations

import numpy as np

from lcot.facts.catalog import SHIPPED
from lcot.facts.schema import Owner
from lcot.facts.types import Facts
from lcot.market.companies import read
from lcot.market.types import Array, Scenario

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
    years = tuple(sorted({int(key.rsplit(".", 1)[1]) for key in facts}))
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
