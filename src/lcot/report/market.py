"""An outlook on the market as plain data. Schema ``lcot.market/1``."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcot.market.record import levels, record
from lcot.market.types import Array, Drivers, Outlook
from lcot.units import HOUR, MONTH, YEAR

SCHEMA = "lcot.market/1"
ADVICE = "A model, not advice."
QUADRILLION = 1e15
ARCHITECTURES = {
    "gpu": "GPU clusters", "captive": "captive silicon", "wafer": "wafer-scale", "lpu": "LPU", "rdu": "dataflow",
    "mesh": "RISC-V mesh", "china": "China-domestic",
}  # fmt: skip
LEVELS = (("p10", 0.1), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p90", 0.9))
FACTORS = ("chip_hour_usd", "tokens_per_second_per_chip", "utilisation")


def as_dict(outlook: Outlook) -> dict[str, Any]:
    """The whole outlook; ranges over the draws."""
    o = outlook
    segments = {s.id: s.name for s in o.scenario.segments}
    return {
        "schema": SCHEMA,
        "scenario": {"id": o.scenario.id, "name": o.scenario.name, "note": o.scenario.note,
                     "changed": list(o.scenario.changed)},
        "basis": {"draws": o.draws, "seed": o.seed, "years": list(o.years), "advice": ADVICE},
        "tokens": {
            "unit": "quadrillion tokens a month, at the end of the year",
            "asked": years(o, o.demand.tokens.sum(axis=0) * MONTH / QUADRILLION),
            "served": years(o, o.tokens.sum(axis=0) * MONTH / QUADRILLION),
            "segments": [
                {"id": id, "name": segments[id], "served": years(o, o.tokens[i] * MONTH / QUADRILLION),
                 "input_share": float(o.demand.input_share[i]), "cached_share": float(o.demand.cached_share[i]),
                 "output_share": float(o.demand.output_share[i]), "intensity": spread(o.intensity[i]),
                 "speed": float(o.scenario.facts.number(f"segment.{id}.speed"))}
                for i, id in enumerate(o.segments)
            ],
        },
        "compute": {
            "unit": "million H100 equivalents in service",
            "inference": years(o, o.inference_compute / 1e6), "training": years(o, o.training_compute / 1e6),
            "inference_share": years(o, o.inference_share()),
        },
        "power": {
            "unit": "GW, mean draw at the meter", "inference": years(o, o.power.sum(axis=(0, 1)) / 1e9),
            "training": years(o, o.training_power.sum(axis=0) / 1e9),
            "energy_twh_a_year": years(o, (o.power.sum(axis=(0, 1)) + o.training_power.sum(axis=0)) * YEAR / 3.6e15),
            "joules_per_token": years(o, o.power.sum(axis=(0, 1)) / o.tokens.sum(axis=0)),
        },
        "vendors": [vendor(o, j) for j in range(len(o.vendors))],
        "cost_per_mtok": {
            "unit": "USD per million tokens of all kinds, levelised, of capacity added in the year",
            "market": years(o, o.market_cost * 1e6), "architectures": architectures(o),
            "decomposition": decomposition(o, 2028) if 2028 in o.years else None,
        },
        "rents": [
            {"id": r.id, "name": r.name, "unit": f"USD a year for one more {UNIT[r.counts]}",
             "rent": years(o, o.rents[i] * SCALE[r.counts], mean=True),
             "price": {str(y): bought_at(o, i, k) * SCALE[r.counts] for k, y in enumerate(o.years)},
             "binds": {str(y): float(np.mean(o.rents[i, k] > 0)) for k, y in enumerate(o.years)}}
            for i, r in enumerate(o.supply.resources)
        ],
        "parameters": [
            {"key": p.key, "unit": p.unit, "prior": list(p.prior), "posterior": list(p.posterior),
             "observations": p.observations} for p in o.posteriors
        ],
        "backtest": None if o.backtest is None else backtest(o),
        "record": [
            {"company": one.company, "year": one.year, "bought_busd": spread(one.bought / 1e9),
             "sold_busd": one.sold / 1e9, "note": one.note} for one in levels(o, record())
        ],
        "drivers": None if o.drivers is None else moved(o.drivers),
        "left_out": o.left_out,
        "estimates": list(o.estimates),
    }  # fmt: skip


UNIT = {"wafer": "wafer", "memory": "GB", "power": "W", "chip": "chip"}
SCALE = {"wafer": 1.0, "memory": 1e9, "power": 1.0, "chip": 1.0}


def spread(draws: Array) -> dict[str, float | None]:
    """Quantiles over the draws; null where there is no offer."""
    levels = np.quantile(draws, [share for _, share in LEVELS], method="inverted_cdf")
    return {key: float(v) if np.isfinite(v) else None for (key, _), v in zip(LEVELS, levels, strict=True)}


def bought_at(o: Outlook, i: int, k: int) -> float:
    """Mean yearly cost, all in, of the chips bought over what they took of a resource: what a rent is measured by."""
    r = o.supply.resources[i]
    used = np.maximum(o.supply.caps[i, k] - o.slack[i, k], 0.0)
    users = [j for j, v in enumerate(o.vendors) if v in r.vendors]
    hour = np.nanmax(np.nan_to_num(o.parts.chip_hour[:, users, k]), axis=0)
    chips = o.additions[:, users, k].sum(axis=0) + o.training_additions[users, k]
    paid = (chips * hour).sum(axis=0) * YEAR / HOUR
    return float(paid.sum() / used.sum()) if used.sum() > 0 else 0.0


def years(o: Outlook, values: Array, mean: bool = False) -> dict[str, dict[str, float | None]]:
    """Ranges by year, of an array that ends with year and draw."""
    more = {str(y): {"mean": float(values[k].mean())} if mean else {} for k, y in enumerate(o.years)}
    return {str(y): {**spread(values[k]), **more[str(y)]} for k, y in enumerate(o.years)}


def vendor(o: Outlook, j: int) -> dict[str, Any]:
    """One offering."""
    one = o.scenario.vendors[j]
    tokens = served(o)
    return {
        "id": one.id, "name": one.name, "company": one.company, "architecture": one.architecture,
        "compute_share": years(o, o.compute_additions[j] / o.compute_additions.sum(axis=0)),
        "token_share": years(o, tokens[:, j].sum(axis=0) / tokens.sum(axis=(0, 1))),
        "stock_share": years(o, held(o)[j]),
        "spending_busd": years(o, o.spending[j] / 1e9),
        "inference_spending_busd": years(o, o.inference_spending[j] / 1e9),
        "power_gw": years(o, (o.power[:, j].sum(axis=0) + o.training_power[j]) / 1e9),
        "cost_per_mtok": years(o, o.cost[j] * 1e6),
        "systems": {
            id: {str(y): o.system[s][j][k] for k, y in enumerate(o.years) if o.system[s][j][k]}
            for s, id in enumerate(o.segments) if any(o.system[s][j])
        },
    }  # fmt: skip


def served(o: Outlook) -> Array:
    """Tokens/s served by capacity added, (segment, vendor, year, draw)."""
    capacity = np.nan_to_num(o.parts.throughput * o.parts.utilisation)
    return o.additions * capacity / o.intensity[:, None, None, :]


def held(o: Outlook) -> Array:
    """Each vendor's share of the tokens served by all in service, (vendor, year, draw)."""
    mine = (o.stock_share * o.tokens[:, None]).sum(axis=0)
    return mine / mine.sum(axis=0)


def architectures(o: Outlook) -> list[dict[str, Any]]:
    """Cost per token by architecture, over the tokens of what each added; its share of all."""
    tokens = served(o)
    cost = np.where(np.isfinite(o.segment_cost), o.segment_cost, 0.0)
    found: list[dict[str, Any]] = []
    for name, title in ARCHITECTURES.items():
        mine = [j for j, v in enumerate(o.scenario.vendors) if v.architecture == name]
        own = tokens[:, mine].sum(axis=(0, 1))
        if not mine or not np.any(own > 0):
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(own > 0, (tokens[:, mine] * cost[:, mine]).sum(axis=(0, 1)) / own, np.inf)
        found.append({"id": name, "name": title, "cost": years(o, mean * 1e6),
                      "share_of_tokens": years(o, own / tokens.sum(axis=(0, 1)))})  # fmt: skip
    return found


def decomposition(o: Outlook, year: int) -> dict[str, Any]:
    """The four factors of a year, against those of the first year: chip-hours, throughput, utilisation, mix.

    Over capacity added: chip-hour price by chips, utilisation by the chips' capacity, throughput so that the product is
    the cost; the change of throughput is split into that at the first year's mix of segments and what the mix adds.
    """
    first, then = factors(o, 0), factors(o, o.year(year))
    fixed = fixed_mix(o, o.year(year)) / fixed_mix(o, 0)
    total = then["cost"] / first["cost"]
    ratio = {
        "chip_hour": then["hour"] / first["hour"],
        "one_over_utilisation": first["use"] / then["use"],
        "mix_of_segments": total / fixed,
    }
    ratio["one_over_throughput"] = total / np.prod(list(ratio.values()), axis=0)
    return {
        "year": year, "against": o.years[0],
        "identity": "cost = chip_hour / (3600 x throughput x utilisation), in each draw",
        FACTORS[0]: spread(then["hour"]), FACTORS[1]: spread(then["throughput"]), FACTORS[2]: spread(then["use"]),
        "usd_per_mtok": spread(then["cost"] * 1e6),
        "change": {key: spread(value) for key, value in ratio.items()}, "change_of_cost": spread(total),
    }  # fmt: skip


def factors(o: Outlook, k: int) -> dict[str, Array]:
    """Chip-hour price, utilisation, cost and throughput of the capacity added in a year, by draw.

    Chips are those that the tokens need on the reference models; throughput is what makes the product the cost.
    """
    chips = o.additions[:, :, k] / o.intensity[:, None, :]
    able = chips * np.nan_to_num(o.parts.throughput[:, :, k])
    use = (able * np.nan_to_num(o.parts.utilisation[:, :, k])).sum(axis=(0, 1)) / able.sum(axis=(0, 1))
    hour = (chips * np.nan_to_num(o.parts.chip_hour[:, :, k])).sum(axis=(0, 1)) / chips.sum(axis=(0, 1))
    cost = o.market_cost[k]
    return {"hour": hour, "use": use, "cost": cost, "throughput": hour / HOUR / cost / use}


def fixed_mix(o: Outlook, k: int) -> Array:
    """Cost per token of a year's additions at the first year's mix of segments, by draw."""
    tokens = served(o)
    mix = tokens[:, :, 0].sum(axis=1) / tokens[:, :, 0].sum(axis=(0, 1))
    own = tokens[:, :, k]
    cost = np.where(np.isfinite(o.segment_cost[:, :, k]), o.segment_cost[:, :, k], 0.0)
    each = (own * cost).sum(axis=1) / np.maximum(own.sum(axis=1), 1e-300)
    return (mix * each).sum(axis=0)


def backtest(o: Outlook) -> dict[str, Any]:
    """The back-test as data."""
    assert o.backtest is not None
    b = o.backtest
    return {
        "verdict": b.verdict, "mean_absolute_error": b.errors, "missing": list(b.missing),
        "scores": [
            {"vendor": s.vendor, "year": s.year, "measure": s.measure, "observed": s.observed, "model": s.model,
             "persistence": s.persistence, "trend": s.trend, "observations": s.observations, "note": s.note}
            for s in b.scores
        ],
    }  # fmt: skip


def moved(d: Drivers) -> list[dict[str, Any]]:
    """What moves each quantity that is watched, the strongest first; tokens in quadrillions a month."""
    found: list[dict[str, Any]] = []
    for name, stated in d.stated.items():
        scale, unit = (MONTH / QUADRILLION, "Ptok/month") if d.units[name] == "token/s" else (1.0, d.units[name])
        rows = [
            {"key": r.key, "estimate": r.estimate, "at_p10": r.ends[name][0] * scale, "at_p90": r.ends[name][1] * scale}
            for r in d.ranked(name)
        ]
        found.append({"of": name, "unit": unit, "stated": stated * scale, "rows": rows})
    return found
