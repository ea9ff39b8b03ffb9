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
    assert served.decode_seconds * 400 == pytest.approx(decode)
    assert (served.copies, served.prefill_copies, served.systems) == (1, 3, 2)
    assert (traffic.input_tokens, traffic.output_tokens) == pytest.approx((1000, 500))
