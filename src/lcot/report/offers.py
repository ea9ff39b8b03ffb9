"""Tokens bought by API, beside serving them on systems owned or rented. Schema ``lcot.api/2``."""

from __future__ import annotations

from typing import Any

from lcot.choice.hosts import Ours, break_even, delivered, each, margins, ours
from lcot.choice.types import Question
from lcot.cost.api import Offer, api_bill, offers, request_price
from lcot.serving.types import Traffic
from lcot.units import DAY, YEAR

SCHEMA = "lcot.api/2"
BASES = ("own", "rent")


def as_dict(question: Question) -> dict[str, Any]:
    """Every host's list price of the model, cheapest request first, and what serving it would cost."""
    traffic = question.traffic
    found = offers(question.model.id)
    known: dict[str, list[Ours]] = ours(question, BASES) if found else {basis: [] for basis in BASES}
    tokens = float(traffic.input_tokens + traffic.output_tokens)
    rows = [offer_dict(one, traffic, known) for one in found]
    rows.sort(key=lambda row: (row["usd_per_mtok"]["blended"], row["host"]))
    serving = [ours_dict(one, traffic, tokens) for basis in BASES for one in known[basis]]
    return {
        "schema": SCHEMA,
        "question": {
            "model": question.model.id,
            "input_tokens": float(traffic.input_tokens),
            "output_tokens": float(traffic.output_tokens),
            "cached_fraction": float(traffic.cached_fraction),
            "requests_per_second": None if traffic.rate is None else float(traffic.rate),
            "tokens_per_second_per_user": question.target.speed,
        },
        "basis": {
            "cost": "api, list prices",
            "tokens": "input, cached input and output; blended over a request's tokens",
            "serving": f"own, and rent {question.term.replace('_', ' ')}, at site {question.site.id}, at stated facts",
            "gross_margin": "1 - our cost at scale / price; at scale: a fleet full up to the site's load factor, owned",
            "break_even": "load from which a fleet costs less than buying its tokens",
        },
        "verdict": verdict(question, rows, serving),
        "serving": serving,
        "offers": rows,
    }


def offer_dict(one: Offer, traffic: Traffic, known: dict[str, list[Ours]]) -> dict[str, Any]:
    """One host's prices, where serving becomes cheaper, and what is left of the price at our cost."""
    tokens = float(traffic.input_tokens + traffic.output_tokens)
    found = {basis: break_even(known[basis], one, traffic) for basis in BASES}
    return {
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
        "break_even": {
            basis: None
            if pair is None
            else {
                "requests_per_second": pair[0],
                "mtok_per_day": pair[0] * tokens * DAY / 1e6,
                "system": pair[1].system.id,
            }
            for basis, pair in found.items()
        },
        "gross_margin": {
            name: {"margin": margin, "system": system}
            for name, (margin, system) in margins(known["own"], one, traffic).items()
        },
        "usd_per_year": None if traffic.rate is None else float(api_bill(one, traffic, traffic.rate).total) * YEAR,
        "edition": one.edition,
    }


def ours_dict(one: Ours, traffic: Traffic, tokens: float) -> dict[str, Any]:
    """What serving on one system costs."""

    def cost(bill: Any) -> float | None:
        return None if bill is None else each(bill, traffic) / tokens * 1e6

    return {
        "basis": one.basis,
        "system": one.system.id,
        "family": one.system.family,
        "at_scale": cost(one.scale),
        "at_the_load": cost(one.asked),
        "usd_per_year": None if one.asked is None else float(one.asked.total) * YEAR,
        "smallest_fleet": {
            "usd_per_hour": float(one.fleets[0].total) * 3600 if one.fleets else None,
            "requests_per_second": delivered(one.fleets[0], traffic) if one.fleets else None,
        },
    }


def verdict(question: Question, rows: list[dict[str, Any]], serving: list[dict[str, Any]]) -> str:
    """The cheapest host in a sentence, and serving beside it in another."""
    if not rows:
        return f"No host in the price list sells {question.model.id}."
    best = rows[0]
    text = (
        f"{best['host']} lists {question.model.id} at the lowest price for this request: "
        f"${best['usd_per_mtok']['blended']:.3g} per million tokens ({best['edition']}, list price; the list does not "
        "say how fast)."
    )
    key, load = ("at_scale", "at scale") if question.traffic.rate is None else ("at_the_load", "at the load asked")
    for basis in BASES:
        costs = [one for one in serving if one["basis"] == basis and one[key] is not None]
        if costs:
            cheapest = min(costs, key=lambda one: one[key])
            verb = "Owned" if basis == "own" else "Rented"
            text += f" {verb} {cheapest['system']} costs ${cheapest[key]:.3g} {load}"
            start = best["break_even"][basis]
            if start is None:
                text += "; buying there is cheaper at any load."
            else:
                text += f"; buying is dearer from {start['requests_per_second']:.3g} requests/s on ({start['system']})."
    return text


def as_text(found: dict[str, Any]) -> str:
    """The offers for a reader."""
    families = list(dict.fromkeys(name for row in found["offers"] for name in row["gross_margin"]))
    lines = [
        found["verdict"],
        "",
        f"{'':24s}{'price, $ per million tokens':^36}{'cheaper from, requests/s':^26}  implied gross margin on",
        f"{'host':24s}{'any':>9}{'input':>9}{'cached':>9}{'output':>9}{'own':>13}{'rent':>13}  "
        + "".join(f"{name:>13}" for name in families),
    ]
    for row in found["offers"]:
        cost, starts = row["usd_per_mtok"], row["break_even"]
        cells = "".join(f"{cost[key]:>9.3g}" for key in ("blended", "input", "cached_input", "output"))
        cells += "".join(f"{format(s['requests_per_second'], '.3g') if s else 'never':>13}" for s in starts.values())
        left = [row["gross_margin"].get(name) for name in families]
        cells += "  " + "".join(f"{format(one['margin'], '.0%') if one else '':>13}" for one in left)
        lines.append(f"{row['host'][:23]:24s}{cells}".rstrip())
    lines += [
        "",
        f"{'serving ($/Mtok)':24s}{'basis':>9}{'family':>9}{'at scale':>10}{'at the load':>13}{'$ a year':>13}",
    ]
    for one in found["serving"]:
        asked = [("at_the_load", ".3g"), ("usd_per_year", ",.0f")]
        cells = "".join(f"{'' if one[key] is None else format(one[key], form):>13}" for key, form in asked)
        head = f"{one['system']:24s}{one['basis']:>9}{one['family']:>9}{one['at_scale']:>10.3g}"
        lines.append(f"{head}{cells}".rstrip())
    basis = found["basis"]
    return "\n".join(
        [
            *lines,
            "",
            f"Cost basis: {basis['cost']}. Tokens: {basis['tokens']}. Serving: {basis['serving']}.",
            f"Gross margin: {basis['gross_margin']}. Cheaper from: {basis['break_even']}.",
        ]
    )
