"""Tokens bought by API, ranked by the price of the question's request; never mixed with systems. ``lcot.api/1``."""

from __future__ import annotations

from typing import Any

from lcot.choice.types import Question
from lcot.cost.api import offers, request_price

SCHEMA = "lcot.api/1"


def as_dict(question: Question) -> dict[str, Any]:
    """Every host's list price of the model, cheapest request first."""
    traffic = question.traffic
    tokens = float(traffic.input_tokens + traffic.output_tokens)
    rows: list[dict[str, Any]] = [
        {
            "host": one.host,
            "name": one.model,
            "own_silicon": one.system or None,
            "since": one.date or None,
            "usd_per_mtok": {
                "input": one.input * 1e6,
                "cached_input": one.cached_input * 1e6,
                "output": one.output * 1e6,
                "blended": float(request_price(one, traffic)) / tokens * 1e6,
            },
            "edition": one.edition,
        }
        for one in offers(question.model.id)
    ]
    rows.sort(key=lambda row: (row["usd_per_mtok"]["blended"], row["host"]))
    return {
        "schema": SCHEMA,
        "question": {
            "model": question.model.id,
            "input_tokens": float(traffic.input_tokens),
            "output_tokens": float(traffic.output_tokens),
            "cached_fraction": float(traffic.cached_fraction),
        },
        "basis": {
            "cost": "api, list prices",
            "tokens": "input, cached input and output; blended over a request's tokens",
        },
        "verdict": verdict(question, rows),
        "offers": rows,
    }


def verdict(question: Question, rows: list[dict[str, Any]]) -> str:
    """The cheapest host in one sentence."""
    if not rows:
        return f"No host in the price list sells {question.model.id}."
    best = rows[0]
    return (
        f"{best['host']} lists {question.model.id} at the lowest price for this request: "
        f"${best['usd_per_mtok']['blended']:.3g} per million tokens ({best['edition']}, list price; the list does not "
        "say how fast)."
    )


def as_text(found: dict[str, Any]) -> str:
    """The offers for a reader."""
    lines = [found["verdict"], "", f"{'host':24s}{'$/Mtok':>9}{'input':>9}{'cached':>9}{'output':>9}  own silicon"]
    for row in found["offers"]:
        cost = row["usd_per_mtok"]
        cells = "".join(f"{cost[key]:>9.3g}" for key in ("blended", "input", "cached_input", "output"))
        lines.append(f"{row['host'][:23]:24s}{cells}  {row['own_silicon'] or ''}")
    return "\n".join([*lines, "", f"Cost basis: {found['basis']['cost']}. Tokens: {found['basis']['tokens']}."])
