"""Lines of a run, one for each request: which meet a target, as a frame, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lcot.errors import ParseError
from lcot.serving.kernel.records import REASONS
from lcot.serving.types import Outcome, Reals, Target

if TYPE_CHECKING:
    import polars as pl


def meets(first_token: Reals, per_token: Reals, target: Target) -> np.ndarray:
    """Which requests meet a target; what is not asked is met, and one token alone has no speed to miss.

    Parameters
    ----------
    first_token : ndarray, shape (n,)
        Time to the first token. [s]
    per_token : ndarray, shape (n,)
        Time per token after it; not a number where there is none. [s]
    target : Target
        The service level.

    Returns
    -------
    ndarray of bool, shape (n,)
        Whether each meets it. [1]

    Notes
    -----
    No formula: a comparison.
    """
    good = np.ones(len(first_token), bool)
    if target.time_to_first_token is not None:
        good &= first_token <= target.time_to_first_token
    if target.speed is not None:
        good &= ~(per_token > 1.0 / target.speed)
    return good


def rows_of(outcome: Outcome) -> pl.DataFrame:
    """Lines of an outcome as a frame."""
    import polars as pl

    reasons = np.array(REASONS)
    return pl.DataFrame(
        {
            "request": outcome.request,
            "replica": outcome.replica,
            "arrival": outcome.arrival,
            "input_tokens": outcome.input_tokens,
            "cached_tokens": outcome.cached_tokens,
            "output_tokens": outcome.output_tokens,
            "first_token": outcome.first_token,
            "finish": outcome.finish,
            "status": np.where(outcome.rejected, "rejected", "finished"),
            "reason": reasons[outcome.reason],
        }
    ).with_columns(pl.col("first_token", "finish").fill_nan(None))


def write_parquet(frame: Any, path: Path) -> None:
    """Write a frame, all or nothing: first beside the file, then renamed. Raises `ParseError` where it cannot."""
    partial = path.with_name(path.name + ".partial")
    try:
        frame.write_parquet(partial)
        partial.replace(path)
    except OSError as error:
        raise ParseError(path, f"cannot be written: {error}") from None
