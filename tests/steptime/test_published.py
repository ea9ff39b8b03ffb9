"""Step times against published measurements that no constant was fitted to."""

from __future__ import annotations

import pytest

from lcot.facts import catalog
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment, Speculation, Step
from lcot.workload import models
from lcot.workload.formats import precision


def deployed(system: str, engine: str, model: str, weights: str, **layout: object) -> Deployment:
    machine, architecture = catalog.system(system), models.model(model)
    supported = [unit for unit in ("bf16", "fp8", "int8", "fp4") if machine.chip.facts.has(f"peak.{unit}")]
    chosen = precision(weights, architecture, supported)
    return Deployment(machine, architecture, catalog.engine(engine), chosen, **layout)  # pyright: ignore


@pytest.mark.parametrize(("batch", "milliseconds"), [(8, 16.6), (32, 20.0), (128, 27.9)])
def test_llama_70b_on_four_h100(batch: int, milliseconds: float) -> None:
    """ML.ENERGY, vLLM, bf16, chat: median time between tokens, where prompts take little of the steps."""
    steps = estimate(deployed("dgx-h100", "vllm", "llama-3.1-70b", "bf16", tensor=4))
    found = 1e3 * float(steps.latency(Step(float(batch), batch * 700.0)).total)
    assert found == pytest.approx(milliseconds, rel=0.25)


def test_deepseek_r1_on_cloudmatrix() -> None:
    """CloudMatrix384 paper, table 2: 160 packages, batch 96 each, 4k context, one drafted token at 70 %, 49.4 ms."""
    drafting = Speculation("mtp", 1, 1.7)
    layout = {"tensor": 1, "data": 160, "expert": 160, "speculation": drafting}
    steps = estimate(deployed("cloudmatrix384", "cloudmatrix-infer", "deepseek-r1", "int8", **layout))
    batch = 96 * 160.0
    assert 1e3 * float(steps.latency(Step(batch, batch * 4096)).total) / 1.7 == pytest.approx(49.4, rel=0.2)
