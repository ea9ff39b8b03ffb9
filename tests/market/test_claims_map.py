"""The map of costs: ratios and crossings by hand, one cell by the search, the price that turns it, the chart."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lcot.facts import catalog
from lcot.market.claims import claim
from lcot.market.claims_fronts import crossings, first, wafer_price, wins_at
from lcot.market.claims_map import Cell, cell, cells, chance, over
from lcot.market.claims_model import map_flips, with_map
from lcot.report.charts.claims import crossover, edges, rows_of
from lcot.report.claims import map_dict
from lcot.report.claims_store import row, unrow
from lcot.report.render import svg

INF = np.inf


def made(speed, gpu, wafer, draws, load=1000.0):
    return Cell("m", speed, load, gpu and "g", gpu, wafer and "w", wafer, chance(np.array(draws)), "l", -1.0,
                np.array(draws))  # fmt: skip


MAP = (
    made(10.0, 1e-7, 4e-7, [4.0, 2.0]),
    made(40.0, 2e-7, 4e-7, [2.0, 0.5]),
    made(160.0, 8e-7, 4e-7, [0.5, 0.25]),
    made(640.0, None, 4e-7, [0.0, 0.0]),
    made(900.0, None, None, [np.nan, np.nan]),
)


def test_ratios_of_the_cheapest_draw_by_draw():
    ours, theirs = np.array([1.0, INF, 2.0, INF]), np.array([2.0, 1.0, INF, INF])
    q = over([ours, ours + 1], [theirs], 4)
    assert q[:3].tolist() == [0.5, INF, 0.0]
    assert np.isnan(q[3])
    assert chance(q) == pytest.approx(2 / 3)
    assert chance(np.array([np.nan])) is None


def test_fronts_cross_between_two_speeds():
    speeds = [10.0, 40.0, 160.0]
    assert first([2.0, 2.0, 0.5], speeds) == pytest.approx(80.0)
    assert first([0.5, 0.5, 0.5], speeds) == 10.0
    assert first([0.5, 2.0, 2.0], speeds) is None
    assert first([2.0, 0.5, np.nan], speeds) == pytest.approx(20.0)
    (line,) = crossings(MAP)
    assert line.speed == pytest.approx(80.0)
    assert (line.low, line.high) == pytest.approx((26.0, 74.0))  # draws cross at 80 and at 20
    assert line.share == 1.0


def test_the_probability_at_scale_and_what_turns_it():
    flips = [f for f in map_flips(MAP) if f.key.startswith("speed")]
    assert (flips[0].before, flips[0].after) == (10.0, 40.0)  # half of the draws
    one = with_map(claim("C11"), MAP)
    assert one.probability == 0.25  # of the four draws up to 60 tokens/s
    price = next(f for f in one.flips if f.key == "cs-3.price")
    assert price.after < catalog.system("cs-3").facts.number("price")


def test_one_cell_is_the_search_itself():
    slow = cell("gpt-oss-120b", 40.0, 1000.0, 8, 2026)
    fast = cell("gpt-oss-120b", 500.0, 1000.0, 8, 2026)
    assert slow.gpu_cost < slow.wafer_cost
    assert slow.probability < 0.5
    assert fast.gpu is None
    assert fast.probability == 1.0
    said: list[str] = []
    with ThreadPoolExecutor(1) as executor:
        again = cells(("gpt-oss-120b",), (40.0,), (1000.0,), 8, 2026, said.append, executor)[0]
    assert said == ["map 1 of 1: gpt-oss-120b, 1000 requests/s, 40 tokens/s a user"]
    assert np.array_equal(again.draws, slow.draws)
    back = unrow(row(slow))
    assert np.array_equal(back.draws, slow.draws)
    assert back.gpu_cost == slow.gpu_cost


def test_the_price_that_turns_a_cell():
    price = wafer_price("gpt-oss-120b", 60.0, 1000.0)
    assert wins_at("gpt-oss-120b", 60.0, 1000.0, 0.97 * price)
    assert not wins_at("gpt-oss-120b", 60.0, 1000.0, 1.03 * price)
    assert wafer_price("gpt-oss-120b", 500.0, 1000.0) is None


def test_the_map_is_drawn():
    found = map_dict(claim("C11"), MAP, crossings(MAP))["map"]
    assert [c["probability_wafer_cheaper"] for c in found["cells"]] == [0.0, 0.5, 1.0, 1.0, None]
    squares, lines = rows_of(found)
    drawn = svg(crossover(squares, lines, title="t"))
    assert drawn.startswith("<svg")
    assert "NaN" not in drawn


def test_cells_meet_halfway():
    assert edges([10.0, 40.0]) == {10.0: (5.0, 20.0), 40.0: (20.0, 80.0)}
