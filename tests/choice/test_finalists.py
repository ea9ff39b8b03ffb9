"""Finalists through the kernel: what is replaced, who gives way, and what stays consistent."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.candidate import plan
from lcot.choice.compare import blended, compare
from lcot.choice.finalists import alike, eased, finalist, missed_by, repeated, traffic_of
from lcot.choice.types import UnderLoad
from lcot.errors import DomainError
from lcot.serving.spread import spread
from lcot.serving.synthetic import agents, closed_loop, open_loop
from lcot.serving.types import Requests, Target, Traffic
from tests.choice.test_compare import question

PAIR = ("hgx-h200", "mi355x-8")


def seen(first: float, token: float) -> UnderLoad:
    return UnderLoad(100, spread(np.full(9, first)), spread(np.full(9, token)))


def test_simulated_times_replace_those_of_the_steady_state():
    closed = compare(question(PAIR), finalists=0)
    answer = compare(question(PAIR))
    for item in answer.by_status("ranked"):
        before = next(e for e in closed.entries if e.system.id == item.system.id)
        assert before.simulated is None
        assert item.plan.served.time_to_first_token == item.simulated.time_to_first_token.mean
        assert item.simulated.time_to_first_token.p95 > item.simulated.time_to_first_token.mean
        assert item.plan.served.time_per_output_token == pytest.approx(
            float(before.plan.served.time_per_output_token), rel=0.15
        )
        assert blended(item) == blended(before)  # nobody gave way, so no cost has moved


def test_as_many_as_asked_are_simulated():
    answer = compare(question(("hgx-h200", "mi355x-8", "dgx-b200")), finalists=1)
    assert [e.simulated is not None for e in answer.by_status("ranked")] == [True, False, False]


def test_a_plan_that_misses_gives_way_to_more_copies():
    asked = replace(question(("hgx-h200",), rate=20.0, speed=50.0), pools="together")
    item = compare(asked, finalists=0).entries[0]
    first = item.plan
    tight = replace(asked, target=Target(50.0, 1.3 * float(first.served.time_to_first_token)))
    held = finalist(replace(item, tried=item.tried[:1]), tight, None)
    assert held.status == "ranked"
    assert held.simulated.gave_way[0].limit == "time to first token"
    assert held.plan.served.copies > first.served.copies
    assert held.simulated.time_to_first_token.p95 <= tight.target.time_to_first_token
    assert held.simulated.dearer == pytest.approx(blended(held) / blended(item))


def test_copies_for_prompts_are_added_where_prompts_come_late():
    asked = question(("hgx-h200",), rate=20.0, speed=50.0)
    item = compare(asked, finalists=0).entries[0]
    assert item.plan.pool is not None
    more = eased(item.plan, asked, "time to first token")
    assert more.served.prefill_copies > item.plan.served.prefill_copies
    assert more.served.time_to_first_token < item.plan.served.time_to_first_token


def test_prompts_apart_run_through_both_pools():
    asked = question(("hgx-h200",), rate=20.0, speed=50.0)
    item = compare(asked, finalists=0).entries[0]
    run = finalist(item, asked, None)
    assert run.plan.served.prefill_copies > 0
    assert run.simulated.gave_way == ()
    assert run.simulated.time_per_output_token.mean == pytest.approx(
        float(item.plan.served.time_per_output_token), rel=0.1
    )
    assert run.simulated.time_to_first_token.mean == pytest.approx(float(item.plan.served.time_to_first_token), rel=0.5)


def test_nothing_left_is_infeasible():
    asked = replace(question(("hgx-h200",), rate=20.0, speed=50.0), pools="together")
    item = compare(asked, finalists=0).entries[0]
    alone = float(item.plan.points.time_to_first_token[0])
    lost = finalist(item, replace(asked, target=Target(50.0, 1.01 * alone)), None)
    assert lost.status == "infeasible"
    assert "under load" in lost.reason
    assert lost.plan is None


def test_easing_buys_systems_and_lowers_the_load_of_each():
    asked = replace(question(("hgx-h200",), rate=20.0), pools="together")
    item = compare(asked, finalists=0).entries[0]
    more = eased(item.plan, asked, "speed")
    assert more.served.copies == item.plan.served.copies + 1
    assert more.served.rate == item.plan.served.rate
    assert more.served.utilisation > item.plan.served.rate / (item.plan.served.capacity * 1.5)
    assert float(more.bill.total) > float(item.plan.bill.total)
    free = replace(question(("hgx-h200",), rate=None), pools="together")
    full = plan(item.plan.deployment, free)
    less = eased(full, free, "speed")
    assert less.served.rate == pytest.approx(0.9 * full.served.rate)
    assert less.served.systems == full.served.systems


@pytest.mark.parametrize(
    ("first", "token", "late", "refused", "limit"),
    [
        (1.0, 0.01, 0.0, 0.0, None),
        (3.0, 0.01, 0.0, 0.0, "time to first token"),
        (1.0, 0.03, 0.0, 0.0, "speed"),
        (1.0, 0.01, 0.2, 0.0, "rate"),
        (1.0, 0.01, 0.0, 0.2, "KV cache"),
    ],
)
def test_what_is_missed_is_named(first, token, late, refused, limit):
    found = missed_by(seen(first, token), Target(50.0, 2.0), late, refused)
    assert (found[1] if found else None) == limit


def test_a_trace_brings_its_traffic():
    trace = Requests(np.array([0.0, 1.0, 4.0]), np.array([10, 20, 30]), np.array([4, 5, 6]))
    assert traffic_of(trace) == Traffic(20.0, 5.0, 0.5, 0.0)
    with pytest.raises(DomainError, match="trace"):
        traffic_of(closed_loop(4, 10, [10], [10]))


def test_reuse_of_a_trace_by_hand():
    # blocks of 4: the second request repeats both blocks of the first, whose prompt is 8 tokens, and adds one
    trace = Requests(
        np.array([0.0, 1.0]), np.array([8, 12]), np.array([4, 4]),
        hashes=np.array([1, 2, 1, 2, 3]), hash_start=np.array([0, 2, 5]), hash_block=4,
    )  # fmt: skip
    assert repeated(trace) == pytest.approx(8 / 20)
    talk = agents(0.1, 5, 6, 1000, 200, 100, 1.0, seed=1)
    assert 0.5 < repeated(talk) < 1.0


def test_ranked_at_a_trace():
    trace = open_loop(10.0, 800, [500, 2000], [100, 300], seed=3)
    asked = replace(question(PAIR), traffic=traffic_of(trace))
    answer = compare(asked, trace=trace)
    for item in answer.by_status("ranked"):
        assert item.simulated.requests == 800


def test_cached_input_is_a_shared_prefix():
    asked = replace(question(PAIR), traffic=Traffic(1000, 100, 5.0, cached_fraction=0.5))
    made = alike(5.0, 10.0, asked)
    assert made.hash_start[1] * made.hash_block == 448  # whole blocks of 64 of 500 tokens
    cold = alike(5.0, 10.0, replace(asked, traffic=Traffic(1000, 100, 5.0)))
    assert cold.hashes is None
    assert (cold.arrival == made.arrival).all()


def test_pools_stand_draws_of_chips_and_engines():
    asked = replace(question(("hgx-h200",), rate=20.0, speed=50.0), draws=64)
    item = compare(asked, finalists=0).entries[0]
    assert item.plan.pool is not None
    assert item.spread.p10 < item.spread.p50 < item.spread.p90
