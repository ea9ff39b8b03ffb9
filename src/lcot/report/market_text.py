"""An outlook on the market for a reader."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lcot.report.market import ADVICE

Answer = dict[str, Any]
Range = Mapping[str, float | None]
ENDS = ("at_p10", "at_p90")
STRONGEST = 6  # drivers of each quantity that are shown
SHOWN = 0.0005  # shares below this in every year are left out of the tables


def as_text(a: Answer, wide: int = 110) -> str:
    """The whole answer."""
    parts = [*wrapped(verdict(a), wide), "", *shares(a), "", *totals(a), "", *costs(a), "", *rents(a)]
    if a["parameters"]:
        parts += ["", *parameters(a)]
    if a["backtest"]:
        parts += ["", *backtest(a, wide)]
    if a["record"]:
        parts += ["", *on_record(a)]
    if a["drivers"]:
        parts += ["", *drivers(a, wide)]
    return "\n".join([*parts, "", *notes(a, wide)])


def verdict(a: Answer) -> str:
    """The answer in sentences."""
    years = a["basis"]["years"]
    year = str(2028 if 2028 in years else years[-1])
    ranked = sorted(a["vendors"], key=lambda v: -(v["compute_share"][year]["p50"] or 0.0))[:3]
    who = ", ".join(f"{v['name']} {percent(v['compute_share'][year])}" for v in ranked)
    share, cost = a["compute"]["inference_share"][year], a["cost_per_mtok"]["market"]
    return (
        f"{a['scenario']['name']}: of the compute added in {year}, {who} (P10-P90). Inference is {percent(share)} of "
        f"compute in service. A token costs ${span(cost[year])} per million on the reference models, "
        f"${span(cost[str(years[0])])} in {years[0]}."
    )


def shares(a: Answer) -> list[str]:
    """Shares of compute added, by vendor and year."""
    years = [str(y) for y in a["basis"]["years"]]
    rows = [
        [v["name"], *(percent(v["compute_share"][y]) for y in years)]
        for v in sorted(a["vendors"], key=lambda v: -(v["compute_share"][years[-1]]["p50"] or 0.0))
        if any((v["compute_share"][y]["p90"] or 0.0) >= SHOWN for y in years)
    ]
    return ["Share of compute added in the year, inference and training (P50, P10-P90)", *table(["", *years], rows)]


def totals(a: Answer) -> list[str]:
    """Tokens, compute, power and spending by year."""
    years = [str(y) for y in a["basis"]["years"]]
    spent = {y: sum(v["spending_busd"][y]["p50"] or 0.0 for v in a["vendors"]) for y in years}

    def row(name: str, values: Mapping[str, Range], style: str = "{:.3g}") -> list[str]:
        return [name, *(shown(values[y], style) for y in years)]

    rows = [
        row("tokens asked, quadrillion a month", a["tokens"]["asked"]),
        row("tokens served", a["tokens"]["served"]),
        row("inference, million H100 equivalents", a["compute"]["inference"]),
        row("training", a["compute"]["training"]),
        ["inference share of compute", *(percent(a["compute"]["inference_share"][y]) for y in years)],
        row("inference, GW", a["power"]["inference"]),
        row("training, GW", a["power"]["training"]),
        row("energy, TWh a year", a["power"]["energy_twh_a_year"]),
        row("energy of a token served, J", a["power"]["joules_per_token"]),
        ["systems bought, $B (sum of P50)", *(f"{spent[y]:.0f}" for y in years)],
    ]
    return ["Demand, compute and power (P50, P10-P90; the first year is on record)", *table(["", *years], rows)]


def costs(a: Answer) -> list[str]:
    """Cost per token by architecture, and its factors."""
    years = [str(y) for y in a["basis"]["years"]]
    c = a["cost_per_mtok"]
    rows = [["market", *(span(c["market"][y]) for y in years)]]
    rows += [[one["name"], *(span(one["cost"][y]) for y in years)] for one in c["architectures"]]
    lines = [
        "$ per million tokens of all kinds, of capacity added, without rents (P50, P10-P90), each over its own segments"
    ]
    lines += table(["", *years], rows)
    d = c["decomposition"]
    if d:
        change = d["change"]
        lines += ["", f"Cost per token in {d['year']} = price of a chip-hour x 1/throughput x 1/utilisation x mix"]
        lines += table(
            ["", str(d["year"]), f"times {d['against']}'s"],
            [
                ["chip-hour, $", span(d["chip_hour_usd"]), span(change["chip_hour"])],
                ["tokens/s of a chip (1/x on the right)", span(d["tokens_per_second_per_chip"]),
                 span(change["one_over_throughput"])],
                ["utilisation (1/x on the right)", span(d["utilisation"]), span(change["one_over_utilisation"])],
                ["mix of segments", "", span(change["mix_of_segments"])],
                ["$ per million tokens", span(d["usd_per_mtok"]), span(d["change_of_cost"])],
            ],
        )  # fmt: skip
    return lines


def rents(a: Answer) -> list[str]:
    """What is short."""
    years = [str(y) for y in a["basis"]["years"]][1:]
    rows: list[list[str]] = []
    for r in a["rents"]:
        if max(r["binds"][y] for y in years) < 0.1:
            continue
        unit = r["unit"].removeprefix("USD a year for ")
        rows.append([f"{r['name']}, {unit}", *(f"{short(r['rent'][y]['mean'])} {r['binds'][y]:.0%}" for y in years)])
    if not rows:
        return ["Nothing is short in one draw of ten."]
    return ["Scarcity rents, mean $ a year for one unit more, and the share of draws that pay one",
            *table(["", *years], rows)]  # fmt: skip


def parameters(a: Answer) -> list[str]:
    """Parameters of choice before and after the data."""
    rows = [[p["key"], three(p["prior"]), three(p["posterior"]), str(p["observations"])] for p in a["parameters"]]
    return ["Parameters (P10, P50, P90)", *table(["", "prior", "posterior", "observations"], rows)]


def backtest(a: Answer, wide: int) -> list[str]:
    """The back-test, also where it loses."""
    b = a["backtest"]
    rows = [
        [f"{s['vendor']} {s['year']}", s["measure"], f"{s['observed']:.1%}",
         *("" if s[k] is None else f"{s[k]:.1%}" for k in ("model", "persistence", "trend")), str(s["observations"])]
        for s in b["scores"]
    ]  # fmt: skip
    errors = ", ".join(f"{name} {error:.1%}" for name, error in b["mean_absolute_error"].items())
    head = ["", "", "observed", "model", "persistence", "trend", "learnt from"]
    return [
        "Back-test: told what was known before, asked for the share of the year after", *table(head, rows),
        *wrapped(f"Mean absolute error: {errors}. {b['verdict']}", wide),
        *wrapped(" ".join(b["missing"]), wide),
    ]  # fmt: skip


def on_record(a: Answer) -> list[str]:
    """Systems bought in the run beside sales."""
    rows = [
        [f"{r['company']} {r['year']}", shown(r["bought_busd"], "{:.3g}"), f"{r['sold_busd']:.3g}", "  " + r["note"]]
        for r in a["record"]
    ]
    lines = table(["", "bought in the model", "sold on record", ""], [[*row[:3], ""] for row in rows])
    return [
        "Level: $B of systems bought in the model, which takes no sales, beside sales on record (NVIDIA's without "
        "networks)",
        lines[0], *(line + row[3] for line, row in zip(lines[1:], rows, strict=True)),
    ]  # fmt: skip


def drivers(a: Answer, wide: int) -> list[str]:
    """What moves the answer most, one assumption at a time."""
    lines = wrapped(
        "What moves the answer: one assumption at a time at its P10 and P90, all others as stated (* a declared "
        "estimate, or costs that rest on some)", wide,
    )  # fmt: skip
    for d in a["drivers"]:
        scale, sign = (100.0, "%") if d["unit"] == "1" else (1.0, "")
        rows = [
            [r["key"] + ("*" if r["estimate"] else ""), *(plain(r[end] * scale, "{:.3g}") + sign for end in ENDS)]
            for r in d["rows"][:STRONGEST]
        ]
        unit = "" if d["unit"] == "1" else f" [{d['unit']}]"
        lines += [
            "",
            *table([f"{d['of']}{unit}: {plain(d['stated'] * scale, '{:.3g}')}{sign}", "at P10", "at P90"], rows),
        ]
    return lines


def notes(a: Answer, wide: int) -> list[str]:
    """What it rests on, and that it is no advice."""
    kappa = [f"{s['name']} {s['intensity']['p50']:.2g}" for s in a["tokens"]["segments"]]
    out = "; ".join(f"{id}: {why}" for id, why in a["left_out"].items())
    paragraphs = [
        f"{a['basis']['draws']} draws, seed {a['basis']['seed']}. Shares are of H100 equivalents (dense bf16) added by "
        "the end of each year; in each draw they add up to one, medians need not. Contracts on record are kept before "
        "buyers choose. Tokens of all kinds: input, cached "
        "input and output.",
        "Intensity: chips in service over the chips that the disclosed tokens need on the reference models ("
        + ", ".join(kappa) + "). It holds models larger than these, reserve, ranking, image and video work, and "
        "traffic that nobody discloses; it is held at its value of the first year.",
        f"Declared estimates in use: {len(a['estimates'])} (--json lists them).",
        f"In no offer: {out}." if out else "",
        f"{a['scenario']['note']} {ADVICE}",
    ]  # fmt: skip
    return [line for p in paragraphs if p for line in wrapped(p, wide)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns in line, names on the left, numbers on the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return ["  ".join(_cell(line[i], widths[i], i) for i in range(len(head))).rstrip() for line in lines]


def _cell(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place else text.ljust(width)


def wrapped(text: str, wide: int) -> list[str]:
    """Text in lines."""
    return textwrap.wrap(text, wide)


def percent(r: Range) -> str:
    """A share with its range."""
    return shown({k: None if v is None else v * 100 for k, v in r.items()}, "{:.2g}", "%")


def span(r: Range) -> str:
    """A number with its range."""
    return shown(r, "{:.2g}")


def shown(r: Range, style: str, unit: str = "") -> str:
    """P50 with P10-P90 in brackets; nothing without an offer."""
    low, mid, high = (r[key] for key in ("p10", "p50", "p90"))
    if mid is None:
        return "-"
    ends = ["" if v is None else plain(v, style) for v in (low, high)]
    return f"{plain(mid, style)}{unit} ({ends[0]}-{ends[1]})"


def plain(value: float, style: str) -> str:
    """A number without an exponent."""
    text = style.format(value)
    return f"{float(text):,.0f}" if "e+" in text else ("0" if "e-" in text else text)


def short(value: float) -> str:
    """Dollars with a scale."""
    for scale, letter in ((1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{plain(value / scale, '{:.2g}')}{letter}"
    return plain(value, "{:.2g}")


def three(values: Sequence[float]) -> str:
    """P10, P50, P90."""
    return ", ".join(f"{v:.2g}" for v in values)
