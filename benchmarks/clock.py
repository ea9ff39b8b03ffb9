"""Time two things side by side and print their ratio: the one convention of every benchmark here."""

from __future__ import annotations

import time
from collections.abc import Callable


def best(work: Callable[[], object], runs: int = 5) -> float:
    """Shortest of several runs. [s]"""
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def ratio(subject: str, work: Callable[[], object], reference: Callable[[], object], runs: int = 5) -> float:
    """Time ``work`` and ``reference`` in turn, print both and their ratio, and return the ratio. [1]"""
    pairs = [(best(work, 1), best(reference, 1)) for _ in range(runs)]
    ours, theirs = min(first for first, _ in pairs), min(second for _, second in pairs)
    print(f"{subject:<56} {ours * 1e3:10.3f} ms {theirs * 1e3:10.3f} ms {ours / theirs:8.2f}x")
    return ours / theirs
