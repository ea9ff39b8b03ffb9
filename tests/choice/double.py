"""Two made-up systems and a step time simple enough to check by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcot.choice.types import Question
from lcot.facts.types import Chip, Engine, Fact, Facts, Site, System
from lcot.serving.types import Target, Traffic
from lcot.steptime.types import Breakdown, Deployment, Precision, Step, StepTime
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from tests.cost.conftest import SITE

MODEL = Architecture("toy", 1024, 32000, (Block(8, Attention("gqa", 8, 8, 128), FeedForward(4096)),), False, 32768)
WEIGHTS, TOKEN = 70e9, 160e3  # B of weights, B of KV cache a token


def fact(key, value, low=None, high=None, kind="datasheet", scope=""):
    return Fact(key, value, "", low, high, kind=kind, scope=scope)


def owner(name, *some):
    return Facts(name, {one.key: one for one in some})


def make_deployment(name, price=300e3, bandwidth=4e12, engine=None, wide=True):
    """A server of eight chips. Where ``wide``, its bandwidth and price are uncertain by 10 and 20 %."""
    around = (lambda x, share: (x * (1 - share), x * (1 + share))) if wide else (lambda x, share: (x, x))
    chip = Chip(f"{name}-chip", name, "Maker", "gpu", ("hbm",), (), owner(
        f"{name}-chip",
        fact("memory.hbm.bandwidth", bandwidth, *around(bandwidth, 0.1)),
        fact("power.tdp", 700.0, 700.0, 700.0, scope="chip"),
    ))  # fmt: skip
    system = System(name, name.upper(), "Maker", chip, 8, "shipping", "", owner(
        name,
        fact("price", price, *around(price, 0.2), scope="server"),
        fact("power.max", 10e3, 10e3, 10e3, scope="server"),
        fact("rent.on_demand", 2.5 / 3600, 2.5 / 3600, 2.5 / 3600),
    ))  # fmt: skip
    if engine is None:
        engine = Engine("runner", "Runner", "gpu", "1", owner("runner", fact("step.error", 0.1, 0.1, 0.1)))
    precision = Precision("bf16", "bf16", "bf16", "bf16", "bf16")
    return Deployment(system, MODEL, engine, precision, tensor=8)


def estimate(deployment):
    """Read the weights once a step, 2 us for each prompt token, 3 ms fixed."""
    bandwidth = deployment.system.chip.facts.number("memory.hbm.bandwidth") * deployment.chips

    def latency(step: Step) -> Breakdown:
        memory = (WEIGHTS + TOKEN * step.decode_context) / bandwidth
        return Breakdown(2e-6 * step.prefill_tokens, memory, 0.0, 3e-3)

    def power(step: Step):
        return 6e3 + 0.0 * step.decode_sequences

    return StepTime(deployment, latency, latency, power, 2e3, 1e6 + 0.0 * bandwidth, 0.0, 1, 1024)


def make_site(wide=True):
    some = [fact(key, value, value, value) for key, value in SITE.items()]
    facts = owner("here", *some)
    if wide:
        rate = SITE["electricity.price"]
        facts = replace(facts, items_by_key={
            **facts.items_by_key, "electricity.price": fact("electricity.price", rate, rate / 2, rate * 2)
        })  # fmt: skip
    return Site("here", "Here", facts)


def make_question(wide=True, rate=20.0, speed=30.0):
    traffic = Traffic(1000.0, 500.0, rate=rate)
    return Question(MODEL, (), traffic, Target(speed), make_site(wide))


def work(draws, seed):
    """Draws that tell which chunk they are of."""
    return {"draw": np.random.default_rng(seed).random(draws), "size": np.full(draws, float(draws))}
