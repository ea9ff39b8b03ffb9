"""The closed table of keys."""

import pytest

from lcot.facts import keys
from lcot.units import UNITS


def test_every_dimension_has_a_unit_and_bounds_in_order() -> None:
    dimensions = {dimension for dimension, _ in UNITS.values()}
    for name, key in (*keys.CHIP.items(), *keys.SYSTEM.items()):
        assert key.dimension in dimensions, name
        assert key.low < key.high, name


def test_a_star_stands_for_one_name() -> None:
    assert keys.lookup("memory.hbm.bandwidth", keys.CHIP) is keys.CHIP["memory.*.bandwidth"]
    assert keys.lookup("memory.bandwidth", keys.CHIP) is None
    assert keys.lookup("memory.a.b.bandwidth", keys.CHIP) is None
    assert keys.lookup("price", keys.SYSTEM) is keys.SYSTEM["price"]


@pytest.mark.parametrize("tiers", [("hbm",), ("sram", "hbm")])
def test_spelled_out_for_the_tiers_and_levels_of_a_chip(tiers: tuple[str, ...]) -> None:
    spelled = keys.spelled_out(keys.CHIP, {"memory": tiers, "fabric": ("scale_up",)})
    assert sum(key.startswith("memory.") for key in spelled) == len(keys.MEMORY) * len(tiers)
    assert "fabric.scale_up.latency" in spelled
    assert not any("*" in key for key in spelled)
