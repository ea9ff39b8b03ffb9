"""The formats of request logs: one reader each, rows in, checked records out. Tables: `lcot.serving.trace_tables`."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import ParseError
from lcot.serving.types import Reals, Wholes

BROKEN = (OSError, EOFError, zlib.error)  # what a compressed file that is cut off raises
Record = tuple[float, int, int, list[int]]  # arrival [s], input, output, block hashes


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a trace, column by column."""

    arrival: Reals  # s
    input_tokens: Wholes
    output_tokens: Wholes
    hashes: list[list[int]] | None = None  # of the blocks of each

    def __len__(self) -> int:
        return len(self.arrival)

    def taken(self, places: slice | Wholes) -> Rows:
        """The rows at some places, in that order."""
        where = np.arange(len(self))[places]
        hashes = None if self.hashes is None else [self.hashes[i] for i in where]
        return Rows(self.arrival[where], self.input_tokens[where], self.output_tokens[where], hashes)


def rows_of(records: Sequence[Record]) -> Rows:
    """Records as columns."""
    hashes = [record[3] for record in records]
    return Rows(
        np.array([record[0] for record in records], np.float64),
        np.array([record[1] for record in records], np.int64),
        np.array([record[2] for record in records], np.int64),
        hashes if any(hashes) else None,
    )


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows one after the other."""
    hashes = None
    if any(part.hashes for part in parts):
        hashes = [one for part in parts for one in (part.hashes or [[]] * len(part))]
    return Rows(
        np.concatenate([part.arrival for part in parts]),
        np.concatenate([part.input_tokens for part in parts]),
        np.concatenate([part.output_tokens for part in parts]),
        hashes,
    )


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
    """Bytes of a plain, gzip or Zstandard file."""
    if not path.exists():
        raise ParseError(path, "no such file")
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix in (".zst", ".zstd"):
        import zstandard

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True))
    return path.open("rb")


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


def _json_lines(
    path: Path, lines: Iterable[bytes], left_out: Skipped | None, read: Callable[[Any], Record]
) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = checked(path, number, lambda text: read(json.loads(text)), line, left_out)
        if record is not None:
            yield record


def _mooncake(path: Path, lines: Iterable[bytes], left_out: Skipped | None) -> Iterator[Record]:
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


def _aiperf(path: Path, lines: Iterable[bytes], left_out: Skipped | None) -> Iterator[Record]:
    def read(row: Any) -> Record:
        measured, failed = row["metrics"], row.get("error")
        if failed:
            raise ValueError(f"the request failed: {failed.get('type') or failed.get('message')}")
        lengths = (measured["input_sequence_length"], measured["output_sequence_length"])
        return float(row["metadata"]["request_start_ns"]) / 1e9, int(_value(lengths[0])), int(_value(lengths[1])), []

    return _json_lines(path, lines, left_out, read)


def whole(path: Path, lines: Any) -> Any:
    """A file that is one JSON value. Raises `ParseError` where it is not."""
    try:
        return json.loads(lines.read())
    except json.JSONDecodeError as error:
        raise ParseError(path, f"not JSON: {error.msg}", line=error.lineno) from None
    except (UnicodeDecodeError, *BROKEN) as error:
        raise ParseError(path, f"cannot be read to its end: {error}") from None


def _answered(row: Any) -> Record:
    """A request with its error, if it had one."""
    if row[3]:
        raise ValueError(f"the request failed: {str(row[3]).strip().splitlines()[-1][:80]}")
    return float(row[0]), int(row[1]), int(row[2]), []


def _vllm(path: Path, lines: Any, left_out: Skipped | None) -> Iterator[Record]:
    """Detailed result of vLLM's serving benchmark: one list per quantity; times in seconds."""
    found = whole(path, lines)
    needed = ("start_times", "input_lens", "output_lens")
    missing = [name for name in needed if not isinstance(found.get(name), list)]
    if missing:
        raise ParseError(
            path,
            f"no list {missing[0]!r}; run `vllm bench serve` with --save-result and --save-detailed, in a version that"
            " writes start times",
        )
    lists = [found[name] for name in needed]
    lists.append(found.get("errors") or [""] * len(lists[0]))
    if len({len(one) for one in lists}) > 1:
        raise ParseError(path, "lists of different lengths: " + ", ".join(f"{n} {len(found[n])}" for n in needed))
    for number, row in enumerate(zip(*lists, strict=True), 1):
        record = checked(path, number, _answered, row, left_out)
        if record is not None:
            yield record


def _guidellm(path: Path, lines: Any, left_out: Skipped | None) -> Iterator[Record]:
    """Successful requests of all benchmarks in a GuideLLM report, whatever its version calls their start."""

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
    "mooncake": _mooncake,
    "vllm": _vllm,
    "aiperf": _aiperf,
    "guidellm": _guidellm,
}
