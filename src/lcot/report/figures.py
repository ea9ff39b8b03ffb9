"""Charts of a plan, for page and report: the lines of its bill, and what a step spends its time on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from lcot.choice.types import Plan
from lcot.cost.types import Bill
from lcot.report import charts
from lcot.report.render import Spec
from lcot.serving.types import Traffic
from lcot.steptime.types import Step, StepTime

CAUSES = ("compute", "memory", "network", "fixed")


def bill_figure(bill: Bill, name: str) -> Spec:
    """The lines of a bill over the tokens delivered. [USD/Mtok]"""
    tokens = float(sum(bill.tokens.values()))
    lines = [{"line": key, "value": float(value) / tokens * 1e6} for key, value in bill.lines.items() if float(value)]
    return charts.waterfall(lines, title=f"Bill of {name}", subtitle="at the stated facts")


def step_figure(plans: Iterable[tuple[str, Plan]], traffic: Traffic) -> Spec:
    """What a decode step of each plan spends its time on."""
    rows = [row for name, plan in plans for row in parts(name, plan.steps, float(plan.served.batch), traffic)]
    return charts.step_time(rows, title="Where the time of a decode step goes")


def parts(name: str, steps: StepTime, batch: float, traffic: Traffic) -> list[dict[str, Any]]:
    """Seconds of one decode step with a batch, by cause."""
    held = max(batch, 1.0)
    lanes = min(float(steps.stages), held)
    context = float(traffic.input_tokens) + float(traffic.output_tokens) / 2.0
    spent = steps.latency(Step(decode_sequences=held / lanes, decode_context=held / lanes * context))
    return [{"case": name, "part": cause, "seconds": float(np.max(getattr(spent, cause)))} for cause in CAUSES]
