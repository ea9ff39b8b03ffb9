"""Which of the market's own assumptions move its answer: each at its P10 and P90, all others as stated.

All of these worlds are solved side by side, each as one draw of the same run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from lcot.facts.draw import quantile
from lcot.market.assumptions import Assumptions
from lcot.market.offers import Offers
from lcot.market.outlook import solved
from lcot.market.scenario import DATED
from lcot.market.types import Array, Driver, Drivers, Outlook, Parts, Posterior, Scenario
from lcot.units import HOUR

ENDS = (0.1, 0.9)
SEARCHED = ("segment.", "assumed.")  # what costs rest on; a vendor's costs are moved as a whole instead
STILL = "learning.error"  # deviations from the curve are a range, not a state of the world
COSTS = "costs of"


def groups(scenario: Scenario) -> dict[str, list[str]]:
    """Facts that are moved as one, by the name of their series. No formula: names."""
    found: dict[str, list[str]] = {}
    for key, fact in scenario.facts.items():
        varies = fact.low is not None and fact.high is not None and fact.high > fact.low  # type: ignore[operator]
        if varies and not key.startswith((*SEARCHED, "learning.error", "learning.observations", "learning.common")):
            found.setdefault(DATED.sub("", key), []).append(key)
    return found


def drivers(scenario: Scenario, found: Offers, posteriors: Sequence[Posterior] = (), seed: int = 2026) -> Drivers:
    """Move every assumption of a scenario, one at a time.

    Parameters
    ----------
    scenario : Scenario
        Whose facts are moved.
    found : Offers
        Costs as draws, of which the medians are taken; of each vendor P10 and P90 are tried.
    posteriors : sequence of Posterior
        Parameters that have met the record: their P10, P50 and P90 are taken instead of the fact's.
    seed : int
        Of nothing that is drawn; named in the run. [1]

    Returns
    -------
    Drivers
        Cost per token and shares in 2028, tokens served in the last year.

    Notes
    -----
    One world as stated, and two for each assumption k:

    .. math:: y(x_1, \\dots, x_k^{P10}, \\dots, x_m) , \\; y(x_1, \\dots, x_k^{P90}, \\dots, x_m)

    References
    ----------
    :cite:t:`saltelli2008`.
    """
    moved = groups(scenario)
    names = [*moved, *(f"{COSTS} {v.id}" for v in scenario.vendors if any(id in found.price for id in v.systems))]
    worlds = 1 + 2 * len(names)
    met = {one.key: one for one in posteriors}
    values: dict[str, Array | float] = {STILL: 0.0, **{key: one.posterior[1] for key, one in met.items()}}
    for place, name in enumerate(moved):
        for key in moved[name]:
            fact = scenario.facts[key]
            middle, ends = float(scenario.facts.number(key)), [float(x) for x in quantile(fact, np.array(ENDS))]
            if key in met:
                middle, ends = met[key].posterior[1], [met[key].posterior[0], met[key].posterior[2]]
            moving = np.full(worlds, middle)
            moving[1 + 2 * place : 3 + 2 * place] = ends
            values[key] = moving
    drawn = Assumptions(scenario.facts.with_values(values), worlds)
    offered = _worlds_of(scenario, found, names, worlds)
    watched, units = watch(solved(scenario, offered, worlds, seed, None, drawn))
    rows = tuple(
        Driver(
            name, name.startswith(COSTS) or any(scenario.facts[key].is_estimate for key in moved[name]),
            {key: (float(y[1 + 2 * k]), float(y[2 + 2 * k])) for key, y in watched.items()},
        )
        for k, name in enumerate(names)
    )  # fmt: skip
    return Drivers({key: float(y[0]) for key, y in watched.items()}, units, rows)


def watch(o: Outlook) -> tuple[dict[str, Array], dict[str, str]]:
    """What is watched, by world, and its unit: cost per token and shares in 2028, tokens served in the last year."""
    year = 2028 if 2028 in o.years else o.years[-1]
    k, last = o.year(year), o.years[-1]
    first = o.scenario.vendors[0]
    added = o.compute_additions[:, k]
    apart = np.array([v.nest == "challenger" for v in o.scenario.vendors])
    found = {
        f"cost of a token, {year}": (o.market_cost[k] * 1e6, "USD/Mtok"),
        f"inference share of compute, {year}": (o.inference_share()[k], "1"),
        f"{first.name}'s share of compute added, {year}": (added[0] / added.sum(axis=0), "1"),
        f"challengers' share of compute added, {year}": (added[apart].sum(axis=0) / added.sum(axis=0), "1"),
        f"tokens served, {last}": (o.tokens[:, -1].sum(axis=0), "token/s"),
    }
    return {key: value for key, (value, _) in found.items()}, {key: unit for key, (_, unit) in found.items()}


def _worlds_of(scenario: Scenario, found: Offers, names: Sequence[str], worlds: int) -> Offers:
    """Offers at their medians in every world, those of one vendor at P10 and P90 of its costs in two."""
    owner = {id: f"{COSTS} {v.id}" for v in scenario.vendors for id in v.systems}

    def spread(id: str, one: Parts) -> Parts:
        middle = {f.name: _level(getattr(one, f.name), 0.5) for f in fields(Parts)}
        cost = np.full(worlds, middle["cost"])
        place = 1 + 2 * names.index(owner[id])
        cost[place : place + 2] = [_level(one.cost, end) for end in ENDS]
        with np.errstate(invalid="ignore", divide="ignore"):
            able = np.where(np.isfinite(cost), middle["chip_hour"] / HOUR / cost / middle["utilisation"], np.nan)
        made = {key: np.full(worlds, value) for key, value in middle.items()}
        return Parts(**{**made, "cost": cost, "throughput": able})

    parts: Mapping[str, dict[str, Parts]] = {
        s: {id: spread(id, one) for id, one in of.items()} for s, of in found.parts.items()
    }
    price = {id: np.full(worlds, float(np.median(p))) for id, p in found.price.items()}
    return replace(found, parts=dict(parts), price=price)


def _level(values: Array, share: float) -> float:
    """A quantile over the draws in which there is an offer; of a cost over all draws."""
    known = values[~np.isnan(values)]
    return float(np.quantile(known, share, method="inverted_cdf")) if known.size else float("nan")
