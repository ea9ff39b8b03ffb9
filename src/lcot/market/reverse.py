"""The valuation in reverse: what share, price, cost and volume must be true for a value of the equity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lcot.errors import DomainError
from lcot.market.value import Terms, valuation

LEVERS = ("share", "price", "cost", "multiple")
DRAWN = 64  # draws over which a requirement is solved, each by itself
REACH = 1e3  # how many times the stated value a lever is tried


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one lever must be for the value, with every other as stated."""

    lever: str
    stated: float
    needed: float | None  # None: no value of the lever does it
    low: float | None  # P10 of the draws in which there is one
    high: float | None  # P90
    possible: float  # share of the draws in which there is one [1]
    revenue: float | None  # of inference, a year [USD]
    volume: float | None  # W or tokens a year
    gross_margin: float | None
    net_margin: float | None


def moved(terms: Terms, lever: str, value: float) -> Terms:
    """The terms with one lever at another value.

    Parameters
    ----------
    terms : Terms
        As stated.
    lever : str
        ``share``, ``cost`` or ``multiple`` alone; ``price`` at the same volume, so that revenue moves with it.
    value : float
        Of the lever. [1, or the unit of the price]

    Returns
    -------
    Terms
        With everything else as it was.

    Raises
    ------
    DomainError
        If there is no such lever.

    Notes
    -----
    At a price :math:`p'` for :math:`p`, the same volume brings :math:`s' = s p'/p`, and its own capital is
    :math:`k' = k p/p'` of revenue.
    """
    if lever == "price":
        ratio = value / terms.price
        return replace(terms, price=value, share=terms.share * ratio, capital=terms.capital / ratio)
    if lever not in LEVERS:
        raise DomainError("lever", lever, ", ".join(LEVERS))
    return replace(terms, **{lever: value})


def stated(terms: Terms, lever: str) -> float:
    """What a lever is as stated. [1, or the unit of the price].

    Parameters
    ----------
    terms : Terms
        As stated.
    lever : str
        One of `LEVERS`.

    Returns
    -------
    float
        Its value. [1, or the unit of the price]

    Notes
    -----
    No formula: a field.
    """
    return float(getattr(terms, lever))


def solve(worth_at: Callable[[float], float], target: float, low: float, high: float) -> float | None:
    """Where a value reaches a target between two ends.

    Parameters
    ----------
    worth_at : callable
        Value of the equity at a value of the lever. [USD]
    target : float
        Value asked for. [USD]
    low, high : float
        Ends of the search, 0 < low < high. [1, or the unit of the lever]

    Returns
    -------
    float or None
        The lever's value by Brent's method in its logarithm [1, or the unit of the lever]; None where the ends are on
        one side of the target.

    Raises
    ------
    DomainError
        If the ends are out of order or not positive.

    Notes
    -----
    .. math:: V(e^{x}) = V^*

    References
    ----------
    :cite:t:`brent1973`, chapter 4.
    """
    from scipy.optimize import brentq

    if not 0 < low < high:
        raise DomainError("low, high", (low, high), "0 < low < high")

    def gap(x: float) -> float:
        return worth_at(float(np.exp(x))) - target

    ends = float(np.log(low)), float(np.log(high))
    if gap(ends[0]) * gap(ends[1]) > 0:
        return None
    return float(np.exp(float(brentq(gap, *ends, xtol=1e-12, rtol=1e-12))))  # pyright: ignore[reportArgumentType]


def needed(terms: Terms, lever: str, equity: float) -> float | None:
    """What a lever must be for the equity to be worth a sum.

    Parameters
    ----------
    terms : Terms
        Floats; everything but the lever holds.
    lever : str
        One of `LEVERS`.
    equity : float
        Value of all equity. [USD]

    Returns
    -------
    float or None
        The lever's value [1, or the unit of the price]; None where none does it.

    Notes
    -----
    No formula: `solve` of `lcot.market.value.valuation`.
    """

    def worth_at(value: float) -> float:
        return float(valuation(moved(terms, lever, value)).equity)

    here = stated(terms, lever)
    high = float(terms.price) if lever == "cost" else here * REACH
    return solve(worth_at, equity, here / REACH, high)


def single(terms: Terms, draw: int) -> Terms:
    """One draw of drawn terms."""
    fields = {name: getattr(terms, name) for name in Terms.__slots__ if name != "years"}
    picked = {name: float(np.broadcast_to(v, (draw + 1,))[draw] if np.ndim(v) == 0 else v[draw])
              for name, v in fields.items()}  # fmt: skip
    return Terms(years=terms.years, **picked)


def requirement(terms: Terms, lever: str, equity: float, drawn: Terms | None = None) -> Requirement:
    """What one lever must be, at the stated facts and over draws of all others.

    Parameters
    ----------
    terms : Terms
        As stated.
    lever : str
        One of `LEVERS`.
    equity : float
        Value of all equity. [USD]
    drawn : Terms, optional
        Draws; the first `DRAWN` are solved.

    Returns
    -------
    Requirement
        With what follows from it.
    """
    found = needed(terms, lever, equity)
    ends: list[float] = []
    count = 0
    if drawn is not None:
        count = min(DRAWN, int(np.size(drawn.share)))
        each = [needed(single(drawn, i), lever, equity) for i in range(count)]
        ends = sorted(one for one in each if one is not None)
    low, high = (float(np.quantile(ends, q)) for q in (0.1, 0.9)) if ends else (None, None)
    then = None if found is None else valuation(moved(terms, lever, found))
    return Requirement(
        lever, stated(terms, lever), found, low, high, len(ends) / count if count else float(found is not None),
        None if then is None else float(then.inference_revenue), None if then is None else float(then.volume),
        None if then is None else float(then.gross_margin), None if then is None else float(then.net_margin),
    )  # fmt: skip


def curve(terms: Terms, lever: str, equities: np.ndarray) -> list[tuple[float, float | None]]:
    """What a lever must be for each of some values of the equity.

    Parameters
    ----------
    terms : Terms
        As stated.
    lever : str
        One of `LEVERS`.
    equities : ndarray, shape (n,)
        Values of all equity. [USD]

    Returns
    -------
    list of tuple of float and float or None
        Value [USD] and lever.

    Notes
    -----
    No formula: `needed`, value by value.
    """
    return [(float(equity), needed(terms, lever, float(equity))) for equity in equities]
