"""The fit of the engines that do not run on GPUs: on made-up points, and against what is committed."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lcot.errors import InputError
from lcot.facts import catalog
from lcot.steptime.estimate import estimate
from lcot.validation.family_cases import Case, decode, prefill, rows_of
from lcot.validation.family_fit import FREE, fit_engine, fitted_values, predicted, report
from lcot.workload import models

EVIDENCE = os.environ.get("LCOT_EVIDENCE", "")
needs_evidence = pytest.mark.skipif(not EVIDENCE, reason="LCOT_EVIDENCE does not name a folder of measurements")
FREE_TWO = {"layer.latency": (5e-6, 1e-6, 3e-5), "sequence.latency": (2e-6, 3e-7, 1e-5)}


def made_up(values: dict[str, float]) -> list[Case]:
    """Points that an engine with these constants would give."""
    from lcot.steptime.types import Deployment, Precision

    form = Precision("bf16", "bf16", "bf16", "bf16", "bf16")
    engine = catalog.engine("sambaflow")
    tuned = replace(engine, facts=engine.facts.with_values(values))
    cases: list[Case] = []
    for name in ("llama-3-8b", "llama-3-70b"):
        for batch in (1.0, 4.0, 16.0, 64.0):
            plan = Deployment(catalog.system("sambarack-sn40l-16"), models.model(name), engine, form, tensor=16)
            read = decode(batch, 500.0)
            value = read(estimate(replace(plan, engine=tuned)))
            cases.append(Case(f"{name} {batch}", "made up", "tpot_ms", name, plan, value, read))
    return cases


def test_constants_are_found_again():
    truth = {"layer.latency": 9e-6, "sequence.latency": 4e-6}
    cases = made_up(truth)
    found, _ = fitted_values(cases, catalog.engine("sambaflow"), FREE_TWO)
    for key, value in truth.items():
        assert found[key] == pytest.approx(value, rel=0.12)  # the prior pulls a little
    assert predicted(cases, catalog.engine("sambaflow"), found) == pytest.approx(
        [case.value for case in cases], rel=0.05
    )


def test_constants_stay_inside_their_prior_range():
    cases = made_up({"layer.latency": 9e-5, "sequence.latency": 4e-6})
    found, _ = fitted_values(cases, catalog.engine("sambaflow"), FREE_TWO)
    assert found["layer.latency"] <= 3e-5 * (1 + 1e-9)


def test_steps_of_a_point():
    plan = made_up({})[0].deployment
    steps = estimate(plan)
    assert decode(2.0, 100.0)(steps) == pytest.approx(float(steps.latency(decode_step()).total))
    assert prefill(1.0, 1000.0)(steps) > prefill(1.0, 100.0)(steps)


def decode_step():
    from lcot.steptime.types import Step

    return Step(decode_sequences=2.0, decode_context=200.0)


def test_a_missing_folder_is_an_error():
    with pytest.raises(InputError, match="LCOT_EVIDENCE"):
        rows_of(Path("nowhere"), "any")


@needs_evidence
@pytest.mark.parametrize(
    ("name", "most", "most_left_out"),
    [
        ("cerebras", 0.05, 0.05),
        ("waferllm", 0.05, None),
        ("groq", 0.05, None),
        ("sambaflow", 0.10, 0.12),
        ("tpu-vllm", 0.05, None),
    ],
)
def test_errors_on_public_points(name, most, most_left_out):
    fitted = fit_engine(name, Path(EVIDENCE))
    assert np.median(np.abs(fitted.errors)) < most, report(fitted)
    if most_left_out is not None:
        assert np.median(np.abs(fitted.left_out)) < most_left_out, report(fitted)


@needs_evidence
@pytest.mark.parametrize("name", [name for name in FREE if name != "wafers together"])
def test_committed_constants_predict_as_well_as_the_fit(name):
    engine_id, cases_of, free = FREE[name]
    engine = catalog.engine(engine_id)
    cases = list(cases_of(Path(EVIDENCE), engine))
    error = np.abs(predicted(cases, engine, {}) / [case.value for case in cases] - 1)
    decoding = np.array([case.metric != "ttft_ms" for case in cases])
    assert np.median(error[decoding]) < 0.13
    assert all(engine.facts[key].low is not None for key in free)
