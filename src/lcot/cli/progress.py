"""Progress of long work, on a terminal's standard error only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic


@contextmanager
def counting(what: str, total: int | None = None) -> Generator[Callable[[int], None] | None]:
    """A callback that takes the number done; None where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(what, total=total)
        shown = 0.0

        def show(done: int) -> None:  # without a thread that refreshes, so that the process can still be copied
            nonlocal shown
            bar.update(task, completed=done)
            if monotonic() - shown > 0.1:
                bar.refresh()
                shown = monotonic()

        yield show
