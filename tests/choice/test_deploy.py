"""The deployment that a comparison picks, through the kernel, and its bill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.choice.compare import compare
from lcot.choice.deploy import Layout, chosen, ready, served_of
from lcot.choice.types import Question
from lcot.errors import Infeasible, UnknownName
from lcot.facts import catalog
from lcot.serving.simulation import simulate_ready
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Target, Traffic
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Step
from lcot.workload.models import model

SYSTEM = catalog.system("hgx-h200")
QUESTION = Question(
    model("llama-3.3-70b"), (SYSTEM,), Traffic(1000.0, 500.0), Target(50.0, 2.0), catalog.site("us-colocation"), draws=0
)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        replace(QUESTION, target=Target()),
        replace(QUESTION, model=model("gpt-oss-120b"), traffic=Traffic(8000.0, 200.0), target=Target(30.0)),
    ],
)
def test_it_is_what_compare_picks(question):
    picked = compare(question).entries[0].plan
    found = chosen(SYSTEM, question.model, Layout(), question)
    assert found.deployment.label == picked.deployment.label
    assert (found.copies, found.prefill_copies) == (picked.served.copies, picked.served.prefill_copies)


def test_a_stated_width_is_kept_and_fills_a_system():
    found = chosen(SYSTEM, QUESTION.model, Layout(tensor=4, kv="fp8"), QUESTION)
    assert (found.deployment.label, found.copies, found.prefill_copies) == ("tp4", 2, 0)
    assert found.deployment.precision.kv == "fp8"


def test_stated_caches_hold_in_both_pools():
    found = chosen(SYSTEM, QUESTION.model, Layout(kv="fp8"), QUESTION).deployment
    assert found.mode == "apart"
    assert found.precision.kv == found.paired.precision.kv == "fp8"


def test_nothing_to_choose_is_said():
    with pytest.raises(Infeasible, match=r"no deployment of llama-3\.3-70b on hgx-h200"):
        chosen(SYSTEM, QUESTION.model, Layout(), replace(QUESTION, target=Target(5000.0)))


def test_rules_by_name():
    steps = estimate(chosen(SYSTEM, QUESTION.model, Layout(tensor=8), QUESTION).deployment)
    assert ready(steps).policy.name == "vllm"
    assert ready(steps, "trtllm").policy.reserve == 1.0
    assert ready(steps, "trtllm").steps is steps
    with pytest.raises(UnknownName, match="vllm"):
        ready(steps, "vlm")


def test_cached_input_costs_what_its_positions_add():
    found = chosen(SYSTEM, QUESTION.model, Layout(tensor=8), QUESTION)
    copies = ready(estimate(found.deployment))
    copies = replace(copies, policy=replace(copies.policy, prefix_cache=True))
    shared, count = 8192, 300  # tokens that all prompts begin with, before 808 of their own
    blocks = np.concatenate([np.r_[np.arange(shared // 64), -1 - i * 20 - np.arange(12)] for i in range(count)])
    load = replace(
        open_loop(0.2, count, [9000], [50]), hashes=blocks, hash_block=64,
        hash_start=np.arange(count + 1) * (shared // 64 + 12),
    )  # fmt: skip
    run = simulate_ready(copies, load)
    served, traffic = served_of(run, copies.steps)
    assert traffic.cached_fraction == pytest.approx(shared / 9000, rel=0.01)
    step = [Step(0.0, 0.0, 808.0, 808 * (404.5 + prior), 1.0) for prior in (8192.0, 0.0)]
    with_cache, without = (float(copies.steps.latency(one).total) for one in step)
    assert served.cached_seconds == pytest.approx(with_cache - without, rel=0.05)
    assert served.prefill_seconds == pytest.approx(without, rel=0.05)
    assert served.cached_token_seconds == pytest.approx((with_cache - without) / 8192, rel=0.05)


def test_seconds_of_both_pools_are_billed():
    found = chosen(SYSTEM, QUESTION.model, Layout(), QUESTION)
    copies = ready(estimate(found.deployment))
    assert found.prefill_copies == 3
    copies = replace(copies, policy=replace(copies.policy, replicas=1, prefill_replicas=3))
    run = simulate_ready(copies, open_loop(5.0, 400, [1000], [500]))
    served, traffic = served_of(run, copies.steps)
    chips = 2 / 8  # tp2 beside tp8
    prompts, decode = np.sum(run.outcome.prompt_use[0, :, 0]), np.sum(run.outcome.decode_use[1, :, 0])
    assert served.prefill_seconds * 400 == pytest.approx(chips * prompts)
    assert served.cached_seconds == 0.0
    assert served.cached_token_seconds > 0
    assert served.decode_seconds * 400 == pytest.approx(decode)
    assert (served.copies, served.prefill_copies, served.systems) == (1, 3, 2)
    assert (traffic.input_tokens, traffic.output_tokens) == pytest.approx((1000, 500))
