"""The answer on a terminal: verdict, table, front, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Iterable

from lcot.choice.compare import blended
from lcot.choice.types import Answer, Entry
from lcot.report.contract import basis_dict

HEADINGS = {
    "unpriced": "No sourced price (not ranked; the price at which it would be the cheapest)",
    "announced": "Not on sale by the date asked",
    "missing_fact": "A fact is not public",
    "infeasible": "Does not meet the question",
}


def render(answer: Answer, console: object | None = None, width: int = 110) -> None:
    """Print the answer with rich."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console if isinstance(console, Console) else Console()
    out.print(Text(answer.verdict, style="bold"))
    ranked = answer.by_status("ranked")
    if ranked:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("", "system", "$/Mtok", "P10-P90", "in", "out", "P(best)"):
            table.add_column(name, justify="left" if name in ("", "system") else "right", no_wrap=True)
        for name in ("tok/s/user", "TTFT", "util", "systems", "kW"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("deployment", overflow="fold")
        for place, item in enumerate(ranked, 1):
            table.add_row(str(place), *row(item))
        out.print(table)
    for status, heading in HEADINGS.items():
        group = answer.by_status(status)
        if group:
            out.print(Text(f"\n{heading}", style="bold"))
            for line in lines(group):
                out.print(Text(line), soft_wrap=False)
    out.print()
    for line in notes(answer):
        out.print(Text(line, style="dim"))


def row(item: Entry) -> list[str]:
    """Cells of one ranked system."""
    plan = item.plan
    assert plan is not None
    assert plan.bill is not None
    served, deployment, cost = plan.served, plan.deployment, plan.bill.cost["bottleneck_seconds"]
    spread = item.spread
    mark = "" if item.confidence == "validated" else "*"
    return [
        f"{item.system.id}{mark}",
        dollars(blended(item)),
        f"{dollars(spread.p10)}-{dollars(spread.p90)}" if spread else "",
        dollars(cost.input),
        dollars(cost.output),
        f"{spread.probability_cheapest:.0%}" if spread else "",
        f"{1 / float(served.time_per_output_token):.0f}",
        seconds(float(served.time_to_first_token)),
        f"{float(served.utilisation):.0%}",
        f"{int(served.systems)}",
        f"{float(served.power) / 1e3:.1f}",
        f"{int(served.copies)} x {deployment.label}, {deployment.precision.label}, KV {deployment.precision.kv}, "
        f"{deployment.engine.name}, speculation {deployment.speculation.method}",
    ]


def lines(group: Iterable[Entry]) -> Iterable[str]:
    """One line for each system that is not ranked."""
    for item in group:
        extra = ""
        if item.plan is not None:
            served = item.plan.served
            extra = f" [{1 / float(served.time_per_output_token):.0f} tok/s/user on {int(served.systems)} systems"
            if item.plan.bill is not None:
                extra += f", {dollars(blended(item))} $/Mtok"
            if item.break_even_price is not None:
                extra += f", break-even ${item.break_even_price:,.0f} a system"
            extra += "]"
        yield f"  {item.system.id}: {item.reason}{extra}"


def notes(answer: Answer) -> Iterable[str]:
    """What the numbers mean: tokens, cost basis, precision, date, estimates, confidence."""
    basis, question = basis_dict(answer), answer.question
    yield (
        f"Tokens: {basis['tokens']}. Cost basis: {basis['cost']} at site {basis['site']}, {basis['load']}. "
        f"Precision: {question.precision}; speculation {question.speculative}. Newest fact: {basis['facts_date']}."
    )
    yield "* extrapolated: nothing of the same family, engine and model size was measured in the evidence."
    if basis["declared_estimates"]:
        yield f"Declared estimates in use: {', '.join(basis['declared_estimates'])}."
    export = [e.system.id for e in answer.entries if e.system.facts.has("export")]
    if export:
        yield f"Export limits apply to: {', '.join(export)}."


def dollars(value: object) -> str:
    """USD per million tokens, three digits."""
    number = float(value) * 1e6  # type: ignore[arg-type]
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"


def seconds(value: float) -> str:
    """A short time."""
    return f"{value * 1e3:.0f}ms" if value < 1 else f"{value:.1f}s"
