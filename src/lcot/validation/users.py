"""Users who keep sending requests: the protocols of serving benchmarks, run through the event kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcot.errors import Infeasible
from lcot.serving.replay import simulate
from lcot.serving.types import Outcome, Policy, Requests
from lcot.steptime.types import StepTable

ROUNDS = 10  # requests per user in a closed loop
OPEN_REQUESTS = 2000  # of an open-loop run
SEED = 20261122
Reals = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Client:
    """What the clients of one run saw. Seconds, tokens/s; requests that ended."""

    first_token: Reals  # s from sending to the first delivery
    per_token: Reals  # s per token after the first, of requests with more than one
    output_rate: float  # output tokens/s of the whole run
    input_rate: float  # input tokens/s
    outcome: Outcome

    def statistic(self, values: Reals, name: str) -> float:
        """Mean, median or a percentile (``p99``) of values. [as the values]"""
        if name in ("", "mean"):
            return float(np.mean(values))
        return float(np.quantile(values, 0.5 if name == "median" else float(name.removeprefix("p")) / 100.0))


def lengths(nominal: float, count: int, narrowest: float, seed: int) -> npt.NDArray[np.int64]:
    """Whole lengths, evenly spread between ``narrowest`` x nominal and nominal, in random order; at least 1. [token]"""
    low, high = max(round(nominal * narrowest), 1), max(round(nominal), 1)
    return np.random.default_rng(seed).integers(low, high + 1, count)


def closed_loop(
    table: StepTable,
    policy: Policy,
    users: int,
    input_tokens: float,
    output_tokens: float,
    *,
    narrowest: float = 1.0,
    rounds: int = ROUNDS,
    prefill_table: StepTable | None = None,
) -> Client:
    """Users who all start at once, each sending the next request when the last one ended.

    Parameters
    ----------
    table : StepTable
        Step time of one copy (of the decode pool, where there are two).
    policy : Policy
        The engine's rules, and the copies.
    users : int
        Requests in flight. [1]
    input_tokens, output_tokens : float
        Nominal lengths. [token]
    narrowest : float
        Shortest over nominal length; 1: all alike. [1]
    rounds : int
        Requests of each user. [1]
    prefill_table : StepTable, optional
        Step time of one copy of the prefill pool.

    Returns
    -------
    Client
        Times of every request of the run, the first wave included, as such benchmarks count them.

    Raises
    ------
    Infeasible
        If no request can be served.
    """
    count = rounds * users
    requests = Requests(
        arrival=np.zeros(count),
        input_tokens=lengths(input_tokens, count, narrowest, SEED),
        output_tokens=lengths(output_tokens, count, narrowest, SEED + 1),
        concurrency=users,
    )
    return _seen(simulate(table, requests, policy, prefill_table))


def open_loop(
    table: StepTable,
    policy: Policy,
    rate: float,
    input_tokens: npt.NDArray[np.int64],
    output_tokens: npt.NDArray[np.int64],
    prefill_table: StepTable | None = None,
) -> Client:
    """Requests that arrive at random (Poisson) at a rate, whatever the server does.

    Parameters
    ----------
    table, policy, prefill_table
        As in `closed_loop`.
    rate : float
        Arrivals. [request/s]
    input_tokens, output_tokens : ndarray of int, shape (n,)
        Lengths of each request. [token]

    Returns
    -------
    Client
        Times of every request.
    """
    gaps = np.random.default_rng(SEED).exponential(1.0 / rate, len(input_tokens))
    requests = Requests(arrival=np.cumsum(gaps), input_tokens=input_tokens, output_tokens=output_tokens)
    return _seen(simulate(table, requests, policy, prefill_table))


def _seen(outcome: Outcome) -> Client:
    done = ~outcome.rejected
    if not done.any():
        raise Infeasible("the KV cache does not hold one request beside the weights", "KV cache")
    first = outcome.first_token[done]
    tokens = outcome.output_tokens[done]
    many = tokens > 1
    per_token = (outcome.finish[done] - first)[many] / (tokens[many] - 1)
    seconds = float(np.max(outcome.finish[done]) - np.min(outcome.arrival[done]))
    return Client(
        first - outcome.arrival[done],
        per_token,
        float(tokens.sum()) / seconds,
        float(outcome.input_tokens[done].sum()) / seconds,
        outcome,
    )
