"""A valuation for a reader: the sentence first, then the chain, what must be true, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lcot.report.value import ADVICE

Answer = dict[str, Any]


def as_text(a: Answer, wide: int = 110) -> str:
    """The whole answer."""
    parts = [wrapped(verdict(a), wide), "", *chain(a)]
    if a["asked"]:
        parts += ["", *needs(a)]
    challenger = a["chain"]["net_margin"]["stated"] <= a["cases"]["high"]["margin"]
    if a["definitions"] and a["asked"] and challenger:  # the cases are none of a firm that earns more already
        parts += ["", *definitions(a)]
    return "\n".join([*parts, "", *(wrapped(line, wide) for line in notes(a))])


def wrapped(text: str, wide: int) -> str:
    """Text in lines."""
    import textwrap

    return "\n".join(textwrap.wrap(text, wide))


def money(value: float | None, digits: int = 3) -> str:
    """US dollars with a scale."""
    if value is None:
        return ""
    size = abs(value)
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= scale:
            return f"{'-' if value < 0 else ''}${size / scale:.{digits}g}{letter}".replace("e+03", "000")
    return f"{'-' if value < 0 else ''}${size:.{digits}g}"


def volume(a: Answer, value: float | None) -> str:
    """What revenue pays for, with its unit."""
    if value is None:
        return ""
    if a["company"]["sells"] == "tokens":
        return f"{value / 12e15:.3g} Ptok/month"
    return watts(value)


def watts(value: float | None) -> str:
    """Power with a scale."""
    if value is None:
        return ""
    return f"{value / 1e9:.3g} GW" if value >= 1e9 else f"{value / 1e6:.3g} MW"


def price(a: Answer, value: float | None) -> str:
    """The price or cost of a unit of volume."""
    if value is None:
        return ""
    sells = a["company"]["sells"]
    if sells == "tokens":
        return f"${value * 1e6:.3g}/Mtok"
    return f"{money(value * 1e6)}/MW" + ("-year" if sells == "capacity" else "")


def spread(entry: dict[str, float | None], write: Any) -> str:
    """P10 to P90 in words, where there are draws."""
    return "" if entry["p10"] is None else f"{write(entry['p10'])} to {write(entry['p90'])}"


def verdict(a: Answer) -> str:
    """One sentence or two: what it is worth, and what must be true."""
    chain, who, year = a["chain"], a["company"]["name"], a["basis"]["exit_year"]
    equity = chain["equity"]
    text = f"{who} at the stated facts is worth {money(equity['stated'])}"
    if equity["p10"] is not None:
        text += f" (P10 {money(equity['p10'])}, P50 {money(equity['p50'])}, P90 {money(equity['p90'])})"
    each = [f"${a['per_share'][k]['stated']:.3g} {k}" for k in ("basic", "diluted") if a["per_share"][k]]
    text += f", {' or '.join(each)} a share" if each else ", shares not on record"
    text += f": {a['terms']['share']['stated']:.1%} of {market_of(a)} in {year}."
    if not a["asked"]:
        return text
    asked = a["asked"]
    share = next(one for one in asked["needs"] if one["lever"] == "share")
    at = [f"${v:.3g} {k}" for k, v in asked["per_share"].items() if v is not None]
    head = f"For {money(asked['equity'])}" + (f" ({' or '.join(at)} a share)" if at else "") + " "
    if share["needed"] is None:
        head += "no share of the market is enough with everything else as stated. "
    else:
        more = " (more than there is)" if share["needed"] > 1 else ""
        head += (
            f"{who} needs {share['needed']:.1%} of {market_of(a)} in {year}{more}: "
            f"{money(share['inference_revenue'])} a year, {volume(a, share['volume'])}, at "
            f"{share['net_margin']:.0%} net{on_record(a)}; last revenue was "
            f"{money(a['terms']['base_revenue']['stated'])} a year at "
            f"{a['terms']['base_margin']['stated']:.0%} operating margin. "
        )
    if asked["probability"] is not None:
        head += f"{asked['probability']:.0%} of the draws reach it. "
    return head + text


def on_record(a: Answer) -> str:
    """What stands against the requirement: contracts, plans, the last round."""
    known, said = a["on_record"], list[str]()
    if "power.contracted" in known:
        option = f", {watts(known['power.option'])} with the option" if "power.option" in known else ""
        said.append(f"{watts(known['power.contracted'])} contracted{option}")
    if "backlog" in known:
        said.append(f"a backlog of {money(known['backlog'])}")
    if "revenue.plan" in known:
        said.append(f"a plan of {money(known['revenue.plan'])}")
    return f", against {' and '.join(said)}" if said else ""


def market_of(a: Answer) -> str:
    """The market in words."""
    size = money(a["terms"]["market"]["stated"])
    if a["company"]["sells"] == "tokens":
        return f"the world's tokens ({size} at its price)"
    return f"the inference market ({a['basis']['market']}, {size})"


def chain(a: Answer) -> list[str]:
    """Share to value, a line each."""
    terms, c = a["terms"], a["chain"]

    def percent(x: float) -> str:
        return f"{x:.1%}"

    rows: list[Sequence[str]] = [("From share to value", "stated", "P10 to P90")]
    lines: list[tuple[str, dict[str, Any], Callable[[float], str]]] = [
        ("inference market", terms["market"], money), ("share of it", terms["share"], percent),
        ("inference revenue", c["inference_revenue"], money), ("other revenue", terms["other_revenue"], money),
        ("price", terms["price"], lambda x: price(a, x)), ("cost", terms["cost"], lambda x: price(a, x)),
        ("volume paid for", c["volume"], lambda x: volume(a, x)), ("gross margin", c["gross_margin"], percent),
        ("operating cost", c["operating_cost"], money), ("tax", c["tax"], money),
        ("net income", c["net_income"], money), ("net margin", c["net_margin"], percent),
        ("price over earnings", terms["multiple"], lambda x: f"{x:.3g}"), ("discount rate", terms["discount"], percent),
        ("exit, discounted", c["exit"], money), ("cash flow until then", c["interim"], money),
        ("net cash on record", c["cash"], money), ("equity", c["equity"], money),
    ]  # fmt: skip
    rows += [(name, write(entry["stated"]), spread(entry, write)) for name, entry, write in lines]
    if f"{a['company']['id']}.cash.net" in a["absent"]:
        rows = [(name, "not found", "") if name == "net cash on record" else (name, *rest) for name, *rest in rows]
    for kind, entry in a["per_share"].items():
        if entry:
            rows.append((f"a share, {kind}", f"${entry['stated']:.3g}", spread(entry, "${:.3g}".format)))
    return table(rows)


def needs(a: Answer) -> list[str]:
    """What each lever must be, everything else as stated."""
    rows: list[Sequence[str]] = [
        (f"What must be true for {money(a['asked']['equity'])}", "stated", "needed", "P10 to P90", "draws that can",
         "revenue", "power", "gross", "$/Mtok")
    ]  # fmt: skip
    names = {
        "share": "share alone", "price": "price alone, volume as stated", "cost": "cost alone",
        "multiple": "price over earnings alone",
    }  # fmt: skip
    for one in a["asked"]["needs"]:

        def write(x: float | None, lever: str = one["lever"]) -> str:
            if x is None:
                return "none does it"
            return f"{x:.1%}" if lever == "share" else f"{x:.3g}" if lever == "multiple" else price(a, x)

        ends = f"{write(one['p10'])} to {write(one['p90'])}" if one["p10"] is not None else ""
        gross = "" if one["gross_margin"] is None else f"{one['gross_margin']:.0%}"
        rows.append((
            names[one["lever"]], write(one["stated"]), write(one["needed"]), ends, f"{one['possible']:.0%}",
            money(one["inference_revenue"]), watts(one["power"]), gross,
            "" if one["usd_per_mtok"] is None else f"${one['usd_per_mtok']:.2g}",
        ))  # fmt: skip
    return table(rows)


def definitions(a: Answer) -> list[str]:
    """The same by the multiple alone, for each definition of the market."""
    mid, asked = a["cases"]["mid"], a["asked"]
    head = (
        f"By the multiple alone ({mid['margin']:.0%} net, {mid['multiple']:.0f} times earnings, "
        f"{mid['discount']:.0%} a year; low-high: the cautious and the hopeful case)"
    )
    rows: list[Sequence[str]] = [("market", "year", "size", "15-20 % is worth")]
    if asked:
        rows[0] = (*rows[0], f"revenue for {money(asked['equity'])}", "share", "low-high", "power")
    for row in a["definitions"]:
        cells = (
            row["market"], str(row["year"]), money(row["size"]),
            f"{money(row['worth_of_15%'])}-{money(row['worth_of_20%'])}",
        )  # fmt: skip
        if asked:
            ends = f"{row['share_needed_high']:.1%}-{row['share_needed_low']:.1%}"
            cells = (*cells, money(row["revenue_needed_mid"]), f"{row['share_needed_mid']:.1%}", ends)
            cells = (*cells, watts(row["power_needed_mid"]))
        rows.append(cells)
    return [head, *table(rows)]


def notes(a: Answer) -> Iterable[str]:
    """What it rests on, and that it is no advice, once."""
    year, exit_year = a["basis"]["value_date"], a["basis"]["exit_year"]
    yield (
        f"Value at the end of {year}: cash until {exit_year}, then a multiple of that year's net income. P10 to P90 "
        f"are of {a['basis']['draws']} draws of the company's facts and the market."
        if a["basis"]["draws"]
        else f"Value at the end of {year}: cash until {exit_year}, then a multiple of that year's net income."
    )
    if a["basis"]["market"].startswith("scenario"):
        yield "Market and share (of a lab: demand) are those of a run of the market; as stated, their medians."
    if a["terms"]["capital"]["stated"]:
        yield (
            f"It must pay for capacity before it earns: {a['terms']['capital']['stated']:.2g} dollars of systems for "
            "each dollar of yearly revenue, at the cost of the parts."
        )
    if a["company"]["note"]:
        yield a["company"]["note"]
    if a["last_price"]:
        last = a["last_price"]
        yield (
            f"The last price on record, ${last['price']:.2f} ({last['date']}), is {money(last['equity'])} with all "
            f"diluted shares; what it asks for: --price {last['price']:.2f}."
        )
    load, each = a["tokens"]["load"], a["tokens"]
    if load and each["price"] is not None:
        mix = ", ".join(f"{name} {share:.0%}" for name, share in load["mix"].items())
        yield (
            f"$/Mtok: {per_mtok_words(a)} on {load['system']} for {mix} of the tokens, {load['input_tokens']:g} in and "
            f"{load['output_tokens']:g} out, {load['speed']:g} tokens/s a user, {load['utilisation']:.0%} utilisation; "
            f"as stated price {each['price']:.2g}, cost {each['cost']:.2g}."
        )
    if a["power"] is not None and a["company"]["sells"] == "tokens":
        yield f"Power behind the stated volume: {watts(a['power'])}, at the yearly cost of a megawatt on record."
    if a["absent"]:
        yield f"Not on record and left out: {', '.join(a['absent'])}."
    if a["company"]["sells"] == "tokens" and a["basis"]["draws"]:
        yield (
            "Price and cost of a token are drawn apart, so some draws sell below cost; a negative value is cash that "
            "would be needed and not returned."
        )
    yield f"Declared estimates in use: {', '.join(a['estimates'])}."
    yield ADVICE + " Sources: --json, or lcot value " + a["company"]["id"] + " --facts."


def per_mtok_words(a: Answer) -> str:
    """What a price for a million tokens means."""
    if a["company"]["sells"] == "systems":
        return "the hardware alone over its life,"
    return "capacity"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns: the first to the left, the others to the right."""
    count = max(map(len, rows))
    full = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(len(row[i]) for row in full) for i in range(count)]
    lines: list[str] = []
    for row in full:
        cells = [row[0].ljust(widths[0]), *[cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]]
        lines.append("  ".join(cells).rstrip())
    return lines
