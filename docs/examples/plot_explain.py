"""
Where a number comes from
=========================

The cost of a million tokens, followed down to facts; what would move it; and why another system costs less.
"""

from dataclasses import replace

from lcot import Question, Target, Traffic, catalog, model
from lcot.cell import evaluate
from lcot.choice.search import plans
from lcot.report import charts
from lcot.report.explained import line, sources
from lcot.report.render import Picture
from lcot.trace.differences import difference_of
from lcot.trace.nodes import nodes_of
from lcot.trace.numbers import facts_under, number
from lcot.trace.plans import trace

question = Question(
    model=model("llama-3.3-70b"),
    systems=(catalog.system("hgx-h200"),),
    traffic=Traffic(input_tokens=1000.0, output_tokens=500.0, rate=20.0),
    target=Target(speed=50.0),
    site=catalog.site("us-colocation"),
)
best = plans(question, question.systems[0])[0][0]
traced = trace(best, question)
blended = number(traced, "blended")
print(f"${blended.value * 1e6:.4f} per million tokens")

# %%
# The formula of the number, and of what stands in it. Names, units and references are those of the functions that ran.
top = nodes_of({"blended": blended})[id(blended)]
for node in (top, *top.inputs, *top.inputs[0].inputs):
    print(line(node, set()).plain)

# %%
# The facts that it rests on, with their confidence.
for fact, value, *_, confidence in sources([blended])[:8]:
    print(f"{fact:44} {value:>16}  {confidence}")

# %%
# The trace is computed again with another fact: a tariff twice as high, everything else held.
tariff = next(cell for cell in facts_under([blended]) if cell.name == "us-colocation.electricity.price")
print(f"${evaluate([blended], {tariff: 2 * tariff.value})[0] * 1e6:.4f} per million tokens")

# %%
# Which facts make the difference to another system, in dollars that add up to it.
other = replace(question, systems=(catalog.system("dgx-b200"),))
found = difference_of(best, question, plans(other, other.systems[0])[0][0], other)
parts = [part for part in found.facts if abs(part.dollars) > 1e-9]
for part in parts:
    print(f"{part.dollars * 1e6:+.4f}  {part.name}")
lines = [{"line": part.name.partition(":")[0], "value": part.dollars * 1e6} for part in parts]
Picture(charts.waterfall(lines, title="HGX H200 less DGX B200", subtitle="US dollars per million tokens, by fact"))
