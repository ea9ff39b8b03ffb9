"""An outlook as a long table in IAMC columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lcot.market.types import Array, Outlook
from lcot.units import MONTH, YEAR

COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")
MODEL = "LCOT"
REGION = "World"
QUANTILES = (("", 0.5), ("|P10", 0.1), ("|P90", 0.9))


def as_csv(outlook: Outlook) -> str:
    """The table: one value a line, medians and the P10 and P90 over the draws; nothing where there is no offer."""
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for region, variable, unit, values in variables(outlook):
        for suffix, share in QUANTILES:
            level = np.quantile(values, share, axis=1, method="inverted_cdf")
            for year, value in zip(outlook.years, level, strict=True):
                if np.isfinite(value):
                    writer.writerow((MODEL, outlook.scenario.id, region, variable + suffix, unit, year, f"{value:.8g}"))
    return stream.getvalue()


def variables(o: Outlook) -> Iterator[tuple[str, str, str, Array]]:
    """Region, name, unit and values (year, draw) of every variable."""
    names = {s.id: s.name for s in o.scenario.segments}
    for s, id in enumerate(o.segments):
        region = "China" if id == "china" else REGION
        yield region, f"Tokens|Asked|{names[id]}", "token/month", o.demand.tokens[s] * MONTH
        yield region, f"Tokens|Served|{names[id]}", "token/month", o.tokens[s] * MONTH
        yield region, f"Power|Inference|{names[id]}", "GW", o.power[s].sum(axis=0) / 1e9
    yield REGION, "Tokens|Asked", "token/month", o.demand.tokens.sum(axis=0) * MONTH
    yield REGION, "Tokens|Served", "token/month", o.tokens.sum(axis=0) * MONTH
    yield REGION, "Compute|Inference", "H100 equivalent", o.inference_compute
    yield REGION, "Compute|Training", "H100 equivalent", o.training_compute
    yield REGION, "Compute|Share of Inference", "1", o.inference_share()
    yield REGION, "Power|Inference", "GW", o.power.sum(axis=(0, 1)) / 1e9
    yield REGION, "Power|Training", "GW", o.training_power.sum(axis=0) / 1e9
    energy = (o.power.sum(axis=(0, 1)) + o.training_power.sum(axis=0)) * YEAR / 3.6e15
    yield REGION, "Energy|Accelerators", "TWh/yr", energy
    yield REGION, "Cost of Tokens", "USD/Mtok", o.market_cost * 1e6
    for j, vendor in enumerate(o.scenario.vendors):
        name = vendor.name
        added = o.compute_additions.sum(axis=0)
        yield REGION, f"Compute|Added|{name}", "H100 equivalent/yr", o.compute_additions[j]
        yield REGION, f"Compute|Share of Added|{name}", "1", o.compute_additions[j] / added
        yield REGION, f"Spending|{name}", "billion USD/yr", o.spending[j] / 1e9
        yield REGION, f"Spending|Inference|{name}", "billion USD/yr", o.inference_spending[j] / 1e9
        yield REGION, f"Power|{name}", "GW", (o.power[:, j].sum(axis=0) + o.training_power[j]) / 1e9
        yield REGION, f"Cost of Tokens|{name}", "USD/Mtok", o.cost[j] * 1e6
        for s, id in enumerate(o.segments):
            if np.any(o.share[s, j] > 0):
                region = "China" if id == "china" else REGION
                yield region, f"Capacity|Share of Added|{names[id]}|{name}", "1", o.share[s, j]
    for r, resource in enumerate(o.supply.resources):
        unit = {"wafer": "wafer", "memory": "B", "power": "W", "chip": "chip"}[resource.counts]
        yield REGION, f"Supply|{resource.name}", f"{unit}/yr", o.supply.caps[r]
        yield REGION, f"Scarcity Rent|{resource.name}", f"USD/yr/{unit}", o.rents[r]
