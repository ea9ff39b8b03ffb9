"""
Who serves a model cheapest
===========================

The main question, asked from Python: which of these systems serves Llama-3.3-70B cheapest at 50 tokens/s a user,
under 20 requests/s of 1,000 tokens in and 500 out?
"""

from lcot import Question, Target, Traffic, catalog, compare, model
from lcot.report import ascii, charts
from lcot.report.contract import front_rows, to_dict
from lcot.report.render import Picture

names = ("hgx-h200", "gb200-nvl72", "mi355x-8", "cs-3", "galaxy-wh")
question = Question(
    model=model("llama-3.3-70b"),
    systems=tuple(catalog.system(name) for name in names),
    traffic=Traffic(input_tokens=1000.0, output_tokens=500.0, rate=20.0),
    target=Target(speed=50.0),
    site=catalog.site("us-colocation"),
)
answer = compare(question)
print(answer.verdict)

# %%
# Each system in order, with the range over the facts and over the model's own error. A system that is not ranked says
# why.
for entry in answer.entries:
    cost = entry.spread
    print(
        f"{entry.system.id:12} {entry.status:12}",
        f"${cost.p10 * 1e6:.2f} to ${cost.p90 * 1e6:.2f}" if cost else entry.reason,
    )

# %%
# The front at full load: what a faster answer costs. Lines end where a little speed costs many times as much.
rows = front_rows(answer)
basis = f"US dollars per blended token, {answer.question.basis}, facts to {answer.facts_date}"
Picture(charts.front(rows, target=50.0, title="Llama-3.3-70B", subtitle=basis))

# %%
# The same on a terminal.
print(ascii.front(rows, target=50.0, width=90))

# %%
# What the bill of the cheapest is made of.
best = answer.entries[0].plan
per_mtok = 1e6 / sum(best.bill.tokens.values())
lines = [{"line": line, "value": value * per_mtok} for line, value in best.bill.lines.items()]
Picture(charts.waterfall(lines, title=answer.entries[0].system.name, subtitle=basis))

# %%
# Everything as plain data, as ``--json`` prints it.
print(sorted(to_dict(answer)))
