"""The formats of request traces and logs: one reader each, rows in, checked records out."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import ParseError

Record = tuple[float, int, int, list[int]]  # arrival [s], input, output, block hashes


@dataclass
class Skipped:
    """Rows left out, with the first reasons."""

    count: int = 0
    reasons: list[str] = field(default_factory=list[str])

    def add(self, error: ParseError) -> None:
        """Count a row."""
        self.count += 1
        if len(self.reasons) < 10:
            self.reasons.append(str(error))


def opened(path: Path) -> Any:
    """Text lines of a plain, gzip or Zstandard file."""
    if not path.exists():
        raise ParseError(path, "no such file")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    if path.suffix in (".zst", ".zstd"):
        import zstandard

        return io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(path.open("rb")), encoding="utf-8")
    return path.open(encoding="utf-8")


def checked(
    path: Path, number: int, read: Callable[[Any], Record], row: Any, left_out: Skipped | None
) -> Record | None:
    """One row, checked; None where it is malformed and may be left out."""
    try:
        try:
            record = read(row)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            what = f"no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
            raise ParseError(path, what, line=number) from None
        arrival, inputs, outputs, _ = record
        if not np.isfinite(arrival):
            raise ParseError(path, f"arrival is {arrival}", line=number, allowed="a finite time")
        if inputs < 1 or outputs < 1:
            raise ParseError(
                path, f"{inputs} input and {outputs} output tokens", line=number, allowed="1 or more of each"
            )
        return record
    except ParseError as error:
        if left_out is None:
            raise
        left_out.add(error)
        return None


def _csv(
    path: Path, lines: Iterable[str], left_out: Skipped | None, columns: tuple[str, str, str], time: Any
) -> Iterator[Record]:
    rows = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    header = [cell.strip() for cell in next(rows)[1].rstrip("\r\n").lstrip("\ufeff").split(",")]
    places = [header.index(name) for name in columns]

    def read(line: str) -> Record:
        cells = line.rstrip("\r\n").split(",")
        if len(cells) != len(header):
            raise ValueError(f"{len(cells)} cells where the header has {len(header)}")
        return time(cells[places[0]]), int(cells[places[1]]), int(cells[places[2]]), []

    for number, line in rows:
        record = checked(path, number, read, line, left_out)
        if record is not None:
            yield record


def _stamp(text: str) -> float:
    """Seconds of a time like 2023-11-16 18:15:46.6805900, of which Python reads only six decimals."""
    whole, _, part = text.partition(".")
    return (datetime.fromisoformat(whole) - datetime(2000, 1, 1)).total_seconds() + (
        float("0." + part) if part else 0.0
    )


def _azure(path: Path, lines: Iterable[str], left_out: Skipped | None) -> Iterator[Record]:
    return _csv(path, lines, left_out, ("TIMESTAMP", "ContextTokens", "GeneratedTokens"), _stamp)


def _plain(path: Path, lines: Iterable[str], left_out: Skipped | None) -> Iterator[Record]:
    return _csv(path, lines, left_out, ("arrival", "input_tokens", "output_tokens"), float)


def _json_lines(
    path: Path, lines: Iterable[str], left_out: Skipped | None, read: Callable[[Any], Record]
) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = checked(path, number, lambda text: read(json.loads(text)), line, left_out)
        if record is not None:
            yield record


def _mooncake(path: Path, lines: Iterable[str], left_out: Skipped | None) -> Iterator[Record]:
    def read(row: Any) -> Record:
        return (
            row["timestamp"] / 1e3,
            int(row["input_length"]),
            int(row["output_length"]),
            list(row.get("hash_ids", ())),
        )

    return _json_lines(path, lines, left_out, read)


def _value(metric: Any) -> float:
    return float(metric["value"] if isinstance(metric, dict) else metric)


def _aiperf(path: Path, lines: Iterable[str], left_out: Skipped | None) -> Iterator[Record]:
    def read(row: Any) -> Record:
        measured = row["metrics"]
        lengths = (measured["input_sequence_length"], measured["output_sequence_length"])
        return float(row["metadata"]["request_start_ns"]) / 1e9, int(_value(lengths[0])), int(_value(lengths[1])), []

    return _json_lines(path, lines, left_out, read)


def whole(path: Path, lines: Any) -> Any:
    """A file that is one JSON value. Raises `ParseError` where it is not."""
    try:
        return json.loads(lines.read())
    except json.JSONDecodeError as error:
        raise ParseError(path, f"not JSON: {error.msg}", line=error.lineno) from None


def _triple(row: Any) -> Record:
    return float(row[0]), int(row[1]), int(row[2]), []


def _vllm(path: Path, lines: Any, left_out: Skipped | None) -> Iterator[Record]:
    """Detailed result of vLLM's serving benchmark: one list per quantity."""
    found = whole(path, lines)
    needed = ("start_times", "input_lens", "output_lens")
    missing = [name for name in needed if not isinstance(found.get(name), list)]
    if missing:
        raise ParseError(path, f"no list {missing[0]!r}; run the benchmark so that it saves detailed results")
    for number, row in enumerate(zip(*(found[name] for name in needed), strict=False), 1):
        record = checked(path, number, _triple, row, left_out)
        if record is not None:
            yield record


def _guidellm(path: Path, lines: Any, left_out: Skipped | None) -> Iterator[Record]:
    """Successful requests of all benchmarks in a GuideLLM report."""

    def read(row: Any) -> Record:
        start = row["start_time"] if "start_time" in row else row["request_start_time"]
        return float(start), int(row["prompt_tokens"]), int(row["output_tokens"]), []

    number = 0
    for benchmark in whole(path, lines)["benchmarks"]:
        asked = benchmark.get("requests", {})
        for row in asked.get("successful", []) if isinstance(asked, dict) else asked:
            number += 1
            record = checked(path, number, read, row, left_out)
            if record is not None:
                yield record


READERS: dict[str, Any] = {
    "azure": _azure,
    "mooncake": _mooncake,
    "vllm": _vllm,
    "aiperf": _aiperf,
    "guidellm": _guidellm,
    "requests": _plain,
}
