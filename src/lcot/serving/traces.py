"""Request traces as they come: files in, `Requests` out, chunk by chunk.

Every reader is told by the first line of the file what it holds. A malformed row is an error with file, line and
reason, or is skipped and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import DomainError, ParseError
from lcot.serving.trace_formats import BROKEN, READERS, Record, Rows, Skipped, checked, joined, opened, rows_of, whole
from lcot.serving.trace_tables import TABLES, table_rows
from lcot.serving.types import Requests

CHUNK = 1 << 17  # requests read at a time
MOONCAKE_BLOCK = 512  # tokens of one hashed block, as the trace's own description states
SESSIONS = "agentic"
PLAIN = TABLES["requests"].columns


def read_trace(path: Path | str, *, skip_bad: bool = False, skipped: Skipped | None = None) -> Requests:
    """All requests of a trace.

    Parameters
    ----------
    path : Path or str
        File (plain, ``.gz`` or ``.zst``): Azure LLM 2023 CSV, Mooncake JSONL, agentic session JSON, logs of vLLM,
        AIPerf or GuideLLM, or a CSV with columns ``arrival``, ``input_tokens``, ``output_tokens``. A folder: all the
        session files in it.
    skip_bad : bool
        Leave malformed rows out.
    skipped : Skipped, optional
        Where rows left out are counted.

    Returns
    -------
    Requests
        In order of arrival, from 0 s.

    Raises
    ------
    ParseError
        If the file is none of these, is empty, or a row is malformed; with file, line and reason.

    Notes
    -----
    Arrivals count from the first: :math:`t_i - \\min t`.

    References
    ----------
    :cite:t:`patel2024`; :cite:t:`qin2025`.
    """
    path = Path(path)
    if path.is_dir() or _kind(path) == SESSIONS:
        return _sessions(path, skip_bad, skipped or Skipped())
    rows = _in_order(joined(list(_parts(path, CHUNK, skip_bad, skipped))))
    return _requests(rows, rows.arrival[0], _block(path))


def stream_trace(
    path: Path | str, *, chunk: int = CHUNK, skip_bad: bool = False, skipped: Skipped | None = None
) -> Iterator[Requests]:
    """Requests of a trace, ``chunk`` at a time, so that any length fits in memory.

    Parameters
    ----------
    path : Path or str
        As for `read_trace`, but no sessions.
    chunk : int
        Requests in one part. [1]
    skip_bad : bool
        Leave malformed rows out.
    skipped : Skipped, optional
        Where rows left out are counted.

    Yields
    ------
    Requests
        In the order of the file, arrivals from 0 s.

    Raises
    ------
    ParseError
        As `read_trace`; also where arrivals go back in time across parts, which needs `read_trace`.

    Notes
    -----
    Memory does not grow with the number of requests: :math:`O(chunk)`.

    References
    ----------
    :cite:t:`patel2024`; :cite:t:`qin2025`.
    """
    path = Path(path)
    if chunk < 1:
        raise DomainError("chunk", chunk, "1 or more", str(path))
    first, seen = float("nan"), float("-inf")
    for part in _parts(path, chunk, skip_bad, skipped):
        part = _in_order(part)
        first = part.arrival[0] if seen == float("-inf") else first
        if part.arrival[0] < seen:
            raise ParseError(path, "arrivals go back in time across parts of the stream; read the trace whole")
        seen = part.arrival[-1]
        yield _requests(part, first, _block(path))


def _parts(path: Path, chunk: int, skip_bad: bool, skipped: Skipped | None) -> Iterator[Rows]:
    """Rows as the file has them, ``chunk`` at a time."""
    kind = _kind(path)
    if kind == SESSIONS:
        raise ParseError(path, "sessions wait for answers and are read whole, not streamed")
    left_out = skipped if skipped is not None else Skipped()
    count, waiting = 0, Rows(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))
    for block in _blocks(path, kind, chunk, left_out if skip_bad else None):
        waiting = joined([waiting, block]) if len(waiting) else block
        count += len(block)
        while len(waiting) >= chunk:
            yield waiting.taken(slice(0, chunk))
            waiting = waiting.taken(slice(chunk, None))
    if len(waiting):
        yield waiting
    if not count:
        raise ParseError(path, "no requests in the file")


def _blocks(path: Path, kind: str, chunk: int, left_out: Skipped | None) -> Iterator[Rows]:
    with opened(path) as file:
        try:
            if kind in TABLES:
                yield from table_rows(path, file, left_out, TABLES[kind])
                return
            rows = READERS[kind](path, file, left_out)
            while part := list(islice(rows, chunk)):
                yield rows_of(part)
        except BROKEN as error:
            raise ParseError(path, f"cannot be read to its end: {error}") from None


def _in_order(rows: Rows) -> Rows:
    """Rows by time of arrival."""
    late = np.diff(rows.arrival)
    return rows if bool(np.all(late >= 0.0)) else rows.taken(np.argsort(rows.arrival, kind="stable"))


def _block(path: Path) -> int:
    return MOONCAKE_BLOCK if _kind(path) == "mooncake" else 0


def _kind(path: Path) -> str:
    """What a file holds, from its first characters."""
    with opened(path) as file:
        try:
            read: bytes = file.read(1 << 16)
            read.split(b"\n", 1)[0][: 1 << 12].decode("utf-8", "strict" if b"\n" in read[: 1 << 12] else "ignore")
            head = read.decode("utf-8", "replace").lstrip("\ufeff \n\r\t")
        except (UnicodeDecodeError, *BROKEN) as error:
            raise ParseError(path, f"not a text file: {error}") from None
    line = head.split("\n", 1)[0].strip()
    if line.startswith("TIMESTAMP,"):
        return "azure"
    names = [name.strip() for name in line.split(",")]
    if set(PLAIN) <= set(names):
        return "requests"
    if line.startswith("{"):
        keys = head[:4000]
        if '"timestamp"' in line and '"input_length"' in line:
            return "mooncake"
        if '"hash_id_scope"' in keys or ('"requests"' in keys and '"think_time"' in head):
            return SESSIONS
        if '"benchmarks"' in head:
            return "guidellm"
        if '"metrics"' in line and '"metadata"' in line:
            return "aiperf"
        if '"input_lens"' in head or '"request_throughput"' in head or '"output_lens"' in head:
            return "vllm"
    allowed = "Azure CSV, Mooncake JSONL, session JSON, vLLM, AIPerf or GuideLLM log, CSV with " + ", ".join(PLAIN)
    raise ParseError(path, f"not a trace; it begins with {line[:60]!r}", line=1, allowed=allowed)


def _requests(rows: Rows, first: float, block: int) -> Requests:
    hashes = rows.hashes if block > 0 else None
    return Requests(
        arrival=rows.arrival - first,
        input_tokens=rows.input_tokens,
        output_tokens=rows.output_tokens,
        hashes=None if hashes is None else np.array([h for one in hashes for h in one], np.int64),
        hash_start=None if hashes is None else np.concatenate([[0], np.cumsum([len(h) for h in hashes])]).astype(int),
        hash_block=0 if hashes is None else block,
    )


def _sessions(path: Path, skip_bad: bool, skipped: Skipped) -> Requests:
    """Sessions of one file or of all files of a folder; each turn waits for the answer to the one before."""
    files = sorted(p for p in path.iterdir() if ".json" in p.suffixes) if path.is_dir() else [path]
    if not files:
        raise ParseError(path, "no session files in the folder")
    rows: list[Record] = []
    think: list[float] = []
    session: list[int] = []
    successor: list[int] = []
    block, taken = 0, 0
    for number, file in enumerate(files):
        with opened(file) as lines:
            found = whole(file, lines)
        if not isinstance(found.get("requests"), list):
            raise ParseError(file, "no list 'requests'", key="requests")
        if block and int(found["block_size"]) != block:
            raise ParseError(
                file, f"blocks of {found['block_size']} tokens, other files have {block}", key="block_size"
            )
        block = int(found["block_size"])
        shift = taken if found.get("hash_id_scope") == "local" else 0
        last = -1
        for place, turn in enumerate(found["requests"], 1):
            record = checked(
                file, place, lambda row, shift=shift: _turn(row, shift), turn, skipped if skip_bad else None
            )
            if record is None:
                continue
            if last >= 0:
                successor[last] = len(rows)
                think[last] = max(float(turn.get("think_time", 0.0)), 0.0)
            last = len(rows)
            rows.append(record)
            think.append(0.0)
            session.append(number)
            successor.append(-1)
        mine = rows[len(rows) - session.count(number) :]
        taken = max([taken, *(h + 1 for row in mine for h in row[3])])
    if not rows:
        raise ParseError(path, "no requests in the file")
    made = _requests(rows_of(rows), 0.0, block)
    return Requests(
        made.arrival, made.input_tokens, made.output_tokens, np.array(think), np.array(session, np.int64),
        np.array(successor, np.int64), made.hashes, made.hash_start, made.hash_block,
    )  # fmt: skip


def _turn(row: Any, shift: int) -> Record:
    return float(row["t"]), int(row["in"]), int(row["out"]), [int(h) + shift for h in row["hash_ids"]]
