"""The workbook of one view of the page: its rows with their sources, live where a number follows from others."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lcot.facts import catalog
from lcot.facts.listing import show
from lcot.market.value import Terms, valuation
from lcot.report.workbook.book import Book, cached, writing
from lcot.report.workbook.tables import write as write_tables
from lcot.trace.leaves import Asked, leaf
from lcot.units import from_si

Found = Mapping[str, Any]
TOP = 3  # row of a table's first line, after its title and headings
UNDER = {"USD": ("market", "other_revenue", "base_revenue", "cash"), "year": ("life",)}  # units of a valuation's terms


@dataclass(frozen=True, slots=True)
class Live:
    """A number that follows from others: ``{heading}`` in the formula is the cell under it in the same row."""

    formula: str
    value: float
    unit: str = ""


Row = Mapping[str, object]


def write(path: Path, title: str, lines: Sequence[str], tables: Mapping[str, Sequence[Row]]) -> None:
    """Write tables of a view, each on a sheet of its own behind what was asked.

    Parameters
    ----------
    path : Path
        Ends in .xlsx.
    title : str
        Of the first sheet.
    lines : sequence of str
        What was asked, and what the numbers mean.
    tables : mapping of str to rows
        A sheet each, by name; keys of a row are the headings, with their units. Cells are text, numbers or `Live`.

    Raises
    ------
    InputError
        If the file cannot be written.

    Notes
    -----
    No formula of its own: those of the rows are written as they are.
    """
    with writing(path) as book:
        first = book.sheet("View", (40, *([12] * 8)), (), title=title)
        for row, line in enumerate(lines, 1):
            book.paragraph(first, row, line, 8)
        for name, rows in tables.items():
            write_table(book, name, rows)
        first.activate()


def write_table(book: Book, name: str, rows: Sequence[Row]) -> None:
    """One table on a sheet of its own."""
    headings = list(dict.fromkeys(key for row in rows for key in row))
    sheet = book.sheet(name, [width(heading, rows) for heading in headings], headings)
    letters = {heading: chr(ord("A") + place) for place, heading in enumerate(headings)}
    for place, row in enumerate(rows, TOP):
        here = {heading: f"{letter}{place + 1}" for heading, letter in letters.items()}
        for column, heading in enumerate(headings):
            value = row.get(heading)
            if isinstance(value, Live):
                formula = value.formula
                for name, cell in here.items():
                    formula = formula.replace(f"{{{name}}}", cell)
                book.live(sheet, place, column, formula, cached(value.value), value.unit)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                book.value(sheet, place, column, float(value), "%" if heading.endswith("%") else "")
            elif value not in (None, ""):
                book.text(sheet, place, column, value, text_wrap=len(str(value)) > 40)


def width(heading: str, rows: Iterable[Row]) -> float:
    """Width of a column by what stands in it. [character]"""
    longest = max((len(str(row.get(heading, ""))) for row in rows if isinstance(row.get(heading), str)), default=0)
    return max(11.0, min(44.0, longest + 2.0), min(20.0, len(heading) * 0.7))


def tornado(path: Path, found: Found, lines: Sequence[str]) -> None:
    """What each fact does to the cost, with the fact, its ends and its source; changes are live."""
    facts = [item for owner in dict.fromkeys(one["owner"] for one in found["tornado"]) for item in known(owner)]
    cards = {card["fact"]: card for card in facts}
    rows = [tornado_row(one, cards.get(f"{one['owner']}.{one['key']}", {})) for one in found["tornado"]]
    write(path, f"Which facts move {found['system']}", lines, {"Facts": rows})


def tornado_row(one: Found, card: Found) -> Row:
    """One fact: its ends in the unit of its file, the cost at both, and where it is from."""
    unit = str(card.get("unit") or "1")
    base, low, high = (one[key] * 1e6 for key in ("cost", "cost_at_low", "cost_at_high"))
    sources = card.get("sources", [])
    return {
        "fact": f"{one['owner']}.{one['key']}", "stated": card.get("value"),
        "low": from_si(one["low"], unit), "high": from_si(one["high"], unit), "unit": "" if unit == "1" else unit,
        "$/Mtok as stated": base, "$/Mtok at low": low, "$/Mtok at high": high,
        "change at low": Live("={$/Mtok at low}/{$/Mtok as stated}-1", low / base - 1, "%"),
        "change at high": Live("={$/Mtok at high}/{$/Mtok as stated}-1", high / base - 1, "%"),
        "width, $/Mtok": Live("=ABS({$/Mtok at high}-{$/Mtok at low})", abs(high - low), "USD/Mtok"),
        "source": "; ".join(source["title"] for source in sources),
        "address": "; ".join(source.get("url") or "" for source in sources),
        "date": card.get("date"), "kind": card.get("kind"), "note": card.get("note"),
    }  # fmt: skip


def known(owner: str) -> list[dict[str, Any]]:
    """Facts of an owner of the catalogue; none of what is no owner, such as the error of the model."""
    owners = {*catalog.system_ids(), *catalog.chip_ids(), *catalog.engine_ids(), *catalog.site_ids()}
    return show(owner) if owner in owners else []


def load(path: Path, found: Found, lines: Sequence[str]) -> None:
    """Latency at each load, against that at the lightest; ``found`` has the chart's rows and the run."""
    rates: dict[float, dict[str, float]] = {}
    for row in found["rows"]:
        rates.setdefault(row["rate"], {})[row["statistic"]] = row["time"]
    ordered = sorted(rates)
    lightest = rates[ordered[0]]
    rows = [
        {
            "requests/s": rate,
            **{f"{name} [s]": value for name, value in rates[rate].items()},
            **{
                f"{name} over lightest": Live(
                    f"={{{name} [s]}}/{chr(ord('B') + place)}${TOP + 1}", value / lightest[name], "1"
                )
                for place, (name, value) in enumerate(rates[rate].items())
            },
        }
        for rate in ordered
    ]
    run = [{"result": key, "value": value} for key, value in flat(found["run"])]
    write(path, "Latency against load", lines, {"Load": rows, "Run": run})


def flat(found: Found, above: str = "") -> list[tuple[str, object]]:
    """Numbers and texts of nested results, by their path."""
    rows: list[tuple[str, object]] = []
    for key, value in found.items():
        if isinstance(value, Mapping):
            rows += flat(value, f"{above}{key}.")  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, str | int | float):
            rows.append((above + key, value))
    return rows


def accuracy(path: Path, found: Found, lines: Sequence[str]) -> None:
    """Every point (``points`` by id) with its prediction (``rows``); errors, median and share within 20 % are live."""
    done: Sequence[Mapping[str, str]] = found["rows"]
    rows = [accuracy_row(one, found["points"][one["id"]]) for one in done]
    errors = [abs(float(one["predicted"]) / float(one["value"]) - 1) for one in done]
    column = chr(ord("A") + list(rows[0]).index("absolute error")) if rows else "A"
    place = f"Points!{column}{TOP + 1}:{column}{TOP + len(rows)}"
    inside = sum(one <= 0.2 for one in errors) / len(errors) if errors else 0.0
    found_live: list[Row] = [
        {"over all points": "median absolute error",
         "value": Live(f"=MEDIAN({place})", statistics.median(errors) if errors else 0.0, "%")},
        {"over all points": "share within 20 %",
         "value": Live(f'=COUNTIF({place},"<=0.2")/COUNT({place})', inside, "%")},
    ]  # fmt: skip
    write(path, "Predicted against measured", lines, {"Points": rows, "Summary": found_live})


def accuracy_row(one: Mapping[str, str], point: Mapping[str, str]) -> Row:
    """One point: what was measured, what is predicted, and the source."""
    measured, predicted = float(one["value"]), float(one["predicted"])
    return {
        "id": one["id"], "family": point["family"], "system": point["system"], "model": point["model"],
        "metric": point["metric"], "unit": point["unit"], "measured": measured, "predicted": predicted,
        "low": number(one["low"]), "high": number(one["high"]),
        "error": Live("={predicted}/{measured}-1", predicted / measured - 1, "%"),
        "absolute error": Live("=ABS({error})", abs(predicted / measured - 1), "%"),
        "engine": point["engine"], "layout": point["parallelism"], "users": number(point["concurrency_or_batch"]),
        "tokens in": number(point["input_len"]), "tokens out": number(point["output_len"]), "date": point["date"],
        "source": point["source_title"], "where": point["source_url_or_repo_path"],
    }  # fmt: skip


def number(text: str) -> object:
    """A number where a text is one, the text otherwise."""
    try:
        return float(text)
    except ValueError:
        return text


def claims(path: Path, found: Found, lines: Sequence[str]) -> None:
    """Every claim with its verdict, what the record says, and what would turn it."""
    rows = [
        {
            "id": one["id"], "claim": one["claim"], "verdict": one["verdict"], "probability": one["probability"],
            "reading": one["reading"], "on record": one["record"]["text"],
            "assumptions": "; ".join(one["assumptions"]),
            "sources": "; ".join(source["title"] for source in one["record"]["sources"]),
            "addresses": "; ".join(source.get("url") or "" for source in one["record"]["sources"]),
        }
        for one in found["claims"]
    ]  # fmt: skip
    turns = [
        {"id": one["id"], **{key: turn.get(key) for key in ("fact", "from", "to", "unit", "effect", "note")}}
        for one in found["claims"]
        for turn in one["flips_when"]
    ]
    write(path, "Published claims, checked", lines, {"Claims": rows, "What turns them": turns})


def value(path: Path, found: Found, lines: Sequence[str]) -> None:
    """From the terms of a valuation to the equity in live formulas, beside ranges, facts and what a value asks for."""
    basis = found["basis"]
    given = {key: one["stated"] for key, one in found["terms"].items()} | {"cash": found["chain"]["cash"]["stated"]}
    units = {key: unit for unit, keys in UNDER.items() for key in keys}
    cells = {
        key: leaf(number, Asked(key, units.get(key, "1"), "as stated; the facts are on their own sheet"))
        for key, number in given.items()
    }
    worth = valuation(Terms(years=basis["exit_year"] - basis["value_date"], **cells))
    names = ("inference_revenue", "revenue", "gross_margin", "net_income", "interim", "exit", "equity")
    results = {name.replace("_", " "): getattr(worth, name) for name in names}
    for name, cell in results.items():
        cell.name, cell.unit = name, "1" if name == "gross margin" else "USD"
    ranges = [{"number": key, **one} for part in ("terms", "chain") for key, one in found[part].items()]
    facts = [{**one, "sources": "; ".join(source["title"] for source in one["sources"])} for one in found["facts"]]
    tables = {"Ranges": ranges, "Facts": facts}
    if found["asked"]:
        tables["Needed"] = found["asked"]["needs"]
    held = ["Ranges (P10, P50, P90) come from draws and are values; years to the exit are held."]
    write_tables(path, f"{found['company']['name']}: {basis['advice']}", lines, tables, (), held, results)


SHEETS: Mapping[str, Callable[[Path, Found, Sequence[str]], None]] = {
    "tornado": tornado, "load": load, "accuracy": accuracy, "claims": claims, "value": value,
}  # fmt: skip
