"""`lcot sensitivity`: which facts move the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.question import Asked
from lcot.errors import Infeasible

if TYPE_CHECKING:
    from lcot.choice.types import Plan, Question

DEFAULT = Asked()
Json = Annotated[bool, Parameter(name="--json", negative=())]


def sensitivity(
    model: str, /, *, asked: Asked = DEFAULT, points: int = 256, top: int = 12, json_: Json = False
) -> None:
    """Which facts move $/token: tornado, Sobol shares by cause, elasticities, and on what each architecture depends.

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
    from lcot.choice.dependence import by_architecture
    from lcot.choice.sensitivity import elasticities, evaluator, held, improved, tornado
    from lcot.choice.shares import shares
    from lcot.report.sensed import as_dict, as_text

    question = asked.question(model)
    chosen = best(question)
    facts, evaluate, engines = evaluator(chosen.deployment, question)
    endless = replace(question, traffic=replace(question.traffic, rate=None))
    full_facts, full, _ = evaluator(chosen.deployment, endless)
    known = {owner: held(some, some) if owner in {*engines, "model"} else some for owner, some in facts.items()}
    answer = as_dict(
        question,
        chosen,
        bars=tornado(evaluate, facts, engines),
        parts=shares(evaluate, facts, points, question.seed, engines),
        known=shares(evaluate, known, points, question.seed, engines),
        slopes=elasticities(full, full_facts),
        twice=improved(evaluate, facts, 2.0, engines),
        families=by_architecture(question),
    )
    print(dumped(answer) if json_ else as_text(answer, top))


def best(question: Question) -> Plan:
    """The best plan of the one system named, or of the cheapest. Raises `Infeasible`."""
    from lcot.choice.search import entry

    entries = [entry(question, system) for system in question.systems]
    priced = [e.plan for e in entries if e.plan is not None and e.plan.bill is not None and e.status != "announced"]
    if not priced:
        reasons = "; ".join(f"{e.system.id}: {e.status}, {e.reason}" for e in entries[:3])
        raise Infeasible(f"no priced system serves this question ({reasons})")
    return min(priced, key=lambda p: float(p.bill.cost["bottleneck_seconds"].blended) if p.bill else float("inf"))
