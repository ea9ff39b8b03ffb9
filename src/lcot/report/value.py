"""A valuation as plain data. Schema ``lcot.value/1``."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcot.facts import catalog
from lcot.facts.types import Fact
from lcot.market.companies import definitions
from lcot.market.deals_tokens import Load, delivered, usd_per_token
from lcot.market.reverse import LEVERS, Requirement, curve, requirement
from lcot.market.value import exit_value, required_revenue
from lcot.market.value_worth import Worth, market_fact, market_ids, power_of
from lcot.units import HOUR, YEAR, from_si

SCHEMA = "lcot.value/1"
ADVICE = "A model, not advice."
LOAD = Load(speed=50.0)  # what a company's system is costed on for a million tokens
ON_RECORD = ("power.contracted", "power.option", "backlog", "revenue.plan", "round.last")  # against what is needed
CASES = ("low", "mid", "high")
UNITS = {
    "capacity": ("USD per W a year", "W"), "systems": ("USD per W", "W"), "tokens": ("USD per token", "token a year"),
}  # fmt: skip
CHAIN = (
    "inference_revenue", "revenue", "volume", "cost_of_revenue", "gross_margin", "operating_cost", "tax", "net_income",
    "net_margin", "interim", "exit", "cash", "equity",
)  # fmt: skip
TERMS = (
    "market", "share", "other_revenue", "base_revenue", "base_margin", "price", "cost", "operating_cost", "tax",
    "multiple", "discount", "conversion", "capital", "life",
)  # fmt: skip


def as_dict(found: Worth, equity: float | None = None, asked_price: float | None = None) -> dict[str, Any]:
    """The valuation, and in reverse where a value of the equity is asked for."""
    company = found.company
    price_unit, volume_unit = UNITS[company.sells]
    return {
        "schema": SCHEMA,
        "company": {"id": company.id, "name": company.name, "sells": company.sells, "note": company.note},
        "basis": {
            "value_date": company.base_year, "exit_year": found.exit_year, "market": found.market,
            "draws": 0 if found.drawn is None else int(np.size(found.drawn.equity)), "advice": ADVICE,
        },
        "units": {"money": "USD, yearly in the exit year unless said otherwise", "price": price_unit,
                  "volume": volume_unit, "discount": "a year", "capital": "USD over yearly USD of revenue"},
        "terms": {key: number(getattr(found.terms, key), drawn_field(found.drawn_terms, key)) for key in TERMS},
        "chain": {key: number(getattr(found.stated, key), drawn_field(found.drawn, key)) for key in CHAIN},
        "power": megawatts(found, found.stated.volume, found.terms.cost),
        "tokens": per_token(found),
        "cash_flow": [float(flow) for flow in found.stated.cash_flow],
        "on_record": {key: float(company.facts.number(key)) for key in ON_RECORD if company.facts.has(key)},
        "last_price": last_price(found),
        "shares": found.shares,
        "per_share": {kind: None if count is None else number(
            found.stated.equity / count, None if found.drawn is None else found.drawn.equity / count
        ) for kind, count in found.shares.items()},
        "asked": None if equity is None else asked(found, equity, asked_price),
        "definitions": by_definition(found, equity),
        "cases": cases(),
        "facts": [listed(company.facts[key]) for key in sorted(company.facts)],
        "estimates": list(found.estimates),
        "absent": list(found.absent),
    }  # fmt: skip


def last_price(found: Worth) -> dict[str, Any] | None:
    """The last price of a share on record, and what it makes of all equity."""
    facts, count = found.company.facts, found.shares["diluted"]
    if not facts.has("price.last") or count is None:
        return None
    price = float(facts.number("price.last"))
    return {"price": price, "date": facts["price.last"].date, "equity": price * count}


def drawn_field(thing: object | None, key: str) -> Any:
    """A field of what was drawn; None without draws."""
    return None if thing is None else getattr(thing, key)


def number(stated: Any, drawn: Any = None) -> dict[str, float | None]:
    """A number as stated, with P10, P50 and P90 of its draws where it varies."""
    made: dict[str, float | None] = {"stated": float(stated), "p10": None, "p50": None, "p90": None}
    if drawn is not None and np.ndim(drawn):
        low, mid, high = np.quantile(drawn, [0.1, 0.5, 0.9])
        made |= {"p10": float(low), "p50": float(mid), "p90": float(high)}
    return made


def asked(found: Worth, equity: float, price: float | None) -> dict[str, Any]:
    """What must be true for a value of all equity."""
    chance = None if found.drawn is None else float(np.mean(np.asarray(found.drawn.equity) >= equity))
    rate = token_watts(found)
    needs = [requirement(found.terms, lever, equity, found.drawn_terms) for lever in LEVERS]
    return {
        "equity": equity,
        "price": price,
        "per_share": {kind: None if count is None else equity / count for kind, count in found.shares.items()},
        "probability": chance,
        "needs": [needs_dict(one, found, rate) for one in needs],
        "curve": curve_rows(found, equity),
    }


def megawatts(found: Worth, volume: Any, cost: Any) -> float | None:
    """Power behind a volume. [W]"""
    power = power_of(found.company, volume, cost)
    return None if power is None else float(power)


def token_watts(found: Worth) -> float | None:
    """Watt-years of the company's system that a token of the stand-in mix takes; None where it cannot serve it."""
    if not found.company.system:
        return None
    seconds = usd_per_token(HOUR, delivered(found.company.system, LOAD), LOAD.utilisation)  # at a dollar a second
    facts = catalog.system(found.company.system).facts
    if seconds is None or not facts.has("power.max"):
        return None
    return seconds / YEAR * float(facts.number("power.max"))


def mtok(found: Worth, amount: float | None, watts: float | None) -> float | None:
    """A price or cost of the company's unit as dollars for a million tokens. [USD/Mtok]"""
    if amount is None:
        return None
    if found.company.sells == "tokens":
        return amount * 1e6
    if watts is None:
        return None
    life = catalog.site("us-colocation").facts.number("life.accelerator") / YEAR
    return amount * watts * 1e6 / (life if found.company.sells == "systems" else 1.0)


def per_token(found: Worth) -> dict[str, Any]:
    """Price and cost for a million tokens, and what they are counted on."""
    watts = token_watts(found)
    made = {key: mtok(found, float(getattr(found.terms, key)), watts) for key in ("price", "cost")}
    if found.company.sells == "tokens":
        return {**made, "load": None}
    return {**made, "load": {"system": found.company.system, "mix": dict(LOAD.mix), "speed": LOAD.speed,
                             "input_tokens": LOAD.input_tokens, "output_tokens": LOAD.output_tokens,
                             "utilisation": LOAD.utilisation}}  # fmt: skip


def needs_dict(one: Requirement, found: Worth, watts: float | None) -> dict[str, Any]:
    """One requirement, with what stands against it on record."""
    money = one.lever in ("price", "cost")
    cost = one.needed if one.lever == "cost" and one.needed is not None else float(found.terms.cost)
    return {
        "lever": one.lever, "unit": lever_unit(found, one.lever), "stated": one.stated, "needed": one.needed,
        "p10": one.low, "p90": one.high, "possible": one.possible, "inference_revenue": one.revenue,
        "usd_per_mtok": mtok(found, one.needed, watts) if money else None,
        "power": None if one.volume is None else megawatts(found, one.volume, cost),
        "volume": one.volume, "gross_margin": one.gross_margin, "net_margin": one.net_margin,
    }  # fmt: skip


def lever_unit(found: Worth, lever: str) -> str:
    """Unit of a lever."""
    return UNITS[found.company.sells][0] if lever in ("price", "cost") else "1"


def curve_rows(found: Worth, equity: float) -> list[dict[str, Any]]:
    """Share needed for values from a fifth of the one asked for to twice it."""
    points = curve(found.terms, "share", np.geomspace(equity / 5, equity * 2, 25))
    rows: list[dict[str, Any]] = []
    for value, share in points:
        volume = None if share is None else share * float(found.terms.market) / float(found.terms.price)
        rows.append({"equity": value, "share": share, "volume": volume})
    return rows


def cases() -> dict[str, dict[str, float]]:
    """The named cases of margin, multiple and discount."""
    facts = definitions()
    return {
        case: {"margin": facts.number(f"case.{case}.margin"), "multiple": facts.number(f"case.{case}.multiple"),
               "discount": facts.number(f"case.{case}.discount") * YEAR} for case in CASES
    }  # fmt: skip


def by_definition(found: Worth, equity: float | None) -> list[dict[str, Any]]:
    """Each definition of the market: what a share of it is worth, and the share needed by the multiple alone."""
    if found.company.sells == "tokens":
        return []
    rows: list[dict[str, Any]] = []
    for name in market_ids():
        facts, key, year = market_fact(name)
        size, years = float(facts.number(key)), year - found.company.base_year
        mid = cases()["mid"]
        row: dict[str, Any] = {"market": name, "year": year, "size": size, "source": facts[key].sources[0].title}
        for share in (0.15, 0.20):
            worth = exit_value(share * size * mid["margin"], mid["multiple"], mid["discount"], years)
            row[f"worth_of_{share:.0%}"] = float(worth)
        if equity is not None:
            for case, terms in cases().items():
                revenue = required_revenue(equity, terms["margin"], terms["multiple"], terms["discount"], years)
                row[f"revenue_needed_{case}"] = float(revenue)
                row[f"share_needed_{case}"] = float(revenue) / size
            row["power_needed_mid"] = row["revenue_needed_mid"] / float(found.terms.price)
        rows.append(row)
    return sorted(rows, key=lambda row: (row["year"], row["size"]))


def listed(fact: Fact) -> dict[str, Any]:
    """A fact in its own unit, with its sources."""
    return {
        "key": fact.key, "value": own(fact, fact.value), "low": own(fact, fact.low), "high": own(fact, fact.high),
        "unit": fact.unit, "kind": fact.kind, "date": fact.date, "at": fact.at, "note": fact.note,
        "sources": [{"title": s.title, "url": s.url, "publisher": s.publisher, "date": s.date} for s in fact.sources],
    }  # fmt: skip


def own(fact: Fact, value: Any) -> Any:
    """A value in the unit of its fact."""
    if isinstance(value, str) or value is None:
        return value
    return from_si(float(value), fact.unit)
