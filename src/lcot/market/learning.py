"""Experience curves: a chip of the same money delivers more as the industry makes more, with a growing error."""

from __future__ import annotations

import numpy as np

from lcot.market.types import Array


def wright(made: Array, before: Array, exponent: Array) -> Array:
    """What a chip delivers after more have been made, relative to before.

    Parameters
    ----------
    made : ndarray, shape (...)
        Cumulative production. [1]
    before : ndarray, shape (...)
        Cumulative production at the reference. [1]
    exponent : ndarray, shape (...)
        Exponent of experience. [1]

    Returns
    -------
    ndarray, shape (...)
        Factor on tokens of a chip-hour; one over it is the factor on cost. [1]

    Notes
    -----
    .. math:: L = (N_t / N_0)^b

    References
    ----------
    :cite:t:`nagy2013`, eq. 1 (Wright's law).
    """
    return (made / before) ** exponent


def deviations(
    vendors: int, years: int, error: Array, observations: Array, common: Array, seed: int
) -> Array:  # fmt: skip
    """Draws of how far from the curve a vendor is, by years since the reference.

    Parameters
    ----------
    vendors : int
        Number of vendors. [1]
    years : int
        Number of years ahead, the reference included. [1]
    error : ndarray, shape (draws,)
        Standard deviation of a year's log change. [1]
    observations : ndarray, shape (draws,)
        Years behind the slope. [1]
    common : ndarray, shape (draws,)
        Share of the variance that all vendors have in common. [1]
    seed : int
        The same seed gives the same draws. [1]

    Returns
    -------
    ndarray, shape (vendors, years, draws)
        Factors with the median 1; 1 in the first year. [1]

    Notes
    -----
    A random walk, and a drift known from m years only:

    .. math:: \\ln d_\\tau = \\sigma \\left( \\sum_{u \\le \\tau} z_u + \\frac{\\tau}{\\sqrt m} z_0 \\right), \\quad
       \\mathrm{var} = \\sigma^2 (\\tau + \\tau^2 / m)

    References
    ----------
    :cite:t:`farmer2016`, eq. 12.
    """
    draw = np.random.default_rng([abs(seed), 7])
    n = len(error)
    shared, own = draw.standard_normal((1, years, n)), draw.standard_normal((vendors, years, n))
    z = np.sqrt(common) * shared + np.sqrt(1.0 - common) * own
    tau = np.arange(years)[None, :, None]
    walk = np.cumsum(z, axis=1) - z[:, :1]  # the first column is the drift's
    return np.exp(error * (walk + tau / np.sqrt(observations) * z[:, :1]))
