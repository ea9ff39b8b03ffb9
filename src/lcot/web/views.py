"""The charts of an answer and of finished work, made by the same functions as the report's."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lcot.choice.types import Answer
from lcot.facts import catalog
from lcot.facts.listing import show
from lcot.report import charts
from lcot.report.answer import SHOWN, front_of
from lcot.report.charts.claims import crossover, rows_of
from lcot.report.contract import MEASURES, front_rows, to_dict
from lcot.report.render import Spec
from lcot.report.value_text import money
from lcot.units import from_si
from lcot.web.measured import measured

FAR = 20  # times the least cost: what lies beyond would leave no room for the rest
FRONTS = ("front", "front_chip", "front_power")
TOKENS = {"tpot_ms", "itl_ms"}  # metrics of the chart of accuracy


def drawn(answer: Answer) -> dict[str, Spec]:
    """The charts of an answer; none where no system is ranked."""
    made = {
        name: front_of(answer, measure, measured(answer, measure))
        for name, measure in zip(FRONTS, MEASURES, strict=True)
        if front_rows(answer, measure)
    }
    return made | settled(answer)


def settled(answer: Answer) -> dict[str, Spec]:
    """The charts that follow a slider."""
    made: dict[str, Spec] = {}
    rows = [
        {"system": e["name"], "value": c["p50"] or c["blended"], "low": c["p10"], "high": c["p90"]}
        for e in to_dict(answer)["systems"]
        if e["status"] == "ranked" and (c := e["usd_per_mtok"])["blended"] is not None
    ][:SHOWN]
    rows = [row for row in rows if row["value"] <= FAR * rows[0]["value"]]
    if rows:
        subtitle = (
            f"US dollars per million tokens, whole systems under the load asked; those up to {FAR} times the least"
        )
        made["cheapest"] = charts.cheapest(rows, subtitle=subtitle)
    return made


def tornado(found: Mapping[str, Any]) -> Spec:
    """The chart of what `lcot sensitivity --json` prints, each fact in the unit of its file."""
    facts = {(one["owner"], one["key"]): unit_of(one["owner"], one["key"]) for one in found["tornado"]}
    rows = [
        {
            "fact": in_words(one["owner"], one["key"], str(found["site"])),
            "id": f"{one['owner']}.{one['key']}",
            "at_low": one["cost_at_low"] * 1e6,
            "at_high": one["cost_at_high"] * 1e6,
            "low": stated(one["low"], facts.get((one["owner"], one["key"]), "")),
            "high": stated(one["high"], facts.get((one["owner"], one["key"]), "")),
        }
        for one in found["tornado"]
    ]
    return charts.tornado(
        rows, found["tornado"][0]["cost"] * 1e6, title=f"Which facts move {name_of(str(found['system']))}"
    )


def in_words(owner: str, key: str, site: str) -> str:
    """A fact as a label: its key in words, and whose it is unless it is of the site."""
    if owner == "model":
        return f"{key} of the model"
    words = key.replace(".", " ").replace("_", " ")
    return words if owner == site else f"{words}, {name_of(owner)}"


def name_of(owner: str) -> str:
    """Name of a system or chip of the catalogue; another id as it is."""
    if owner in catalog.system_ids():
        return catalog.system(owner).name
    return catalog.chip(owner).name if owner in catalog.chip_ids() else owner


def unit_of(owner: str, key: str) -> str:
    """The unit in which the catalogue states a fact; none for what is no fact of the catalogue."""
    allowed = {*catalog.system_ids(), *catalog.chip_ids(), *catalog.engine_ids(), *catalog.site_ids()}
    if owner not in allowed:
        return ""
    return next((str(one["unit"] or "") for one in show(owner) if one["fact"] == f"{owner}.{key}"), "")


def stated(value: float, unit: str) -> str:
    """A value in SI as text in a unit."""
    own = from_si(value, unit) if unit else value
    text = f"{own:,.0f}" if abs(own) >= 1000 else f"{own:.3g}"
    return f"{text} {unit}" if unit not in ("", "1", "fraction") else text


def claims(found: Mapping[str, Any]) -> dict[str, Spec]:
    """The map of what `lcot claims --json` prints: where wafers are cheaper."""
    drawn = next((one["map"] for one in found["claims"] if "map" in one), None)
    if drawn is None:
        return {}
    cells, lines = rows_of(drawn)
    said = "1,000 tokens in, 500 out, owned; line and dot: P10 to P90 and P50 of the crossing; blank: none serves"
    return {"claims": crossover(cells, lines, title="Where wafer-scale is cheaper than GPU clusters", subtitle=said)}


def worth(found: Mapping[str, Any]) -> str:
    """What `lcot value --json` says, in a sentence or two."""
    who, equity, asks = found["company"]["name"], found["chain"]["equity"], found["asked"]
    said = f"The stated facts make the equity of {who} worth {money(equity['stated'])}"
    said += (
        f" (P10 {money(equity['p10'])}, P90 {money(equity['p90'])}); a model, not advice." if "p10" in equity else "."
    )
    if asks:
        share = next(one for one in asks["needs"] if one["lever"] == "share")
        asked = "no share is enough" if share["needed"] is None else f"a share of {share['needed']:.1%} of its market"
        said += f" {money(asks['equity'])} asks for {asked}, against {share['stated']:.1%} stated."
    return said


def load(file: Path) -> dict[str, Spec]:
    """The chart that `lcot simulate --load-svg` wrote as JSON; its looks are those of the page."""
    spec = json.loads(file.read_text(encoding="utf-8"))
    return {"load": {key: value for key, value in spec.items() if key != "config"}}


def load_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of that chart: a rate, a statistic and its time each."""
    layers = json.loads(file.read_text(encoding="utf-8"))["layer"]
    rows = (row for layer in layers for row in layer.get("data", {}).get("values", []))
    return [row for row in rows if {"rate", "statistic", "time"} <= row.keys() and "at" not in row]


def behind(sheet: str, found: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """What the workbook of a view is made of: what its verb printed, or the files beside."""
    if sheet == "load":
        return {"rows": load_rows(folder / "load.json"), "run": found}
    if sheet != "accuracy":
        return found
    from lcot.validation.measured import measured_rows

    points = {row["id"]: row for row in measured_rows()}
    with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        done = [row for row in csv.DictReader(file) if row["status"] == "predicted" and row["id"] in points]
    return {"points": points, "rows": done}


def accuracy(rows: Path) -> Spec:
    """Times per output token, predicted against measured: what `lcot validate --rows` writes of the shipped points."""
    from lcot.validation.measured import measured_rows

    families = {row["id"]: row["family"] for row in measured_rows() if row["metric"] in TOKENS}
    with rows.open(encoding="utf-8", newline="") as file:
        points = [
            {
                "measured": float(row["value"]),
                "predicted": float(row["predicted"]),
                "group": families[row["id"]],
                "label": row["id"],
            }
            for row in csv.DictReader(file)
            if row["id"] in families and row["status"] == "predicted"
        ]
    return charts.predicted_measured(points, unit="ms", title="Time per output token, predicted against measured")
