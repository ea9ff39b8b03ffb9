"""The workbook of a comparison: answer, scenarios, inputs, step time, fleet and bill of each system, sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lcot.cell import Cell
from lcot.choice.types import Answer, Entry
from lcot.report.contract import basis_dict
from lcot.report.workbook.book import Book, at, cached, writing
from lcot.report.workbook.live import write_live
from lcot.trace.leaves import Leaves
from lcot.trace.numbers import MAIN
from lcot.trace.plans import trace
from lcot.units import UNITS

ANSWER = "Answer"
# heading, number of the plan, unit in which it is shown
LIVE = (
    ("blended $/Mtok", "blended", "USD/Mtok"),
    ("input", "input", "USD/Mtok"),
    ("cached input", "cached input", "USD/Mtok"),
    ("output", "output", "USD/Mtok"),
    ("systems", "systems", "1"),
    ("copies", "copies", "1"),
    ("site kW", "site power", "kW"),
    ("USD an hour", "total", "USD/h"),
    ("requests/s", "rate", "request/s"),
    ("capacity, requests/s", "capacity", "request/s"),
    ("ms per output token", "time per output token", "ms"),
)
REMARKS = (
    "Each system's deployment, with its layout and formats, is the one that the search chose; nothing is sought again.",
    "The batch at capacity and the batches at which a copy is timed are held; times at them, the systems bought and",
    "the batch at the load follow from the inputs; between those batches they are interpolated, as the search does.",
    "Columns beside each other on Step time and Fleet are the steps and batches below, in the same order.",
    "Lengths of requests are held: steps and batches rest on them. So are counts (chips, cores, links).",
    "Ranges (P10, P90) and times under simulated load come from draws and from the event kernel: values, not formulas.",
)


def write(path: Path, answer: Answer) -> None:
    """Write the workbook of a comparison. Raises `InputError` where it cannot be written."""
    leaves = Leaves()
    ranked = [item for item in answer.by_status("ranked") if item.plan is not None]
    traced = [trace(item.plan, answer.question, leaves) for item in ranked if item.plan is not None]
    with writing(path) as book:
        opening = book.sheet(ANSWER, (26, *([11] * 11), 10, 10, 10, 36, 14), ())
        first_sheet(book, answer, ranked, write_live(book, traced, answer.question, REMARKS), opening)


def first_sheet(
    book: Book, answer: Answer, ranked: Sequence[Entry], found: Sequence[Mapping[str, Cell]], sheet: Any
) -> None:
    """The verdict, the systems side by side with live numbers, and what they mean."""
    book.paragraph(sheet, 1, answer.verdict)
    headings = ["system", *(one[0] for one in LIVE), "over the cheapest", "P10", "P90", "deployment", "confidence"]
    for column, heading in enumerate(headings):
        book.text(sheet, 3, column, heading, bold=True, bottom=1, text_wrap=True)
    last = 4 + len(ranked)
    cheapest = min((float(one[MAIN].value) for one in found), default=0.0)
    for row, (item, cells) in enumerate(zip(ranked, found, strict=True), 4):
        system_row(book, sheet, row, item, cells, (5, last), cheapest)
    row = last + 1
    for row, line in enumerate(meaning(answer), last + 1):
        book.paragraph(sheet, row, line)
    row = last + 1 + len(meaning(answer))
    rest = [item for item in answer.entries if item.status != "ranked"]
    for item in rest:
        book.text(sheet, row + 1, 0, item.system.id)
        book.text(sheet, row + 1, 1, f"not ranked: {item.reason or item.status}")
        row += 1
    sheet.freeze_panes(4, 1)
    sheet.activate()


def system_row(
    book: Book, sheet: Any, row: int, item: Entry, cells: Mapping[str, Cell], rows: tuple[int, int], cheapest: float
) -> None:
    """One system in the comparison."""
    book.text(sheet, row, 0, item.system.name, bold=row == 4)
    assert item.plan is not None
    for column, (_, name, unit) in enumerate(LIVE, 1):
        cell, factor = cells.get(name), UNITS[unit][1]
        if cell is not None:
            text = f"={at(*book.places[id(cell)])}" + ("" if factor == 1.0 else f"/{factor!r}".upper())
            book.live(sheet, row, column, text, float(cell.value) / factor, unit)
            continue
        plain = getattr(item.plan.served, name.replace(" ", "_"), None)
        if plain is not None:
            book.value(sheet, row, column, float(plain) / factor, unit)
    first, last = rows
    over = float(cells[MAIN].value) / cheapest - 1.0
    book.live(sheet, row, len(LIVE) + 1, f"=B{row + 1}/MIN(B${first}:B${last})-1", cached(over), "%")
    for column, value in enumerate((item.spread.p10, item.spread.p90) if item.spread else (), len(LIVE) + 2):
        book.value(sheet, row, column, value * 1e6, "USD/Mtok")
    d = item.plan.deployment
    book.text(sheet, row, len(LIVE) + 4, f"{d.label}, {d.precision.label}, {d.engine.name}")
    book.text(sheet, row, len(LIVE) + 5, item.confidence)


def meaning(answer: Answer) -> list[str]:
    """What the numbers mean, in lines."""
    basis, question = basis_dict(answer), answer.question
    return [
        f"Model {question.model.id}; {float(question.traffic.input_tokens):g} tokens in, "
        f"{float(question.traffic.output_tokens):g} out; load: {basis['load']}; cost basis: {basis['cost']}; "
        f"site {basis['site']}; newest fact {basis['facts_date']}.",
        f"Tokens: {basis['tokens']}. Allocation: {basis['allocation']}; others are on the bill sheets.",
        "Live: change a yellow cell on the sheet Inputs. What does not move is on the sheet Held fixed, with reasons.",
        f"Declared estimates in use: {', '.join(basis['declared_estimates']) or 'none'}.",
    ]
