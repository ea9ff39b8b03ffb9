"""Charts of an outlook: stacked shares, the fan of the cost per token, scarcity rents, tokens."""

from __future__ import annotations

from typing import Any

from lcot.report.charts.market import fan, shares, timeline
from lcot.report.charts.marks import Spec

Answer = dict[str, Any]
SMALL = 0.004  # vendors below this share in every year are drawn as one
OTHERS = "others"


def charts(a: Answer) -> dict[str, Spec]:
    """Every chart of the answer that there is something to draw for, by name."""
    found = {"shares": of_shares(a), "cost": of_cost(a), "tokens": of_tokens(a)}
    rents = of_rents(a)
    return found if rents is None else {**found, "rents": rents}


def subtitle(a: Answer) -> str:
    """Scenario, draws and seed."""
    return f"{a['scenario']['name']}; {a['basis']['draws']} draws, seed {a['basis']['seed']}"


def of_shares(a: Answer) -> Spec:
    """Compute added in each year, stacked to 100 %."""
    years = a["basis"]["years"]
    rows: dict[tuple[str, int], float] = {}
    for v in a["vendors"]:
        part = {y: v["compute_share"][str(y)]["p50"] or 0.0 for y in years}
        name = v["name"] if max(part.values()) >= SMALL else OTHERS
        for y in years:
            rows[name, y] = rows.get((name, y), 0.0) + part[y]
    return shares(
        [{"year": y, "series": name, "value": value} for (name, y), value in rows.items()],
        title="Compute added in the year, by vendor", subtitle=subtitle(a) + "; medians",
    )  # fmt: skip


def of_cost(a: Answer) -> Spec:
    """Cost per token of capacity added in each year, with its range."""
    cost = a["cost_per_mtok"]["market"]
    rows: list[dict[str, Any]] = []
    for y in a["basis"]["years"]:
        at = cost[str(y)]
        rows.append({"year": y, **at, "p25": at["p25"], "p75": at["p75"]})
    return fan(
        rows, quantity="USD per million tokens of all kinds", style="$~g",
        title="Levelised cost of tokens on new capacity", subtitle=subtitle(a),
    )  # fmt: skip


def of_rents(a: Answer) -> Spec | None:
    """Scarcity rents as a share of draws that pay one, of what is short in one draw of ten; None where nothing is."""
    years = [str(y) for y in a["basis"]["years"]][1:]
    rows = [
        {"date": f"{y}-01-01", "series": r["name"], "value": r["rent"][y]["mean"] / r["price"][y]}
        for r in a["rents"] if max(r["binds"][y] for y in years) >= 0.1
        for y in years if r["rent"][y]["mean"] > 0 and r["price"][y] > 0
    ]  # fmt: skip
    if not rows:
        return None
    return timeline(
        rows, quantity="rent over the yearly cost of the chips that need it", style=".1~%",
        title="Scarcity rents", subtitle=subtitle(a) + "; means over the draws",
    )  # fmt: skip


def of_tokens(a: Answer) -> Spec:
    """Tokens asked for and served."""
    rows = [
        {"date": f"{y}-12-31", "series": name, "value": r["p50"], "low": r["p10"], "high": r["p90"]}
        for name, key in (("asked", "asked"), ("served", "served"))
        for y in a["basis"]["years"] for r in [a["tokens"][key][str(y)]]
    ]  # fmt: skip
    return timeline(
        rows, quantity="quadrillion tokens a month", title="Tokens asked for, and served at the prices that clear",
        subtitle=subtitle(a),
    )  # fmt: skip
