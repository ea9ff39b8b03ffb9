"""Questions whose best plans are traced: one for each family, load and basis."""

from functools import cache

from lcot.choice.search import plans
from lcot.choice.types import Plan, Question
from lcot.cost.pricing import priced_at
from lcot.facts import catalog
from lcot.serving.types import Target, Traffic
from lcot.workload.models import model

# system, model, requests/s (None: full), share of cached input, basis
ASKED = [
    ("hgx-h200", "llama-3.3-70b", 20.0, 0.0, "own"),
    ("hgx-h200", "qwen3-next-80b-a3b", 20.0, 0.3, "own"),
    ("dgx-h100", "llama-3.3-70b", None, 0.0, "rent"),
    ("mi355x-8", "gpt-oss-120b", 20.0, 0.0, "own"),
    ("cs-3", "llama-3.3-70b", None, 0.2, "own"),
    ("sambarack-sn40l-16", "gpt-oss-120b", 5.0, 0.0, "own"),
    ("groqrack-llama70b", "llama-3.3-70b", 5.0, 0.0, "own"),
    ("trn2-48xl", "llama-3.1-8b", 5.0, 0.1, "own"),
    ("galaxy-wh", "llama-3.1-8b", None, 0.0, "own"),
]
PRICE = 1e6  # USD, of systems without one


@cache
def asked(system: str, name: str, rate: float | None, cached: float, basis: str) -> Question:
    machine = catalog.system(system)
    if not machine.facts.has("price") and not machine.chip.facts.has("price"):
        machine = priced_at(machine, PRICE)
    return Question(
        model(name), (machine,), Traffic(1000.0, 500.0, rate, cached), Target(10.0), catalog.site("us-colocation"),
        basis=basis, draws=0,
    )  # fmt: skip


@cache
def best(*what) -> Plan:
    question = asked(*what)
    return plans(question, question.systems[0])[0][0]
