"""Independent work shared with copies of this process, which start at once because nothing has to be sent to them."""

from __future__ import annotations

import gc
import io
import os
import pickle
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lcot.facts.types import System
from lcot.steptime.estimate import estimate
from lcot.steptime.types import StepTime
from lcot.workload.architecture import Architecture

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 8  # processes; each more adds less than the one before


def processors() -> int:
    """Processors that this process may use. [1]"""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shared(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int = 1,
    same: Sequence[System | Architecture] = (),
) -> list[Result]:
    """Results of independent work on each item, in their order.

    Parameters
    ----------
    work : callable
        ``work(item)``; step times in its results must be those that `estimate` gives for their deployment.
    items : sequence
        What is worked on; whoever is free takes the next one, so the longest come first.
    processes : int
        Processes at most, this one included. [1]
    same : sequence of System or Architecture
        Things in the results that shall be the very ones that are here.

    Returns
    -------
    list
        One for each item. Without copies of the process (another thread runs, or the machine cannot make them), and
        where a copy fails, the work is done here.

    Notes
    -----
    No formula: results do not depend on who worked them out.
    """
    processes = min(processes, len(items), MOST)
    if processes < 2 or threading.active_count() > 1 or not hasattr(os, "fork"):
        return [work(item) for item in items]
    todo, more = os.pipe()
    os.write(more, b"".join(i.to_bytes(2) for i in range(len(items))))
    os.close(more)
    gc.freeze()  # pages that the collector does not touch stay common
    copies = [_copy(work, items, todo, same) for _ in range(processes - 1)]
    done = {i: work(items[i]) for i in _taken(todo)}
    for pid, source in copies:
        done.update(_results(pid, source, same))
    gc.unfreeze()
    os.close(todo)
    return [done[i] if i in done else work(items[i]) for i in range(len(items))]


def _taken(todo: int) -> Any:
    """Places of the items that this process takes until none is left; the kernel hands each out once."""
    while place := os.read(todo, 2):
        yield int.from_bytes(place)


def _copy(work: Callable[[Any], Any], items: Sequence[Any], todo: int, same: Sequence[object]) -> tuple[int, int]:
    """Start a copy of this process that works too; its id, and where its results come from."""
    source, sink = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads in libraries; copies do not use them
        pid = os.fork()
    if pid:
        os.close(sink)
        return pid, source
    os.close(source)  # else a parent that failed would leave this copy writing for ever
    try:
        made = {i: work(items[i]) for i in _taken(todo)}
        with os.fdopen(sink, "wb") as out:
            out.write(packed(made, same))
    finally:
        os._exit(0)  # neither handlers nor buffers of the parent; what is missing is done there


def _results(pid: int, source: int, same: Sequence[object]) -> dict[int, Any]:
    with os.fdopen(source, "rb") as stream:
        content = stream.read()
    os.waitpid(pid, 0)
    try:
        return unpacked(content, same)
    except (EOFError, pickle.UnpicklingError):  # it failed, with a message or not: the error shows here
        return {}


def packed(results: object, same: Sequence[object] = ()) -> bytes:
    """Results as bytes for another process of the same program.

    Parameters
    ----------
    results : object
        Step times in it must be those that `estimate` gives for their deployment.
    same : sequence of object
        Things in the results that the other process has too, in the same order.

    Returns
    -------
    bytes
        For `unpacked`.

    Notes
    -----
    No formula: step times go as their deployments.
    """
    out = io.BytesIO()
    _Pickler(out, same).dump(results)
    return out.getvalue()


def unpacked(content: bytes, same: Sequence[object] = ()) -> Any:
    """Results of another process of the same program.

    Parameters
    ----------
    content : bytes
        What `packed` made; never what came from elsewhere.
    same : sequence of object
        Things of this process that stand for those given to `packed`.

    Returns
    -------
    object
        The results, with step times estimated here.

    Notes
    -----
    No formula: see `packed`.
    """
    return _Unpickler(io.BytesIO(content), same).load()


class _Pickler(pickle.Pickler):
    def __init__(self, out: Any, same: Sequence[object]) -> None:
        super().__init__(out, protocol=5)
        self.places = {id(one): place for place, one in enumerate(same)}

    def persistent_id(self, obj: Any) -> int | None:
        return self.places.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        return (estimate, (obj.deployment,)) if isinstance(obj, StepTime) else NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: Any, same: Sequence[object]) -> None:
        super().__init__(stream)
        self.same = same

    def persistent_load(self, pid: int) -> object:
        return self.same[pid]
