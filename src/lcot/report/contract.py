"""The JSON contract of `compare`, version 1. Documented in docs/json.md; changes to a key change the version."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from lcot.choice.compare import blended
from lcot.choice.types import Answer, Entry, Plan, Question
from lcot.facts.listing import card
from lcot.facts.types import Fact
from lcot.units import HOUR

SCHEMA = "lcot.compare/1"
BOUGHT = {"own": "system", "rent": "chip and hour", "api": "system"}  # what a break-even price is the price of

UNITS = {
    "tokens_per_second_per_user": "token/s",
    "tokens_per_second_per_chip": "output token/s delivered, over every chip bought",
    "time_to_first_token": "s",
    "time_per_output_token": "s",
    "utilisation": "1",
    "power": "W, IT load before PUE",
    "usd_per_mtok": "USD per million tokens",
}


def break_even(item: Entry, basis: str) -> float | None:
    """Price of a system [USD], or on rent that of a chip [USD/hour], at which it would cost as much as the cheapest."""
    if item.break_even_price is None:
        return None
    return item.break_even_price * (HOUR if basis == "rent" else 1.0)


def to_dict(answer: Answer) -> dict[str, Any]:
    """The answer as plain data, every number with its basis and unit."""
    return {
        "schema": SCHEMA,
        "question": question_dict(answer.question),
        "basis": basis_dict(answer),
        "verdict": answer.verdict,
        "units": UNITS | {"break_even_price": f"USD per {BOUGHT[answer.question.basis]}"},
        "systems": [entry_dict(item, answer.question) for item in answer.entries],
    }


def question_dict(question: Question) -> dict[str, Any]:
    """What was asked."""
    traffic, target = question.traffic, question.target
    return {
        "model": question.model.id,
        "input_tokens": plain(traffic.input_tokens),
        "output_tokens": plain(traffic.output_tokens),
        "cached_fraction": plain(traffic.cached_fraction),
        "requests_per_second": plain(traffic.rate),
        "tokens_per_second_per_user": plain(target.speed),
        "time_to_first_token": plain(target.time_to_first_token),
        "precision": question.precision,
        "speculative": question.speculative,
        "pools": question.pools,
        "available_by": question.available_by,
        "draws": question.draws,
        "seed": question.seed,
    }


def basis_dict(answer: Answer) -> dict[str, Any]:
    """What the numbers mean."""
    question = answer.question
    estimates = sorted({key for e in answer.entries if e.plan and e.plan.bill for key in e.plan.bill.estimates})
    return {
        "cost": question.basis if question.basis != "rent" else f"rent, {question.term}",
        "tokens": "input, cached input and output counted apart; blended is the cost of a request over all its tokens",
        "allocation": "bottleneck seconds",
        "load": "asked" if question.traffic.rate is not None else "capacity at the target times the site's load factor",
        "site": question.site.id,
        "facts_date": answer.facts_date,
        "declared_estimates": estimates,
    }


def entry_dict(item: Entry, question: Question) -> dict[str, Any]:
    """One system."""
    system, plan = item.system, item.plan
    facts = system.facts
    result: dict[str, Any] = {
        "system": system.id,
        "name": system.name,
        "family": system.family,
        "status": item.status,
        "reason": item.reason,
        "confidence": item.confidence,
        "confidence_reason": item.confidence_reason,
        "availability": {
            "status": system.status,
            "from": system.available,
            "export": facts["export"].value if facts.has("export") else None,
        },
        "break_even_price": plain(break_even(item, question.basis)),
        "probability_cheapest": item.spread.probability_cheapest if item.spread else None,
        "simulated": item.simulated is not None,
        "under_load": under_load_dict(item),
    }
    served = plan_dict(item, plan, float(question.traffic.output_tokens)) if plan else dict.fromkeys(PLAN_KEYS)
    return result | served | {"usd_per_mtok": cost_dict(item)}


def under_load_dict(item: Entry) -> dict[str, Any] | None:
    """Times that the event kernel saw, and the cheaper plans that missed the target there."""
    seen = item.simulated
    if seen is None:
        return None
    return {
        "requests": seen.requests,
        "time_to_first_token": {name: plain(value) for name, value in asdict(seen.time_to_first_token).items()},
        "time_per_output_token": {name: plain(value) for name, value in asdict(seen.time_per_output_token).items()},
        "draw_runs": seen.draw_runs,
        "interpolation_error": math.expm1(seen.interpolation) if seen.draw_runs else None,
        "gave_way": [{"layout": r.layout, "reason": r.reason, "limit": r.limit} for r in seen.gave_way],
    }


PLAN_KEYS = (
    "deployment", "precision", "speculative", "tokens_per_second_per_user", "tokens_per_second_per_chip",
    "time_to_first_token", "time_per_output_token", "utilisation", "power", "limit", "notes",
)  # fmt: skip


def plan_dict(item: Entry, plan: Plan, output_tokens: float) -> dict[str, Any]:
    """The deployment chosen on a system and what it does."""
    deployment, served = plan.deployment, plan.served
    chips = float(served.systems) * deployment.system.count
    return {
        "deployment": {
            "layout": deployment.label,
            "chips_per_copy": deployment.chips,
            "copies": plain(served.copies),
            "prefill": prefill_dict(plan),
            "systems": plain(served.systems),
            "chips_bought": plain(chips),
            "batch_per_copy": plain(served.batch),
            "engine": deployment.engine.name,
        },
        "precision": {"weights": deployment.precision.label, "kv": deployment.precision.kv},
        "speculative": deployment.speculation.method,
        "tokens_per_second_per_user": plain(1.0 / served.time_per_output_token),
        "tokens_per_second_per_chip": plain(float(served.rate) * output_tokens / chips),
        "time_to_first_token": plain(served.time_to_first_token),
        "time_per_output_token": plain(served.time_per_output_token),
        "utilisation": plain(item.utilisation),
        "power": plain(served.power),
        "limit": served.limit,
        "notes": list(plan.steps.notes),
    }


def prefill_dict(plan: Plan) -> dict[str, Any] | None:
    """The copies that compute prompts, where those are apart."""
    paired = plan.deployment.paired
    if plan.deployment.mode != "apart" or paired is None:
        return None
    return {"layout": paired.label, "chips_per_copy": paired.chips, "copies": plain(plan.served.prefill_copies)}


MEASURES = ("usd_per_mtok", "tokens_per_second_per_chip", "tokens_per_second_per_mw")  # columns of a system's front
BANDS = 3  # systems of a front, from the cheapest on, with their range


def front_rows(answer: Answer, measure: str = MEASURES[0]) -> list[dict[str, Any]]:
    """Speed against a measure at full load, a row for each point of each priced system on sale.

    The cheapest few have the range of their cost, carried along the line from the point that was asked.
    """
    column = MEASURES.index(measure) + 1
    rows: list[dict[str, Any]] = []
    for place, item in enumerate(answer.by_status("ranked")):
        spread = item.spread if place < BANDS and column == 1 else None
        stated, best = cost_dict(item)["blended"], 0.0
        found: list[dict[str, Any]] = []
        for point in reversed(item.front if item.front is not None else ()):
            value = float(point[column]) * (1.0 if column == 2 else 1e6)
            if not value > (best if column > 1 else 0.0):
                continue  # slower and no more throughput; or a cost that no logarithmic axis has
            best, row = max(best, value), {"system": item.system.id, "speed": float(point[0]), "value": value}
            if spread is not None and stated and math.isfinite(spread.p90):
                row |= {"low": value * spread.p10 * 1e6 / stated, "high": value * spread.p90 * 1e6 / stated}
            found.append(row)
        rows += reversed(found)
    return rows


def front_subtitle(answer: Answer) -> str:
    """Tokens, cost basis, site and date of the front's numbers, in a line."""
    traffic, basis = answer.question.traffic, basis_dict(answer)
    return (
        f"{plain(traffic.input_tokens):g} tokens in and {plain(traffic.output_tokens):g} out, all counted alike; "
        f"{basis['cost']}; {answer.question.site.name}; facts of {basis['facts_date']}"
    )


def source_row(fact: Fact, owner: str) -> dict[str, Any]:
    """One fact with its sources in a line."""
    sources = "; ".join(source.title for source in fact.sources)
    places = "; ".join(source.url or source.locator for source in fact.sources)
    return card(fact, owner) | {"source": sources, "url": places, "at": fact.at, "date": fact.date, "kind": fact.kind}


def cost_dict(item: Entry) -> dict[str, Any]:
    """Cost of tokens by kind, with the range of the blended cost."""
    bill = item.plan.bill if item.plan else None
    cost = bill.cost["bottleneck_seconds"] if bill else None
    spread = item.spread
    return {
        "input": mtok(cost.input if cost else None),
        "cached_input": mtok(cost.cached_input if cost else None),
        "output": mtok(cost.output if cost else None),
        "blended": mtok(blended(item) if cost else None),
        "p10": mtok(spread.p10 if spread else None),
        "p50": mtok(spread.p50 if spread else None),
        "p90": mtok(spread.p90 if spread else None),
    }


def mtok(value: Any) -> float | None:
    """USD per million tokens."""
    number = plain(value)
    return None if number is None else number * 1e6


def plain(value: Any) -> float | None:
    """A JSON number; None for what is not known or not finite."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None
