"""A market that needs no search: every system on sale, at made-up costs."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.offers import Offers
from lcot.market.outlook import solved
from lcot.market.scenario import scenario, systems_of
from lcot.market.types import Outlook, Parts, Scenario

DRAWS = 8
HOURS = {"gpu": 3.0, "mesh": 1.0, "wafer": 70.0, "lpu": 0.9, "rdu": 3.0}  # USD per chip-hour
RATES = {"gpu": 15_000.0, "mesh": 5_000.0, "wafer": 100_000.0, "lpu": 200.0, "rdu": 5_000.0}  # tokens/s of a chip


def made_up(draws: int, seed: int = 1) -> Offers:
    """Parts around the rates of each family, each system a little different in each draw."""
    found = scenario()
    draw = np.random.default_rng(seed)
    table: dict[str, dict[str, Parts]] = {}
    systems = systems_of(found)
    for segment in found.segments:
        table[segment.id] = {}
        for vendor in found.vendors:
            for id in vendor.systems if segment.id in vendor.segments else ():
                family = systems[id].family
                hour = HOURS[family] * draw.uniform(0.8, 1.2, draws)
                rate = RATES[family] * draw.uniform(0.7, 1.3, draws)
                use = np.full(draws, 0.5)
                table[segment.id][id] = Parts(
                    hour, rate, use, hour / 3600 / rate / use, np.full(draws, 60.0), 400.0 * hour, 0.2 * hour
                )
    prices = {id: np.full(draws, 1000.0 * HOURS[s.family]) for id, s in systems.items()}
    return Offers(table, prices, systems, {}, ())


@pytest.fixture(scope="session")
def base() -> Scenario:
    """The shipped scenario of Goldman's forecast."""
    return scenario("goldman")


@pytest.fixture(scope="session")
def offers() -> Offers:
    """Made-up offers of eight draws."""
    return made_up(DRAWS)


@pytest.fixture(scope="session")
def outlook(base: Scenario, offers: Offers) -> Outlook:
    """The scenario solved on made-up offers."""
    return solved(base, offers, DRAWS, 2026)
