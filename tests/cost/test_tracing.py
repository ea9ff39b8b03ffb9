"""The bill keeps its trace: it runs on cells that know operators and NumPy's functions, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.cost.bill import price
from lcot.cost.finance import levelling, present_worth, required_first_price
from lcot.cost.pricing import break_even_price, first_year_price, marginal_cost
from lcot.serving.types import Traffic
from lcot.units import YEAR
from tests.cost.conftest import SERVED, TRAFFIC, make_site, make_system


class Refused(Exception):
    """A cell was asked for what a formula in a sheet cannot give."""


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A number that remembers how it was made."""

    def __init__(self, value, formula):
        self.value, self.formula = value, formula

    def __array_ufunc__(self, function, method, *inputs, **rest):
        if method != "__call__" or rest:
            raise Refused(method)
        values = [one.value if isinstance(one, Traced) else one for one in inputs]
        names = [one.formula if isinstance(one, Traced) else repr(one) for one in inputs]
        return Traced(function(*values), f"{function.__name__}({', '.join(names)})")

    def refuse(self, *_):
        raise Refused("bool, float, index and array conversion lose the trace")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __iter__ = refuse


SYSTEM = {"price": 300e3, "power.max": 10e3, "rent.on_demand": 2.5 / 3600}
SITE_KEYS = ("electricity.price", "pue", "facility.rent", "finance.discount_rate", "life.accelerator", "availability")


def traced_site(**changes):
    site = make_site(**changes)
    return replace(site, facts=site.facts.with_values({k: Traced(site.facts.number(k), k) for k in site.facts}))


def traced_system():
    return make_system(**{k: Traced(v, k) for k, v in SYSTEM.items() if k != "price"}, price=Traced(300e3, "price"))


@pytest.mark.parametrize("basis", ["own", "rent"])
@pytest.mark.parametrize("rate", [4.0, None])
@pytest.mark.parametrize("building", [False, True])
def test_bill_of_cells_is_the_bill_of_floats(basis, rate, building):
    changes = {}
    if building:
        changes = {"facility__rent": None, "facility__capital": 10.0, "facility__premium": 0.1}
        changes["facility__upkeep"] = 0.03 / YEAR
    traffic = Traffic(1000.0, 500.0, rate=rate)
    plain = price(make_system(), SERVED, traffic, make_site(**changes), basis)
    made = price(traced_system(), SERVED, traffic, traced_site(**changes), basis)
    for method, cost in plain.cost.items():
        for kind in ("input", "cached_input", "output", "blended"):
            cell = getattr(made.cost[method], kind)
            assert isinstance(cell, Traced)
            assert cell.value == pytest.approx(getattr(cost, kind), rel=1e-12)
    asked = ("price", "electricity.price", "life.accelerator") if basis == "own" else ("rent.on_demand",)
    assert all(key in made.cost["bottleneck_seconds"].output.formula for key in asked)


def test_power_of_the_nameplate_keeps_its_trace():
    made = price(traced_system(), replace(SERVED, power=None), TRAFFIC, traced_site())
    assert "power.idle_fraction" in made.lines["energy"].formula


def test_prices_that_follow_keep_their_trace():
    plain = price(make_system(), SERVED, TRAFFIC, make_site())
    made = price(traced_system(), SERVED, TRAFFIC, traced_site())
    wanted = first_year_price(plain, make_site(), TRAFFIC)
    assert first_year_price(made, traced_site(), TRAFFIC).value == pytest.approx(wanted, rel=1e-12)
    assert marginal_cost(made).value == pytest.approx(marginal_cost(plain), rel=1e-12)
    found = break_even_price(Traced(2e-6, "target"), traced_system(), SERVED, TRAFFIC, traced_site())
    assert found.value == pytest.approx(break_even_price(2e-6, make_system(), SERVED, TRAFFIC, make_site()), rel=1e-9)


def test_finance_keeps_its_trace_at_a_rate_of_zero():
    zero = Traced(0.0, "rate")
    assert present_worth(zero, 5.0).value == 5.0
    assert levelling(zero, Traced(0.0, "growth"), 5.0).value == 1.0
    assert required_first_price(2.0, Traced(0.0, "decline"), zero, 5.0).value == 2.0
