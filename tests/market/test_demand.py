"""Demand, supply and paths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.facts.types import Facts
from lcot.market.assumptions import assumptions
from lcot.market.demand import demand
from lcot.market.limits import bound, contracted, limits
from lcot.market.supply import supply, takes
from lcot.market.types import Outlook, Scenario


def test_segments_add_up_to_the_total(base: Scenario) -> None:
    """In every year and draw; 2028 is between 2026 and 2030 on a geometric line."""
    drawn = assumptions(base, 16, 1)
    found = demand(base, drawn)
    total = drawn.path("tokens", base.years, geometric=True)
    assert found.tokens.sum(axis=0) == pytest.approx(total)
    assert total[3] == pytest.approx(np.sqrt(total[1] * total[5]))
    assert found.input_share + found.cached_share + found.output_share == pytest.approx(np.ones(6))


def test_lengths_of_coding_by_hand(base: Scenario) -> None:
    """100,446 in, 96.2 % cached, 218 out."""
    found = demand(base, assumptions(base, 1, 1))
    s = [x.id for x in base.segments].index("coding")
    assert found.cached_share[s] == pytest.approx(100446 * 0.962 / 100664)
    assert found.output_share[s] == pytest.approx(218 / 100664)


def test_training_starts_from_what_is_not_inference(base: Scenario) -> None:
    """And grows by the stated factors."""
    drawn = assumptions(base, 16, 1)
    found = demand(base, drawn)
    first = drawn.number("compute.2025") * (1 - drawn.number("inference.share_2025"))
    assert found.training[0] == pytest.approx(first)
    assert found.training[1] == pytest.approx(first * drawn.number("growth.training.2026"))


def test_the_years_of_one_series_move_together(base: Scenario) -> None:
    """A draw that is high in 2027 is high in 2030."""
    drawn = assumptions(base, 64, 1)
    one, other = drawn.number("cap.power.2027"), drawn.number("cap.power.2030")
    assert np.corrcoef(one, other)[0, 1] > 0.95


def test_wafer_scale_takes_neither_packaging_nor_memory(base: Scenario, outlook: Outlook) -> None:
    """Its limits are power and its own sites; everybody else's chips take memory and wafers."""
    for resource in base.resources:
        if resource.counts in ("wafer", "memory"):
            assert "cerebras" not in resource.vendors
    assert {r.id for r in base.resources if "cerebras" in r.vendors} == {"power", "buildout_cerebras"}
    assert outlook.supply.caps.min() > 0


def test_what_a_chip_takes_by_hand(base: Scenario, offers) -> None:
    """One of 14 packages on a wafer (12 to 16), 186 GB over the yield of stacks, its power, itself."""
    drawn = assumptions(base, 4, 1)
    chip = offers.systems["gb200-nvl72"].chip
    power = np.full(4, 1500.0)
    assert np.all((takes(chip, "wafer", power, drawn) >= 1 / 16) & (takes(chip, "wafer", power, drawn) <= 1 / 12))
    assert takes(chip, "memory", power, drawn) == pytest.approx(186e9 / drawn.number("yield.memory"))
    assert takes(chip, "power", power, drawn) == pytest.approx(power)
    assert takes(offers.systems["cs-3"].chip, "memory", power, drawn) == pytest.approx(np.zeros(4))
    assert supply(base, drawn).caps.shape == (len(base.resources), len(base.years), 4)


def test_what_is_in_service_was_made_before(base: Scenario) -> None:
    """Memory of 2026 is read 0.6 years earlier, between 2.4 and 3.75 billion GB; before the record it is level."""
    exact = {key: replace(fact, low=fact.value, high=fact.value) for key, fact in base.facts.items_by_key.items()}
    drawn = assumptions(replace(base, facts=Facts(base.facts.owner, exact)), 1, 1)
    ids = [r.id for r in base.resources]
    caps = supply(base, drawn).caps[:, :, 0]
    assert caps[ids.index("hbm"), 1] == pytest.approx((0.6 * 2.4 + 0.4 * 3.75) * 1e18)
    assert caps[ids.index("hbm"), 0] == pytest.approx(2.4e18)
    assert caps[ids.index("cowos_nvidia"), 1] == pytest.approx(0.4 * 390_000 + 0.6 * 710_000)
    assert caps[ids.index("power"), 1] == pytest.approx(12e9)


def test_a_contract_binds_its_share_of_what_was_added() -> None:
    """300 W asked of 400 W added is three quarters; 300 W of 200 is all; a vendor without a contract has none."""
    use = np.zeros((1, 1, 2, 2))
    use[0, 0, 0, 0] = 2.0  # a cap
    use[0, 0, 0, 1] = -4.0  # W for a unit of demand, under contract
    bounds = np.array([[1e9, -300.0]])
    assert bound(use, bounds, np.array([[[100.0, 50.0]]])) == pytest.approx(np.array([[0.75, 0.0]]))
    assert bound(use, bounds, np.array([[[50.0, 50.0]]])) == pytest.approx(np.array([[1.0, 0.0]]))


def test_contracts_bind_no_further_than_what_can_be_built(base: Scenario, outlook: Outlook) -> None:
    """Nine tenths of the sites that open."""
    from lcot.market.yearly import OnSale

    assert "cerebras" in contracted(base)
    drawn = assumptions(base, 1, 1)
    shape = (1, 7, len(base.vendors))
    ones = np.ones(shape)
    takes_all = np.zeros((*shape, len(base.resources)))
    r = [x.id for x in base.resources].index("buildout_cerebras")
    j = [v.id for v in base.vendors].index("cerebras")
    takes_all[:, :, j, r] = 500.0
    sale = OnSale(*(ones for _ in range(7)), 500.0 * ones, ones, ones, takes_all, ())
    caps = np.full((1, len(base.resources)), 1e12)
    caps[0, r] = 1e7
    use, bounds = limits(base, drawn, sale, ones, caps, 2028)
    at = len(base.resources) + contracted(base).index("cerebras")
    assert bounds[0, at] == pytest.approx(-0.9e7)
    assert use[0, 0, j, at] == pytest.approx(-500.0)
