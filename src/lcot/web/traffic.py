"""A trace that a user drops on the page, as the load of a question."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import BaseModel

from lcot.choice.finalists import traffic_of
from lcot.errors import InputError, ParseError
from lcot.serving.traces import read_trace


class Found(BaseModel):
    """The load of a trace."""

    requests: int
    input: float  # tokens, mean
    output: float  # tokens, mean
    cached: float  # share of input that an endless prefix cache would find
    rate: float  # request/s


def found_in(text: str) -> Found:
    """Mean lengths and rate of a trace in any of the formats of `lcot simulate`; nothing of it is kept.

    Raises
    ------
    InputError
        If it is no trace, or a row is malformed; names the line.
    """
    with tempfile.TemporaryDirectory(prefix="lcot-") as folder:
        path = Path(folder) / "trace"
        path.write_text(text, encoding="utf-8")
        try:
            trace = read_trace(path)
        except ParseError as error:  # names the line, not the file that it was for a moment
            raise InputError(str(error).replace(f"{path}:", "line " if error.line is not None else "")) from None
    if len(trace) < 2:
        raise InputError(f"the trace has {len(trace)} requests; allowed: 2 or more")
    load = traffic_of(trace)
    assert load.rate is not None
    return Found(
        requests=len(trace), input=float(load.input_tokens), output=float(load.output_tokens),
        cached=float(load.cached_fraction), rate=float(load.rate),
    )  # fmt: skip
