"""A bill for a committee: every line, what it rests on, three splits, prices that follow, years. ``lcot.bill/1``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lcot.choice.candidate import beside
from lcot.choice.types import Plan, Question
from lcot.cost.bill import growth
from lcot.cost.cashflow import Years, by_year
from lcot.cost.finance import present_value
from lcot.cost.pricing import break_even_price, first_year_price, marginal_cost
from lcot.cost.reading import Reading
from lcot.cost.types import Bill
from lcot.errors import DomainError, MissingFact
from lcot.facts.types import Fact, Facts, Site, System
from lcot.report.contract import source_row
from lcot.units import HOUR, YEAR

SCHEMA = "lcot.bill/1"
RENTS = ("rent.on_demand", "rent.reserved", "rent.spot", "rent.index", "other.owner_tco")
OTHERS = {"other.owner_tco": "an analyst's cost of an owner"}
RESTS = {  # line: what it is made of
    "accelerator": "its share of the price over life.accelerator at finance.discount_rate, less salvage",
    "server": "the rest of the price over life.server",
    "network": "network.price, or capital.network_share of the price, over life.network",
    "facility": "power provided x facility.rent; one's own building over life.facility, and its upkeep",
    "energy": "mean power at the meter x electricity.price",
    "support": "operations.support x price of the machines",
    "spares": "operations.spares x price of the accelerators",
    "staff": "operations.staff x cost of the machines",
    "software": "operations.software x cost of the machines",
    "rent": "rent of a chip x chips of whole systems",
}


def as_dict(plan: Plan, question: Question) -> dict[str, Any]:
    """The bill of one plan as plain data. The plan has a bill."""
    bill, served, d = plan.bill, plan.served, plan.deployment
    assert bill is not None
    system, site, systems = d.system, question.site, float(served.systems)
    other = beside(d)
    return {
        "schema": SCHEMA,
        "system": system.id,
        "beside": other.id if other else None,
        "model": question.model.id,
        "site": site.id,
        "basis": bill.basis if bill.basis == "own" else f"rent, {question.term}",
        "deployment": {
            "layout": d.label, "copies": float(served.copies), "systems": systems, "chips": systems * system.count,
            "engine": d.engine.name, "weights": d.precision.label, "kv": d.precision.kv,
        },
        "load": {
            "requests_per_second": float(served.rate), "utilisation": float(served.utilisation),
            "asked": question.traffic.rate is not None,
        },
        "lines": lines(bill, systems * system.count),
        "levels": levels(bill, system, systems),
        "usd_per_mtok": {
            method: {kind: float(value) * 1e6 for kind, value in asdict(cost).items()}
            for method, cost in bill.cost.items()
        },
        "follows": follows(plan, question),
        "by_year": years_dict(plan, question),
        "facts": [source_row(fact, owner) for owner, fact in facts_used(bill, site, system, other)],
        "estimates": sorted(bill.estimates),
        "export": system.facts.text("export") if system.facts.has("export") else None,
        "units": {
            "lines": "USD a levelised year; USD per chip and hour; USD per million tokens of any kind; share",
            "levels": "USD, USD per hour, USD per year, W from the grid, million tokens a day",
            "follows": "USD per million tokens of any kind; rents in USD per chip and hour",
            "by_year": "USD; million tokens",
        },
    }  # fmt: skip


def lines(bill: Bill, chips: float) -> list[dict[str, Any]]:
    """The lines of a bill, and what each rests on."""
    total, rate = float(bill.total), float(sum(bill.tokens.values()))
    return [
        {
            "line": name,
            "usd_per_year": float(line) * YEAR,
            "usd_per_chip_hour": float(line) * HOUR / chips,
            "usd_per_mtok": float(line) / rate * 1e6,
            "share": float(line) / total,
            "rests_on": RESTS[name],
        }
        for name, line in bill.lines.items()
    ]


def levels(bill: Bill, system: System, systems: float) -> list[dict[str, Any]]:
    """The same bill for one chip, one system and the whole site."""
    capital, tokens = float(sum(bill.capital.values())), float(sum(bill.tokens.values()))
    return [
        {
            "level": name,
            "count": count,
            "capital": capital / count,
            "usd_per_hour": float(bill.total) * HOUR / count,
            "usd_per_year": float(bill.total) * YEAR / count,
            "site_power": float(bill.site_power) / count,
            "mtok_per_day": tokens * 86400 / 1e6 / count,
        }
        for name, count in (("chip", systems * system.count), ("system", systems), ("site", 1.0))
    ]


def follows(plan: Plan, question: Question) -> dict[str, Any]:
    """Prices that follow from the bill."""
    bill, d, site, traffic = plan.bill, plan.deployment, question.site, question.traffic
    assert bill is not None
    partner = beside(d)
    level = bill.cost["bottleneck_seconds"].blended
    made: dict[str, Any] = {
        "level_price": float(level) * 1e6,
        "first_year_price": None,
        "price_decline": None,
        "marginal_cost": float(marginal_cost(bill)) * 1e6,
        "marginal_cost_rests_on": "energy" if bill.basis == "own" else "none: the rent is paid whatever is served",
        "rent_that_costs_the_same": None,
        "rents": [],
    }
    if site.facts.has("market.price_decline"):
        made["first_year_price"] = float(first_year_price(bill, site, traffic)) * 1e6
        made["price_decline"] = float(site.facts.number("market.price_decline")) * YEAR
    if not d.system.pairs_with:
        rent = break_even_price(level, d.system, plan.served, traffic, site, "rent", "on_demand", partner)
        made["rent_that_costs_the_same"] = float(rent) * HOUR
    for key in RENTS:
        if d.system.facts.has(key):
            fact = d.system.facts[key]
            ends = {name: getattr(fact, name) for name in ("value", "low", "high")}
            hourly = {name: None if value is None else float(value) * HOUR for name, value in ends.items()}
            made["rents"].append({"term": OTHERS.get(key, key.removeprefix("rent.")), **hourly, "date": fact.date})
    return made


def years_dict(plan: Plan, question: Question) -> dict[str, Any]:
    """The bill by year, with what is sold at a price that falls; ``why_not`` where lives are no whole years."""
    bill, d, site = plan.bill, plan.deployment, question.site
    assert bill is not None
    partner = beside(d)
    try:
        years = by_year(bill, d.system, float(plan.served.systems), question.traffic, site, partner)
    except (DomainError, MissingFact) as error:
        return {"why_not": str(error)}
    made: dict[str, Any] = {
        "years": list(range(len(years.tokens))),
        "purchases": {name: flow.tolist() for name, flow in years.purchases.items()},
        "running": {name: flow.tolist() for name, flow in years.running.items()},
        "paid": years.paid.tolist(),
        "mtok": (years.tokens / 1e6).tolist(),
        "discount_rate": years.rate,
        "present_value_paid": worth(years, years.paid.tolist()),
        "sales": None,
        "why_not": None,
    }
    if site.facts.has("market.price_decline"):
        decline = float(site.facts.number("market.price_decline")) * YEAR
        first = float(first_year_price(bill, site, question.traffic))
        made["sales"] = [
            float(tokens) * first * (1.0 - decline) ** max(year - 1, 0) for year, tokens in enumerate(years.tokens)
        ]
        made["present_value_sales"] = worth(years, made["sales"])
    made["growth"] = 0.0 if question.traffic.rate is not None else float(growth(site, Reading()))
    return made


def worth(years: Years, flow: list[float]) -> float:
    """Present value of a flow from year 0 on. [USD]"""
    return float(flow[0] + present_value(flow[1:], years.rate))


def facts_used(bill: Bill, site: Site, system: System, other: System | None) -> list[tuple[str, Fact]]:
    """Every fact in the bill, with its owner."""
    machines = [system, other] if other else [system]
    groups: list[Facts] = [site.facts, *(one for s in machines for one in (s.facts, s.chip.facts))]
    return [
        (group.owner, fact)
        for group in {group.owner: group for group in groups}.values()
        for key, fact in group.items()
        if f"{group.owner}.{key}" in bill.used and fact.value is not None
    ]


def as_text(a: dict[str, Any], sources: bool = True) -> str:
    """The bill for a reader."""
    d, load, total = a["deployment"], a["load"], a["usd_per_mtok"]["bottleneck_seconds"]["blended"]
    chip = a["levels"][0]
    full = "asked" if load["asked"] else "the fleet full up to the site's load factor"
    text = [
        f"{d['systems']:g} x {a['system']}{' with ' + a['beside'] if a['beside'] else ''} ({d['copies']:g} x "
        f"{d['layout']}, {d['weights']} weights, {d['engine']}) serve {a['model']} at "
        f"{load['requests_per_second']:.3g} requests/s ({full}; {load['utilisation']:.0%} used): ${total:.3g} per "
        f"million tokens, ${chip['usd_per_hour']:.3g} a chip and hour; {a['basis']}, site {a['site']}.",
        "",
        f"{'line':13s}{'$/year':>12}{'$/chip-h':>10}{'$/Mtok':>9}{'share':>7}  rests on",
    ]
    text += [line_text(one) for one in a["lines"]]
    whole = {
        k: sum(one[k] for one in a["lines"]) for k in ("usd_per_year", "usd_per_chip_hour", "usd_per_mtok", "share")
    }
    text += [line_text({"line": "total", "rests_on": "", **whole}).rstrip(), ""]
    text.append(f"{'level':13s}{'$ to start':>12}{'$/hour':>10}{'$/year':>12}{'kW':>9}{'Mtok/day':>10}")
    text += [
        f"{'per ' + one['level']:13s}{one['capital']:>12,.0f}{one['usd_per_hour']:>10,.2f}"
        f"{one['usd_per_year']:>12,.0f}{kilowatts(one['site_power']):>9}{one['mtok_per_day']:>10.4g}"
        for one in a["levels"]
    ]
    text += ["", f"{'$/Mtok, split':24s}{'input':>9}{'cached':>9}{'output':>9}{'any':>9}"]
    text += [
        f"{method.replace('_', ' '):24s}"
        + "".join(f"{c[k]:>9.3g}" for k in ("input", "cached_input", "output", "blended"))
        for method, c in a["usd_per_mtok"].items()
    ]
    text += ["", *follows_text(a["follows"]), "", *years_text(a["by_year"])]
    if sources:
        text += ["", "Facts in this bill", *(fact_text(row) for row in a["facts"])]
    text += ["", f"Declared estimates: {', '.join(a['estimates']) or 'none'}."]
    return "\n".join([*text, *([f"Export limit on {a['system']}: {a['export']}."] if a["export"] else [])])


def kilowatts(watts: float) -> str:
    """Power from the grid; nothing where it is in the rent."""
    return f"{watts / 1e3:.3g}" if watts else ""


def line_text(one: dict[str, Any]) -> str:
    """One line of a bill."""
    return (
        f"{one['line']:13s}{one['usd_per_year']:>12,.0f}{one['usd_per_chip_hour']:>10.3f}{one['usd_per_mtok']:>9.3g}"
        f"{one['share']:>7.1%}  {one['rests_on']}"
    )


def follows_text(f: dict[str, Any]) -> list[str]:
    """Prices that follow."""
    text = [f"Level price ${f['level_price']:.3g} per million tokens"]
    if f["first_year_price"] is not None:
        text[0] += (
            f"; if prices fall by {f['price_decline']:.0%} a year, that of the first must be "
            f"${f['first_year_price']:.3g}"
        )
    text.append(f"Short-run marginal cost ${f['marginal_cost']:.3g} ({f['marginal_cost_rests_on']})")
    if f["rent_that_costs_the_same"] is not None:
        rents = "; ".join(rent_text(rent) for rent in f["rents"]) or "none on record"
        text.append(f"Renting costs the same at ${f['rent_that_costs_the_same']:.3g} a chip and hour; rents: {rents}")
    return text


def rent_text(rent: dict[str, Any]) -> str:
    """One rent on record."""
    ends = "" if rent["low"] is None or rent["low"] == rent["high"] else f" ({rent['low']:.3g}-{rent['high']:.3g})"
    return f"{rent['term'].replace('_', ' ')} ${rent['value']:.3g}{ends}, {rent['date'] or 'no date'}"


def years_text(y: dict[str, Any]) -> list[str]:
    """The bill by year."""
    if y["why_not"]:
        return [f"By year: not shown, {y['why_not']}"]

    def row(name: str, values: list[float]) -> str:
        return f"{name:22s}" + "".join(f"{value:>12,.0f}" for value in values)

    text = [row("$ by year, paid at end", y["years"])]
    text += [row(name, flow) for name, flow in y["purchases"].items()]
    text += [row(f"{name}, upkeep" if name in y["purchases"] else name, flow) for name, flow in y["running"].items()]
    text += [row("paid", y["paid"]), row("million tokens", y["mtok"])]
    if y["sales"] is not None:
        text.append(row("sales at that price", y["sales"]))
    end = f"Present value at {y['discount_rate']:.3g} a year: paid ${y['present_value_paid']:,.0f}"
    if y["sales"] is None:
        return [*text, end]
    end += f", sales ${y['present_value_sales']:,.0f}"
    apart = abs(y["present_value_sales"] / y["present_value_paid"] - 1.0) > 1e-6
    return [*text, end + ("; they differ by the building, whose money has a rate of its own" if apart else "")]


def fact_text(row: dict[str, Any]) -> str:
    """One fact with range and source."""
    ends = "" if row["low"] is None or row["low"] == row["high"] else f" ({row['low']:g}-{row['high']:g})"
    value = row["value"] if isinstance(row["value"], str) else f"{row['value']:g}"
    return f"  {row['fact']:42s} {value}{ends} {row['unit']}, {row['kind']}: {row['source'] or 'no source'}"
