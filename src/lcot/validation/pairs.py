"""Measured runs as points of the front: what a user got beside what a device gave."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from lcot.validation.measured import measured_rows
from lcot.validation.points import conditions_of
from lcot.validation.types import Condition


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run."""

    system: str
    source: str
    input_tokens: float
    output_tokens: float
    speed: float  # token/s a user
    throughput: float  # output token/s a device


def runs_of(model: str) -> tuple[Run, ...]:
    """Shipped runs of a model that state both its speed and its throughput, or its users.

    Parameters
    ----------
    model : str
        Id of the model. [text]

    Returns
    -------
    tuple of Run
        In the order of the files.

    Notes
    -----
    Where the throughput is not stated it is that of all users decoding: :math:`n v / N` for n users at speed v on N
    devices.
    """
    return tuple(run for name, run in _runs() if name == model)


@cache
def _runs() -> tuple[tuple[str, Run], ...]:
    groups: dict[object, dict[str, Condition]] = defaultdict(dict)
    for row in conditions_of(measured_rows()):
        same = (row.source, row.model, row.system, row.devices, row.concurrency, row.input_tokens, row.output_tokens)
        groups[same].setdefault(row.metric, row)
    found = (_run(some) for some in groups.values())
    return tuple(
        (next(iter(some.values())).model, run) for some, run in zip(groups.values(), found, strict=True) if run
    )


def _run(some: dict[str, Condition]) -> Run | None:
    one = next(iter(some.values()))
    speed = 1e3 / some["tpot_ms"].value if "tpot_ms" in some else None
    if speed is None and "output_tok_s_per_user" in some:
        speed = some["output_tok_s_per_user"].value
    if speed is None or not one.devices or not one.input_tokens or not one.output_tokens:
        return None
    if "output_tok_s_total" in some:
        total = some["output_tok_s_total"].value
    elif one.concurrency:
        total = speed * one.concurrency
    else:
        return None
    return Run(one.system, one.source, one.input_tokens, one.output_tokens, speed, total / one.devices)
