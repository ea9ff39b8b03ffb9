"""Draws through the event kernel: the same life at another speed, and the same answer as the closed form's."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.candidate import plan
from lcot.choice.finalists import alike, settled, tables
from lcot.choice.model_error import slowed
from lcot.choice.search import plans
from lcot.choice.simulated import TOKEN, kept_to, limits, run_of, with_runs
from lcot.choice.types import Entry, Question, UnderLoad
from lcot.choice.uncertainty import evaluate
from lcot.facts import catalog
from lcot.serving.replay import simulate
from lcot.serving.synthetic import scaled
from lcot.serving.types import Target, Traffic
from lcot.steptime.estimate import estimate
from lcot.workload.models import model

SYSTEM = catalog.system("dgx-h100")
ASKED = Question(
    model("llama-3.1-8b"), (SYSTEM,), Traffic(1000.0, 200.0, 40.0), Target(60.0), catalog.site("us-colocation")
)


@pytest.fixture(scope="module")
def together():
    """A deployment without copies for prompts."""
    return next(one.deployment for one in plans(replace(ASKED, pools="together"), SYSTEM)[0])


@pytest.fixture(scope="module")
def ran(together):
    return run_of(together, ASKED)


def test_slower_steps_under_less_load_are_the_same_life_slower(together):
    requests = alike(10.0, 20.0, ASKED)
    steps = estimate(together)
    rules, table, _ = tables(steps)
    _, slow, _ = tables(slowed(steps, 1.5))
    seen = settled(simulate(table, requests, rules, None), False)
    slower = settled(simulate(slow, scaled(requests, 1 / 1.5), rules, None), False)
    for name in ("time_to_first_token", "time_per_output_token"):
        for part in ("mean", "p50", "p95"):
            there, here = (getattr(getattr(one, name), part) for one in (slower, seen))
            assert there == pytest.approx(1.5 * here, rel=1e-6)


def test_runs_are_few_and_what_lies_between_is_close(ran):
    assert 16 <= ran.times.runs <= 32
    assert 0 < ran.times.error < 0.10
    assert set(ran.times.values) == {TOKEN}  # the only time that the target limits


def test_the_simulator_carries_about_what_the_closed_form_says(together, ran):
    found = plan(together, ASKED)
    closed = float(found.served.capacity / found.served.copies)
    assert float(ran.times.most(limits(ASKED.target), 1.0)) == pytest.approx(closed, rel=0.15)
    assert float(ran.times.most(limits(ASKED.target), 1.5)) < closed / 1.5


def test_draws_through_the_simulator(together, ran):
    system, endless = {"dgx-h100": [together]}, replace(ASKED, traffic=replace(ASKED.traffic, rate=None))
    closed = evaluate(endless, system, 64, 1)["dgx-h100"]
    seen = evaluate(endless, system, 64, 1, {"dgx-h100": {together.label: ran}})["dgx-h100"]
    assert np.median(seen) == pytest.approx(np.median(closed), rel=0.15)
    assert (seen != closed).any()
    assert not np.isnan(seen).any()


def test_a_draw_too_slow_for_any_load_is_infinite(together, ran):
    found = plan(together, ASKED)
    slow = plan(together, ASKED, slowed(found.steps, np.array([1.0, 1.1])), drawn=True)
    kept = kept_to(slow, replace(ASKED, target=Target(1e4)), ran)
    assert np.isnan(kept.bill.cost["bottleneck_seconds"].blended).all()


def test_entries_say_how_many_runs(ran):
    blank = UnderLoad(1000, None, None)
    first, other = with_runs(
        [Entry(SYSTEM, "ranked", simulated=blank), Entry(SYSTEM, "ranked")], {"dgx-h100": {"a": ran, "b": ran}}
    )
    assert (first.simulated.draw_runs, first.simulated.interpolation) == (2 * ran.times.runs, ran.times.error)
    assert other.simulated is None
