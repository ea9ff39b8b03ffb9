"""Back-test: told what was known in a year, what would the choice have said of the next, and did it beat simple rules?

The choice is tested, not demand or supply: shares of sales among vendors whose sales are on record. The same misses
weigh the draws of the parameters: those that would have done badly count for less afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lcot.market.assumptions import Assumptions, assumptions
from lcot.market.logit import nested
from lcot.market.offers import Offers
from lcot.market.outlook import solved
from lcot.market.preferences import Taste, taste, utility
from lcot.market.record import observed, record, trend
from lcot.market.types import Array, Backtest, Outlook, Posterior, Scenario, Score
from lcot.market.yearly import OnSale, on_sale

FITTED = ("choice.price_sensitivity", "choice.nest", "choice.switching")
MISS = (
    0.5  # standard deviation of the log of a share that the choice should meet: of the record and of what it leaves out
)
ROUNDS, STEP, CLOSE = 200, 0.6, 1e-10
TESTS = ((2024, 2025), (2025, 2026))


@dataclass(frozen=True, slots=True)
class Setting:
    """What the tests share."""

    drawn: Assumptions
    likes: Taste  # with the nests of the vendors on record
    weights: Array  # (segment,): of spending, training as the last


def weights(scenario: Scenario, drawn: Assumptions) -> Array:
    """Spending by segment, training last: compute, with open segments by their tokens. [1]"""
    inference = float(np.median(drawn.number("inference.share_2025")))
    found: list[float] = []
    for s in scenario.segments:
        key = f"compute_share.{s.id}"
        found.append(float(np.median(drawn.number(key))) if drawn.has(key) else 0.0)
    tokens = [float(np.median(drawn.number(f"share.{s.id}.2026"))) for s in scenario.segments]
    rest = sum(t for t, f in zip(tokens, found, strict=True) if f == 0.0)
    left = 1.0 - sum(found)
    each = [f if f else left * t / rest for t, f in zip(tokens, found, strict=True)]
    return np.array([inference * e for e in each] + [1.0 - inference])


def spent(setting: Setting, sale: OnSale, beyond: Array, installed: Array) -> Array:
    """Shares of spending among the vendors on record.

    Parameters
    ----------
    setting : Setting
        Parameters and weights.
    sale : OnSale
        What these vendors have on sale.
    beyond : ndarray, shape (draws, known)
        Preferences beyond cost and speed. [1]
    installed : ndarray, shape (known,)
        Shares of what is in service. [1]

    Returns
    -------
    ndarray, shape (draws, known)
        Shares. [1]

    Notes
    -----
    .. math:: s_j = \\sum_s w_s \\frac{P_{sj} c_{sj}}{\\sum_k P_{sk} c_{sk}}
    """
    worth = utility(sale, setting.likes, np.broadcast_to(installed, sale.cost.shape)) + beyond[:, None, :]
    share = nested(worth, setting.likes.nests, np.repeat(setting.likes.nest[:, None], worth.shape[1], axis=1))[1]
    paid = share * np.where(np.isfinite(sale.cost), sale.cost, 0.0)
    part = paid / np.maximum(paid.sum(axis=2, keepdims=True), 1e-300)
    found = np.einsum("s,nsj->nj", setting.weights, part)
    return found / found.sum(axis=1, keepdims=True)


def predicted(setting: Setting, before: OnSale, after: OnSale, known: Array) -> Array:
    """Shares of the year after, from those of the year before.

    Parameters
    ----------
    setting : Setting
        Parameters and weights.
    before, after : OnSale
        What was on sale in each.
    known : ndarray, shape (known,)
        Shares of the year before. [1]

    Returns
    -------
    ndarray, shape (draws, known)
        Shares. [1]

    Notes
    -----
    No formula: preferences are those that give the shares of the year before, faded by a year; only what is on sale
    changes.
    """
    beyond = np.zeros((setting.drawn.draws, len(known)))
    for _ in range(ROUNDS):
        miss = np.log(known) - np.log(np.maximum(spent(setting, before, beyond, known), 1e-12))
        if np.all(np.abs(miss) < CLOSE):
            break
        beyond = beyond + STEP * setting.likes.nest[:, None] * miss
        beyond = beyond - beyond[:, :1]
    return spent(setting, after, beyond * (0.5 ** (1.0 / setting.likes.half_life))[:, None], known)


def run(scenario: Scenario, found: Offers, drawn: Assumptions) -> tuple[Backtest, Array]:
    """The tests, and the log likelihood of each draw.

    Parameters
    ----------
    scenario : Scenario
        Vendors and segments.
    found : Offers
        Costs of systems.
    drawn : Assumptions
        Parameters as draws.

    Returns
    -------
    tuple of Backtest and ndarray, shape (draws,)
        Scores, and sums of squared log misses at usual costs over :math:`-2 \\sigma^2`. [1]

    Notes
    -----
    .. math:: \\ln L = -\\frac{1}{2 \\sigma^2} \\sum_{jt} (\\ln s_{jt} - \\ln \\hat s_{jt})^2
    """
    years, known, shares = observed(record(), scenario)
    likes = taste(scenario, drawn)
    nests = np.unique(likes.nests[list(known)], return_inverse=True)[1]
    setting = Setting(drawn, replace(likes, nests=nests), weights(scenario, drawn))
    flat = np.ones((len(scenario.vendors), 2, drawn.draws))
    scores: list[Score] = []
    likelihood = np.zeros(drawn.draws)
    for before, after in TESTS:
        i, j = years.index(before), years.index(after)
        sale = [of_known(on_sale(scenario, found, drawn, year, {}, flat), known) for year in (before, after)]
        model = predicted(setting, sale[0], sale[1], shares[i])
        usual = predicted(setting, _usual(sale[0]), _usual(sale[1]), shares[i])
        miss = np.log(shares[j]) - np.log(np.maximum(usual, 1e-12))
        likelihood -= (miss**2).sum(axis=1) / (2.0 * MISS**2)
        line = trend(years, shares, after)
        for k, v in enumerate(known):
            scores.append(
                Score(
                    scenario.vendors[v].name, after, "share of sales", float(shares[j, k]),
                    float(np.median(model[:, k])), float(shares[i, k]), None if line is None else float(line[k]),
                    sum(1 for y in years if y < after), "" if after < 2026 else "first quarter",
                )
            )  # fmt: skip
    return judged(scenario, known, scores), likelihood


def of_known(sale: OnSale, known: tuple[int, ...]) -> OnSale:
    """What the vendors on record have on sale: costs and speeds, the rest as it is."""
    return replace(sale, cost=sale.cost[:, :, list(known)], speed=sale.speed[:, :, list(known)])


def _usual(sale: OnSale) -> OnSale:
    """What is on sale at the median of its costs and speeds, so that parameters are not taken for lucky costs."""
    cost, speed = (np.broadcast_to(np.nanmedian(a, axis=0), a.shape) for a in (sale.cost, _known(sale.speed)))
    return replace(sale, cost=cost, speed=speed)


def _known(values: Array) -> Array:
    """The values, 1 where nothing is on sale."""
    return np.where(np.isnan(values), 1.0, values)


def judged(scenario: Scenario, known: tuple[int, ...], scores: list[Score]) -> Backtest:
    """Errors by method, the verdict, and what would be needed. [1]"""
    misses = {
        name: np.array([abs((getattr(s, name) or 0.0) - s.observed) for s in scores])
        for name in ("model", "persistence", "trend")
    }
    errors = {name: float(miss.mean()) for name, miss in misses.items()}
    lost = [name for name in ("persistence", "trend") if errors[name] <= errors["model"]]
    verdict = (
        f"The model loses to {' and '.join(lost)}." if lost else "The model beats persistence and the trend."
    ) + f" {len(scores)} predictions of {len(known)} vendors are too few to tell them apart with any confidence."
    absent = [v.name for j, v in enumerate(scenario.vendors) if j not in known]
    enough = [f"{needed(misses['model'] - misses[name]):,.0f} from {name}" for name in ("persistence", "trend")]
    return Backtest(
        tuple(scores), errors, verdict,
        (f"Not tested, for want of sales by year: {', '.join(absent)}.",
         f"At misses spread as these are, the predictions needed to tell the model apart are {' and '.join(enough)}; "
         "shares of one year are not independent of each other, so more.",
         "Needed: sales of the others, and those of all by quarter since 2022 with accelerators told apart from CPUs "
         "and networks; shares by segment; prices at the time, in place of today's."),
    )  # fmt: skip


def needed(differences: Array) -> float:
    """Predictions at which a mean difference like this one would be told from zero, 19 times of 20.

    Parameters
    ----------
    differences : ndarray, shape (n,)
        Absolute miss of one method less that of another, by prediction. [1]

    Returns
    -------
    float
        Number of predictions, infinite where the mean is zero. [1]

    Notes
    -----
    .. math:: n = (1.96 \\, s / \\bar d)^2

    References
    ----------
    :cite:t:`diebold1995`.
    """
    mean = float(np.mean(differences))
    return float(np.ceil((1.96 * np.std(differences, ddof=1) / mean) ** 2)) if mean else float("inf")


@dataclass(frozen=True, slots=True)
class Fit:
    """Assumptions whose parameters of choice have met the record, and the test that weighed them."""

    drawn: Assumptions
    test: Backtest
    posteriors: tuple[Posterior, ...]


def fitted(scenario: Scenario, found: Offers, draws: int, seed: int) -> Fit:
    """Draws of a scenario's facts with the parameters of choice weighed by the back-test.

    Parameters
    ----------
    scenario : Scenario
        From `lcot.market.scenario.scenario`.
    found : Offers
        Costs by segment and system, of as many draws.
    draws : int
        Monte Carlo draws. [1]
    seed : int
        The same seed gives the same result. [1]

    Returns
    -------
    Fit
        Every run of the market starts from its draws.

    Raises
    ------
    DomainError
        If ``draws`` < 1.

    Notes
    -----
    Sampling, importance, resampling: draws of the parameters are taken anew with weights
    :math:`w_i = L_i / \\sum_k L_k`, spread evenly; all other facts keep their draws.

    References
    ----------
    :cite:t:`rubin1988`.
    """
    prior = assumptions(scenario, draws, seed)
    test, likelihood = run(scenario, found, prior)
    weight = np.exp(likelihood - likelihood.max())
    weight = weight / weight.sum()
    taken = np.searchsorted(np.cumsum(weight), (np.arange(draws) + 0.5) / draws).clip(0, draws - 1)
    taken = np.random.default_rng([abs(seed), 11]).permutation(taken)
    values = {key: prior.number(key)[taken] for key in FITTED}
    posteriors = tuple(
        Posterior(key, "1", _three(prior.number(key)), _three(values[key]), len(test.scores)) for key in FITTED
    )
    return Fit(Assumptions(prior.facts.with_values(values), draws), test, posteriors)


def with_backtest(
    scenario: Scenario, found: Offers, draws: int, seed: int, progress: Callable[[str], None] | None = None
) -> Outlook:  # fmt: skip
    """The outlook with parameters weighed by the back-test.

    Parameters
    ----------
    scenario : Scenario
        From `lcot.market.scenario.scenario`.
    found : Offers
        Costs by segment and system, of as many draws.
    draws : int
        Monte Carlo draws. [1]
    seed : int
        The same seed gives the same result. [1]
    progress : callable, optional
        Called with a sentence on what is done.

    Returns
    -------
    Outlook
        With back-test and posteriors.

    Raises
    ------
    DomainError
        If ``draws`` < 1.

    Notes
    -----
    No formula: `fitted`, then `lcot.market.outlook.solved`.
    """
    fit = fitted(scenario, found, draws, seed)
    outlook = solved(scenario, found, draws, seed, progress, fit.drawn)
    return replace(outlook, posteriors=fit.posteriors, backtest=fit.test)


def _three(values: Array) -> tuple[float, float, float]:
    low, mid, high = np.quantile(values, [0.1, 0.5, 0.9])
    return float(low), float(mid), float(high)
