"""Every chart compiles on both pages, types every channel, and shows the numbers it was given."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lcot.errors import InputError
from lcot.report import charts
from lcot.report.palette import colours
from lcot.report.render import svg
from tests.report import rows

MEASURED = [{"system": "hgx-h200", "speed": 60.0, "value": 0.36, "source": "a run"}]
MAKE: dict[str, Callable[[], dict[str, Any]]] = {
    "front": lambda: charts.front(rows.front_rows(), measured=MEASURED, target=50, subtitle="s"),
    "cheapest": lambda: charts.cheapest(rows.cost_rows()),
    "waterfall": lambda: charts.waterfall(rows.bill_rows()),
    "tornado": lambda: charts.tornado(rows.tornado_rows(), 0.207),
    "latency": lambda: charts.latency(rows.latency_rows(), knee=18, target=1.0),
    "step_time": lambda: charts.step_time(rows.step_rows()),
    "predicted_measured": lambda: charts.predicted_measured(rows.scatter_rows(), unit="ms"),
    "timeline": lambda: charts.timeline(rows.timeline_rows(), quantity="$/Mtok", style="$~g"),
    "shares": lambda: charts.shares(rows.share_rows()),
    "fan": lambda: charts.fan(rows.fan_rows(), quantity="$/Mtok", history=[{"year": 2025, "value": 1.6}]),
}


def channels(spec: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every channel that shows a field."""
    for layer in spec["layer"]:
        for name, channel in layer.get("encoding", {}).items():
            for one in channel if isinstance(channel, list) else [channel]:
                if "field" in one:
                    yield name, one


def data(spec: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    return spec["layer"][layer].get("data", spec.get("data"))["values"]


def test_every_chart_is_here() -> None:
    assert sorted(MAKE) == sorted(charts.__all__)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("page", ["light", "dark"])
def test_it_is_drawn(name: str, page: str) -> None:
    drawn = svg(MAKE[name](), page)
    assert drawn.startswith("<svg")
    assert "NaN" not in drawn


@pytest.mark.parametrize("name", MAKE)
def test_every_channel_is_typed(name: str) -> None:
    for channel, one in channels(MAKE[name]()):
        if channel not in {"x2", "y2"}:
            assert one["type"] in {"quantitative", "nominal", "temporal"}, one


@pytest.mark.parametrize("name", MAKE)
def test_it_is_plain_json_without_holes(name: str) -> None:
    spec = MAKE[name]()
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec


@pytest.mark.parametrize("name", MAKE)
def test_rows_given_are_not_changed(name: str) -> None:
    assert MAKE[name]() == MAKE[name]()


def test_front_draws_bands_lines_target_and_measured_points() -> None:
    spec = MAKE["front"]()
    kinds = [layer["mark"]["type"] for layer in spec["layer"]]
    assert kinds[:4] == ["area", "rule", "text", "line"]
    assert MEASURED in [layer["data"]["values"] for layer in spec["layer"]]


def test_front_names_each_line_once_within_the_chart() -> None:
    spec = MAKE["front"]()
    labels = spec["layer"][-4]  # before the measured points and their key
    assert sorted(r["system"] for r in labels["data"]["values"]) == sorted(rows.SYSTEMS)
    low, high = labels["encoding"]["y"]["scale"]["domain"]
    assert all(low <= r["at"] <= high for r in labels["data"]["values"])


def test_front_cuts_what_costs_ten_times_the_least_and_says_so() -> None:
    steep = [{"system": "a", "speed": 10.0 * i, "value": 1.0 * 2**i} for i in range(1, 7)]
    spec = charts.front(steep, subtitle="own")
    line = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "line")
    assert [r["value"] for r in line["data"]["values"]] == [2, 4, 8, 16]
    assert spec["title"]["subtitle"] == ["own", "lines end at 10 times the least cost of the system"]
    assert charts.front(steep[:3], subtitle="own")["title"]["subtitle"] == ["own"]


def test_many_names_stand_in_one_column() -> None:
    many = [{"system": f"s{i}", "speed": 10.0 + i + s, "value": 1.0 + i} for i in range(12) for s in (0, 20)]
    names = charts.front(many)["layer"][-1]["data"]["values"]
    assert len({r["beside"] for r in names}) == 1
    assert len({round(r["at"], 9) for r in names}) == 12


@pytest.mark.parametrize("count", [2, 9])
def test_long_names_stay_inside_the_chart(count: int) -> None:
    names = [f"a-system-with-a-long-name-{i}" for i in range(count)]
    spec = charts.front([{"system": n, "speed": s, "value": 1.0 + i} for i, n in enumerate(names) for s in (5.0, 9.0)])
    left, right = next(one["scale"]["domain"] for name, one in channels(spec) if name == "x")
    for label in spec["layer"][-1]["data"]["values"]:
        pixels = spec["width"] * math.log(label["beside"] / left) / math.log(right / left)
        assert pixels + 8 + 7 * len(label["system"]) <= spec["width"] + 2


def test_front_without_ranges_has_no_band() -> None:
    bare = [{key: r[key] for key in ("system", "speed", "value")} for r in rows.front_rows()]
    assert "area" not in [layer["mark"]["type"] for layer in charts.front(bare)["layer"]]


def test_front_of_throughput_says_so() -> None:
    spec = charts.front(rows.front_rows(), measure="tokens_per_second_per_mw")
    titles = {one["axis"]["title"] for name, one in channels(spec) if name == "y"}
    assert titles == {"Tokens/s per MW"}


def test_a_system_has_the_same_colour_in_every_chart() -> None:
    chosen = colours(rows.SYSTEMS)
    front = charts.front(rows.front_rows()[:24], chosen=chosen)
    scales = [one["scale"] for name, one in channels(front) if name == "color" and "scale" in one]
    assert scales
    for scale in scales:
        assert all(chosen[n] == hue for n, hue in zip(scale["domain"], scale["range"], strict=True))
    bars = charts.cheapest(rows.cost_rows(), chosen=chosen)["data"]["values"]
    assert all(bar["shade"] == chosen[bar["system"]] for bar in bars)


def test_the_cheapest_differ_in_their_rows_alone() -> None:
    one, other = charts.cheapest(rows.cost_rows()), charts.cheapest([r | {"value": 9.0} for r in rows.cost_rows()])
    assert one["data"] != other["data"]
    assert {key: part for key, part in one.items() if key != "data"} == {k: p for k, p in other.items() if k != "data"}


def test_cheapest_is_sorted_and_says_by_how_much() -> None:
    bars = charts.cheapest(rows.cost_rows())["data"]["values"]
    assert [bar["system"] for bar in bars] == ["gb200-nvl72", "mi355x-8", "hgx-h200", "galaxy-wh", "cs-3"]
    assert [bar["against"] for bar in bars] == ["cheapest", "+23%", "+41%", "5.1x", "8.6x"]


def test_waterfall_ends_at_the_total() -> None:
    steps = charts.waterfall(rows.bill_rows())["data"]["values"]
    assert [s["from"] for s in steps[1:-1]] == [s["to"] for s in steps[:-2]]
    assert steps[-1]["to"] == pytest.approx(0.207) == steps[-2]["to"]
    assert steps[-2]["kind"] == "credit"
    assert steps[-2]["text"] == "-$0.009"


def test_tornado_is_widest_first_and_starts_at_the_answer() -> None:
    bars = charts.tornado(rows.tornado_rows(), 0.207, limit=3)["data"]["values"]
    assert [bar["fact"] for bar in bars[::2]] == ["load factor", "system price", "attainable bandwidth"]
    assert {bar["from"] for bar in bars} == {0.207}


def test_step_time_stacks_to_the_total() -> None:
    parts = data(MAKE["step_time"](), 0)
    decode = [r for r in parts if r["case"] == "hgx-h200, decode"]
    assert decode[-1]["to"] == pytest.approx(17.9)
    assert [r["part"] for r in decode] == ["compute", "memory", "network", "fixed"]


def test_predicted_measured_counts_what_is_near() -> None:
    near = [{"measured": 10.0, "predicted": p, "group": "gpu"} for p in (8.0, 12.0, 12.1, 7.9)]
    texts = data(charts.predicted_measured(near, unit="ms"), 2)
    assert texts == [{"text": "50% of 4 points within 20 % (dashed)"}]


def test_shares_sum_to_one_each_year() -> None:
    stacked = data(MAKE["shares"](), 0)
    for date in {r["date"] for r in stacked}:
        assert max(r["to"] for r in stacked if r["date"] == date) == pytest.approx(1.0)
    assert [r["series"] for r in stacked[:2]] == ["NVIDIA", "TPU"]


@pytest.mark.parametrize("make", [charts.cheapest, charts.waterfall, charts.front, charts.step_time, charts.shares])
def test_nothing_to_draw_is_an_error_in_words(make: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="to draw"):
        make([])
