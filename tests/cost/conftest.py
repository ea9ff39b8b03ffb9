"""A small system and site with round numbers, for sums that can be done by hand."""

from __future__ import annotations

import pytest

from lcot.facts.types import Chip, Fact, Facts, Numeric, Site, System
from lcot.serving.types import Served, Traffic
from lcot.units import YEAR


def facts(owner: str, values: dict[str, Numeric | str], scopes: dict[str, str] | None = None) -> Facts:
    """Facts from plain SI values."""
    scopes = scopes or {}
    return Facts(owner, {k: Fact(k, v, "", kind="datasheet", scope=scopes.get(k, "")) for k, v in values.items()})


def make_system(scope: str = "server", price: Numeric | None = 300e3, **values: Numeric | str) -> System:
    """Eight chips of 700 W in a server of 10 kW."""
    chip = Chip(
        "chip", "Chip", "Maker", "gpu", ("hbm",), (), facts("chip", {"power.tdp": 700.0}, {"power.tdp": "chip"})
    )
    known: dict[str, Numeric | str] = {"power.max": 10e3, "rent.on_demand": 2.5 / 3600, **values}
    if price is not None:
        known["price"] = price
    return System("box", "Box", "Maker", chip, 8, "shipping", "", facts("box", known, {"price": scope}))


SITE: dict[str, Numeric] = {
    "electricity.price": 0.10 / 3.6e6,
    "pue": 1.2,
    "facility.rent": 200e-3 / (YEAR / 12),
    "finance.discount_rate": 0.08 / YEAR,
    "finance.facility_rate": 0.06 / YEAR,
    "life.accelerator": 5 * YEAR,
    "life.server": 5 * YEAR,
    "life.network": 5 * YEAR,
    "life.facility": 20 * YEAR,
    "capital.accelerator_share": 0.6,
    "capital.card_share": 0.5,
    "capital.parts_share": 0.9,
    "capital.network_share": 0.1,
    "capital.salvage": 0.0,
    "operations.support": 0.03 / YEAR,
    "operations.spares": 0.02 / YEAR,
    "operations.staff": 0.05,
    "operations.software": 0.01,
    "availability": 1.0,
    "power.idle_fraction": 0.25,
    "power.system_over_chips": 1.8,
    "growth.software": 0.0,
    "growth.degradation": 0.0,
    "market.price_decline": 0.3 / YEAR,
    "list_price.output": 4.0,
    "list_price.cached": 0.25,
    "load_factor": 0.5,
}


def make_site(**changes: Numeric | None) -> Site:
    """The site, with facts changed (dots written as double underscores) or, where None, taken away."""
    values = {**SITE, **{key.replace("__", "."): value for key, value in changes.items()}}
    return Site("here", "Here", facts("here", {k: v for k, v in values.items() if v is not None}))


SERVED = Served(
    copies=2.0,
    systems=1.0,
    batch=16.0,
    rate=4.0,
    capacity=8.0,
    time_per_output_token=0.02,
    time_to_first_token=0.3,
    prefill_seconds=0.05,
    cached_seconds=0.0,
    decode_seconds=0.15,
    cached_token_seconds=1e-6,
    power=6e3,
)
TRAFFIC = Traffic(1000.0, 500.0, rate=4.0)


@pytest.fixture
def served() -> Served:
    return SERVED


@pytest.fixture
def traffic() -> Traffic:
    return TRAFFIC
