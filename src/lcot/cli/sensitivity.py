"""`lcot sensitivity`: which facts move the answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from lcot.cli.question import Asked
from lcot.errors import Infeasible

if TYPE_CHECKING:
    from lcot.choice.types import Plan, Question

DEFAULT = Asked()
Json = Annotated[bool, Parameter(name="--json", negative=())]


def sensitivity(
    model: str, /, *, asked: Asked = DEFAULT, points: int = 128, top: int = 12, json_: Json = False
) -> None:
    """Which facts move $/token of one system: tornado, Sobol shares by cause, and what twice the hardware would buy.

    Parameters
    ----------
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    points
        Sobol points of each sample, a power of two.
    top
        Bars of the tornado to print.
    json_
        Print as JSON.
    """
    from lcot.choice.sensitivity import evaluator, improved, tornado
    from lcot.choice.shares import shares

    question = asked.question(model)
    chosen = best(question)
    facts, evaluate, engines = evaluator(chosen.deployment, question)
    bars = tornado(evaluate, facts, engines)
    parts = shares(evaluate, facts, points, question.seed, engines)
    twice = improved(evaluate, facts, 2.0, engines)
    system = chosen.deployment.system
    answer: dict[str, Any] = {
        "schema": "lcot.sensitivity/1",
        "system": system.id,
        "model": question.model.id,
        "layout": chosen.deployment.label,
        "tornado": [asdict(bar) | {"width": bar.width} for bar in bars],
        "shares": {cause: asdict(share) for cause, share in parts.by_cause.items()},
        "draws": parts.draws,
        "missed": parts.missed,
        "twice_as_good": twice,
        "units": {
            "tornado": "USD/token; facts in SI",
            "shares": "share of the variance of log cost",
            "twice_as_good": "1",
        },
    }
    print(json.dumps(answer, indent=1) if json_ else sensitivity_text(answer, top))


def best(question: Question) -> Plan:
    """The best plan of the one system named, or of the cheapest. Raises `Infeasible`."""
    from lcot.choice.search import entry

    entries = [entry(question, system) for system in question.systems]
    priced = [e.plan for e in entries if e.plan is not None and e.plan.bill is not None and e.status != "announced"]
    if not priced:
        reasons = "; ".join(f"{e.system.id}: {e.status}, {e.reason}" for e in entries[:3])
        raise Infeasible(f"no priced system serves this question ({reasons})")
    return min(priced, key=lambda p: float(p.bill.cost["bottleneck_seconds"].blended) if p.bill else float("inf"))


def sensitivity_text(a: dict[str, Any], top: int) -> str:
    """The answer for a reader."""
    bars = a["tornado"][:top]
    cost = bars[0]["cost"] * 1e6 if bars else float("nan")
    lines = [
        f"{a['system']} ({a['layout']}) serves {a['model']} at ${cost:.3g} per million tokens at the stated facts.",
        "",
    ]
    lines.append(f"{'fact':52s}{'cause':28s}{'at P10':>9}{'at P90':>9}  $/Mtok")
    for bar in bars:
        name = f"{bar['owner']}.{bar['key']}"
        ends = f"{bar['cost_at_low'] * 1e6:>9.3g}{bar['cost_at_high'] * 1e6:>9.3g}"
        lines.append(f"{name[:51]:52s}{bar['cause'][:27]:28s}{ends}")
    lines += ["", f"{'cause':32s}{'first':>8}{'total':>8}{'2x buys':>9}   shares of variance, {a['draws']} evaluations"]
    for cause, share in a["shares"].items():
        buys = a["twice_as_good"].get(cause)
        lines.append(
            f"{cause:32s}{share['first']:>8.0%}{share['total']:>8.0%}{'' if buys is None else f'{1 - buys:.0%}':>9}"
        )
    for cause, ratio in a["twice_as_good"].items():
        if cause not in a["shares"]:
            lines.append(f"{cause:32s}{'':>16}{1 - ratio:>9.0%}")
    return "\n".join(lines)
