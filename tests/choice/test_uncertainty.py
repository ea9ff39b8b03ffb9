from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice import uncertainty
from lcot.choice.search import plans
from lcot.choice.types import Question
from lcot.choice.uncertainty import cost_of, costs, drawn, evaluate, machines, samples, spreads, with_facts
from lcot.errors import DomainError
from lcot.facts import catalog
from lcot.facts.types import Engine
from lcot.serving.types import Target, Traffic
from lcot.steptime.estimate import estimate as steptime_estimate
from lcot.workload.models import model
from tests.choice.double import estimate, fact, make_deployment, make_question, owner


@pytest.fixture(autouse=True)
def _toy_step_time(monkeypatch):
    monkeypatch.setattr(uncertainty, "estimate", estimate)


def pair(**changes):
    return {"a": [make_deployment("a", **changes)], "b": [make_deployment("b", price=330e3)]}


def test_samples_follow_the_fact():
    facts = owner("x", fact("wide", 10.0, 5.0, 14.0), fact("fixed", 3.0, 3.0, 3.0), fact("none", None))
    made = samples([facts], 512, 1)["x"]
    assert made["wide"].value.shape == (512,)
    assert 5.0 < made["wide"].value.min() < 5.6
    assert 13.5 < made["wide"].value.max() < 14.0
    assert made["wide"].value.mean() == pytest.approx(29 / 3, rel=2e-3)  # triangular: a third of the sum of corners
    assert made["fixed"].value == 3.0
    assert made["none"].value is None


def test_samples_do_not_depend_on_company_or_order():
    first, second = (owner(name, fact("k", 1.0, 0.5, 2.0), fact("l", 1.0, 0.5, 2.0)) for name in ("x", "y"))
    alone = samples([first], 64, 3)["x"]["k"].value
    assert (samples([second, first], 64, 3)["x"]["k"].value == alone).all()
    assert (samples([second, first], 64, 3)["y"]["k"].value != alone).any()
    assert (samples([first], 64, 4)["x"]["k"].value != alone).any()


def test_facts_that_move_together():
    first, second = (owner(name, fact("price", 1.0, 0.5, 2.0)) for name in ("x", "y"))
    made = samples([first, second], 64, 3, {"x.price": "price", "y.price": "price"})
    assert (made["x"]["price"].value == made["y"]["price"].value).all()


def test_samples_refuse_none():
    with pytest.raises(DomainError, match="draws"):
        samples([], 0, 1)


def test_draws_of_sure_facts_are_the_point():
    deployment = make_deployment("a", wide=False)
    point = float(cost_of(deployment, make_question(wide=False)))
    many = cost_of(deployment, make_question(wide=False), np.ones(16), (16,))
    assert many == pytest.approx(np.full(16, point), rel=1e-12)


def test_each_draw_is_a_point_of_its_own():
    question, deployments = make_question(), pair()
    sample = drawn(question, deployments, 32, 5)
    together = uncertainty.costs(sample, 32)["a"]
    for i in (0, 7, 31):
        chip = sample.deployments["a"][0].system.chip.facts.number("memory.hbm.bandwidth")[i]
        price = sample.deployments["a"][0].system.facts.number("price")[i]
        tariff = sample.question.site.facts.number("electricity.price")[i]
        one = make_deployment("a", price=price, bandwidth=chip, wide=False)
        asked = make_question(wide=False)
        site = asked.site.facts.with_values({"electricity.price": tariff})
        asked = uncertainty.replace(asked, site=uncertainty.replace(asked.site, facts=site))
        alone = cost_of(one, asked, sample.factors["a"][i : i + 1], (1,))
        assert together[i] == pytest.approx(float(alone[0]), rel=1e-9)


def test_site_is_common_to_all_systems():
    sample = drawn(make_question(), pair(), 16, 1)
    assert sample.question.site.facts.number("electricity.price").shape == (16,)
    one, other = (sample.deployments[name][0].system.facts.number("price") for name in "ab")
    assert (one / 300e3 != other / 330e3).any()


def test_engine_with_a_measured_error_is_not_drawn():
    facts = [fact("host.step", 1e-3, 1e-4, 1e-2)]
    fitted = Engine("f", "F", "gpu", "1", owner("f", *facts, fact("step.error", 0.1, 0.1, 0.1)))
    unfitted = Engine("u", "U", "gpu", "1", owner("u", *facts))
    sample = drawn(
        make_question(),
        {"a": [make_deployment("a", engine=fitted)], "b": [make_deployment("b", engine=unfitted)]},
        8,
        1,
    )
    assert np.ndim(sample.deployments["a"][0].engine.facts.number("host.step")) == 0
    assert np.shape(sample.deployments["b"][0].engine.facts.number("host.step")) == (8,)
    assert np.log(sample.factors["b"]).std() > np.log(sample.factors["a"]).std()


def test_evaluate_repeats_itself():
    first = evaluate(make_question(), pair(), 64, 9)
    again = evaluate(make_question(), dict(reversed(pair().items())), 64, 9)
    assert all((first[name] == again[name]).all() for name in "ab")
    assert (evaluate(make_question(), pair(), 64, 10)["a"] != first["a"]).any()


def test_adding_a_system_leaves_the_others_alone():
    two = evaluate(make_question(), pair(), 64, 9)
    three = evaluate(make_question(), {**pair(), "c": [make_deployment("c")]}, 64, 9)
    assert (two["a"] == three["a"]).all()


def test_missed_targets_are_infinite():
    fast = 1 / (70e9 / 32e12 + 3e-3)  # tokens/s a user of the nominal machine, nearly alone on it
    found = evaluate(make_question(speed=fast), {"a": [make_deployment("a")]}, 256, 1)["a"]
    assert 0.3 < np.isinf(found).mean() < 0.9
    assert np.isinf(evaluate(make_question(speed=10 * fast), {"a": [make_deployment("a")]}, 16, 1)["a"]).all()


def test_best_of_several_deployments():
    slow, quick = make_deployment("a", bandwidth=1e12), make_deployment("a")
    quick = uncertainty.replace(quick, system=uncertainty.replace(quick.system, id="a2"))
    both = evaluate(make_question(), {"a": [slow, quick]}, 32, 1)["a"]
    assert (both <= evaluate(make_question(), {"a": [slow]}, 32, 1)["a"]).all()


def test_spreads_by_hand():
    found = spreads({"a": np.array([1.0, 2.0, 3.0, 4.0]), "b": np.array([2.0, 1.0, 3.0, np.inf])})
    assert found["a"].probability_cheapest == pytest.approx((1 + 0 + 0.5 + 1) / 4)
    assert found["b"].probability_cheapest == pytest.approx((0 + 1 + 0.5 + 0) / 4)
    assert (found["a"].p10, found["a"].p50, found["a"].p90) == (1.0, 2.0, 4.0)
    assert found["b"].p90 == np.inf
    assert spreads({}) == {}


def test_probabilities_add_up():
    found = spreads(evaluate(make_question(), pair(), 256, 2))
    assert sum(one.probability_cheapest for one in found.values()) == pytest.approx(1.0)
    assert found["a"].probability_cheapest > found["b"].probability_cheapest
    assert found["a"].p10 < found["a"].p50 < found["a"].p90


def test_the_median_is_near_the_point():
    point = float(cost_of(make_deployment("a"), make_question()))
    found = spreads(evaluate(make_question(), {"a": [make_deployment("a")]}, 1024, 2))["a"]
    assert found.p10 < point < found.p90
    assert found.p50 == pytest.approx(point, rel=0.1)


def test_what_runs_beside_is_drawn_too():
    beside = make_deployment("gpus")
    first = replace(make_deployment("a"), mode="decode", paired=beside)
    assert [one.system.id for one in machines(first)] == ["a", "gpus"]
    sample = drawn(make_question(), {"a": [first]}, 16, 1)
    paired = sample.deployments["a"][0].paired
    assert paired.system.facts.number("price").shape == (16,)
    assert paired.system.chip.facts.number("memory.hbm.bandwidth").shape == (16,)
    alone = drawn(make_question(), {"gpus": [beside]}, 16, 1).deployments["gpus"][0]
    assert (alone.system.facts.number("price") == paired.system.facts.number("price")).all()
    moved = with_facts(first, {"gpus": beside.system.facts.with_values({"price": 1.0})})
    assert moved.paired.system.facts.number("price") == 1.0
    assert moved.system.facts.number("price") == 300e3


def test_copies_for_prompts_stand_on_the_same_draw():
    first = make_deployment("a")
    sample = drawn(make_question(), {"a": [replace(first, mode="apart", paired=first)]}, 16, 1)
    (one,) = sample.deployments["a"]
    assert one.system.facts.number("price") is one.paired.system.facts.number("price")


def test_draws_of_prompts_apart_are_points_of_their_own(monkeypatch):
    """Each draw of a real deployment with copies for prompts is what that draw gives alone."""
    monkeypatch.setattr(uncertainty, "estimate", steptime_estimate)
    system, traffic = catalog.system("dgx-h100"), Traffic(1000.0, 500.0, 20.0)
    question = Question(model("llama-3.1-8b"), (system,), traffic, Target(50.0, 2.0), catalog.site("us-colocation"))
    found = plans(question, system)[0]
    apart = next(one.deployment for one in found if one.deployment.mode == "apart")
    sample = drawn(question, {"a": [apart]}, 4, 7)
    together = costs(sample, 4)["a"]
    assert np.isfinite(together).all()
    for i in (0, 3):
        (one,) = sample.deployments["a"]
        picked = {
            facts.owner: facts.with_values(
                {k: np.asarray(f.value)[[i]] for k, f in facts.items() if np.ndim(f.value) == 1}
            )
            for facts in (one.system.facts, one.system.chip.facts, one.engine.facts, sample.question.site.facts)
        }
        site = replace(sample.question.site, facts=picked[sample.question.site.id])
        alone = cost_of(with_facts(one, picked), replace(question, site=site), sample.factors["a"][[i]], (1,))
        assert alone[0] == pytest.approx(together[i], rel=1e-9)
