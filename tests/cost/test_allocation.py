from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.cost.allocation import all_to_output, by_bottleneck_seconds, by_list_price, tokens_per_request
from lcot.serving.types import Traffic
from tests.cost.conftest import SERVED, TRAFFIC

DAY = 86400.0


def total(cost, traffic):
    tokens = tokens_per_request(traffic)
    return sum(getattr(cost, kind) * tokens[kind] for kind in tokens)


def test_bottleneck_seconds_by_hand():
    # a request of 1,000 in and 500 out costs 0.01 USD and holds the bottleneck 0.05 s for input, 0.15 s for output
    cost = by_bottleneck_seconds(0.01, TRAFFIC, SERVED)
    assert cost.input == pytest.approx(0.0025 / 1000)
    assert cost.output == pytest.approx(0.0075 / 500)
    assert cost.blended == pytest.approx(0.01 / 1500)
    # the first cached token would hold it for 1 us of 0.2 s
    assert cost.cached_input == pytest.approx(0.01 / 0.2 * 1e-6)


def test_all_to_output_and_list_price_by_hand():
    assert all_to_output(0.01, TRAFFIC).output == pytest.approx(2e-5)
    assert all_to_output(0.01, TRAFFIC).input == 0.0
    cost = by_list_price(0.01, TRAFFIC, 4.0, 0.25)
    assert cost.input == pytest.approx(0.01 / (1000 + 4 * 500))
    assert cost.output == pytest.approx(4 * cost.input)
    assert cost.cached_input == pytest.approx(cost.input / 4)


@given(
    request=st.floats(1e-9, 1e3),
    lengths=st.tuples(st.floats(1, 1e6), st.floats(1, 1e5)),
    cached=st.just(0.0) | st.floats(1e-9, 0.99),
    seconds=st.tuples(st.floats(1e-6, 1e3), st.floats(1e-9, 1e3), st.floats(1e-6, 1e3)),
    ratios=st.tuples(st.floats(0.5, 10), st.floats(0.01, 1)),
)
def test_allocations_add_up_to_the_total(request, lengths, cached, seconds, ratios):
    traffic = Traffic(*lengths, cached_fraction=cached)
    served = replace(
        SERVED,
        prefill_seconds=seconds[0],
        cached_seconds=seconds[1] if cached > 0 else 0.0,
        decode_seconds=seconds[2],
    )
    for cost in (
        by_bottleneck_seconds(request, traffic, served),
        all_to_output(request, traffic),
        by_list_price(request, traffic, *ratios),
    ):
        assert total(cost, traffic) == pytest.approx(request, rel=1e-12)
        assert cost.blended * sum(tokens_per_request(traffic).values()) == pytest.approx(request, rel=1e-12)


def test_arrays():
    cost = by_bottleneck_seconds(np.array([0.01, 0.02]), TRAFFIC, SERVED)
    assert cost.output.tolist() == pytest.approx([1.5e-5, 3e-5])


# DeepSeek's disclosed day (27-28 February 2025): 226.75 nodes of eight H800 on average at 2 USD per GPU-hour;
# 608 billion tokens in, 342 of them from cache, 168 billion out; each node does 73.7k in or 14.8k out a second.
NODES, RATE = 226.75, 8 * 2.0 / 3600
FRESH, CACHED, OUT = 266e9, 342e9, 168e9
PREFILL, DECODE = 73.7e3, 14.8e3


def deepseek():
    traffic = Traffic(FRESH + CACHED, OUT, rate=1 / DAY, cached_fraction=CACHED / (FRESH + CACHED))
    decode = OUT / DECODE
    prefill = (FRESH + CACHED) / PREFILL
    served = replace(SERVED, prefill_seconds=prefill, cached_seconds=0.0, decode_seconds=decode)
    return traffic, served, NODES * RATE * DAY


def test_deepseek_node_days():
    _, served, _ = deepseek()
    node_days = (served.prefill_seconds + served.decode_seconds) / DAY
    assert node_days == pytest.approx(226.9, abs=0.05)
    assert node_days == pytest.approx(NODES, rel=0.005)
    assert served.decode_seconds / DAY / node_days == pytest.approx(0.58, abs=0.005)


def test_deepseek_bill_and_margin():
    _, _, bill = deepseek()
    assert bill == pytest.approx(87_072, abs=0.5)
    # list prices of DeepSeek-R1: 0.14 cached, 0.55 fresh, 2.19 out, USD per million
    revenue = (CACHED * 0.14 + FRESH * 0.55 + OUT * 2.19) / 1e6
    assert revenue == pytest.approx(562_027, rel=2e-3)
    assert revenue / bill - 1 == pytest.approx(5.45, abs=0.02)


def test_deepseek_cost_of_a_token():
    traffic, served, bill = deepseek()
    by_seconds = by_bottleneck_seconds(bill, traffic, served)
    assert by_seconds.output * 1e6 == pytest.approx(0.300, abs=0.001)
    assert by_seconds.input * 1e6 == pytest.approx(0.138, abs=0.001)  # all of the prefill on the fresh tokens
    assert by_seconds.input * FRESH / (FRESH + CACHED) * 1e6 == pytest.approx(0.060, abs=0.001)
    assert all_to_output(bill, traffic).output * 1e6 == pytest.approx(0.518, abs=0.001)
    assert by_seconds.blended * 1e6 == pytest.approx(0.112, abs=0.001)
    for cost in (by_seconds, all_to_output(bill, traffic), by_list_price(bill, traffic, 4.0, 0.25)):
        assert total(cost, traffic) == pytest.approx(bill, rel=1e-12)
