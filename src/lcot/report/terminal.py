"""The answer on a terminal: verdict, table, front, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import expm1
from typing import TYPE_CHECKING

from lcot.choice.compare import blended, expected
from lcot.choice.types import Answer, Entry, layout_of
from lcot.report.ascii import front as ascii_front
from lcot.report.contract import BOUGHT, basis_dict, break_even, front_rows

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = {
    "unpriced": "No sourced price, so not ranked; break-even is the price at which it would be the cheapest",
    "announced": "Not on sale by the date asked",
    "missing_fact": "A fact is not public (supply it with --set FACT='VALUE UNIT' or in a file of your own)",
    "infeasible": "Does not meet the question",
}


COLUMNS = (
    "",
    "system",
    "$/Mtok",
    "P10-P90",
    "as stated",
    "input",
    "output",
    "best",
    "tok/s/user",
    "TTFT",
    "used",
    "systems",
    "kW",
)
RUNS = ("system", "layout", "chips", "batch", "weights", "KV", "speculation", "limit")
ABSENT = ("system", "why", "tok/s/user", "systems", "$/Mtok", "break-even")
LEFT = {"", "system", "layout", "weights", "KV", "speculation", "limit", "why"}


def render(answer: Answer, console: object | None = None, width: int = 110) -> None:
    """Print the answer with rich."""
    from rich.console import Console
    from rich.text import Text

    out = console if isinstance(console, Console) else Console(highlight=False)
    if not out.is_terminal:
        out.width = width  # a file or a pipe has no width of its own
    first, dot, rest = answer.verdict.partition(". ")
    out.print(Text(first + dot.rstrip(), style="bold"))
    if rest:
        out.print(Text(rest))
    ranked = answer.by_status("ranked")
    if ranked:
        out.print(table(COLUMNS, [(str(place), *row(item)) for place, item in enumerate(ranked, 1)]))
        out.print(Text("\nDeployments", style="bold"))
        out.print(table(RUNS, [layout(item) for item in ranked]))
        out.print(Text(engines(ranked)))
        rows = front_rows(answer)
        if rows:
            out.print(Text("\nThe front at full load: $/Mtok against tokens/s a user", style="bold"))
            out.print(Text(ascii_front(rows, target=answer.question.target.speed, width=min(out.width, width))))
    for status, heading in HEADINGS.items():
        group = answer.by_status(status)
        if group:
            out.print(Text(f"\n{heading}", style="bold"))
            columns = ABSENT if any(item.plan for item in group) else ABSENT[:2]
            out.print(table(columns, [absent(item, answer.question.basis)[: len(columns)] for item in group]))
    out.print()
    for line in notes(answer):
        out.print(Text(line, style="dim"))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without lines; only words may wrap, never numbers."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, justify="left" if name in LEFT else "right", no_wrap=name != "why")
    for cells in rows:
        made.add_row(*map(Text, cells))
    return made


def row(item: Entry) -> list[str]:
    """Cells of one ranked system."""
    plan = item.plan
    assert plan is not None
    assert plan.bill is not None
    served, cost = plan.served, plan.bill.cost["bottleneck_seconds"]
    spread = item.spread
    kilowatts = float("nan") if served.power is None else float(served.power) / 1e3
    mark = "" if item.confidence == "validated" else "*"
    return [
        f"{item.system.id}{mark}",
        dollars(expected(item)),
        f"{dollars(spread.p10)}-{dollars(spread.p90)}" if spread else "",
        dollars(blended(item)),
        dollars(cost.input),
        dollars(cost.output),
        f"{spread.probability_cheapest:.0%}" if spread else "",
        f"{1 / float(served.time_per_output_token):.0f}",
        ("" if item.simulated else "~") + seconds(float(served.time_to_first_token)),
        f"{item.utilisation:.0%}",
        f"{int(served.systems)}",
        "" if served.power is None else f"{kilowatts:.1f}" if kilowatts < 100 else f"{kilowatts:.0f}",
    ]


def layout(item: Entry) -> tuple[str, ...]:
    """What runs where: cells of one deployment."""
    plan = item.plan
    assert plan is not None
    d, served = plan.deployment, plan.served
    return (
        item.system.id,
        layout_of(plan),
        f"{int(served.systems) * d.system.count}",
        f"{float(served.batch):.0f}",
        d.precision.label,
        d.precision.kv,
        d.speculation.method,
        served.limit,
    )


def engines(ranked: Iterable[Entry]) -> str:
    """Which engine was assumed on which systems, in a line."""
    users: dict[str, list[str]] = {}
    for item in ranked:
        assert item.plan is not None
        users.setdefault(item.plan.deployment.engine.name, []).append(item.system.id)
    return "Engines: " + "; ".join(f"{name} on {', '.join(ids)}" for name, ids in users.items()) + "."


def absent(item: Entry, basis: str) -> tuple[str, ...]:
    """Cells of one system that is not ranked."""
    if item.plan is None:
        return (item.system.id, item.reason, "", "", "", "")
    served, bill, price = item.plan.served, item.plan.bill, break_even(item, basis)
    meets = "" if price is None else "not as a gift" if price <= 0 else f"${price:,.{2 if basis == 'rent' else 0}f}"
    return (
        item.system.id,
        item.reason,
        f"{1 / float(served.time_per_output_token):.0f}",
        f"{int(served.systems)}",
        "" if bill is None else dollars(blended(item)),
        meets,
    )


def explain_absence(answer: Answer, item: Entry) -> Iterable[str]:
    """Why a system does not win: its status, its distance from the winner, and every layout that failed."""
    yield f"{item.system.name} ({item.system.id}): {item.status}" + (f", {item.reason}" if item.reason else "")
    ranked = answer.by_status("ranked")
    if item.plan is not None and item.plan.bill is not None and ranked and ranked[0] is not item:
        ratio = expected(item) / expected(ranked[0])
        yield f"Costs {dollars(expected(item))} $/Mtok, {ratio:.2f} times {ranked[0].system.name}'s."
        yield from differences(item, ranked[0])
    elif ranked and ranked[0] is item:
        yield "It is the cheapest."
    for rejected in item.rejections:
        yield f"  {rejected.layout}: {rejected.reason}"


def differences(item: Entry, best: Entry) -> Iterable[str]:
    """The bill of one system beside the winner's, line by line, in $/Mtok."""
    assert item.plan is not None
    assert best.plan is not None
    bills = item.plan.bill, best.plan.bill
    assert bills[0] is not None
    assert bills[1] is not None
    rates = [sum(float(v) for v in bill.tokens.values()) for bill in bills if bill is not None]
    lines = dict.fromkeys([*bills[0].lines, *bills[1].lines])
    for name in lines:
        here, there = (float(bill.lines.get(name, 0.0)) / rate for bill, rate in zip(bills, rates, strict=True) if bill)
        yield f"  {name:12s} {dollars(here):>8} against {dollars(there):>8} $/Mtok"


def notes(answer: Answer) -> Iterable[str]:
    """What the numbers mean: tokens, cost basis, precision, date, estimates, confidence."""
    basis, question = basis_dict(answer), answer.question
    yield (
        f"Tokens: {basis['tokens']}. Cost basis: {basis['cost']} at site {basis['site']}, {basis['load']}. "
        f"Precision: {question.precision}; speculation {question.speculative}. Newest fact: {basis['facts_date']}."
    )
    yield (
        f"$/Mtok is the median of {question.draws} draws of facts and model error; as stated, input and output are at "
        "the stated facts; best is the share of the draws in which a system is the cheapest; used is the utilisation."
        if question.draws
        else "$/Mtok, input and output are at the stated facts; used is the utilisation."
    )
    yield from under_load(answer)
    if any(item.break_even_price is not None for item in answer.entries):
        yield f"Break-even: the price of a {BOUGHT[question.basis]} at which it would cost as much as the cheapest."
    yield "* extrapolated: nothing of the same family, engine and model size was measured in the evidence."
    if basis["declared_estimates"]:
        yield f"Declared estimates in use: {', '.join(basis['declared_estimates'])}."
    export = [e.system.id for e in answer.entries if e.system.facts.has("export")]
    if export:
        yield f"Export limits apply to: {', '.join(export)}."


def under_load(answer: Answer) -> Iterable[str]:
    """Which times are simulated, what they are in the tail, and who gave way."""
    ranked = answer.by_status("ranked")
    seen = [item for item in ranked if item.simulated]
    if not seen:
        yield "TTFT and tok/s/user are those of the steady state in closed form; nothing was simulated."
        return
    tails = [f"{e.system.id} {seconds(e.simulated.time_to_first_token.p95)}" for e in seen if e.simulated]
    rest = "" if len(seen) == len(ranked) else "; ~ marks the others, in closed form (--finalists all simulates them)"
    yield f"Means under simulated load: P95 time to first token {', '.join(tails)}{rest}."
    for item in seen:
        assert item.simulated is not None
        for r in item.simulated.gave_way[:1]:
            yield f"{item.system.id}: cheaper in closed form but short of the target under load: {r.layout} {r.reason}."
    drawn = [
        f"{e.system.id} {e.simulated.draw_runs} runs, {expm1(e.simulated.interpolation):.1%}"
        for e in seen
        if e.simulated and e.simulated.draw_runs
    ]
    if drawn:
        yield f"P10-P90 under simulated load, interpolated between runs alike (largest error): {', '.join(drawn)}."


def dollars(value: object) -> str:
    """USD per million tokens, three digits."""
    number = float(value) * 1e6  # type: ignore[arg-type]
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"


def seconds(value: float) -> str:
    """A short time."""
    return f"{value * 1e3:.0f}ms" if value < 1 else f"{value:.1f}s"
