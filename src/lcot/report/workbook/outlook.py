"""The workbook of an outlook on the market: cost per token from its factors, live, and every result by year."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from lcot.cell import Cell
from lcot.facts.types import Fact
from lcot.market.types import Array, Outlook
from lcot.report.market import ADVICE, factors
from lcot.report.market_iamc import variables
from lcot.report.workbook.tables import write as write_tables
from lcot.trace.leaves import Held, leaf
from lcot.units import HOUR

LEVELS = (("median", 0.5), ("P10", 0.1), ("P90", 0.9))


def write(path: Path, outlook: Outlook) -> None:
    """Write the workbook of an outlook. Raises `InputError` where it cannot be written."""
    o = outlook
    lines = [
        f"Scenario {o.scenario.id}: {(o.scenario.note or o.scenario.name).rstrip('.')}. {ADVICE}",
        f"Results of {o.draws} draws with seed {o.seed}. The costs below are computed from their factors, live, in the "
        "draw whose cost is the median of its year; the factors are held.",
    ]
    why = why_of(o)
    held = [
        f"Shares, tokens, spending, power and rents are results of {why}. No sheet formula solves for an equilibrium.",
        "Change a fact with --scenario FILE and run lcot market again.",
    ]
    write_tables(path, f"Market: {o.scenario.name}", lines, tables(o), facts_of(o), held, costs(o, why))


def why_of(o: Outlook) -> str:
    """What results of an outlook are of: method, draws, seed and hash of the inputs."""
    return f"the market's equilibrium year by year, {o.draws} draws, seed {o.seed}; inputs {digest(o)}"


def costs(o: Outlook, why: str) -> dict[str, Cell]:
    """Cost per token of capacity added in each year: price of a chip-hour over throughput and utilisation."""
    found: dict[str, Cell] = {}
    for k, year in enumerate(o.years):
        parts = factors(o, k)
        draw = int(np.argsort(parts["cost"])[(len(parts["cost"]) - 1) // 2])
        units = {"hour": "USD", "throughput": "token/s", "use": "1"}
        names = {"hour": "price of a chip-hour", "throughput": "throughput of a chip", "use": "utilisation"}
        hour, throughput, use = (
            leaf(float(parts[key][draw]), Held(f"{names[key]}, {year}", unit, f"draw {draw} of {why}"))
            for key, unit in units.items()
        )
        cost = hour / (HOUR * throughput * use)
        cost.name, cost.unit = f"cost of a token, {year}", "USD/token"
        found[f"cost of a token of capacity added in {year}"] = cost
    return found


def tables(o: Outlook) -> dict[str, list[dict[str, object]]]:
    """Rows of each kind of result, a column a year; median, P10 and P90 over the draws."""
    found: dict[str, list[dict[str, object]]] = {}
    for region, name, unit, values in variables(o):
        kind = name.partition("|")[0]
        for level, row in levels(o, values):
            found.setdefault(kind, []).append({"result": name, "region": region, "unit": unit, "level": level} | row)
    return found


def levels(o: Outlook, values: Array) -> Iterator[tuple[str, dict[str, object]]]:
    """Each level over the draws, by year; nothing where there is no offer."""
    for name, share in LEVELS:
        level = np.quantile(values, share, axis=1, method="inverted_cdf")
        yield name, {str(y): float(v) if np.isfinite(v) else None for y, v in zip(o.years, level, strict=True)}


def facts_of(o: Outlook) -> list[tuple[str, Fact]]:
    """Every fact of the scenario that has a value."""
    return [(o.scenario.id, fact) for fact in o.scenario.facts.values() if fact.value is not None]


def digest(o: Outlook) -> str:
    """Hash of what the outlook started from: the scenario's facts, draws and seed."""
    facts = [(key, o.scenario.facts[key].value) for key in sorted(o.scenario.facts)]
    return sha256(repr((o.scenario.id, facts, o.draws, o.seed)).encode()).hexdigest()[:12]
