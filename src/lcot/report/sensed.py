"""Which facts move the answer, as plain data and as text. Schema ``lcot.sensitivity/1``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lcot.choice.dependence import STRONG, WEAK, Dependence, sentence
from lcot.choice.sensitivity import Bar, Factor
from lcot.choice.shares import Shares
from lcot.choice.types import Plan, Question

SCHEMA = "lcot.sensitivity/1"


def as_dict(
    question: Question,
    plan: Plan,
    bars: Sequence[Bar],
    parts: Shares,
    known: Shares,
    slopes: dict[Factor, float],
    twice: dict[str, float],
    families: Sequence[Dependence],
) -> dict[str, Any]:
    """The sensitivity of one plan, and of every architecture, as plain data."""
    deployment = plan.deployment
    return {
        "schema": SCHEMA,
        "system": deployment.system.id,
        "model": question.model.id,
        "basis": question.basis,
        "site": question.site.id,
        "layout": deployment.label,
        "tornado": [asdict(bar) | {"width": bar.width} for bar in bars],
        "elasticities": {f"{owner}.{key}": slope for (owner, key), slope in slopes.items()},
        "shares": {cause: asdict(share) for cause, share in parts.by_cause.items()},
        "shares_engine_known": {cause: asdict(share) for cause, share in known.by_cause.items()},
        "draws": parts.draws + known.draws,
        "missed": parts.missed,
        "twice_as_good": twice,
        "architectures": [asdict(one) | {"in_words": sentence(one)} for one in families],
        "units": {
            "tornado": "USD/token; facts in SI",
            "elasticities": "per cent of cost for one per cent of the fact, fleet full up to the site's load factor",
            "shares": "share of the variance of log cost",
            "twice_as_good": "cost with hardware twice as good over cost as it is, this fleet at this load",
            "architectures": "elasticity: per cent of cost saved by hardware one per cent better; twice: share of the "
            "cost saved by hardware twice as good; fleets full up to the site's load factor",
        },
    }


def as_text(a: dict[str, Any], top: int) -> str:
    """The answer for a reader."""
    bars = a["tornado"][:top]
    cost = f"${bars[0]['cost'] * 1e6:.3g} per million tokens" if bars else "a cost"
    lines = [
        f"{a['system']} ({a['layout']}), {a['basis']}, serves {a['model']} at {cost} at the stated facts.",
        "",
        f"{'fact':52s}{'cause':28s}{'at P10':>9}{'at P90':>9}{'1 % more':>10}  $/Mtok; slope of a full fleet",
    ]
    for bar in bars:
        name = f"{bar['owner']}.{bar['key']}"
        slope = a["elasticities"].get(name)
        ends = f"{bar['cost_at_low'] * 1e6:>9.3g}{bar['cost_at_high'] * 1e6:>9.3g}"
        lines.append(f"{name[:51]:52s}{bar['cause'][:27]:28s}{ends}{'' if slope is None else f'{slope:+.2f} %':>10}")
    lines += [
        "",
        f"{'':32s}{'share of the variance':>30}{'the same, engine known':>30}",
        f"{'cause':32s}{'alone':>10}{'in all (90 %)':>20}{'alone':>10}{'in all (90 %)':>20}   {a['draws']} evaluations",
    ]
    known = a["shares_engine_known"]
    for cause in dict.fromkeys([*a["shares"], *known]):
        cells = "".join(share_cells(some.get(cause)) for some in (a["shares"], known))
        lines.append(f"{cause:32s}{cells}".rstrip())
    if a["missed"]:
        lines.append(
            f"In {a['missed']:.0%} of the draws the target is missed; they count as the dearest that meets it."
        )
    return "\n".join([*lines, *(families_text(a["architectures"]) if a["architectures"] else [])])


def share_cells(share: dict[str, Any] | None) -> str:
    """First-order and total share of one cause, the total with its interval."""
    if share is None:
        return " " * 30
    first, total, low, high = (min(max(share[key], 0.0), 1.0) for key in ("first", "total", "total_low", "total_high"))
    return f"{first:>10.0%}{f'{total:.0%} ({low:.0%}-{high:.0%})':>20}"


def families_text(some: Sequence[dict[str, Any]]) -> list[str]:
    """What each architecture's cost depends on."""
    causes = list(dict.fromkeys(cause for one in some for cause in one["elasticity"]))
    wide = max(len(cause) for cause in causes)
    lines = [
        "",
        "Does $/token depend on memory bandwidth, data movement between chips and power?",
        *(f"  {one['in_words']}" for one in some),
        f"  Per cent of the cost saved by hardware one per cent better, fleets full up to the site's load factor; "
        f"strongly from {STRONG:g} on, hardly below {WEAK:g}.",
        "",
        f"{'per cent saved (2x saves)':{wide}s}" + "".join(f"{one['system'][:19]:>20}" for one in some),
    ]
    for cause in causes:
        cells = ""
        for one in some:
            share, twice = one["elasticity"].get(cause), one["twice"].get(cause)
            cells += f"{'' if share is None else f'{share + 0.0:.2f} ({twice:.0%})':>20}"
        lines.append(f"{cause:{wide}s}{cells}")
    lines.append(f"{'$/Mtok':{wide}s}" + "".join(f"{one['cost'] * 1e6:>20.3g}" for one in some))
    assumed = [f"{one['system']} ${one['assumed_price']:,.0f}" for one in some if one["assumed_price"]]
    if assumed:
        at = "so at that at which it would cost as much as the cheapest"
        lines.append(f"No price on record, {at}: {', '.join(assumed)}.")
    gifts = [one["system"] for one in some if one["assumed_price"] == 0]
    if gifts:
        lines.append(f"No price on record, and dearer even as a gift, as which they stand here: {', '.join(gifts)}.")
    return lines
