"""A simulated run as plain data and as text. Schema ``lcot.simulate/1``."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from lcot.choice.deploy import bill_of
from lcot.errors import MissingFact
from lcot.facts.types import Site
from lcot.serving.long_run import LongRun
from lcot.serving.simulation import Ready, Simulated
from lcot.steptime.types import Deployment, StepTime

SCHEMA = "lcot.simulate/1"
PLAIN = (
    "requests", "finished", "rejected", "preemptions", "duration", "rate", "goodput", "within_target", "input_rate",
    "cached_rate", "output_rate", "utilisation", "batch", "power", "copies", "prefill_copies", "prefill_utilisation",
    "systems",
)  # fmt: skip


def as_dict(run: Simulated, steps: StepTime, site: Site, basis: str, term: str, left_out: int) -> dict[str, Any]:
    """The run as plain data."""
    d = steps.deployment
    cost: dict[str, Any] | None = None
    unpriced = ""
    try:
        found = bill_of(run, steps, site, basis, term).cost["bottleneck_seconds"]
        cost = {key: float(value) * 1e6 for key, value in asdict(found).items()}
    except MissingFact as error:
        unpriced = f"no sourced value for {error.owner}.{error.key}"
    return {
        "schema": SCHEMA,
        "deployment": {
            **deployment_dict(d), "weights": d.precision.label, "kv": d.precision.kv, "policy": run.policy.name,
        },
        "units": {"time": "s", "rate": "request/s, token/s", "power": "W before PUE", "usd_per_mtok": f"USD, {basis}"},
        **{key: getattr(run, key) for key in PLAIN},
        "power": run.power if np.isfinite(run.power) else None,
        "left_out": left_out,
        "time_to_first_token": asdict(run.first_token),
        "inter_token_latency": asdict(run.between_tokens),
        "time_per_output_token": asdict(run.per_token),
        "end_to_end": asdict(run.end_to_end),
        "usd_per_mtok": cost,
        "unpriced": unpriced,
        "notes": list(run.notes),
    }  # fmt: skip


def deployment_dict(d: Deployment) -> dict[str, Any]:
    """System, model, layout and engine; the layout of the copies that compute prompts, where those are apart."""
    own, prompts = (replace(d, mode="", paired=None), d.paired) if d.mode == "apart" else (d, None)
    return {
        "system": d.system.id, "model": d.model.id, "layout": own.label,
        "prefill_layout": prompts.label if prompts else None, "engine": d.engine.name,
    }  # fmt: skip


def copies_text(d: dict[str, Any], copies: int, prompts: int) -> str:
    """Copies and layouts: ``4 x tp8``, with copies for prompts ``2 x dp8 ep8 + prompts 3 x tp8``."""
    beside = f" + prompts {prompts} x {d['prefill_layout']}" if d["prefill_layout"] else ""
    return f"{copies} x {d['layout']}{beside}"


def as_text(a: dict[str, Any]) -> str:
    """The run for a reader."""
    d = a["deployment"]
    lines = [
        f"{d['model']} on {copies_text(d, a['copies'], a['prefill_copies'])} of {d['system']} ({a['systems']} "
        f"systems), {d['engine']}, {d['weights']} weights, KV {d['kv']}, admission as {d['policy']}",
        f"{a['requests']} requests in {a['duration']:.1f} s: {a['finished']} finished, {a['rejected']} rejected, "
        f"{a['preemptions']} preemptions; goodput {a['goodput']:.3g} of {a['rate']:.3g} requests/s",
        *latencies(a),
    ]
    prompts = f" (copies for prompts {a['prefill_utilisation']:.0%})" if a["prefill_copies"] else ""
    lines.append(
        f"utilisation {a['utilisation']:.0%}{prompts}, mean batch {a['batch']:.1f}, output {a['output_rate']:.0f} "
        f"token/s, input {a['input_rate']:.0f} token/s computed and {a['cached_rate']:.0f} from the cache, "
        + ("watts unknown" if a["power"] is None else f"{a['power'] / 1e3:.1f} kW")
    )
    cost = a["usd_per_mtok"]
    lines.append(
        f"$/Mtok: input {cost['input']:.3g}, cached input {cost['cached_input']:.3g}, output {cost['output']:.3g}, "
        f"blended {cost['blended']:.3g}"
        if cost
        else f"not priced: {a['unpriced']}"
    )
    return "\n".join([*lines, *(f"note: {note}" for note in a["notes"])])


def shown(seconds: float) -> str:
    """A time for a table."""
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def streamed_dict(run: LongRun, copies: Ready) -> dict[str, Any]:
    """A streamed run as plain data."""
    plain = ("requests", "rejected", "skipped", "duration", "goodput", "utilisation")
    return {
        "schema": "lcot.simulate-stream/1",
        "deployment": deployment_dict(copies.steps.deployment),
        "copies": copies.policy.replicas,
        "prefill_copies": copies.policy.prefill_replicas,
        **{key: getattr(run, key) for key in plain},
        "time_to_first_token": asdict(run.first_token),
        "inter_token_latency": asdict(run.between_tokens),
        "time_per_output_token": asdict(run.per_token),
        "end_to_end": asdict(run.end_to_end),
        "rows": str(run.rows),
    }


def streamed_text(a: dict[str, Any]) -> str:
    """A streamed run for a reader."""
    d = a["deployment"]
    head = (
        f"{d['model']} on {copies_text(d, a['copies'], a['prefill_copies'])} of {d['system']}, {d['engine']}: "
        f"{a['requests']} requests in "
        f"{a['duration']:.1f} s, {a['rejected']} rejected, {a['skipped']} malformed rows left out, "
        f"goodput {a['goodput']:.3g} requests/s, utilisation {a['utilisation']:.0%}; rows in {a['rows']}"
    )
    return "\n".join([head, *latencies(a)])


def latencies(a: dict[str, Any]) -> list[str]:
    """The table of latencies."""
    lines = [f"{'':24s}{'mean':>10}{'P50':>10}{'P90':>10}{'P95':>10}{'P99':>10}"]
    for name, key in (
        ("time to first token", "time_to_first_token"),
        ("inter-token latency", "inter_token_latency"),
        ("time per output token", "time_per_output_token"),
        ("end to end", "end_to_end"),
    ):
        lines.append(f"{name:24s}" + "".join(f"{shown(v):>10}" for v in a[key].values()))
    return lines
