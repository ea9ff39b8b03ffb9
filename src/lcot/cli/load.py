"""The load that a command states: a trace, or a made-up one in words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lcot.cli.quantities import duration, number
from lcot.errors import InputError, UnknownName

if TYPE_CHECKING:
    from lcot.serving.types import Requests, Target, Traffic

SPEC = {
    "poisson": {"rate": "1", "input": "1000", "output": "500", "count": "2000", "burstiness": "1", "swing": "0"},
    "closed": {"users": "16", "input": "1000", "output": "500", "count": "2000", "think": "0"},
    "agents": {
        "rate": "0.1", "sessions": "50", "turns": "10", "first": "8000", "added": "1000", "output": "300",
        "think": "10", "shared": "2000",
    },
}  # fmt: skip


def load_of(
    trace: Path | None, synthetic: str | None, rate_scale: float, skip_bad: bool, seed: int
) -> tuple[Requests, int]:
    """Requests, and how many malformed rows were left out. Raises `InputError`."""
    from lcot.serving.synthetic import scaled

    if (trace is None) == (synthetic is None):
        raise InputError("give one load: --trace FILE, or --synthetic such as poisson:rate=5,input=1000,output=500")
    if not rate_scale > 0:
        raise InputError(f"--rate-scale is {rate_scale}; allowed: greater than 0")
    left_out = 0
    if trace is not None:
        from lcot.serving.trace_formats import Skipped
        from lcot.serving.traces import read_trace

        skipped = Skipped()
        requests = read_trace(trace, skip_bad=skip_bad, skipped=skipped)
        left_out = skipped.count
    else:
        requests = made(synthetic or "", seed)
    return (requests if rate_scale == 1 else scaled(requests, rate_scale)), left_out


def made(spec: str, seed: int) -> Requests:
    """Requests of a synthetic load such as ``poisson:rate=5,input=1000,output=500,count=2000``."""
    from lcot.serving import synthetic

    kind, _, rest = spec.partition(":")
    if kind not in SPEC:
        raise UnknownName("synthetic load", kind, SPEC, "--synthetic")
    given = dict(SPEC[kind])
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if key not in given or not equals:
            raise UnknownName(f"part of {kind}", key, given, "--synthetic")
        given[key] = value
    free = ("swing", "think", "burstiness", "shared", "added")
    v = {k: number(t, f"--synthetic {k}", low=-1e-300 if k in free else 0.0) or 0.0 for k, t in given.items()}
    if kind == "poisson":
        return synthetic.open_loop(
            v["rate"], int(v["count"]), [int(v["input"])], [int(v["output"])], v["burstiness"], v["swing"], seed
        )
    if kind == "closed":
        users, count = int(v["users"]), int(v["count"])
        return synthetic.closed_loop(users, count, [int(v["input"])], [int(v["output"])], v["think"], seed)
    return synthetic.agents(
        v["rate"], int(v["sessions"]), int(v["turns"]), int(v["first"]), int(v["added"]), int(v["output"]),
        v["think"], int(v["shared"]), seed=seed,
    )  # fmt: skip


def target_of(slo: str | None) -> Target:
    """A target from ``ttft=2s,speed=20``. Raises `InputError`."""
    from lcot.serving.types import Target

    speed = prompt = None
    for part in filter(None, (slo or "").split(",")):
        key, _, value = part.partition("=")
        if key.strip() == "ttft":
            prompt = duration(value, "--slo ttft")
        elif key.strip() == "speed":
            speed = number(value, "--slo speed")
        else:
            raise UnknownName("part of --slo", key, ("ttft", "speed"))
    return Target(speed, prompt)


def mean_of(requests: Requests, cached_fraction: float, rate: float | None = None) -> Traffic:
    """A load as requests alike, for a search."""
    import numpy as np

    from lcot.serving.types import Traffic

    return Traffic(
        float(np.mean(requests.input_tokens)), float(np.mean(requests.output_tokens)), rate, cached_fraction
    )  # fmt: skip


def rate_of(requests: Requests) -> float | None:
    """Requests per second of an open loop; None where they do not arrive at times of their own."""
    span = float(requests.arrival[-1] - requests.arrival[0]) if len(requests) > 1 else 0.0
    open_loop = not requests.concurrency and requests.successor is None
    return (len(requests) - 1) / span if open_loop and span > 0 else None


def say_left_out(count: int) -> None:
    """Name the number of rows left out, where there are any."""
    if count:
        print(f"lcot: {count} malformed rows left out", file=sys.stderr)
