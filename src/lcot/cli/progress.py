"""Progress of long work, on a terminal's standard error only."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic

EVERY = 0.1  # s between two looks at the progress


@contextmanager
def counting(what: str, total: int | None = None) -> Generator[Callable[[int], None] | None]:
    """A callback that takes the number done; None where nobody looks."""
    if not sys.stderr.isatty():
        of = f" of {total:,}" if total else ""
        yield seldom(lambda done: said(f"{done:,}{of} {what}")) if in_lines() else None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(what, total=total)
        refresh = seldom(lambda _: bar.refresh())

        def show(done: int) -> None:  # without a thread that refreshes, so that the process can still be copied
            bar.update(task, completed=done)
            refresh(done)

        yield show


def seldom(show: Callable[[int], None]) -> Callable[[int], None]:
    """The same callback, at most every tenth of a second."""
    last = 0.0

    def now_and_then(done: int) -> None:
        nonlocal last
        if monotonic() - last > EVERY:
            show(done)
            last = monotonic()

    return now_and_then


@contextmanager
def telling(first: str) -> Generator[Callable[[str], None] | None]:
    """A callback that shows one line of progress, ``first`` to begin with; None where nobody looks."""
    if not sys.stderr.isatty():
        if in_lines():
            said(first)
        yield said if in_lines() else None
        return
    from rich.console import Console

    with Console(stderr=True).status(first) as status:
        yield status.update


def in_lines() -> bool:
    """Whether another program reads the progress, line by line, as the local page does."""
    return os.environ.get("LCOT_PROGRESS") == "lines"


def said(line: str) -> None:
    """Tell that program."""
    print(line, file=sys.stderr, flush=True)
