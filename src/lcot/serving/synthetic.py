"""Made-up traffic: arrivals, lengths, users in a loop, agents with growing prompts. Seeded, hence repeatable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcot.errors import DomainError
from lcot.serving.types import Reals, Requests, Wholes

DAY = 86400.0


def arrivals(rate: float, count: int, burstiness: float = 1.0, swing: float = 0.0, seed: int = 0) -> Reals:
    r"""Times of arrival: Poisson, gamma, or with a daily swing.

    Parameters
    ----------
    rate : float
        Mean arrivals. [request/s]
    count : int
        Requests. [1]
    burstiness : float
        Coefficient of variation of the gaps; 1 is Poisson. [1]
    swing : float
        Peak over mean rate, less one, over a day; 0 is none, at most 1. [1]
    seed : int
        Of the random numbers. [1]

    Returns
    -------
    ndarray, shape (count,)
        Rising times. [s]

    Raises
    ------
    DomainError
        If the rate or burstiness is not positive, the count below 1, or the swing not in 0 to 1.

    Notes
    -----
    Gaps are gamma with shape :math:`1 / c^2`. With a swing a, time is stretched so that the rate follows

    .. math:: \lambda(t) = \bar\lambda \left( 1 - a \cos \frac{2 \pi t}{T} \right)

    References
    ----------
    :cite:t:`wang2025burstgpt`.
    """
    for name, value in (("rate", rate), ("burstiness", burstiness), ("count", count)):
        if not value > 0:
            raise DomainError(name, value, "above 0", "synthetic traffic")
    if not 0 <= swing <= 1:
        raise DomainError("swing", swing, "0 to 1", "synthetic traffic")
    shape = 1.0 / burstiness**2
    gaps = np.random.default_rng(seed).gamma(shape, 1.0 / (shape * rate), count)
    steady = np.cumsum(gaps)
    if swing == 0:
        return steady
    clock = np.linspace(0.0, DAY, 8641)
    passed = clock - swing * DAY / (2 * np.pi) * np.sin(2 * np.pi * clock / DAY)
    return np.floor(steady / DAY) * DAY + np.interp(steady % DAY, passed, clock)


def lengths(mean: float, count: int, spread: float = 0.0, seed: int = 0, longest: int = 1 << 30) -> Wholes:
    r"""Lengths with a mean and a spread.

    Parameters
    ----------
    mean : float
        Mean length. [token]
    count : int
        Requests. [1]
    spread : float
        Coefficient of variation; 0: all alike. [1]
    seed : int
        Of the random numbers. [1]
    longest : int
        Longer ones are cut to this. [token]

    Returns
    -------
    ndarray of int, shape (count,)
        At least 1. [token]

    Raises
    ------
    DomainError
        If the mean is below 1 or the spread below 0.

    Notes
    -----
    Lognormal with :math:`\sigma^2 = \ln(1 + c^2)`.

    References
    ----------
    :cite:t:`wang2025burstgpt`.
    """
    if not mean >= 1:
        raise DomainError("mean length", mean, "1 or more", "synthetic traffic")
    if not spread >= 0:
        raise DomainError("spread", spread, "0 or more", "synthetic traffic")
    if spread == 0:
        return np.full(count, min(round(mean), longest), np.int64)
    sigma = np.sqrt(np.log1p(spread**2))
    drawn = np.random.default_rng(seed).lognormal(np.log(mean) - sigma**2 / 2, sigma, count)
    return np.clip(np.round(drawn), 1, longest).astype(np.int64)


def open_loop(
    rate: float, count: int, input_tokens: ArrayLike, output_tokens: ArrayLike, burstiness: float = 1.0,
    swing: float = 0.0, seed: int = 0,
) -> Requests:  # fmt: skip
    """Requests that arrive whatever the server does; lengths are drawn in pairs from those given.

    Parameters
    ----------
    rate : float
        Mean arrivals. [request/s]
    count : int
        Requests. [1]
    input_tokens, output_tokens : array_like of int
        Lengths to draw from, in pairs: one pair, or those of a trace. [token]
    burstiness : float
        Coefficient of variation of the gaps; 1 is Poisson. [1]
    swing : float
        Peak over mean rate, less one, over a day. [1]
    seed : int
        Of the random numbers. [1]

    Returns
    -------
    Requests
        In order of arrival.

    Raises
    ------
    DomainError
        As `arrivals`; if the lengths do not pair or are below 1.

    Notes
    -----
    The empirical distribution: each pair with probability :math:`1 / n`.

    References
    ----------
    :cite:t:`efron1979`.
    """
    inputs, outputs = np.atleast_1d(np.asarray(input_tokens)), np.atleast_1d(np.asarray(output_tokens))
    if inputs.shape != outputs.shape:
        raise DomainError("lengths", (inputs.shape, outputs.shape), "as many inputs as outputs", "synthetic traffic")
    times = arrivals(rate, count, burstiness, swing, seed)
    chosen = np.random.default_rng(seed + 1).integers(0, len(inputs), count)
    return Requests(times, inputs[chosen].astype(np.int64), outputs[chosen].astype(np.int64))


def closed_loop(
    users: int, count: int, input_tokens: ArrayLike, output_tokens: ArrayLike, think: float = 0.0, seed: int = 0
) -> Requests:
    """Users who ask again as soon as they have thought about the answer.

    Parameters
    ----------
    users : int
        Users. [1]
    count : int
        Requests of all of them. [1]
    input_tokens, output_tokens : array_like of int
        Lengths to draw from, in pairs. [token]
    think : float
        Mean of the exponential time between answer and next request. [s]
    seed : int
        Of the random numbers. [1]

    Returns
    -------
    Requests
        With ``concurrency`` set.

    Raises
    ------
    DomainError
        If there are no users, or think time is negative.

    Notes
    -----
    Throughput X and response time R obey :math:`N = X (R + Z)`.

    References
    ----------
    :cite:t:`little1961`.
    """
    if users < 1:
        raise DomainError("users", users, "1 or more", "synthetic traffic")
    if not think >= 0:
        raise DomainError("think", think, "0 or more", "synthetic traffic")
    made = open_loop(1.0, count, input_tokens, output_tokens, seed=seed)
    pause = np.random.default_rng(seed + 2).exponential(think, count) if think > 0 else np.zeros(count)
    return replace(made, arrival=np.zeros(count), think=pause, concurrency=users)


def agents(
    rate: float, sessions: int, turns: int, first_tokens: int, added_tokens: int, output_tokens: int, think: float,
    shared_tokens: int = 0, block: int = 64, seed: int = 0,
) -> Requests:  # fmt: skip
    """Agents whose every turn repeats the whole conversation: shared system prompt, growing context.

    Parameters
    ----------
    rate : float
        New sessions. [1/s]
    sessions, turns : int
        Sessions, and requests in each. [1]
    first_tokens, added_tokens, output_tokens : int
        Tokens of the first prompt, of what is added to each next one beside the answer, and of an answer. [token]
    think : float
        Mean of the exponential time between answer and next turn. [s]
    shared_tokens : int
        Leading tokens of the first prompt that all sessions share. [token]
    block : int
        Tokens of one hashed block. [token]
    seed : int
        Of the random numbers. [1]

    Returns
    -------
    Requests
        Sessions with block hashes that cover prompt and answer.

    Raises
    ------
    DomainError
        If a count or length is below 1, or more is shared than the first prompt has.

    Notes
    -----
    Turn k has a prompt of :math:`n_1 + k (a + o)` tokens.

    References
    ----------
    :cite:t:`qin2025`.
    """
    for name, value in (
        ("sessions", sessions),
        ("turns", turns),
        ("first_tokens", first_tokens),
        ("output_tokens", output_tokens),
        ("block", block),
    ):
        if value < 1:
            raise DomainError(name, value, "1 or more", "synthetic traffic")
    if not 0 <= shared_tokens <= first_tokens or added_tokens < 0 or not think >= 0:
        raise DomainError(
            "shared_tokens", shared_tokens, "at most the first prompt; added tokens and think time 0 or more"
        )
    starts = arrivals(rate, sessions, seed=seed)
    count = sessions * turns
    turn, session = np.tile(np.arange(turns), sessions), np.repeat(np.arange(sessions), turns)
    inputs = first_tokens + turn * (added_tokens + output_tokens)
    successor = np.where(turn < turns - 1, np.arange(count) + 1, -1)
    pause = np.random.default_rng(seed + 2).exponential(think, count) if think > 0 else np.zeros(count)
    blocks = (inputs + output_tokens) // block
    shared = shared_tokens // block
    start = np.concatenate([[0], np.cumsum(blocks)])
    place = np.arange(start[-1]) - np.repeat(start[:-1], blocks)
    owner = np.repeat(session, blocks) + 1
    hashes: NDArray[np.int64] = np.where(place < shared, place, owner * (1 << 32) + place)
    return Requests(
        np.repeat(starts, turns), inputs.astype(np.int64), np.full(count, output_tokens, np.int64), pause,
        session.astype(np.int64), successor.astype(np.int64), hashes, start.astype(np.int64), block,
    )  # fmt: skip


def scaled(requests: Requests, factor: float) -> Requests:
    """The same requests, arriving ``factor`` times as fast.

    Parameters
    ----------
    requests : Requests
        Any. [1]
    factor : float
        Above 0. [1]

    Returns
    -------
    Requests
        With arrival times divided; think times stay.

    Raises
    ------
    DomainError
        If the factor is not positive.

    Notes
    -----
    .. math:: t' = t / f

    References
    ----------
    :cite:t:`patel2024`.
    """
    if not factor > 0:
        raise DomainError("rate scale", factor, "above 0", "traffic")
    return replace(requests, arrival=requests.arrival / factor)
