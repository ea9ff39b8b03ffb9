"""A system over a segment's models: the cheapest deployment in each draw, and models added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields

import numpy as np

from lcot.market.types import Array, Parts


def cheaper(one: Parts, other: Parts) -> Parts:
    """The cheaper of two in each draw. [see `Parts`]"""
    first = one.cost <= other.cost
    return Parts(*(np.where(first, getattr(one, f.name), getattr(other, f.name)) for f in fields(Parts)))


def reference(found: Iterable[Parts]) -> float:
    """Median over systems of their median cost: what a model usually costs. Infinite without any. [USD/token]"""
    costs = [float(np.median(one.cost)) for one in found]
    return float(np.median([c for c in costs if np.isfinite(c)])) if any(map(np.isfinite, costs)) else float("inf")


def mixed(weights: Mapping[str, float], found: Mapping[str, Parts], usual: Mapping[str, float]) -> Parts:
    """A system over a segment's models: chip-seconds of a token add up.

    Parameters
    ----------
    weights : mapping of str to float
        Shares of tokens by model. [1]
    found : mapping of str to Parts
        By model; those that the system cannot serve are missing.
    usual : mapping of str to float
        What each model costs on the median system. [USD/token]

    Returns
    -------
    Parts
        Of the mix; a draw in which one of the models is not served has an infinite cost.

    Notes
    -----
    Where a system serves some of the models only, its chip-seconds are those of the whole mix at its advantage on the
    models that it serves:

    .. math:: c = k \\sum_{m \\in M} w_m c_m, \\; \\frac{1}{\\Theta u} = k \\sum_{m \\in M} \\frac{w_m}{\\Theta_m u_m}

    .. math:: k = \\frac{\\sum_m w_m \\bar c_m}{\\sum_{m \\in M} w_m \\bar c_m}
    """
    k = sum(w * usual[m] for m, w in weights.items()) / sum(weights[m] * usual[m] for m in found)
    with np.errstate(invalid="ignore", divide="ignore"):
        seconds = {m: k * weights[m] / (p.throughput * p.utilisation) for m, p in found.items()}
        taken = np.sum(list(seconds.values()), axis=0)
        share = {m: s / taken for m, s in seconds.items()}

        def mean(name: str) -> Array:
            return np.sum([share[m] * getattr(p, name) for m, p in found.items()], axis=0)

        used = mean("utilisation")
        part = {m: weights[m] / sum(weights[x] for x in found) for m in found}
        speed = np.exp(np.sum([part[m] * np.log(p.speed) for m, p in found.items()], axis=0))
        hour, power, running = mean("chip_hour"), mean("power"), mean("running")
        throughput = 1.0 / (taken * used)
    cost = np.asarray(sum(k * weights[m] * p.cost for m, p in found.items()))
    return Parts(hour, throughput, used, cost, speed, power, running)
