from __future__ import annotations

import numpy as np
import pytest

from lcot.choice import uncertainty
from lcot.choice.sensitivity import (
    CAUSES,
    LOAD,
    MODEL,
    cause_of,
    elasticities,
    evaluator,
    improved,
    replaced,
    tornado,
    varying,
)
from lcot.choice.shares import estimators, shares
from lcot.choice.sobol import points
from lcot.choice.uncertainty import cost_of
from lcot.errors import DomainError
from lcot.facts.types import Engine
from tests.choice.double import estimate, fact, make_deployment, make_question, owner

FACTS = {
    "chip": owner("chip", fact("memory.hbm.bandwidth", 4.0, 3.0, 5.0), fact("peak.bf16", 1.0, 1.0, 1.0)),
    "box": owner("box", fact("price", 10.0, 5.0, 15.0)),
}


def ratio(facts):
    """Price over bandwidth squared, and half as much again for compute."""
    chip = facts["chip"]
    return facts["box"].number("price") / chip.number("memory.hbm.bandwidth") ** 2 * chip.number("peak.bf16") ** 0.5


@pytest.mark.parametrize(
    ("key", "cause"),
    [
        ("memory.hbm.bandwidth", "memory bandwidth"),
        ("memory.sram.usable", "memory capacity"),
        ("peak.fp8", "compute"),
        ("fabric.scale_up.latency", "data movement between chips"),
        ("power.tdp", "power"),
        ("electricity.price", "power"),
        ("pue.liquid", "power"),
        ("price", "price"),
        ("rent.on_demand", "price"),
        ("capital.network_share", "price"),
        ("finance.discount_rate", "finance"),
        ("life.accelerator", "finance"),
        ("load_factor", "load"),
        ("operations.staff", "operations"),
        ("facility.rent", "operations"),
        ("list_price.output", "other"),
    ],
)
def test_causes(key, cause):
    assert cause_of("x", key) == cause
    assert cause_of("x", key, {"x"}) == "engine"
    assert cause_of(MODEL, "error") == "engine"


def test_causes_asked_for_are_there():
    asked = "memory bandwidth, memory capacity, compute, data movement between chips, power, price, finance, load"
    assert set(asked.split(", ")) <= set(CAUSES)


def test_varying_and_replaced():
    assert varying(FACTS) == [("chip", "memory.hbm.bandwidth"), ("box", "price")]
    assert ratio(replaced(FACTS, {("box", "price"): np.array([16.0, 32.0])})).tolist() == [1.0, 2.0]
    assert FACTS["box"].number("price") == 10.0


def test_tornado_by_hand():
    bars = tornado(ratio, FACTS)
    assert [bar.key for bar in bars] == ["memory.hbm.bandwidth", "price"]
    price = bars[1]
    # P10 of the triangle 5, 10, 15: 5 + sqrt(0.1 * 10 * 5)
    assert price.low == pytest.approx(5 + np.sqrt(5))
    assert price.high == pytest.approx(15 - np.sqrt(5))
    assert price.cost == pytest.approx(10 / 16)
    assert price.cost_at_low == pytest.approx(price.low / 16)
    assert bars[0].cost_at_low == pytest.approx(10 / bars[0].low ** 2)
    assert price.cause == "price"


def test_elasticities_by_hand():
    found = elasticities(ratio, FACTS)
    assert found["chip", "memory.hbm.bandwidth"] == pytest.approx(-2.0)
    assert found["box", "price"] == pytest.approx(1.0)
    assert elasticities(ratio, FACTS, [("chip", "peak.bf16")])["chip", "peak.bf16"] == pytest.approx(0.5)


def test_what_twice_as_good_buys():
    found = improved(ratio, FACTS)
    assert found == pytest.approx({"memory bandwidth": 0.25, "compute": np.sqrt(2), "price": 0.5})
    with pytest.raises(DomainError, match="factor"):
        improved(ratio, FACTS, 0.0)


def test_less_latency_is_better():
    facts = {"chip": owner("chip", fact("fabric.scale_up.latency", 2.0), fact("fabric.scale_up.size", 8.0))}
    found = improved(
        lambda f: f["chip"].number("fabric.scale_up.latency") * f["chip"].number("fabric.scale_up.size"), facts
    )
    assert found == {"data movement between chips": 0.5}


def test_shares_of_a_sum_of_logs():
    # ln c = ln price - 2 ln bandwidth: no interaction, so first order and total agree and add up to one
    found = shares(ratio, FACTS, 1024)
    price, memory = found.by_cause["price"], found.by_cause["memory bandwidth"]
    assert price.first + memory.first == pytest.approx(1.0, abs=0.02)
    assert price.total == pytest.approx(price.first, abs=0.02)
    u = (np.arange(4096) + 0.5) / 4096
    logs = {k: np.log(uncertainty.quantile(FACTS[o][k], u)).var() for o, k in varying(FACTS)}
    alone = logs["price"] / (logs["price"] + 4 * logs["memory.hbm.bandwidth"])
    assert price.total == pytest.approx(alone, abs=0.01)
    assert price.total_low <= price.total <= price.total_high
    assert found.variance == pytest.approx(logs["price"] + 4 * logs["memory.hbm.bandwidth"], rel=0.02)
    assert found.draws == 1024 * 4
    assert found.missed == 0.0


def test_interactions_are_in_the_total_only():
    def product(facts):
        centre = (facts["chip"].number("memory.hbm.bandwidth") - 4.0) * (facts["box"].number("price") - 10.0)
        return np.exp(centre)

    found = shares(product, FACTS, 2048).by_cause
    for one in found.values():
        assert one.first == pytest.approx(0.0, abs=0.03)
        assert one.total == pytest.approx(1.0, abs=0.03)


def test_estimators_are_those_of_scipy():
    from scipy.stats import sobol_indices

    drawn = points(256, 6, np.random.default_rng(3))
    a, b = drawn[:, :3], drawn[:, 3:]

    def value(x):
        return x[:, 0] + 2 * x[:, 1] * x[:, 2] - 1.0

    mixed = []
    for g in range(3):
        one = a.copy()
        one[:, g] = b[:, g]
        mixed.append(value(one))
    logs = np.stack([value(a), value(b), *mixed])
    logs -= logs[:2].mean()
    first, total = estimators(logs)
    theirs = sobol_indices(func={"f_A": logs[:1], "f_B": logs[1:2], "f_AB": logs[2:, None, :]}, n=256)
    assert first == pytest.approx(np.ravel(theirs.first_order), abs=2e-3)
    assert total == pytest.approx(np.ravel(theirs.total_order), rel=1e-9)


def test_shares_repeat_themselves_and_refuse_odd_samples():
    assert shares(ratio, FACTS, 64, 5) == shares(ratio, FACTS, 64, 5)
    with pytest.raises(DomainError, match="power of two"):
        shares(ratio, FACTS, 100)
    with pytest.raises(DomainError, match="vary"):
        shares(ratio, {"box": owner("box", fact("price", 1.0, 1.0, 1.0))}, 64)


def test_missed_draws_are_counted():
    found = shares(lambda facts: np.where(facts["box"].number("price") > 10, np.inf, ratio(facts)), FACTS, 256)
    assert found.missed == pytest.approx(0.5, abs=0.05)


class TestDeployment:
    @pytest.fixture(autouse=True)
    def _toy_step_time(self, monkeypatch):
        monkeypatch.setattr(uncertainty, "estimate", estimate)

    def test_at_the_stated_facts_it_is_the_cost(self):
        facts, evaluate, engines = evaluator(make_deployment("a"), make_question())
        assert engines == {"runner"}
        assert set(facts) == {"a-chip", "a", "runner", "here", MODEL, LOAD}
        assert float(evaluate(facts)) == pytest.approx(float(cost_of(make_deployment("a"), make_question())), rel=1e-12)

    def test_tornado_of_a_deployment(self):
        facts, evaluate, engines = evaluator(make_deployment("a"), make_question())
        bars = {bar.key: bar for bar in tornado(evaluate, facts, engines)}
        assert set(bars) == {"memory.hbm.bandwidth", "price", "electricity.price", "error"}
        assert bars["price"].cost_at_low < bars["price"].cost < bars["price"].cost_at_high
        assert bars["memory.hbm.bandwidth"].cost_at_low >= bars["memory.hbm.bandwidth"].cost_at_high
        assert bars["electricity.price"].width < bars["price"].width

    def test_shares_of_a_deployment(self):
        facts, evaluate, engines = evaluator(make_deployment("a"), make_question())
        found = shares(evaluate, facts, 64, engines=engines)
        assert set(found.by_cause) == {"price", "memory bandwidth", "power", "engine"}

    def test_better_hardware_costs_less(self):
        facts, evaluate, engines = evaluator(make_deployment("a"), make_question(rate=500.0))
        found = improved(evaluate, facts, 2.0, engines)
        assert 0.4 < found["price"] < 0.9
        assert found["price"] < found["power"] < 1.0
        assert found["memory bandwidth"] < 1.0

    def test_measured_engines_are_held(self):
        loose = Engine("u", "U", "gpu", "1", owner("u", fact("host.step", 1e-3, 1e-4, 1e-2)))
        facts, _, _ = evaluator(make_deployment("a", engine=loose), make_question())
        assert ("u", "host.step") in varying(facts)
        sure = Engine("f", "F", "gpu", "1", owner("f", fact("host.step", 1e-3, 1e-4, 1e-2), fact("step.error", 0.1)))
        facts, _, _ = evaluator(make_deployment("a", engine=sure), make_question())
        assert not [f for f in varying(facts) if f[0] == "f"]
