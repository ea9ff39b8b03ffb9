"""Where draws are made, as options: here, on processes or threads, on a Dask cluster, on any executor; and kept."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Parameter

from lcot.cli.progress import counting
from lcot.errors import InputError

if TYPE_CHECKING:
    from lcot.choice.ranges import Sampling

MOST = 1024  # workers


@Parameter(name="*")
@dataclass(frozen=True)
class Workers:
    """Where draws are made. The answer is the same wherever.

    Parameters
    ----------
    workers
        Worker processes (or threads) for the draws; 0: here, one chunk after the other.
    executor
        processes, threads, the address of a Dask scheduler such as tcp://10.0.0.1:8786, or MODULE:NAME of something
        that gives an executor of concurrent.futures when it is called.
    keep
        A folder in which finished chunks of draws are kept; run again after a crash to go on from there.
    """

    workers: int = 0
    executor: str = ""
    keep: Path | None = None

    @contextmanager
    def sampling(self) -> Generator[Sampling]:
        """How draws are made. Raises `InputError` where that cannot be, or where a worker died."""
        from lcot.choice.ranges import Sampling
        from lcot.choice.sharing import processors

        if not 0 <= self.workers <= MOST:
            raise InputError(f"--workers is {self.workers}; allowed: 0 to {MOST}")
        if self.keep is not None and self.keep.exists() and not self.keep.is_dir():
            raise InputError(f"--keep is {str(self.keep)!r}, a file; allowed: a folder")
        with counting("chunks of draws") as done, opened(self.executor, self.workers) as executor:
            progress: Callable[[int, int], None] | None = None if done is None else lambda made, _: done(made)
            try:
                yield Sampling(executor, self.keep, progress, processors())
            except BrokenExecutor:
                again = "run the same again to go on" if self.keep else "--keep FOLDER would keep what is finished"
                raise InputError(f"a worker died ({again})") from None


@contextmanager
def opened(name: str, workers: int) -> Generator[Executor | None]:
    """The executor of a name. Raises `InputError`."""
    if not name and not workers:
        yield None
    elif "://" in name:
        if workers:
            raise InputError("--workers is for processes and threads; a cluster has its own")
        with cluster(name) as executor:
            yield executor
    elif ":" in name:
        if workers:
            raise InputError("--workers is for processes and threads; an executor of your own has its own")
        with made(name) as executor:
            yield executor
    elif name in ("", "processes"):
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        with ProcessPoolExecutor(workers or None, mp_context=get_context("spawn")) as executor:
            yield executor
    elif name == "threads":
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(workers or None) as executor:
            yield executor
    else:
        raise InputError(f"--executor is {name!r}; allowed: processes, threads, tcp://HOST:PORT or MODULE:NAME")


@contextmanager
def cluster(address: str) -> Generator[Executor]:
    """The executor of a Dask cluster. Raises `InputError` where there is none at the address."""
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise InputError(
            "a Dask cluster needs the package distributed, which is not installed: pip install 'lcot[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=5)
    except (OSError, ValueError) as error:
        raise InputError(f"--executor is {address!r}: no Dask scheduler answers there ({error})") from None
    with client:
        try:
            yield client.get_executor()
        except KilledWorker as error:
            raise BrokenExecutor(str(error)) from None


def made(name: str) -> Executor:
    """What MODULE:NAME gives. Raises `InputError`."""
    from importlib import import_module

    module, _, attribute = name.partition(":")
    try:
        executor = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"--executor is {name!r}: {error}; allowed: MODULE:NAME of something to call") from None
    if not isinstance(executor, Executor):
        raise InputError(f"--executor is {name!r}, which gives no executor of concurrent.futures")
    return executor
