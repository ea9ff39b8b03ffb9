"""A fleet as plain data and as text. Schema ``lcot.size/1``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from lcot.choice.sizing import Fleet, Margins
from lcot.choice.types import Question
from lcot.report.simulated import deployment_dict, shown
from lcot.serving.types import Target
from lcot.units import YEAR

SCHEMA = "lcot.size/1"


def as_dict(fleet: Fleet, question: Question, target: Target, margins: Margins, left_out: int) -> dict[str, Any]:
    """The fleet as plain data."""
    traffic = question.traffic
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "system": fleet.system.id,
        "model": question.model.id,
        "feasible": fleet.sized is not None,
        "limit": fleet.limit,
        "load": {
            "input_tokens": float(traffic.input_tokens),
            "output_tokens": float(traffic.output_tokens),
            "left_out": left_out,
        },
        "target": {"time_to_first_token": target.time_to_first_token, "tokens_per_second_per_user": target.speed},
        "margins": asdict(margins),
        "rejected": [{"layout": r.layout, "reason": r.reason, "limit": r.limit} for r in fleet.rejected],
        "units": {
            "time": "s", "rate": "request/s", "power": "W", "capital": "USD", "cost_per_year": "USD a levelised year",
            "usd_per_mtok": f"USD per million tokens, {question.basis}",
        },
        "site": question.site.id,
    }  # fmt: skip
    keys = ("deployment", "copies", "prefill_copies", "chips", "systems", "spares", "rate", "rate_with_headroom",
            "served", "power", "site_power", "capital", "cost_per_year", "usd_per_mtok", "unpriced")  # fmt: skip
    return answer | dict.fromkeys(keys) | (fleet_dict(fleet) if fleet.sized else {})


def fleet_dict(fleet: Fleet) -> dict[str, Any]:
    """The part of the answer that there is only where something meets the target."""
    sized, run, steps, bill = fleet.sized, fleet.run, fleet.steps, fleet.bill
    assert sized is not None
    assert run is not None
    assert steps is not None
    d = steps.deployment
    cost = bill.cost["bottleneck_seconds"] if bill else None
    return {
        "deployment": {
            **deployment_dict(d), "chips_per_copy": d.chips, "weights": d.precision.label, "kv": d.precision.kv,
            "policy": run.policy.name,
        },
        "copies": sized.copies,
        "prefill_copies": sized.prefill_copies,
        "chips": sized.chips,
        "systems": sized.systems,
        "spares": sized.spares,
        "rate": run.rate,
        "rate_with_headroom": sized.rate,
        "served": {
            "within_target": run.within_target, "within_target_with_headroom": sized.within_target,
            "utilisation": run.utilisation, "batch": run.batch, "output_rate": run.output_rate,
            "time_to_first_token": asdict(run.first_token), "time_per_output_token": asdict(run.per_token),
        },
        "power": finite(run.power),
        "site_power": float(bill.site_power) if bill else None,
        "capital": float(sum(bill.capital.values())) if bill and bill.capital else None,
        "cost_per_year": float(bill.total) * YEAR if bill else None,
        "usd_per_mtok": {key: float(value) * 1e6 for key, value in asdict(cost).items()} if cost else None,
        "unpriced": fleet.unpriced,
    }  # fmt: skip


def finite(value: float) -> float | None:
    """A number, or None where it is not known."""
    return value if math.isfinite(value) else None


def as_text(a: dict[str, Any]) -> str:
    """The fleet for a reader."""
    first, speed = a["target"]["time_to_first_token"], a["target"]["tokens_per_second_per_user"]
    asked = [f"first token within {shown(first)}"] if first else []
    asked += [f"{speed:g} tokens/s"] if speed else []
    level = f"{' and '.join(asked)} for {a['margins']['attainment']:.0%} of the requests"
    if not a["feasible"]:
        tried = [f"  {r['layout']}: {r['reason']}" for r in a["rejected"]]
        return "\n".join([f"Nothing on {a['system']} serves {a['model']} with {level}.", *tried])
    d, served, m = a["deployment"], a["served"], a["margins"]
    spares = f" and {a['spares']} spare" if a["spares"] else ""
    prompts = f", and {a['prefill_copies']} of {d['prefill_layout']} for prompts" if a["prefill_copies"] else ""
    megawatts = f"{a['site_power'] / 1e6:.3g} MW from the grid" if a["site_power"] else "power not on record"
    lines = [
        f"{a['systems']} {a['system']}{spares}: {a['copies']} copies of {a['model']} ({d['layout']}{prompts}, "
        f"{d['weights']} weights, KV {d['kv']}, {d['engine']}) on {a['chips']} chips",
        f"for {a['rate']:.3g} requests/s, sized for {a['rate_with_headroom']:.3g} with {m['headroom']:.0%} headroom, "
        f"with {level}; " + (f"one copy less breaks: {a['limit']}" if a["copies"] > 1 else "one copy is enough"),
        f"at the load itself {served['within_target']:.1%} are within it: time to first token mean "
        f"{shown(served['time_to_first_token']['mean'])}, P95 {shown(served['time_to_first_token']['p95'])}; "
        f"{1 / served['time_per_output_token']['mean']:.0f} tokens/s a user; copies at work "
        f"{served['utilisation']:.0%} of the time; {megawatts}",
    ]
    if a["usd_per_mtok"]:
        cost = a["usd_per_mtok"]
        capital = f"${a['capital'] / 1e6:.3g} M to start, " if a["capital"] else ""
        lines.append(
            f"{capital}${a['cost_per_year'] / 1e6:.3g} M a year; $/Mtok input {cost['input']:.3g}, output "
            f"{cost['output']:.3g}, blended {cost['blended']:.3g} ({a['units']['usd_per_mtok']})"
        )
    else:
        lines.append(f"not priced: {a['unpriced']}")
    lines += [f"cheaper but short of it: {r['layout']}: {r['reason']}" for r in a["rejected"]]
    return "\n".join(lines)
