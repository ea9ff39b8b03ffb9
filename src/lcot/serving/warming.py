"""The kernel in another process, which loads its code while this one searches. Imports next to nothing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np

from lcot.errors import InputError, LcotError
from lcot.serving.replay import simulate
from lcot.serving.types import Kernel, Outcome, Policy, Requests
from lcot.steptime.types import StepTable


def warm() -> None:
    """Load the compiled kernel by the smallest run there is.

    Notes
    -----
    No formula: one request of one token.
    """
    zero, one = np.zeros(1), np.ones(1, np.int64)
    pieces = np.zeros((1, 1, 3))
    table = StepTable(np.zeros((2, 1, 3)), np.arange(3.0), pieces, np.ones(1), np.zeros((1,) * 5), (zero,) * 5, 64.0)
    simulate(table, Requests(zero, one, one), Policy(max_sequences=1, max_batched_tokens=1))


def attempt(
    table: StepTable, requests: Requests, rules: Policy, prefill_table: StepTable | None = None
) -> Outcome | str:
    """A run, or in words why it cannot be; errors of ours do not travel between processes.

    Parameters
    ----------
    table, requests, rules, prefill_table
        See `lcot.serving.replay.simulate`.

    Returns
    -------
    Outcome or str
        What happened, or the message.

    Notes
    -----
    No formula: a call.
    """
    try:
        return simulate(table, requests, rules, prefill_table)
    except LcotError as error:
        return str(error)


@contextmanager
def elsewhere() -> Generator[Kernel]:
    """A kernel in a process of its own, warm as soon as may be; ended with the block.

    Yields
    ------
    callable
        As `lcot.serving.replay.simulate`.

    Raises
    ------
    InputError
        From a call, where the run cannot be.

    Notes
    -----
    No formula: the code takes as long to load as a search of the whole catalogue, so both run side by side.
    """
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1, warm) as pool:

        def kernel(
            table: StepTable, requests: Requests, policy: Policy, prefill_table: StepTable | None = None, /
        ) -> Outcome:
            found = pool.apply(attempt, (table, requests, policy, prefill_table))
            if isinstance(found, str):
                raise InputError(found)
            return found

        yield kernel
