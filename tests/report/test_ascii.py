"""The front in letters."""

from __future__ import annotations

import pytest

from lcot.errors import InputError
from lcot.report.ascii import front
from tests.report.rows import SYSTEMS, front_rows


def test_hand_drawn() -> None:
    rows = [{"system": "a", "speed": s, "value": v} for s, v in ((10, 1), (1000, 10))]
    assert front(rows, width=36, height=5).splitlines() == [
        " $/Mtok",
        "      7 ┤                 AAA  A a",
        "      5 ┤            AAAAA",
        "      3 ┤        AAAA",
        "      2 ┤   AAAAA",
        "      1 ┤AAA",
        "        └┬───┬─────┬───┬────┬",
        "         10 30    100 300 1000",
        "         tokens/s per user",
    ]


def test_every_system_is_drawn_and_named() -> None:
    drawn = front(front_rows(), target=50)
    for letter, name in zip("ABCDE", dict.fromkeys(r["system"] for r in front_rows()), strict=True):
        assert f"  {letter} {name}" in drawn
        assert drawn.count(letter) > 2
    assert set(SYSTEMS) == {r["system"] for r in front_rows()}
    assert "asked 50" in drawn


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_the_width(width: int) -> None:
    assert max(map(len, front(front_rows(), width=width, target=50).splitlines())) <= width


def test_more_systems_than_letters_are_counted() -> None:
    rows = [{"system": f"s{i}", "speed": 10.0 + i, "value": 1.0 + i} for i in range(30)]
    assert front(rows).endswith("4 more systems are not drawn")


def test_one_point_is_a_front_too() -> None:
    assert " A a" in front([{"system": "a", "speed": 5.0, "value": 2.0}])


def test_nothing_to_draw() -> None:
    with pytest.raises(InputError):
        front([])
