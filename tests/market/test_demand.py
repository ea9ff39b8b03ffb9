"""Demand, supply and paths."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.market.assumptions import assumptions
from lcot.market.demand import demand
from lcot.market.limits import contracted, limits
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
    """One of 15 packages on a wafer (13 to 16), 186 GB, its power, itself."""
    drawn = assumptions(base, 4, 1)
    chip = offers.systems["gb200-nvl72"].chip
    power = np.full(4, 1500.0)
    assert np.all((takes(chip, "wafer", power, drawn) >= 1 / 16) & (takes(chip, "wafer", power, drawn) <= 1 / 13))
    assert takes(chip, "memory", power, drawn) == pytest.approx(np.full(4, 186e9))
    assert takes(chip, "power", power, drawn) == pytest.approx(power)
    assert takes(offers.systems["cs-3"].chip, "memory", power, drawn) == pytest.approx(np.zeros(4))
    assert supply(base, drawn).caps.shape == (len(base.resources), len(base.years), 4)


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
