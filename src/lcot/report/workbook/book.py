"""A workbook while it is written: formats, places of cells, names, and sheets that print readably."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from lcot.cell import Cell
from lcot.errors import InputError
from lcot.report.render import save
from lcot.report.workbook.notation import LONGEST, formula

NUMBERS = {"USD": "#,##0", "USD/h": "#,##0.00", "USD/Mtok": "0.0000", "1": "#,##0.####", "%": "0.0%", "W": "#,##0",
           "ms": "#,##0.00",
           "kW": "#,##0.0", "request/s": "0.000", "token/s": "#,##0", "token": "#,##0"}  # fmt: skip
OTHER = "[>=10000000]0.000E+00;[>=0.001]#,##0.0000;0.000E+00"  # values of very different sizes
GENERAL = "General"
STARTS_LIKE_FORMULA = ("=", "+", "-", "@", "\t")


def package() -> ModuleType:
    """The package that writes workbooks. Raises `InputError` where it is not installed."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise InputError("workbooks need one more package: pip install 'lcot[workbook]'") from error
    return xlsxwriter


@dataclass(slots=True)
class Book:
    """What is known while a workbook is written."""

    writer: Any
    places: dict[int, tuple[str, int, int]] = field(default_factory=dict[int, tuple[str, int, int]])  # by cell's id
    names: dict[str, str] = field(default_factory=dict[str, str])  # name -> where
    called: dict[int, str] = field(default_factory=dict[int, str])  # name by cell's id
    formats: dict[tuple[Any, ...], Any] = field(default_factory=dict[tuple[Any, ...], Any])
    longest: int = 0  # characters of the longest formula

    def format(self, **properties: Any) -> Any:
        """A format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.writer.add_format({"valign": "top", **properties})
        return self.formats[key]

    def sheet(self, name: str, widths: Sequence[float], headings: Sequence[str], top: int = 2, title: str = "") -> Any:
        """A sheet with a title, headings that stay and repeat in print, and columns that fit one page."""
        made = self.writer.get_worksheet_by_name(name) or self.writer.add_worksheet(name)
        for column, width in enumerate(widths):
            made.set_column(column, column, width)
        made.set_landscape()
        made.set_paper(9)
        made.fit_to_pages(1, 0)
        made.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        made.set_footer("&L&F&C&A&R&P of &N")
        made.hide_gridlines(2)
        made.write_string(0, 0, title or name, self.format(bold=True, font_size=13))
        if headings:
            for column, heading in enumerate(headings):
                self.text(made, top, column, heading, bold=True, bottom=1, text_wrap=True)
            made.repeat_rows(top)
            made.freeze_panes(top + 1, 2)
        return made

    def text(self, sheet: Any, row: int, column: int, text: object, **properties: Any) -> None:
        """Text, which stays text even where it starts like a formula."""
        words = str(text)
        if words.startswith(STARTS_LIKE_FORMULA):
            properties["quote_prefix"] = True
        sheet.write_string(row, column, words, self.format(**properties))

    def paragraph(self, sheet: Any, row: int, text: str, columns: int = 16) -> None:
        """Text over several columns, broken into as many lines as it needs."""
        sheet.merge_range(row, 0, row, columns, "", self.format(text_wrap=True))
        sheet.set_row(row, 15.0 * (1 + len(text) // 190))
        self.text(sheet, row, 0, text, text_wrap=True)

    def value(self, sheet: Any, row: int, column: int, number: float, unit: str = "", **properties: Any) -> None:
        """A number in the format of its unit; "none" for what is not finite."""
        if not math.isfinite(number):
            self.text(sheet, row, column, "none", align="right")
            return
        sheet.write_number(row, column, number, self.format(num_format=NUMBERS.get(unit, GENERAL), **properties))

    def live(self, sheet: Any, row: int, column: int, text: str, value: Any, unit: str = "", **properties: Any) -> None:
        """A formula with the value that it has now. Raises `InputError` where it is longer than a sheet takes."""
        self.longest = max(self.longest, len(text))
        if len(text) > LONGEST:
            raise InputError(f"a formula of the workbook has {len(text)} characters; a sheet takes {LONGEST}")
        kept = self.format(num_format=NUMBERS.get(unit, OTHER), **properties)
        sheet.write_formula(row, column, text, kept, cached(value))

    def put(self, cell: Cell, sheet: str, row: int, column: int) -> None:
        """Remember where a cell stands; elements of an array stand side by side."""
        self.places[id(cell)] = (sheet, row, column)

    def refer(self, cell: Cell, element: int = 0) -> str | None:
        """Where an element of a cell stands."""
        place = self.places.get(id(cell))
        if place is None:
            return None
        sheet, row, column = place
        return self.called.get(id(cell)) or at(sheet, row, column + element)

    def write(self, sheet: Any, name: str, row: int, column: int, cell: Cell) -> None:
        """All elements of a cell as formulas, side by side."""
        self.put(cell, name, row, column)
        for element in range(np.size(cell.value)):

            def refer(one: Cell, place: int, own: Cell = cell) -> str | None:
                return None if one is own else self.refer(one, place)

            value = np.asarray(cell.value).flat[element]
            self.live(sheet, row, column + element, formula(cell, element, refer), value)

    def call(self, cell: Cell, wanted: str) -> str:
        """Give the place of a single number a name that formulas use."""
        self.called[id(cell)] = name = self.name(wanted, *self.places[id(cell)])
        return name

    def name(self, wanted: str, sheet: str, row: int, column: int) -> str:
        """Give a place a name."""
        made = re.sub(r"\W", "_", wanted)
        made = made if re.match(r"[A-Za-z_]", made) else f"_{made}"
        if made not in self.names:
            self.names[made] = at(sheet, row, column)
            self.writer.define_name(made, f"={at(sheet, row, column)}")
        return made


def at(sheet: str, row: int, column: int) -> str:
    """A place with its sheet, fixed."""
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return f"'{sheet}'!${letters}${row + 1}"


def cached(value: Any) -> Any:
    """A value as a workbook keeps it beside its formula."""
    number = np.asarray(value).item()
    if isinstance(number, bool):
        return number
    return number if math.isfinite(number) else "#N/A"


def check(path: Path) -> None:
    """Refuse a name or a folder in which no workbook can be. Raises `InputError`."""
    if path.suffix != ".xlsx":
        raise InputError(f"{path}: a workbook's name ends in .xlsx")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.absolute().parent}")


@contextmanager
def writing(path: Path) -> Generator[Book]:
    """A new workbook, which is at ``path`` whole or not at all. Raises `InputError` where it cannot be written."""
    check(path)
    written = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    writer = package().Workbook(written, options)
    yield Book(writer)
    writer.close()
    save(path, written.getvalue())
