"""Deals for a reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lcot.report.value import ADVICE
from lcot.report.value_deals import LIFE
from lcot.report.value_text import money, table, wrapped


def as_text(a: dict[str, Any], wide: int = 110) -> str:
    """A deal for a reader."""
    d = a["deal"]
    lines = [wrapped(f"{d['name']} ({d['id']}). {d['note']}", wide), ""]
    if not a["implied"]:
        return "\n".join([*lines, "The value of the deal is not on record, so nothing follows from it.", ADVICE])
    names = list(a["implied"])
    rows = [("", *[f"at {money(a['implied'][n]['value'])}" for n in names])]
    lines_of: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
        ("a MW, whole term", lambda i: each(i["per_watt"], 1e6)),
        ("a MW and year", lambda i: each(i["per_watt_year"], 1e6)),
        ("systems of that power", lambda i: "" if i["systems"] is None else f"{i['systems']:,.0f}"),
        ("a system-hour", lambda i: each(i["per_system_hour"], 1)),
        ("a chip-hour", lambda i: each(i["per_chip_hour"], 1)),
        ("a million tokens of the mix", lambda i: each(i["usd_per_mtok"], 1)),
    )
    for name, write in lines_of:
        cells = [write(a["implied"][n]) for n in names]
        if any(cells):
            rows.append((name, *cells))
    for model in a["implied"][names[0]]["usd_per_mtok_by_model"]:
        rows.append((f"  {model}", *[each(a["implied"][n]["usd_per_mtok_by_model"][model], 1) for n in names]))
    for life in a["implied"][names[0]]["gross_margin_by_life"]:
        margins = [a["implied"][n]["gross_margin_by_life"][life] for n in names]
        rows.append((f"gross margin, hardware lives {life} years", *[f"{m:.1%}" for m in margins]))
    lives = [a["implied"][n]["life_at_guided_margin"] for n in names]
    if any(lives):
        rows.append(("life at the guided margin", *["none" if x is None else f"{x:.1f} years" for x in lives]))
    lines += (
        [*table(rows), ""]
        if len(rows) > 1
        else [f"Value: {' or '.join(money(i['value']) for i in a['implied'].values())}.", ""]
    )
    return "\n".join([*lines, *(wrapped(line, wide) for line in notes(a))])


def each(value: float | None, scale: float) -> str:
    """Dollars for a unit; nothing where not known."""
    return "" if value is None else money(value * scale)


def notes(a: dict[str, Any]) -> list[str]:
    """Load, ranges, what is missing."""
    made: list[str] = []
    load = a["load"]
    if a["delivered"]:
        mix = ", ".join(f"{name} {share:.0%}" for name, share in load["mix"].items())
        made.append(
            f"Tokens: {mix} of all tokens, {load['input_tokens']:g} in and {load['output_tokens']:g} out, "
            f"{load['speed']:g} tokens/s a user or more, {load['utilisation']:.0%} utilisation, no speculation. "
            "The buyer's own models are closed; the mix is a stand-in (change it with --mix)."
        )
        failed = [f"{d['model']}: {d['reason']}" for d in a["delivered"] if d["tokens_per_second"] is None]
        made += [f"No price of a token of the mix: {'; '.join(failed)}."] if failed else []
    spreads = a["ranges"] or {}
    words = {"per_watt_year": ("a MW and year", 1e6), "usd_per_mtok": ("a million tokens", 1.0)}
    said = [
        f"{name} {money(spreads[key]['p10'] * scale)} to {money(spreads[key]['p90'] * scale)}"
        for key, (name, scale) in words.items()
        if key in spreads
    ]
    if "gross_margin" in spreads:
        low, high = spreads["gross_margin"]["p10"], spreads["gross_margin"]["p90"]
        said.append(f"gross margin with a life of {LIFE} years {low:.0%} to {high:.0%}")
    if said:
        made.append(f"P10 to P90 of {spreads['draws']} draws of the facts and the model's error: {'; '.join(said)}.")
    absent = {name for i in a["implied"].values() for name in i["absent"]}
    if absent:
        made.append(f"Not on record: {', '.join(sorted(absent))}.")
    sources = dict.fromkeys(f"{s['title']} ({s['date']})" for f in a["facts"] for s in f["sources"] if s["date"])
    made.append(f"Sources: {'; '.join(sources)}.")
    ours = [f["key"] for f in a["facts"] if f["kind"] == "estimate"]
    made += [f"Declared estimates: {', '.join(ours)}."] if ours else []
    return [*made, ADVICE]


def list_text(a: dict[str, Any]) -> str:
    """Every deal, a line each."""
    rows = [("deal", "buyer", "seller", "of", "value", "MW", "$/MW", "$/MW-year")]
    for d in a["deals"]:
        power = "" if d["power"] is None else f"{d['power'] / 1e6:,.0f}"
        cells = (d["id"], d["buyer"], d["seller"], d["sells"], money(d["value"]) or "not found", power)
        rows.append((*cells, each(d["per_watt"], 1e6), each(d["per_watt_year"], 1e6)))
    return "\n".join([*table(rows), "", "What one implies: lcot value deal ID. " + a["advice"]])
