"""The report: an answer as one HTML file that can be printed, kept and sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from lcot.errors import InputError
from lcot.report import charts
from lcot.report.document import Html, content, document, items, paragraph, section, table
from lcot.report.headline import headline
from lcot.report.render import Spec, name, svg

Plain = Mapping[str, Any]

STATUSES = {
    "unpriced": "no sourced price",
    "announced": "not on sale by the date asked",
    "missing_fact": "a fact is not public",
    "infeasible": "does not meet the question",
}
CAPTION = "US dollars per million tokens, cheapest first: the median of the draws; by kind, at the stated facts"
PAIRS, SOURCES = "pairs", "sources"  # looks of tables


def report(
    answer: Plain, figures: Sequence[Spec] = (), sources: Iterable[Plain] = (), accuracy: Iterable[Plain] = ()
) -> str:
    """The report of an answer in the form that ``--json`` prints.

    ``figures`` are further charts; ``sources`` facts as `appendix.fact_rows` gives them; ``accuracy`` rows alike in
    their keys, from the validation. Raises `InputError` where ``answer`` has no verdict or basis.
    """
    for key in ("schema", "question", "basis", "verdict"):
        if key not in answer:
            raise InputError(f"report: the answer has no {key!r}; it must be what --json prints")
    title = headline(answer)
    opening = [f"<h1>{escape(title)}</h1>", table(("", "the cheapest"), three_numbers(answer), kind=PAIRS)]
    opening += [paragraph(str(answer["verdict"])), paragraph(basis_line(answer), "quiet")]
    body = [
        f"<header>{''.join(opening)}</header>",
        section("Ranking", ranking(answer)),
        section("Deployments", deployments(answer)),
        section("Charts", *(figure(spec) for spec in [*own_charts(answer), *figures])),
        section("Not ranked", unranked(answer)),
        section("The question", table(("", "asked"), named(answer["question"]), kind=PAIRS)),
        section("Assumptions", *assumptions(answer)),
        section("Accuracy", accuracy_table(list(accuracy))),
        section("Sources", source_table(sources)),
        paragraph(f"Schema {answer['schema']}.", "quiet"),
    ]
    return document(f"LCOT: {title}", "\n".join(part for part in body if part))


def three_numbers(answer: Plain) -> list[tuple[str, str]]:
    """Cost with its range, speed and use of the first of the ranking, and the probability that it is the cheapest."""
    first = next(iter(systems(answer, "ranked")), None)
    if first is None:
        return []
    cost, chance = first["usd_per_mtok"], first.get("probability_cheapest")
    told = f"${dollars(cost.get('p50') or cost.get('blended'))} per million tokens"
    if cost.get("p10") is not None:
        told += f" (P10 {dollars(cost['p10'])}, P90 {dollars(cost.get('p90')) or 'without end'})"
    rows = [
        ("cost", told),
        ("speed", number(first.get("tokens_per_second_per_user"), "{:.0f} tokens/s a user")),
        ("use of what is bought", number(first.get("utilisation"), "{:.0%}")),
        ("cheapest in", number(chance, "{:.0%} of the draws")),
    ]
    return [row for row in rows if row[1]]


def basis_line(answer: Plain) -> str:
    """Cost basis, tokens and date in one line."""
    basis = answer["basis"]
    words = [f"{key.replace('_', ' ')}: {value}" for key, value in basis.items() if isinstance(value, str) and value]
    return "; ".join(words)


def systems(answer: Plain, *statuses: str) -> list[Plain]:
    """Systems of the answer with one of some statuses."""
    return [s for s in answer.get("systems", ()) if s.get("status") in statuses]


def ranking(answer: Plain) -> str:
    """The ranked systems as a table."""
    headings = ("system", "$/Mtok", "P10 to P90", "input", "cached", "output", "P(cheapest)", "tok/s/user")
    headings += ("TTFT", "used", "kW", "confidence")
    return table(headings, map(ranked_row, systems(answer, "ranked")), CAPTION)


def ranked_row(item: Plain) -> list[str]:
    """Cells of one ranked system."""
    cost = item["usd_per_mtok"]
    return [
        str(item["name"]),
        dollars(cost.get("p50") or cost.get("blended")),
        f"{dollars(cost['p10'])} to {dollars(cost['p90'])}" if cost.get("p10") is not None else "",
        *(dollars(cost.get(key)) for key in ("input", "cached_input", "output")),
        number(item.get("probability_cheapest"), "{:.0%}"),
        number(item.get("tokens_per_second_per_user"), "{:.0f}"),
        number(item.get("time_to_first_token"), "{:.2f} s"),
        number(item.get("utilisation"), "{:.0%}"),
        number(item.get("power"), "{:.1f}", 1e-3),
        str(item.get("confidence") or ""),
    ]


def deployments(answer: Plain) -> str:
    """What is bought and how the model is laid out on it, for each ranked system."""
    headings = (
        "system",
        "bought",
        "copies",
        "layout",
        "batch of a copy",
        "weights",
        "KV",
        "speculation",
        "engine",
        "limit",
    )
    return table(headings, map(deployment_row, systems(answer, "ranked")))


def deployment_row(item: Plain) -> list[str]:
    """Cells of one deployment."""
    made, formats = item.get("deployment") or {}, item.get("precision") or {}
    return [
        str(item["name"]),
        number(made.get("systems"), "{:g}"),
        number(made.get("copies"), "{:g}"),
        str(made.get("layout", "")),
        number(made.get("batch_per_copy"), "{:.0f}"),
        str(formats.get("weights", "")),
        str(formats.get("kv", "")),
        str(item.get("speculative", "")),
        str(made.get("engine", "")),
        str(item.get("limit") or ""),
    ]


def unranked(answer: Plain) -> str:
    """Why the other systems are not ranked."""
    unit = str(answer.get("units", {}).get("break_even_price", "USD per system"))
    rented = "hour" in unit
    rows = [
        (
            str(s["name"]),
            STATUSES[s["status"]],
            str(s.get("reason") or ""),
            number(s.get("tokens_per_second_per_user"), "{:.0f}"),
            number(s.get("break_even_price"), "${:,.4g}" if rented else "${:,.0f}"),
        )
        for s in systems(answer, *STATUSES)
    ]
    return table(("system", "why", "reason", "tok/s/user", f"break-even price, {unit}"), rows)


def assumptions(answer: Plain) -> list[str]:
    """The basis, the declared estimates, and what was extrapolated, system by system."""
    notes = [
        f"{s['name']}: {note}"
        for s in systems(answer, "ranked", "unpriced")
        for note in [*s.get("notes", ()), *([s["confidence_reason"]] if s.get("confidence_reason") else [])]
    ]
    units = [f"{key.replace('_', ' ')}: {unit}" for key, unit in answer.get("units", {}).items()]
    return [
        table(("", "basis"), named(answer["basis"]), kind=PAIRS),
        items(dict.fromkeys(notes)),
        paragraph("; ".join(units), "quiet"),
    ]


def named(values: Plain) -> list[tuple[str, str]]:
    """Rows of a mapping, without what was not said."""
    return [
        (key.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list | tuple) else plain(value))
        for key, value in values.items()
        if value not in (None, "", [], ())
    ]


def plain(value: object) -> str:
    """A value of the question in words."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e15 else f"{value:.4g}"


def source_table(rows: Iterable[Plain]) -> str:
    """Facts with their ranges and, linked, where they are from."""
    headings = ("fact", "value", "range", "source", "date", "kind")
    return table(headings, map(source_cells, rows), kind=SOURCES)


def source_cells(row: Plain) -> list[str]:
    """Cells of one fact."""
    unit = "" if row.get("unit") in (None, "1", "text") else f" {row['unit']}"
    ends = [row.get("low"), row.get("high")]
    places = [content(place) for place in str(row.get("url") or "").split("; ") if place]
    said = ", ".join(str(row[key]) for key in ("source", "at") if row.get(key))
    linked = Html("<br>".join([escape(said), *places]))
    return [
        str(row.get("fact")),
        shown_value(row.get("value")) + unit,
        "" if None in ends else " to ".join(map(shown_value, ends)) + unit,
        linked,
        str(row.get("date") or ""),
        str(row.get("kind") or ""),
    ]


def shown_value(value: object) -> str:
    """A value in its own unit."""
    return plain(float(value)) if isinstance(value, int | float) else str(value)


def accuracy_table(rows: Sequence[Plain]) -> str:
    """Predictions against measurements, as the validation reports them."""
    if not rows:
        return paragraph("No validation was run with this answer.")
    columns = list(rows[0])
    return table([c.replace("_", " ") for c in columns], ([row.get(c) for c in columns] for row in rows))


def own_charts(answer: Plain) -> list[Spec]:
    """The chart that the answer itself has the rows for."""
    rows = [
        {
            "system": s["name"],
            "value": cost.get("p50") or cost["blended"],
            "low": cost.get("p10"),
            "high": cost.get("p90"),
        }
        for s in systems(answer, "ranked")
        if (cost := s["usd_per_mtok"]).get("blended") is not None
    ]
    subtitle = f"Blended token, {answer['basis'].get('cost', '')}; bars from P10 to P90"
    return [charts.cheapest(rows, subtitle=subtitle)] if rows else []


def figure(spec: Spec) -> str:
    """A chart for light and dark pages, as drawings without scripts."""
    pictures = "".join(f'<span class="on-{page}">{svg(spec, page)}</span>' for page in ("light", "dark"))
    return f'<figure role="img" aria-label="{escape(name(spec), quote=True)}">{pictures}</figure>'


def dollars(value: float | None) -> str:
    """USD per million tokens, three figures."""
    return "" if value is None else (f"{value:.3g}" if value < 1000 else f"{value:.0f}")


def number(value: float | None, form: str, factor: float = 1.0) -> str:
    """A number in a form, or nothing."""
    return "" if value is None else form.format(value * factor)
