"""Runs of any length: the trace streams through, lines go to disk, and an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lcot.errors import ParseError
from lcot.serving.kernel import records
from lcot.serving.lines import meets, rows_of, write_parquet
from lcot.serving.replay import Replay
from lcot.serving.simulation import Ready
from lcot.serving.spread import Digest, Spread, spread_of_counts
from lcot.serving.synthetic import scaled
from lcot.serving.trace_formats import Skipped
from lcot.serving.traces import CHUNK, stream_trace
from lcot.serving.types import Policy, Target
from lcot.steptime.types import StepTable


@dataclass(frozen=True, slots=True)
class LongRun:
    """Figures of a streamed run. Percentiles are within the 1.1 % of a bin."""

    requests: int
    rejected: int
    skipped: int  # malformed rows left out
    duration: float  # s
    first_token: Spread  # s
    between_tokens: Spread  # s
    per_token: Spread  # s
    end_to_end: Spread  # s
    goodput: float  # request/s
    utilisation: float
    rows: Path


def stream_simulation(
    ready: Ready,
    trace: Path,
    rows: Path,
    target: Target | None = None,
    *,
    rate_scale: float = 1.0,
    skip_bad: bool = False,
    chunk: int = CHUNK,
    progress: Callable[[int, float], None] | None = None,
) -> LongRun:
    """Replay a trace of any length in bounded memory.

    Parameters
    ----------
    ready : Ready
        The copies and their rules.
    trace : Path
        The trace; see `lcot.serving.traces.stream_trace`.
    rows : Path
        Where the lines go, as Parquet. Beside it a folder ``<name>.partial`` holds what is done; a run with the same
        trace, rules and copy that finds it goes on from there, and removes it at the end.
    target : Target, optional
        The service level. [s], [token/s]
    rate_scale : float
        How many times as fast the requests arrive. [1]
    skip_bad : bool
        Leave malformed rows out.
    chunk : int
        Requests between two savings. [1]
    progress : callable, optional
        Called with the requests ended and the simulated time. [request], [s]

    Returns
    -------
    LongRun
        Figures, and where the lines are, in the order in which requests ended.

    Raises
    ------
    ParseError
        If the trace is malformed.

    Notes
    -----
    Memory is :math:`O(chunk + \\text{requests in flight})`.

    References
    ----------
    :cite:t:`agrawal2024vidur`.
    """
    rules = ready.policy
    folder = rows.with_name(rows.name + ".partial")
    key = _key(trace, rules, rate_scale, skip_bad, chunk, *(_mark(t) for t in (ready.table, ready.prefill_table)))
    skipped = Skipped()
    run: Replay | None = None
    done = _done(folder, key)
    parts = stream_trace(trace, chunk=chunk, skip_bad=skip_bad, skipped=skipped)
    part = next(parts)
    number = 0
    while True:
        following = next(parts, None)
        if run is None:
            run = Replay(ready.table, rules, ready.prefill_table, part.hash_block)
        if number + 1 == done:
            run.load(_state(folder, done))
        elif number + 1 > done:
            found = [
                lines.copy() for lines in run.feed(scaled(part, rate_scale), last=following is None, progress=progress)
            ]
            lines = np.concatenate([np.empty(0, records.ROW), *found])
            write_parquet(rows_of(run.outcome(lines)), folder / f"{number:06d}.parquet")
            run.save(_state(folder, number + 1))
            _note(folder, key, number + 1)
            _state(folder, number).unlink(missing_ok=True)
        number += 1
        if following is None:
            break
        part = following
    return _collected(run, folder, rows, target or Target(), skipped.count)


def _mark(table: StepTable | None) -> float:
    """A number by which to know a table again."""
    if table is None:
        return 0.0
    return float(np.sum(table.decode[..., 1:])) + float(np.sum(table.tokens)) + _mark(table.slots)


def _key(trace: Path, policy: Policy, *more: float) -> str:
    """What a run depends on: trace, rules, table."""
    if not trace.exists():
        raise ParseError(trace, "no such file")
    stat = trace.stat()
    text = json.dumps([str(trace.resolve()), stat.st_size, stat.st_mtime, asdict(policy), *more], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _state(folder: Path, parts: int) -> Path:
    """Where the state after so many parts lies; each has a name of its own, so that none is taken for another's."""
    return folder / f"state-{parts:06d}.npz"


def _note(folder: Path, key: str, parts: int) -> None:
    """Note, all or nothing, that so many parts and the state after them are on disk."""
    partial = folder / "done.json.partial"
    partial.write_text(json.dumps({"key": key, "parts": parts}))
    partial.replace(folder / "done.json")


def _done(folder: Path, key: str) -> int:
    """Parts already done by the same run; another run's are removed."""
    note = folder / "done.json"
    if note.exists() and json.loads(note.read_text()).get("key") == key:
        return int(json.loads(note.read_text())["parts"])
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return 0


def _collected(run: Replay, folder: Path, rows: Path, target: Target, skipped: int) -> LongRun:
    """Figures from the parts on disk, which become one file."""
    import polars as pl

    first, per_token, whole = Digest(), Digest(), Digest()
    count = rejected = good = 0
    end = 0.0
    for path in sorted(folder.glob("*.parquet")):
        frame = pl.read_parquet(path)
        arrival, tokens = frame["arrival"].to_numpy(), frame["output_tokens"].to_numpy()
        begin = frame["first_token"].fill_null(float("nan")).to_numpy()
        finish = frame["finish"].fill_null(float("nan")).to_numpy()
        done = (frame["status"] == "finished").to_numpy()
        each = np.where(tokens > 1, (finish - begin) / np.maximum(tokens - 1, 1), np.nan)
        first.add(begin - arrival)
        per_token.add(each)
        whole.add(finish - arrival)
        count, rejected = count + len(frame), rejected + int((~done).sum())
        good += int((done & meets(begin - arrival, each, target)).sum())
        end = max(end, float(np.nanmax(finish))) if done.any() else end
    partial = rows.with_name(rows.name + ".whole")
    pl.scan_parquet(folder / "*.parquet").sink_parquet(partial)
    partial.replace(rows)
    (folder / "done.json").unlink()  # first, so that half a folder is not taken for a whole one
    shutil.rmtree(folder)
    totals = run.outcome(np.empty(0, records.ROW))
    busy = totals.busy[run.policy.prefill_replicas :]
    return LongRun(
        count, rejected, skipped, end, first.spread(), spread_of_counts(totals.interval_counts, totals.interval_edges),
        per_token.spread(), whole.spread(), good / max(end, 1e-12), float(np.mean(busy)) / max(end, 1e-12), rows,
    )  # fmt: skip
