"""
What a bill rests on
====================

A fleet of eight-GPU servers that serves Llama-3.3-70B: its bill line by line and year by year, what moves it, and from
which load it is cheaper than buying tokens from a host.
"""

from lcot import Question, Target, Traffic, catalog, model
from lcot.choice.dependence import by_architecture, sentence
from lcot.choice.hosts import break_even, ours
from lcot.choice.search import entry
from lcot.choice.sensitivity import evaluator, tornado
from lcot.cost.api import offers
from lcot.report import charts
from lcot.report.billed import as_dict, as_text
from lcot.report.render import Picture

system = catalog.system("hgx-h200")
question = Question(
    model=model("llama-3.3-70b"),
    systems=(system,),
    traffic=Traffic(input_tokens=1000.0, output_tokens=500.0),
    target=Target(speed=50.0),
    site=catalog.site("us-colocation"),
)
plan = entry(question, system).plan
bill = as_dict(plan, question)
print(as_text(bill, sources=False))

# %%
# The facts in it, each with its source.
for row in bill["facts"][:6]:
    print(f"{row['fact']:42} {row['value']:>8} {row['unit']:16} {row['source']}")

# %%
# What each fact does to the cost, from its P10 to its P90.
facts, evaluate, engines = evaluator(plan.deployment, question)
bars = tornado(evaluate, facts, engines)
rows = [
    {"fact": f"{bar.owner}.{bar.key}", "at_low": bar.cost_at_low * 1e6, "at_high": bar.cost_at_high * 1e6}
    for bar in bars
]
Picture(charts.tornado(rows, bars[0].cost * 1e6, subtitle="US dollars per million tokens, own, at the target"))

# %%
# On what the cost of a token depends, for a GPU and for a wafer.
both = Question(question.model, (system, catalog.system("cs-3")), question.traffic, question.target, question.site)
for found in by_architecture(both):
    print(sentence(found))

# %%
# From which load the fleet is cheaper than each host, requests a second around the clock.
own = ours(question, ("own",))["own"]
for offer in offers("llama-3.3-70b")[:8]:
    start = break_even(own, offer, question.traffic)
    print(f"{offer.host:24} {f'{start[0]:.2f}' if start else 'the host is cheaper at any load'}")
