"""Draws: the distribution of one fact by hand, then what must hold for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.facts import catalog
from lcot.facts.draw import draw_system, moving_together, quantile, span
from lcot.facts.types import Fact, Source


def fact(
    value: float, low: float | None = None, high: float | None = None, kind: str = "datasheet", unit: str = "W"
) -> Fact:
    return Fact("power.max", value, unit, low, high, (Source("s", "S", kind),), kind=kind)


def test_a_triangle_by_hand() -> None:
    # low 0.9, mode 1.0, high 1.3: a quarter lies below the mode; the median solves 1 - (1.3-x)^2 / (0.4*0.3) = 1/2
    one = fact(1.0, 0.9, 1.3)
    assert quantile(one, np.array([0.25]))[0] == pytest.approx(1.0)
    assert quantile(one, np.array([0.5]))[0] == pytest.approx(1.3 - np.sqrt(0.5 * 0.4 * 0.3))
    assert quantile(one, np.array([0.0, 1.0])) == pytest.approx([0.9, 1.3])
    shares = (np.arange(512) + 0.5) / 512
    assert quantile(one, shares).mean() == pytest.approx((0.9 + 1.0 + 1.3) / 3, rel=1e-4)


def test_a_wide_range_is_drawn_in_the_logarithm() -> None:
    wide = fact(1.0, 0.1, 10.0)
    assert quantile(wide, np.array([0.5]))[0] == pytest.approx(1.0)
    assert quantile(wide, np.array([0.125]))[0] == pytest.approx(10**-0.5)


def test_a_value_at_the_end_of_its_range() -> None:
    drawn = quantile(fact(1.0, 1.0, 2.0), np.linspace(0, 1, 11))
    assert drawn[0] == 1.0
    assert drawn[-1] == 2.0
    assert (np.diff(drawn) > 0).all()


def test_a_fact_without_a_range_gets_one_by_the_kind_of_its_source() -> None:
    assert span(fact(100.0, kind="datasheet")) == pytest.approx((99, 101))
    assert span(fact(100.0, kind="secondary", unit="USD")) == pytest.approx((80, 120))
    assert span(fact(100.0, kind="user")) is None
    assert span(Fact("available", "2026", "text")) is None
    assert span(Fact("fabric.scale_up.size", 8.0, "1", kind="datasheet")) is None
    assert span(Fact("power.max", None, "")) is None
    confirmed = Fact("power.max", 100.0, "W", kind="datasheet", confirmed=(Source("t", "T", "press"),))
    assert span(confirmed) == pytest.approx((99.5, 100.5))


def test_groups_move_together() -> None:
    systems = [catalog.system("hgx-h200"), catalog.system("dgx-h100")]
    groups = moving_together(systems)
    assert groups["hgx-h200.rent.spot"] == groups["hgx-h200.rent.on_demand"]
    assert groups["hgx-h200.rent.spot"] != groups["dgx-h100.rent.spot"]


def test_a_drawn_system_has_arrays_where_facts_vary() -> None:
    system = catalog.system("cs-3")
    price = quantile(system.facts["price"], (np.arange(16) + 0.5) / 16)
    whole = draw_system(system, {system.id: system.facts.with_values({"price": price})})
    assert whole.facts.number("price").shape == (16,)
    assert whole.chip.facts.number("cores") == 900_000
    assert whole.facts.text("available") == system.facts.text("available")


@given(st.floats(1e-3, 1e12), st.floats(0, 5), st.floats(0, 100), st.floats(0, 1))
def test_draws_stay_in_range(value: float, down: float, up: float, share: float) -> None:
    one = fact(value, value / (1 + down), value * (1 + up))
    drawn = quantile(one, np.array([share]))
    assert (drawn >= one.low * (1 - 1e-12)).all()
    assert (drawn <= one.high * (1 + 1e-12)).all()
