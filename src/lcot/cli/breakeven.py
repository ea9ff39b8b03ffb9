"""`lcot breakeven`: where the cheaper of two ways to serve changes."""

from __future__ import annotations

from dataclasses import asdict, replace
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.question import Asked
from lcot.errors import InputError, UnknownName

if TYPE_CHECKING:
    from lcot.choice.types import Question
    from lcot.cost.api import Offer

DEFAULT = Asked()
UNITS = {"price": "USD", "rent": "USD/h", "rate": "request/s", "tariff": "USD/kWh", "speed": "token/s"}
RANGES = {"price": (1e3, 1e8), "rent": (0.05, 100.0), "rate": (0.01, 1e4), "tariff": (0.005, 1.0), "speed": (1.0, 1e3)}
WORDS = {"price": "price of one complete system", "rent": "rent of a chip", "rate": "load", "speed": "speed of a user"}
VARIED = ("price", "rate", "tariff", "speed")
HOST = "api:"


def breakeven(
    system: str,
    model: str,
    /,
    *,
    against: str,
    vary: str = "price",
    low: float | None = None,
    high: float | None = None,
    asked: Asked = DEFAULT,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Where does the cheaper of two systems, or of a system and a host of tokens, change as one thing varies?

    Parameters
    ----------
    system
        A system's id or YAML file; its price (or rent) varies with --vary price.
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    against
        The other system, or a host of tokens: api for the cheapest one, api:NAME for another.
    vary
        price (USD for one complete system; with --basis rent, USD for a chip and hour), rate (request/s), tariff
        (USD/kWh) or speed (token/s a user).
    low
        Low end of the search.
    high
        High end of the search.
    json_
        Print as JSON.
    """
    from lcot.choice.breakeven import POINTS, costs_along, flips
    from lcot.units import to_si

    if vary not in VARIED:
        raise UnknownName("thing to vary", vary, VARIED, "--vary")
    if asked.system:
        raise InputError("--system is for comparisons; here the system comes first: lcot breakeven SYSTEM MODEL")
    bought = against == HOST.rstrip(":") or against.startswith(HOST)
    question = replace(asked, system=[system] if bought else [system, against]).question(model)
    names = [one.id for one in question.systems]
    if len(set(names)) < len(names):
        raise InputError(f"--against is {against!r}, the same system; allowed: another one, or a host such as api:groq")
    host = offer_of(question, against) if bought else None
    what = "rent" if vary == "price" and question.basis == "rent" else vary
    unit, ends = UNITS[what], tuple(given or usual for given, usual in zip((low, high), RANGES[what], strict=True))
    factor = to_si(1.0, unit)
    systems = costs_along(question, question.systems, vary)
    fixed = {} if host is None else {f"{HOST}{host.host}": token_price(host, question)}

    def costs(value: float) -> dict[str, float]:
        return {**systems(value), **fixed}

    low_end = costs(ends[0] * factor)
    found = flips(costs, ends[0] * factor, ends[1] * factor)
    answer: dict[str, Any] = {
        "schema": "lcot.breakeven/1",
        "systems": [*names, *fixed],
        "model": question.model.id,
        "basis": question.basis,
        "vary": vary,
        "what": WORDS.get(what, what),
        "unit": unit,
        "low": ends[0],
        "high": ends[1],
        "points": POINTS,
        "cost_at_low": {name: cost if isfinite(cost) else None for name, cost in low_end.items()},
        "flips": [asdict(flip) | {"value": flip.value / factor} for flip in found],
    }
    print(dumped(answer) if json_ else breakeven_text(answer))


def offer_of(question: Question, against: str) -> Offer:
    """The offer of a host for the model: of the one named, or the cheapest. Raises `InputError`, `UnknownName`."""
    from lcot.cost.api import offers, request_price

    found = sorted(offers(question.model.id), key=lambda one: float(request_price(one, question.traffic)))
    if not found:
        raise InputError(f"no host in the price list sells {question.model.id}")
    name = against.removeprefix("api").removeprefix(":")
    fitting = [one for one in found if one.host == name] if name else found
    if not fitting:
        raise UnknownName("host", name, [one.host for one in found], "--against")
    return fitting[0]


def token_price(host: Offer, question: Question) -> float:
    """Price of a token of any kind. [USD/token]"""
    from lcot.cost.api import request_price

    traffic = question.traffic
    return float(request_price(host, traffic) / (traffic.input_tokens + traffic.output_tokens))


def breakeven_text(a: dict[str, Any]) -> str:
    """The answer for a reader."""
    what = f"{a['what']} from {a['low']:g} to {a['high']:g} {a['unit']}"
    pair = f"{' against '.join(a['systems'])}, {a['basis']}, {a['model']}"
    if not a["flips"]:
        known = {name: cost for name, cost in a["cost_at_low"].items() if cost is not None}
        if not known:
            return f"{pair}: neither serves at any {what}."
        return f"{pair}: {min(known, key=lambda name: known[name])} is the cheaper over a {what}; it does not change."
    lines = [f"{pair}, over a {what}:"]
    for flip in a["flips"]:
        before, after = flip["before"] or "neither serves", flip["after"] or "neither serves"
        cost = f" (${flip['cost'] * 1e6:.3g} per million tokens)" if flip["before"] else ""
        lines.append(f"  at {flip['value']:.4g} {a['unit']}: below it {before}{cost}, above it {after}")
    lines.append(
        f"{a['points']} values were tried, and each change found was narrowed down; two between neighbours go unseen."
    )
    return "\n".join(lines)
