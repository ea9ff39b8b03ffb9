"""Traces as tables of comma-separated values, read block by block: columns at once, row by row only what is odd."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lcot.serving.trace_formats import Record, Rows, Skipped, checked, rows_of
from lcot.serving.types import Reals

if TYPE_CHECKING:
    import polars as pl

BLOCK = 1 << 22  # bytes read at a time
FEW = 1 << 16  # bytes: less than this is not worth the start of the table reader


@dataclass(frozen=True, slots=True)
class Table:
    """Where a table holds what a trace needs, and how its times read."""

    columns: tuple[str, str, str]
    time: Callable[[str], float]  # s, of one cell
    times: Callable[[pl.Series], Reals]  # s, of a column; raises where a cell is odd


def _stamp(text: str) -> float:
    """Seconds of a time like 2023-11-16 18:15:46.6805900, of which Python reads only six decimals.

    A time of 2024's traces ends with its zone, +00:00.
    """
    whole, _, part = text.removesuffix("+00:00").partition(".")
    return (datetime.fromisoformat(whole) - datetime(2000, 1, 1)).total_seconds() + (
        float("0." + part) if part else 0.0
    )


def _stamps(cells: pl.Series) -> Reals:
    import polars as pl

    cells = cells.str.strip_suffix("+00:00")
    whole = cells.str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=True)
    seconds = (whole - datetime(2000, 1, 1)).dt.total_seconds().to_numpy().astype(np.float64)
    rest = cells.str.slice(19)
    if not (rest.str.starts_with(".") & rest.str.contains(r"^\.[0-9]+$")).all():
        raise ValueError("a time without a fraction")
    return seconds + ("0" + rest).cast(pl.Float64, strict=True).to_numpy()


def _numbers(cells: pl.Series) -> Reals:
    import polars as pl

    return cells.cast(pl.Float64, strict=True).to_numpy()


TABLES: dict[str, Table] = {
    "azure": Table(("TIMESTAMP", "ContextTokens", "GeneratedTokens"), _stamp, _stamps),
    "requests": Table(("arrival", "input_tokens", "output_tokens"), float, _numbers),
}


def table_rows(path: Path, file: Any, left_out: Skipped | None, table: Table) -> Iterator[Rows]:
    """Rows of a table, block by block.

    A block that the table reader does not take as it is, or that holds a row which is no request, is read again row by
    row, which says what is wrong and where.
    """
    number, header = 0, b""
    while not header.strip():
        header, number = file.readline(), number + 1
    names = [name.strip() for name in header.decode("utf-8-sig").strip().split(",")]
    places = [names.index(name) for name in table.columns]
    rest = b""
    while True:
        read = file.read(BLOCK)
        block, _, rest = (rest + read).rpartition(b"\n") if read else (rest, b"", b"")
        if block.strip():
            found = None if len(block) < FEW else _at_once(block, len(names), places, table)
            yield found if found is not None else _one_by_one(path, block, number, len(names), places, table, left_out)
        if not read:
            return
        number += block.count(b"\n") + (1 if block or _ else 0)


def _at_once(block: bytes, width: int, places: list[int], table: Table) -> Rows | None:
    """A block by columns; None where a row is odd."""
    import polars as pl

    try:
        frame = pl.read_csv(
            io.BytesIO(block), has_header=False, quote_char=None, schema={str(i): pl.String for i in range(width)}
        ).select(str(i) for i in places)
        if block.count(b",") != len(frame) * (width - 1) or any(frame.null_count().row(0)):
            return None
        arrival = table.times(frame[str(places[0])])
        inputs, outputs = (frame[str(i)].cast(pl.Int64, strict=True).to_numpy() for i in places[1:])
    except (pl.exceptions.PolarsError, ValueError):
        return None
    right = np.isfinite(arrival).all() and (inputs >= 1).all() and (outputs >= 1).all()
    return Rows(arrival, inputs, outputs) if right else None


def _one_by_one(
    path: Path, block: bytes, before: int, width: int, places: list[int], table: Table, left_out: Skipped | None
) -> Rows:
    """A block row by row; ``before`` lines came before it."""

    def read(line: bytes) -> Record:
        cells = line.decode("utf-8").rstrip("\r").split(",")
        if len(cells) != width:
            raise ValueError(f"{len(cells)} cells where the header has {width}")
        return table.time(cells[places[0]]), int(cells[places[1]]), int(cells[places[2]]), []

    lines: Iterable[tuple[int, bytes]] = enumerate(block.split(b"\n"), before + 1)
    found = (checked(path, number, read, line, left_out) for number, line in lines if line.strip())
    return rows_of([record for record in found if record is not None])
