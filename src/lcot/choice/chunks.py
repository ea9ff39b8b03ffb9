"""Long samples in chunks: on any executor, with the same result whatever the workers, resumed where they stopped."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from lcot.errors import DomainError, InputError

Array = NDArray[np.float64]
Work = Callable[[int, int], Mapping[str, Array]]  # draws, seed -> draws by name

CHUNK = 256


def plan(draws: int, seed: int, size: int = CHUNK) -> list[tuple[int, int]]:
    """Draws and seed of each chunk.

    Parameters
    ----------
    draws : int
        Draws in all, at least 1. [1]
    seed : int
        Of the whole sample. [1]
    size : int
        Draws of a chunk, at least 1. [1]

    Returns
    -------
    list of tuple of int
        (draws, seed) by chunk. Chunks are independent randomisations; the first has the seed itself, so that a sample
        of one chunk is what `lcot.choice.uncertainty.evaluate` gives.

    Raises
    ------
    DomainError
        If ``draws`` or ``size`` < 1.
    """
    for name, number in (("draws", draws), ("chunk size", size)):
        if number < 1:
            raise DomainError(name, number, "at least 1")
    count = -(-draws // size)
    children = np.random.SeedSequence(abs(seed)).spawn(count)
    seeds = [seed, *(int(child.generate_state(1, np.uint64)[0]) >> 1 for child in children[1:])]
    return [(min(size, draws - i * size), seeds[i]) for i in range(count)]


def run(
    work: Work,
    draws: int,
    seed: int,
    *,
    size: int = CHUNK,
    executor: Executor | None = None,
    folder: Path | None = None,
    key: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Array]:
    """A sample, chunk by chunk.

    Parameters
    ----------
    work : callable
        ``work(draws, seed)`` gives draws by name; a function that the executor can send to its workers.
    draws : int
        Draws in all. [1]
    seed : int
        Of the whole sample; the same seed gives the same sample whatever the executor and the order of its work. [1]
    size : int
        Draws of a chunk. [1]
    executor : Executor, optional
        Any of `concurrent.futures`, for instance that of a Dask client; None: here, one after the other.
    folder : Path, optional
        Where finished chunks are kept, and found again after a crash.
    key : str
        What the sample is of, for instance a hash of the question; a folder of another sample is refused.
    progress : callable, optional
        Called with the chunks done and the chunks in all.

    Returns
    -------
    dict of str to ndarray, shape (draws, ...)
        Draws by name, in the order of the chunks.

    Raises
    ------
    InputError
        If the folder holds another sample.
    DomainError
        If ``draws`` < 1.
    """
    chunks = plan(draws, seed, size)
    done: dict[int, dict[str, Array]] = {}
    if folder is not None:
        _claim(folder, {"key": key, "draws": draws, "seed": seed, "size": size})
        done = {i: kept for i in range(len(chunks)) if (kept := _load(folder, i, chunks[i][0])) is not None}

    def finish(i: int, result: Mapping[str, Array]) -> None:
        done[i] = {name: np.asarray(values) for name, values in result.items()}
        if folder is not None:
            _save(folder, i, done[i])
        if progress is not None:
            progress(len(done), len(chunks))

    left = [i for i in range(len(chunks)) if i not in done]
    if progress is not None and len(left) < len(chunks):
        progress(len(done), len(chunks))
    if executor is None:
        for i in left:
            finish(i, work(*chunks[i]))
    else:
        _gather({executor.submit(work, *chunks[i]): i for i in left}, finish)
    return {name: np.concatenate([done[i][name] for i in range(len(chunks))]) for name in done[0]}


def _gather(
    futures: Mapping[Future[Mapping[str, Array]], int], finish: Callable[[int, Mapping[str, Array]], None]
) -> None:
    """Take results as they come; where one fails, keep the others that are done, then raise."""
    failure: BaseException | None = None
    for future in as_completed(futures):
        error = future.exception()
        if error is None:
            finish(futures[future], future.result())
        elif failure is None:
            failure = error
            for other in futures:
                other.cancel()
    if failure is not None:
        raise failure


def _claim(folder: Path, sample: dict[str, object]) -> None:
    """Mark a folder as this sample's. Raises `InputError` where it is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sample.json"
    if not path.exists():
        _write(path, json.dumps(sample).encode())
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if found != sample:
        raise InputError(f"{folder}: holds another sample ({found}); allowed: a new folder, or that of {sample}")


def _save(folder: Path, number: int, values: Mapping[str, Array]) -> None:
    """Keep a chunk; it is there whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, **dict(values))  # pyright: ignore[reportArgumentType]
    _write(folder / f"chunk-{number:06d}.npz", buffer.getvalue())


def _load(folder: Path, number: int, draws: int) -> dict[str, Array] | None:
    """A chunk that was kept; None where there is none, or not a whole one."""
    try:
        content = io.BytesIO((folder / f"chunk-{number:06d}.npz").read_bytes())
        with np.load(content, allow_pickle=False) as kept:
            values = {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    return values if values and all(len(one) == draws for one in values.values()) else None


def _write(path: Path, content: bytes) -> None:
    """Write a file in one move."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
