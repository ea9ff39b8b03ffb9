"""Deals as plain data. Schemas ``lcot.deal/1`` and ``lcot.deals/1``."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcot.choice.uncertainty import error_of, model_error, samples
from lcot.errors import MissingFact
from lcot.facts import catalog
from lcot.facts.types import Facts
from lcot.market.deals import Deal, Implied, deal, deal_ids, gross_margin, implied, per_watt_year
from lcot.market.deals_tokens import Delivered, Load, delivered, usd_per_token
from lcot.report.value import ADVICE, listed
from lcot.units import HOUR, YEAR

SCHEMA, LIST_SCHEMA = "lcot.deal/1", "lcot.deals/1"
LIFE = 5  # years of hardware life for which the margin's range is told


def as_dict(item: Deal, load: Load, draws: int = 256, seed: int = 2026) -> dict[str, Any]:
    """A deal: facts, what it implies at each value on record, and for each million tokens."""
    facts = item.facts
    values: dict[str, float] = {}
    if facts.has("value"):
        fact = facts["value"]
        values = {"stated": float(facts.number("value"))}
        if fact.high is not None and fact.high != fact.value:
            values["high"] = float(fact.high)
        if fact.low is not None and fact.low != fact.value:
            values["low"] = float(fact.low)
    found = delivered(item.system, load) if item.system and item.sells == "capacity" and values else ()
    return {
        "schema": SCHEMA,
        "deal": {key: getattr(item, key) for key in ("id", "name", "buyer", "seller", "sells", "system", "note")},
        "implied": {name: implied_dict(implied(item, value), found, load) for name, value in values.items()},
        "ranges": ranges(item, found, load, draws, seed) if values and draws else None,
        "load": {"mix": dict(load.mix), "input_tokens": load.input_tokens, "output_tokens": load.output_tokens,
                 "cached_fraction": load.cached_fraction, "speed": load.speed, "utilisation": load.utilisation,
                 "precision": load.precision, "speculation": "off"},
        "delivered": [{"model": d.model, "share": d.share, "tokens_per_second": d.rate, "layout": d.layout,
                       "reason": d.reason} for d in found],
        "units": {"per_watt": "USD/W", "per_watt_year": "USD/W a year", "per_system_hour": "USD/h",
                  "usd_per_mtok": "USD per million input and output tokens"},
        "facts": [listed(facts[key]) for key in sorted(facts)],
        "advice": ADVICE,
    }  # fmt: skip


def implied_dict(i: Implied, found: tuple[Delivered, ...], load: Load) -> dict[str, Any]:
    """What a deal implies at one value."""
    cost = None
    if i.per_system_hour is not None and found:
        cost = usd_per_token(i.per_system_hour, found, load.utilisation)
    each = {
        d.model: usd_per_token(i.per_system_hour, (Delivered(d.model, 1.0, d.rate),), load.utilisation)
        for d in found
        if i.per_system_hour is not None
    }
    return {
        "value": i.value, "per_watt": i.per_watt, "per_watt_year": i.per_watt_year, "per_system": i.per_system,
        "per_system_hour": i.per_system_hour, "per_chip_hour": i.per_chip_hour, "systems": i.systems,
        "gross_margin_by_life": {str(life): margin for life, margin in i.margins.items()},
        "life_at_guided_margin": i.life_at_guidance if i.life_at_guidance is None or np.isfinite(i.life_at_guidance)
        else None,
        "usd_per_mtok": None if cost is None else cost * 1e6,
        "usd_per_mtok_by_model": {name: None if c is None else c * 1e6 for name, c in each.items()},
        "absent": list(i.absent),
    }  # fmt: skip


def ranges(item: Deal, found: tuple[Delivered, ...], load: Load, draws: int, seed: int) -> dict[str, Any]:
    """P10, P50 and P90 over draws of the deal's facts, the system's, and the model's own error."""
    made: dict[str, Any] = {"draws": draws, "life": LIFE}
    if item.sells != "capacity" or not (item.facts.has("term") and item.facts.has("power")):
        return made
    owners = [item.facts, *([catalog.system(item.system).facts] if item.system else [])]
    drawn = samples(owners, draws, seed)
    facts = drawn[item.facts.owner]
    price = per_watt_year(facts.number("value"), facts.number("power"), facts.number("term") / YEAR)
    made["per_watt_year"] = quantiles(price, draws)
    system = drawn.get(item.system, Facts(item.id))
    try:
        hardware = system.number("other.bom") / system.number("power.max")
        place = facts.number("cost.colocation") * YEAR
        made["gross_margin"] = quantiles(gross_margin(price, hardware, LIFE, place), draws)
    except MissingFact:
        pass
    if found and all(one.rate for one in found):
        machine = catalog.system(item.system)
        engine = catalog.engine_of(machine)
        factor = model_error(f"{engine.id} on {machine.chip.id}", error_of(engine), draws, seed)
        hour = price * system.number("power.max") / YEAR * HOUR
        seconds = sum(one.share / one.rate for one in found if one.rate)
        made["usd_per_mtok"] = quantiles(hour / HOUR / load.utilisation * seconds * factor * 1e6, draws)
    return made


def quantiles(values: Any, draws: int) -> dict[str, float]:
    """P10, P50, P90."""
    low, mid, high = np.quantile(np.broadcast_to(values, (draws,)), [0.1, 0.5, 0.9])
    return {"p10": float(low), "p50": float(mid), "p90": float(high)}


def list_dict() -> dict[str, Any]:
    """Every deal on record, by value."""
    rows: list[dict[str, Any]] = []
    for name in deal_ids():
        item = deal(name)
        i = implied(item) if item.facts.has("value") else None
        rows.append({
            "id": item.id, "buyer": item.buyer, "seller": item.seller, "sells": item.sells,
            "value": None if i is None else i.value,
            "power": float(item.facts.number("power")) if item.facts.has("power") else None,
            "per_watt": None if i is None else i.per_watt, "per_watt_year": None if i is None else i.per_watt_year,
            "date": max((fact.date for fact in item.facts.values() if fact.date), default=""),
        })  # fmt: skip
    return {"schema": LIST_SCHEMA, "deals": sorted(rows, key=lambda row: -(row["value"] or 0.0)), "advice": ADVICE}
