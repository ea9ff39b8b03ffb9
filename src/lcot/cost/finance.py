"""Money over time: annuities, levelised and first-year prices. Rates are per period, lives in periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.facts.types import Numeric

TINY = 1e-300  # added to a rate: nothing beside any other rate, and the exact limit at a rate of zero


def present_worth(rate: Numeric, periods: Numeric) -> Numeric:
    """Present value of one dollar at the end of every period.

    Parameters
    ----------
    rate : numeric, shape (...)
        Discount rate per period, above -1. [1]
    periods : numeric, shape (...)
        Number of periods, above 0; need not be whole, may be infinite where the rate is positive. [1]

    Returns
    -------
    numeric, shape (...)
        Annuity factor; ``periods`` at a rate of zero, ``1 / rate`` for infinite periods. [1]

    Notes
    -----
    .. math:: a(r, n) = \\frac{1 - (1 + r)^{-n}}{r}

    References
    ----------
    :cite:t:`short1995`, chapter 2.

    Examples
    --------
    >>> round(float(present_worth(0.08, 5)), 6)
    3.99271
    >>> float(present_worth(0.0, 5))
    5.0
    """
    rate = rate + TINY
    return -np.expm1(-periods * np.log1p(rate)) / rate


def capital_recovery(rate: Numeric, periods: Numeric) -> Numeric:
    """Level payment at the end of every period that repays one dollar spent now.

    Parameters
    ----------
    rate : numeric, shape (...)
        Discount rate per period, above -1. [1]
    periods : numeric, shape (...)
        Life, above 0. [1]

    Returns
    -------
    numeric, shape (...)
        Capital recovery factor; ``1 / periods`` at a rate of zero, ``rate`` for an infinite life. [1]

    Notes
    -----
    .. math:: CRF(r, n) = \\frac{r (1 + r)^n}{(1 + r)^n - 1}

    References
    ----------
    :cite:t:`short1995`, chapter 2.

    Examples
    --------
    >>> round(float(capital_recovery(0.08, 10)), 5)
    0.14903
    """
    return 1.0 / present_worth(rate, periods)


def sinking_fund(rate: Numeric, periods: Numeric) -> Numeric:
    """Level payment at the end of every period that is worth one dollar after the last.

    Parameters
    ----------
    rate : numeric, shape (...)
        Discount rate per period, above -1. [1]
    periods : numeric, shape (...)
        Number of periods, above 0. [1]

    Returns
    -------
    numeric, shape (...)
        Sinking fund factor, by which salvage lowers the yearly cost. [1]

    Notes
    -----
    .. math:: SFF(r, n) = \\frac{r}{(1 + r)^n - 1}

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    rate = rate + TINY
    return rate / np.expm1(periods * np.log1p(rate))


def annuity(capital: Numeric, rate: Numeric, periods: Numeric, salvage: Numeric = 0.0) -> Numeric:
    """Level yearly cost of a component.

    Parameters
    ----------
    capital : numeric, shape (...)
        Price paid now. [USD]
    rate : numeric, shape (...)
        Discount rate per period. [1]
    periods : numeric, shape (...)
        Life. [1]
    salvage : numeric, shape (...)
        Share of the price got back at the end of the life. [1]

    Returns
    -------
    numeric, shape (...)
        Cost of one period. [USD]

    Notes
    -----
    .. math:: A = K \\left( CRF(r, n) - s \\, SFF(r, n) \\right)

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    return capital * (capital_recovery(rate, periods) - salvage * sinking_fund(rate, periods))


def growing_worth(rate: Numeric, growth: Numeric, periods: Numeric) -> Numeric:
    """Present value of payments at the end of every period, the first of one dollar, each larger by ``growth``.

    Parameters
    ----------
    rate : numeric, shape (...)
        Discount rate per period. [1]
    growth : numeric, shape (...)
        Growth per period, above -1; negative for decline. [1]
    periods : numeric, shape (...)
        Number of periods. [1]

    Returns
    -------
    numeric, shape (...)
        Annuity factor of a geometric series. [1]

    Notes
    -----
    .. math:: \\sum_{t=1}^{n} \\frac{(1+g)^{t-1}}{(1+r)^t} = \\frac{a(r', n)}{1+g}, \\quad r' = \\frac{1+r}{1+g} - 1

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    return present_worth((rate - growth) / (1.0 + growth), periods) / (1.0 + growth)


def levelling(rate: Numeric, growth: Numeric, periods: Numeric) -> Numeric:
    """Constant quantity with the present value of one that starts at 1 and grows.

    Parameters
    ----------
    rate : numeric, shape (...)
        Discount rate per period. [1]
    growth : numeric, shape (...)
        Growth per period. [1]
    periods : numeric, shape (...)
        Number of periods. [1]

    Returns
    -------
    numeric, shape (...)
        Levelised over first-period quantity; 1 without growth. [1]

    Notes
    -----
    .. math:: L = a(r', n) / ((1+g) \\, a(r, n))

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    return growing_worth(rate, growth, periods) / present_worth(rate, periods)


def required_first_price(level_price: Numeric, decline: Numeric, rate: Numeric, periods: Numeric) -> Numeric:
    """Price needed in the first year where the market price then falls every year.

    Parameters
    ----------
    level_price : numeric, shape (...)
        Levelised cost: the price that would do if it stayed. [USD/token]
    decline : numeric, shape (...)
        Fall of the market price per period, below 1. [1]
    rate : numeric, shape (...)
        Discount rate per period. [1]
    periods : numeric, shape (...)
        Periods over which the system earns. [1]

    Returns
    -------
    numeric, shape (...)
        First-year price; the level price where nothing declines. [USD/token]

    Notes
    -----
    .. math:: P_1 = \\frac{\\sum_t A_t v^t}{\\sum_t Q_t (1-d)^{t-1} v^t}, \\quad v = \\frac{1}{1+r}

    References
    ----------
    :cite:t:`short1995`, chapter 2, with a falling price in place of a level one.
    """
    return level_price / levelling(rate, -decline, periods)


def present_value(payments: Numeric, rate: Numeric) -> Numeric:
    """Value now of payments at the end of years 1, 2, ...

    Parameters
    ----------
    payments : ndarray, shape (years, ...)
        One row a year. [USD]
    rate : numeric, shape (...)
        Discount rate per year. [1]

    Returns
    -------
    numeric, shape (...)
        Present value. [USD]

    Notes
    -----
    .. math:: PV = \\sum_{t=1}^{n} C_t (1 + r)^{-t}

    References
    ----------
    :cite:t:`short1995`, chapter 2.
    """
    return sum(payment / (1.0 + rate) ** (year + 1) for year, payment in enumerate(payments))


def levelised(costs: Numeric, quantities: Numeric, rate: Numeric) -> Numeric:
    """Price per unit that pays for costs by year with quantities by year.

    Parameters
    ----------
    costs : ndarray, shape (years, ...)
        Costs by year. [USD]
    quantities : ndarray, shape (years, ...)
        Units delivered by year, for instance tokens. [token]
    rate : numeric, shape (...)
        Discount rate per year. [1]

    Returns
    -------
    numeric, shape (...)
        Levelised cost. [USD/token]

    Notes
    -----
    .. math:: LCOT = \\frac{\\sum_t A_t (1 + r)^{-t}}{\\sum_t Q_t (1 + r)^{-t}}

    References
    ----------
    :cite:t:`short1995`, chapter 4; with level costs the fixed charge formula of :cite:t:`nrel2024`.
    """
    return present_value(costs, rate) / present_value(quantities, rate)


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the capital with its own life and cost of money.

    ``price`` [USD], ``life`` [years], ``rate`` [per year], ``salvage`` [share of the price at the end of the life].
    """

    name: str
    price: Numeric
    life: Numeric
    rate: Numeric
    salvage: Numeric = 0.0

    @property
    def yearly(self) -> Numeric:
        """Level cost of a year. [USD]"""
        return annuity(self.price, self.rate, self.life, self.salvage)
