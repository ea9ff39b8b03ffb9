"""The market by year: demand meets supply, buyers choose, the stock ages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lcot.errors import DomainError
from lcot.market.assemble import Year, assembled
from lcot.market.assumptions import Assumptions, assumptions
from lcot.market.demand import demand
from lcot.market.equilibrium import Cleared, Problem, clear
from lcot.market.learning import deviations
from lcot.market.limits import bound, limits
from lcot.market.logit import nested
from lcot.market.offers import Offers, offers
from lcot.market.preferences import Base, Taste, base_year, taste, utility, worth_of_speed
from lcot.market.stock import Vintage, capacity, first_stock, retire, total, useful, vintage
from lcot.market.supply import supply
from lcot.market.types import Array, Outlook, Scenario
from lcot.market.yearly import OnSale, on_sale
from lcot.units import YEAR

LEAST = 0.02  # additions are at least this share of what is in service: some buyer always comes
Says = Callable[[str], None]


def market(scenario: Scenario, *, draws: int = 64, seed: int = 2026, progress: Says | None = None) -> Outlook:
    """Search what everything costs, weigh the parameters by the record, and solve a scenario year by year.

    Parameters
    ----------
    scenario : Scenario
        From `lcot.market.scenario.scenario`.
    draws : int
        Monte Carlo draws over facts, costs and parameters. [1]
    seed : int
        The same seed gives the same result. [1]
    progress : callable, optional
        Called with a sentence on what is done.

    Returns
    -------
    Outlook
        Shares, capacity, costs and rents by year and draw.

    Raises
    ------
    DomainError
        If ``draws`` < 1.

    Notes
    -----
    No formula: `lcot.market.offers.offers`, then `lcot.market.backtest.with_backtest`.
    """
    from lcot.market.backtest import with_backtest

    if draws < 1:
        raise DomainError("draws", draws, "at least 1")
    return with_backtest(scenario, offers(scenario, draws, seed, progress), draws, seed, progress)


def solved(
    scenario: Scenario, found: Offers, draws: int, seed: int, progress: Says | None = None,
    drawn: Assumptions | None = None,
) -> Outlook:  # fmt: skip
    """The outlook on offers that are already drawn.

    Parameters
    ----------
    scenario : Scenario
        Demand, supply and parameters.
    found : Offers
        Costs by segment and system, of as many draws.
    draws : int
        Monte Carlo draws. [1]
    seed : int
        The same seed gives the same result. [1]
    progress : callable, optional
        Called before each year.
    drawn : Assumptions, optional
        Draws of the facts, where they are not those of the seed.

    Returns
    -------
    Outlook
        By year and draw.

    Notes
    -----
    No formula: years one after the other.
    """
    drawn = assumptions(scenario, draws, seed) if drawn is None else drawn
    wanted, made_of = demand(scenario, drawn), supply(scenario, drawn)
    likes, first = taste(scenario, drawn), scenario.years[0]
    ahead = scenario.years[-1] - first + 2
    apart = deviations(
        len(scenario.vendors), ahead, drawn.number("learning.error"), drawn.number("learning.observations"),
        drawn.number("learning.common"), seed,
    )  # fmt: skip
    growth, exponent = drawn.number("compute.growth"), drawn.number("learning.exponent")
    made = {first - 1: drawn.number("compute.2025") / growth, first: drawn.number("compute.2025") * 1.0}
    sale = on_sale(scenario, found, drawn, first, made, apart)
    base = base_year(scenario, drawn, sale, likes, wanted.tokens[:, 0])
    need = np.concatenate([wanted.tokens, wanted.training[None]]).transpose(1, 2, 0)  # (year, draws, segment)
    stock = first_stock(first, base, sale, need[0], growth, exponent)
    years = [_opening(sale, base, stock, made_of.caps[:, 0])]
    for y, year in enumerate(scenario.years[1:], start=1):
        if progress:
            progress(f"{year}")
        sale = on_sale(scenario, found, drawn, year, made, apart)
        use, bounds = limits(scenario, drawn, sale, useful(sale, base.intensity), made_of.caps[:, y].T, year)
        one, stock = step(year, sale, base, likes, drawn, stock, need[y], use, bounds, first)
        made[year] = made[year - 1] + (one.bought * np.nan_to_num(sale.compute)).sum(axis=(1, 2))
        years.append(one)
    return assembled(scenario, found, drawn, wanted, made_of, base, years, seed)


def _opening(sale: OnSale, base: Base, stock: list[Vintage], caps: Array) -> Year:
    """The base year: as it was, not cleared."""
    zero = np.zeros_like(stock[-1].chips)
    n, r = len(zero), len(caps)
    return Year(sale, base.shares, stock[-1].chips, zero, stock, np.zeros((n, r)), caps.T.copy(), capacity(stock))


def step(
    year: int, sale: OnSale, base: Base, likes: Taste, drawn: Assumptions, stock: list[Vintage], need: Array,
    use: Array, bounds: Array, first: int,
) -> tuple[Year, list[Vintage]]:  # fmt: skip
    """One year: retire, clear, retire what new capacity undercuts, clear again, build.

    Parameters
    ----------
    year : int
        Which.
    sale, base, likes, drawn
        What is on sale, the base year, parameters of choice, assumptions.
    stock : list of Vintage
        In service at the end of the year before.
    need : ndarray, shape (draws, segment)
        Demand, training as the last segment. [token/s, H100 equivalents]
    use, bounds : ndarray, shapes (draws, segment, vendor, limit) and (draws, limit)
        Limits of the year. [unit of each limit]
    first : int
        The base year.

    Returns
    -------
    tuple of Year and list of Vintage
        What happened, and the stock at the end.

    Notes
    -----
    Preferences of the base year fade: :math:`\\xi_t = \\xi_0 2^{-(t - t_0)/h}`.
    """
    served = total(stock, "output")
    installed = served / np.maximum(served.sum(axis=2, keepdims=True), 1e-300)
    fading = 0.5 ** ((year - first) / likes.half_life)
    worth = utility(sale, likes, installed) + (base.beyond * fading[:, None])[:, None, :] + base.owned
    left, gone = retire(stock, year, drawn.number("life"), None)
    result = clear(problem(worth, sale, base, likes, drawn, left, need, use, bounds))
    price = _prices(result, sale, likes, base, use)
    left, more = retire(left, year, drawn.number("life"), price)
    if float(more.sum()) > 0.0:
        result = clear(problem(worth, sale, base, likes, drawn, left, need, use, bounds))
    output = useful(sale, base.intensity)
    new = vintage(year, result.added, output, sale, np.nan_to_num(sale.compute))
    new = replace(new, bound=new.chips * bound(use, bounds, result.added)[:, None, :])
    stock = [*left, new]
    one = Year(sale, result.shares, new.chips, gone + more, stock, result.rents, result.left, capacity(stock))
    return one, stock


def problem(
    worth: Array, sale: OnSale, base: Base, likes: Taste, drawn: Assumptions, stock: list[Vintage], need: Array,
    use: Array, bounds: Array,
) -> Problem:  # fmt: skip
    """The year as a convex programme.

    Parameters
    ----------
    worth : ndarray, shape (draws, segment, vendor)
        Utilities. [1]
    sale, base, likes, drawn, stock
        What is on sale, the base year, parameters, assumptions, what is in service.
    need : ndarray, shape (draws, segment)
        Demand at expected costs. [token/s, H100 equivalents]
    use, bounds : ndarray, shapes (draws, segment, vendor, limit) and (draws, limit)
        Limits of the year. [unit of each limit]

    Returns
    -------
    Problem
        All draws.

    Notes
    -----
    The reference is the inclusive value without limits at the median costs: dearer draws see less demand. With price
    elasticity :math:`\\epsilon` and price sensitivity :math:`\\gamma`, :math:`k = \\epsilon / \\gamma`.
    """
    similarity = np.repeat(likes.nest[:, None], worth.shape[1], axis=1)
    shares = nested(worth, likes.nests, similarity)[1]
    usual = np.median(sale.cost, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        dearer = np.where(np.isfinite(worth) & np.isfinite(usual), np.log(sale.cost / usual), 0.0)
    reference = nested(worth + likes.price[:, None, None] * dearer, likes.nests, similarity)[0]
    cost = np.where(np.isfinite(sale.cost), sale.cost, 0.0)
    per = _intensities(base) * (shares * cost).sum(axis=2) * YEAR  # USD a year for a unit of demand
    money = likes.price[:, None] / np.maximum(per, 1e-300)
    response = np.repeat((drawn.number("elasticity") / likes.price)[:, None], need.shape[1], axis=1)
    return Problem(
        worth, use, bounds, need, capacity(stock), LEAST * need, money, response, reference, likes.nests, likes.nest
    )


def _intensities(base: Base) -> Array:
    """Intensity of each segment, one for training, (draws, segment). [1]"""
    return np.concatenate([base.intensity, np.ones((len(base.intensity), 1))], axis=1)


def _prices(result: Cleared, sale: OnSale, likes: Taste, base: Base, use: Array) -> Array:
    """What each vendor's service is worth, (draws, segment, vendor): the price of new capacity, rents included, and
    more or less of it as the vendor is faster or slower than what is bought. [USD a year for a unit of demand]"""
    rent = np.einsum("nsjr,nr->nsj", use, result.rents)
    cost = np.where(np.isfinite(sale.cost), sale.cost, 0.0)
    full = (result.shares * (_intensities(base)[:, :, None] * cost * YEAR + rent)).sum(axis=2, keepdims=True)
    faster = worth_of_speed(sale, likes)
    worth = full * np.exp(faster - (result.shares * faster).sum(axis=2, keepdims=True))
    return np.where(result.shares.sum(axis=2, keepdims=True) > 0, worth, np.inf)
