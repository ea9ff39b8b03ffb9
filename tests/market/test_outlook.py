"""The market as a whole, on made-up costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.errors import DomainError
from lcot.facts.types import Facts
from lcot.market.offers import Offers
from lcot.market.outlook import market, solved
from lcot.market.types import Outlook, Scenario

DRAWS = 8


def changed(base: Scenario, values: dict[str, float], prefix: str = "") -> Scenario:
    """The scenario with some facts, or all that begin with a prefix, at other values without a range."""
    items = dict(base.facts.items_by_key)
    for key in items:
        found = values.get(key, values.get(prefix) if prefix and key.startswith(prefix) else None)
        if found is not None:
            items[key] = replace(items[key], value=found, low=found, high=found)
    return replace(base, facts=Facts(base.facts.owner, items))


def test_the_base_year_has_the_shares_on_record(outlook: Outlook, base: Scenario) -> None:
    """NVIDIA had about 65 % of compute added, Google 22 %, in every draw within the range of the record."""
    share = outlook.compute_additions[:, 0] / outlook.compute_additions[:, 0].sum(axis=0)
    at = outlook.vendors.index
    assert np.all((share[at("nvidia")] > 0.55) & (share[at("nvidia")] < 0.72))
    assert np.all((share[at("google")] > 0.14) & (share[at("google")] < 0.31))
    assert outlook.inference_share()[0] == pytest.approx(np.full(DRAWS, 0.5), abs=0.11)


def test_shares_add_up(outlook: Outlook) -> None:
    """In every segment, year and draw."""
    assert outlook.share.sum(axis=1) == pytest.approx(np.ones((6, 6, DRAWS)))
    assert outlook.stock_share.sum(axis=1) == pytest.approx(np.ones((6, 6, DRAWS)))
    assert np.all(outlook.additions >= 0)


def test_what_is_used_is_within_the_caps_and_rents_are_paid_only_where_nothing_is_left(outlook: Outlook) -> None:
    """Complementary slackness over all years and draws."""
    caps, left, rents = outlook.supply.caps[:, 1:], outlook.slack[:, 1:], outlook.rents[:, 1:]
    assert np.all(left >= -1e-5 * caps)
    assert np.all(rents >= 0)
    assert np.all((left / caps)[rents > 0] < 1e-5)


def test_the_identity_of_the_cost_holds_in_every_draw(outlook: Outlook) -> None:
    """Price of a chip-hour over throughput over utilisation."""
    p = outlook.parts
    there = np.isfinite(p.cost)
    product = (p.chip_hour / 3600 / p.throughput / p.utilisation)[there]
    assert product == pytest.approx(p.cost[there])


def test_the_same_seed_gives_the_same_result(base: Scenario, offers: Offers, outlook: Outlook) -> None:
    """To the last bit."""
    again = solved(base, offers, DRAWS, 2026)
    assert np.array_equal(again.share, outlook.share)
    assert np.array_equal(again.rents, outlook.rents)


def test_without_scarcity_all_that_is_asked_is_served(base: Scenario, offers: Offers) -> None:
    """Caps so high that nothing is short, costs at their medians: demand as stated, no rents."""
    free = changed(base, {"cap.": 1e24}, "cap.")
    steady = {id: {k: type(p)(*(np.full(DRAWS, np.median(getattr(p, f))) for f in p.__slots__)) for k, p in of.items()}
              for id, of in offers.parts.items()}  # fmt: skip
    free = changed(free, {"learning.error": 0.0, "learning.exponent": 0.3})
    found = solved(free, replace(offers, parts=steady), DRAWS, 1)
    assert np.all(found.rents == 0.0)
    asked, served = found.demand.tokens[:, -1].sum(axis=0), found.tokens[:, -1].sum(axis=0)
    assert served == pytest.approx(asked, rel=0.25)


def test_more_expensive_wafers_lose_share(base: Scenario, offers: Offers, outlook: Outlook) -> None:
    """After the base year, whose shares are on record whatever the costs."""
    dear = {
        s: {id: replace(p, cost=p.cost * (2.0 if id == "vr200-nvl72" else 1.0)) for id, p in of.items()}
        for s, of in offers.parts.items()
    }
    free = changed(base, {"contract.": 1.0}, "contract.")
    j = outlook.vendors.index("nvidia")
    before = solved(free, offers, DRAWS, 2026).share[:, j, 2].mean()
    after = solved(free, replace(offers, parts=dear), DRAWS, 2026).share[:, j, 2].mean()
    assert after < before


def test_contracts_are_kept(outlook: Outlook, base: Scenario) -> None:
    """Cerebras' new systems draw at least what is contracted for 2028, as far as sites open."""
    j = outlook.vendors.index("cerebras")
    k = outlook.year(2028)
    drawn = np.nan_to_num(outlook.parts.power[:, j, k]) * outlook.additions[:, j, k]
    r = [x.id for x in base.resources].index("buildout_cerebras")
    low = float(base.facts["contract.cerebras.2028"].low or 0.0)
    assert np.all(drawn.sum(axis=0) >= np.minimum(low, 0.9 * outlook.supply.caps[r, k]) * 0.999)


def test_draws_must_be_one_or_more(base: Scenario) -> None:
    """Before anything is searched."""
    with pytest.raises(DomainError, match="draws"):
        market(base, draws=0)
