"""Claims for a reader: the record first, then the verdict, then what would turn it."""

from __future__ import annotations

import textwrap
from typing import Any

from lcot.report.value_text import money, table

Answer = dict[str, Any]


def as_text(a: Answer, wide: int = 110) -> str:
    """All claims asked for."""
    parts = ["\n".join(one_claim(c, wide, full=len(a["claims"]) == 1)) for c in a["claims"]]
    return "\n\n".join([*parts, "\n".join(notes(a, wide))])


def one_claim(c: Answer, wide: int, full: bool) -> list[str]:
    """One claim; every fact where it is the only one asked for."""

    def wrapped(text: str, indent: str = "  ") -> list[str]:
        return textwrap.wrap(text, wide, initial_indent=indent, subsequent_indent=" " * len(indent))

    lines = wrapped(f'{c["id"]}  "{c["claim"]}"', "")
    lines += wrapped("Record: " + c["record"]["text"])
    lines += wrapped("Sources: " + "; ".join(f"{s['title']} ({s['date']})" for s in c["record"]["sources"]))
    lines += wrapped(f"Verdict: {c['verdict']}. {c['reading']}")
    for test in c["tests"]:
        lines += wrapped(said(test))
    if disagrees(c):
        lines += wrapped("The model does not bear the record out: one of them is wrong.")
    if c["flips_when"]:
        lines += wrapped("Turns when: " + "; ".join(turned(f) for f in c["flips_when"]) + ".")
    if c["assumptions"]:
        lines += wrapped("Read as: " + " ".join(c["assumptions"]))
    if "map" in c:
        lines += ["", *crossing_table(c["map"], wide)]
    if full:
        lines += ["", *facts(c)]
        if "map" in c:
            lines += ["", *cell_table(c["map"])]
    return lines


def disagrees(c: Answer) -> bool:
    """Whether the model makes likely what the record denies, or the other way."""
    if c["probability"] is None or c["verdict"] not in ("confirm", "differs"):
        return False
    return (c["verdict"] == "confirm") != (c["probability"] >= 0.5)


def said(test: Answer) -> str:
    """A probability and the range of what it is of."""

    def write(x: float) -> str:
        if test["unit"] == "USD":
            return money(x)
        return f"{x:.0%}" if test["threshold"] < 1 else f"{x:.3g}"

    reach = "below" if "over the cheapest" in test["test"] else "at least"
    return (
        f"Probability {test['probability']:.0%}: {test['test']}, {reach} {write(test['threshold'])} "
        f"(P10 {write(test['low'])}, P50 {write(test['mid'])}, P90 {write(test['high'])}; {test['draws']} draws)."
    )


def turned(flip: Answer) -> str:
    """A change and its effect."""

    def write(x: float | str | None) -> str:
        if x is None or isinstance(x, str):
            return x or "not found"
        return f"{x:,.0f}" if abs(x) >= 1e4 else f"{x:.4g}"

    unit = "" if flip["unit"] in ("1", "text") else f" {flip['unit']}"
    note = f" ({flip['note']})" if flip["note"] else ""
    return f"{flip['fact']} is {write(flip['to'])}{unit} instead of {write(flip['from'])}{note}"


def crossing_table(found: Answer, wide: int) -> list[str]:
    """From which speed the wafer is cheaper, by model and load."""
    loads = sorted({c["requests_per_second"] for c in found["crossings"]})
    rows = [("Wafer cheaper from [tokens/s a user]", *[f"{load:g} requests/s" for load in loads])]
    for model in dict.fromkeys(c["model"] for c in found["crossings"]):
        cells: list[str] = []
        for load in loads:
            c = next(x for x in found["crossings"] if (x["model"], x["requests_per_second"]) == (model, load))
            if c["p50"] is None:
                cells.append("never" if c["stated"] is None else f"{c['stated']:.0f}")
            else:
                cells.append(f"{c['p50']:.0f} ({c['p10']:.0f}-{c['p90']:.0f})")
        rows.append((model, *cells))
    lpu = sorted({c["lpu"] for c in found["cells"] if c["lpu"]})
    prices = [c["lpu_break_even_price"] for c in found["cells"] if c["lpu_break_even_price"] is not None]
    slow = [
        c for c in found["cells"] if c["lpu_break_even_price"] is not None and c["tokens_per_second_per_user"] <= 60
    ]
    text = "P50 (P10-P90) of the draws, between the speeds of the map; above it GPUs soon cannot serve at all."
    if prices:
        most = max(0.0, *[c["lpu_break_even_price"] for c in slow])
        gifts = sum(c["lpu_break_even_price"] <= 0 for c in slow)
        text += (
            f" LPU ({', '.join(lpu)}): no sourced price. To be as cheap as GPUs a rack could cost up to "
            f"{money(most)} at 60 tokens/s a user or less; in {gifts} of "
            f"{len(slow)} such cells not even a gift would do."
        )
    return ["  " + line for line in [*table(rows), *textwrap.wrap(text, wide - 2)]]


def cell_table(found: Answer) -> list[str]:
    """Every cell of the map."""
    rows = [
        ("  model", "requests/s", "tokens/s", "GPU $/Mtok", "GPU", "wafer $/Mtok", "wafer cheaper", "LPU as cheap at")
    ]
    for c in found["cells"]:
        price = c["lpu_break_even_price"]
        chance = c["probability_wafer_cheaper"]
        rows.append((
            "  " + c["model"], f"{c['requests_per_second']:g}", f"{c['tokens_per_second_per_user']:g}",
            amount(c["gpu_usd_per_mtok"]), c["gpu"] or "none serves", amount(c["wafer_usd_per_mtok"]),
            "" if chance is None else f"{chance:.0%}",
            "" if price is None else "not as a gift" if price <= 0 else money(price),
        ))  # fmt: skip
    return table(rows)


def amount(value: float | None) -> str:
    """Dollars for a million tokens."""
    return "" if value is None else f"{value:.3g}"


def facts(c: Answer) -> list[str]:
    """Every fact of the record with its sources."""
    lines: list[str] = []
    for fact in c["record"]["facts"]:
        value = fact["value"]
        shown = "not found" if value is None else value if isinstance(value, str) else f"{value:g} {fact['unit']}"
        ends = f" ({fact['low']:g} to {fact['high']:g})" if fact["low"] is not None else ""
        note = f"; {fact['note']}" if fact["note"] else ""
        lines.append(f"  {fact['key']}: {shown}{ends}{note}")
        lines += [f"      {s['title']}" + (f" <{s['url']}>" if s["url"] else "") for s in fact["sources"]]
    return lines


def notes(a: Answer, wide: int) -> list[str]:
    """What was run, and that it is no advice, once."""
    basis = a["basis"]
    text = "Each change under 'turns when' was run and turned the claim. "
    if basis["model"]:
        text += (
            f"Probabilities are of draws through the model (scenario {basis['scenario']}, {basis['draws']} draws, seed "
            f"{basis['seed']}); none where it does not test the claim. "
        )
    else:
        text += "The model was not run (--record-only), so only what needs no run has a probability. "
    return textwrap.wrap(text + basis["advice"], wide)
