"""What a share of the market is worth: share, capacity, revenue, margin, cash flow, value per share.

Sums are in US dollars, yearly where a year is meant; volumes are watts (capacity, systems) or tokens a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.cell import total, value_of, where
from lcot.errors import DomainError
from lcot.facts.types import Numeric


@dataclass(frozen=True, slots=True)
class Terms:
    """What a valuation rests on. Numbers are floats or draws."""

    years: int  # from the value's date to the exit
    market: Numeric  # the inference market in the exit year [USD]
    share: Numeric  # of that market [1]
    other_revenue: Numeric  # outside inference, in the exit year [USD]
    base_revenue: Numeric  # last known yearly revenue [USD]
    base_margin: Numeric  # last known operating margin [1]
    price: Numeric  # of a unit of volume [USD/W a year, USD/W or USD/token]
    cost: Numeric  # of a unit of volume, in the same unit
    operating_cost: Numeric  # over revenue in the exit year [1]
    tax: Numeric  # over operating profit [1]
    multiple: Numeric  # price over earnings at the exit [1]
    discount: Numeric  # a year [1]
    conversion: Numeric  # free cash over net income, before its own capacity grows [1]
    capital: Numeric  # its own capacity over the yearly revenue from it [1]
    life: Numeric  # of that capacity, in years [1]
    cash: Numeric  # net cash today; 0 where not on record [USD]


@dataclass(frozen=True, slots=True)
class Valuation:
    """What follows from the terms, link by link. Sums of the exit year unless said otherwise. [USD]"""

    inference_revenue: Numeric
    revenue: Numeric
    volume: Numeric  # what inference revenue pays for [W, or token a year]
    cost_of_revenue: Numeric
    gross_margin: Numeric  # [1]
    operating_cost: Numeric
    tax: Numeric
    net_income: Numeric
    net_margin: Numeric  # [1]
    cash_flow: np.ndarray  # by year up to the exit, shape (years, ...)
    interim: Numeric  # present value of the cash flow until the exit
    exit: Numeric  # present value of the multiple of net income
    cash: Numeric  # net cash today
    equity: Numeric  # all of it


def required_revenue(value: Numeric, margin: Numeric, multiple: Numeric, discount: Numeric, years: Numeric) -> Numeric:
    """Revenue in the exit year that a value today asks for, where nothing is earned or spent before.

    Parameters
    ----------
    value : numeric, shape (...)
        Value of all equity today. [USD]
    margin : numeric, shape (...)
        Net income over revenue in the exit year. [1]
    multiple : numeric, shape (...)
        Price over earnings at the exit. [1]
    discount : numeric, shape (...)
        Discount rate, a year. [1]
    years : numeric
        From today to the exit. [1]

    Returns
    -------
    numeric, shape (...)
        Yearly revenue. [USD]

    Raises
    ------
    DomainError
        If the margin or the multiple is not above 0.

    Notes
    -----
    .. math:: R = \\frac{V (1+r)^n}{m\\,k}

    References
    ----------
    :cite:t:`koller2020`, chapter on multiples.

    Examples
    --------
    >>> round(required_revenue(100e9, 0.25, 25, 0.12, 2) / 1e9, 1)
    20.1
    """
    for name, number in (("margin", margin), ("multiple", multiple)):
        if np.any(np.asarray(number) <= 0):
            raise DomainError(name, number, "above 0")
    return value * (1.0 + discount) ** years / (margin * multiple)


def exit_value(income: Numeric, multiple: Numeric, discount: Numeric, years: Numeric) -> Numeric:
    """Present value of a multiple of the net income in the exit year.

    Parameters
    ----------
    income : numeric, shape (...)
        Net income in the exit year; a loss is worth nothing. [USD]
    multiple : numeric, shape (...)
        Price over earnings. [1]
    discount : numeric, shape (...)
        Discount rate, a year. [1]
    years : numeric
        From today to the exit. [1]

    Returns
    -------
    numeric, shape (...)
        Value today. [USD]

    Notes
    -----
    .. math:: V = \\frac{k \\max(N, 0)}{(1+r)^n}

    References
    ----------
    :cite:t:`koller2020`, chapter on multiples.
    """
    return multiple * np.maximum(income, 0.0) / (1.0 + discount) ** years


def growth_path(first: Numeric, last: Numeric, years: int) -> np.ndarray:
    """Yearly sums from the base year to the exit at one rate of growth.

    Parameters
    ----------
    first, last : numeric, shape (...)
        In the base year and in the exit year, above 0. [USD]
    years : int
        Between them, at least 1. [1]

    Returns
    -------
    ndarray, shape (years + 1, ...)
        Year by year. [USD]

    Raises
    ------
    DomainError
        If ``years`` < 1.

    Notes
    -----
    .. math:: R_t = R_0 (R_n / R_0)^{t/n}

    References
    ----------
    :cite:t:`koller2020`.
    """
    if years < 1:
        raise DomainError("years to the exit", years, "at least 1")
    ratio = np.maximum(last, 1.0) / np.maximum(first, 1.0)
    return first * ratio ** _steps(years, ratio)


def cash_flows(revenue: np.ndarray, margins: np.ndarray, terms: Terms) -> np.ndarray:
    """Free cash of each year after the base year.

    Parameters
    ----------
    revenue : ndarray, shape (years + 1, ...)
        From `growth_path`. [USD]
    margins : ndarray, shape (years + 1, ...)
        Net income over revenue. [1]
    terms : Terms
        Conversion, and its own capacity over revenue with its life.

    Returns
    -------
    ndarray, shape (years, ...)
        Negative where the capacity that must be paid for exceeds what is earned. [USD]

    Notes
    -----
    Cost of revenue holds the depreciation of its own capacity, which is no payment; new capacity is one:

    .. math:: F_t = \\kappa \\max(N_t, 0) + \\min(N_t, 0) + k \\left( \\frac{R_t}{L} - \\max(R_t - R_{t-1}, 0) \\right)

    Capacity of the base year retires after the exit, so none is replaced before; what falls idle is not sold.

    References
    ----------
    :cite:t:`koller2020`, chapter on free cash flow.
    """
    income = revenue * margins
    earned = np.maximum(income, 0.0) * terms.conversion + np.minimum(income, 0.0)
    growth = np.maximum(revenue[1:] - revenue[:-1], 0.0)
    return earned[1:] + terms.capital * (revenue[1:] / terms.life - growth)


def present_value(flows: np.ndarray, discount: Numeric) -> Numeric:
    """Present value of yearly sums, the first a year from today.

    Parameters
    ----------
    flows : ndarray, shape (years, ...)
        Paid at the end of each year. [USD]
    discount : numeric, shape (...)
        Discount rate, a year. [1]

    Returns
    -------
    numeric, shape (...)
        Value today. [USD]

    Notes
    -----
    .. math:: V = \\sum_{t=1}^{n} \\frac{F_t}{(1+r)^t}

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    return total(flows[t] / (1.0 + discount) ** (t + 1) for t in range(len(value_of(flows))))


def per_share(equity: Numeric, shares: Numeric) -> Numeric:
    """Value of one share.

    Parameters
    ----------
    equity : numeric, shape (...)
        Value of all equity. [USD]
    shares : numeric, shape (...)
        Shares outstanding, or with all claims on shares. [1]

    Returns
    -------
    numeric, shape (...)
        Value of one. [USD]

    Raises
    ------
    DomainError
        If there are no shares.

    Notes
    -----
    .. math:: v = V / n

    References
    ----------
    :cite:t:`koller2020`.
    """
    if np.any(np.asarray(shares) <= 0):
        raise DomainError("shares", shares, "above 0")
    return equity / shares


def valuation(terms: Terms) -> Valuation:
    """The chain from the share of the market to the value of the equity.

    Parameters
    ----------
    terms : Terms
        Floats or draws.

    Returns
    -------
    Valuation
        Every link.

    Notes
    -----
    .. math::

       R = sM + R', \\quad v = sM/p, \\quad g = 1 - c/p, \\quad N = (g - o) R (1 - \\tau)

    The net margin moves in equal steps from today's operating margin to that of the exit; a loss pays no tax. Other
    revenue has the gross margin of inference. Two methods meet here: `exit_value` and the cash until then.

    References
    ----------
    :cite:t:`koller2020`, chapters on free cash flow and multiples.
    """
    inference = terms.share * terms.market
    revenue = inference + terms.other_revenue
    gross = 1.0 - terms.cost / terms.price
    operating = (gross - terms.operating_cost) * revenue
    tax = terms.tax * np.maximum(operating, 0.0)
    income = operating - tax
    base = terms.base_margin * where(terms.base_margin > 0, 1.0 - terms.tax, 1.0)
    last = income / revenue
    margins = base + (last - base) * _steps(terms.years, last - base)
    flows = cash_flows(growth_path(terms.base_revenue, revenue, terms.years), margins, terms)
    interim = present_value(flows, terms.discount)
    worth = exit_value(income, terms.multiple, terms.discount, terms.years)
    return Valuation(
        inference_revenue=inference, revenue=revenue, volume=inference / terms.price,
        cost_of_revenue=revenue * (1.0 - gross), gross_margin=gross, operating_cost=terms.operating_cost * revenue,
        tax=tax, net_income=income, net_margin=last, cash_flow=flows, interim=interim, exit=worth, cash=terms.cash,
        equity=interim + worth + terms.cash,
    )  # fmt: skip


def _steps(years: int, like: Numeric) -> np.ndarray:
    """Share of the way to the exit, year by year, along a new first axis beside those of ``like``."""
    return np.linspace(0.0, 1.0, years + 1).reshape(-1, *(1,) * np.ndim(value_of(like)))
