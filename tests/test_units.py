"""Every factor of the unit table against pint."""

from __future__ import annotations

import pint
import pytest

from lcot.errors import UnknownName
from lcot.units import UNITS, dimension, from_si, to_si

PLAIN = {"text"}  # not a quantity

# how pint says what we write; where both say the same there is no entry
SPELLING = {
    "1": "dimensionless", "%": "percent", "fraction": "dimensionless", "B": "byte", "b": "bit", "us": "microsecond",
    "h": "hour", "mm2": "mm**2", "m2": "m**2", "FLOP": "flop",
    "ktok": "kilotoken", "Mtok": "megatoken", "Ptok": "petatoken",
    "kUSD": "kilousd", "MUSD": "megausd", "BUSD": "gigausd", "USD": "usd", "year": "calendaryear",
    "month": "calendaryear / 12",
}  # fmt: skip
PREFIXES = ("k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "")


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry:
    """Pint with the few units of ours that it lacks; a year of 365 days is our one convention."""
    made = pint.UnitRegistry()
    for line in ("flop = [operation]", "token = [token]", "request = [request]", "usd = [money]"):
        made.define(line)
    made.define("calendaryear = 365 * day")
    return made


def spell(unit: str) -> str:
    """``unit`` in pint's words."""
    for sign in "()*/":
        unit = unit.replace(sign, f" {sign} ")
    return " ".join(word(part) for part in unit.split())


def word(part: str) -> str:
    if part in SPELLING:
        return f"({SPELLING[part]})"
    for prefix in PREFIXES:
        if part in (f"{prefix}B", f"{prefix}b", f"{prefix}FLOP"):
            return prefix + {"B": "byte", "b": "bit", "FLOP": "flop"}[part.removeprefix(prefix)]
    return part


@pytest.mark.parametrize("unit", sorted(UNITS.keys() - PLAIN))
def test_factor_is_what_pint_says(unit: str, registry: pint.UnitRegistry) -> None:
    base, factor = UNITS[unit]
    said = registry(spell(unit))
    expected = registry(spell(base)).units
    assert (1.0 * said).to(expected).magnitude == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("unit", sorted(UNITS.keys() - PLAIN))
def test_dimension_is_itself_a_unit_with_factor_one_or_derived(unit: str) -> None:
    base = dimension(unit)
    if base in UNITS:
        assert UNITS[base] == (base, 1.0)
    else:
        assert base in {"m2", "USD/(W*s)"}


@pytest.mark.parametrize("unit", sorted(UNITS.keys() - PLAIN))
def test_there_and_back(unit: str) -> None:
    assert from_si(to_si(3.7, unit), unit) == pytest.approx(3.7, rel=1e-15)


def test_hand_worked() -> None:
    assert to_si(4.8, "TB/s") == 4.8e12
    assert to_si(400, "Gb/s") == 50e9
    assert to_si(0.08, "USD/kWh") == pytest.approx(0.08 / 3.6e6)
    assert to_si(150, "USD/(kW*month)") == pytest.approx(150 / 1000 / (8760 * 3600 / 12))


def test_unknown_unit_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*'GB/s'"):
        to_si(1, "Gb/S")
