"""What a copy holds and draws, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from lcot.errors import Infeasible, MissingFact
from lcot.facts import catalog
from lcot.steptime.machine import busy_power, electric, fewest, hop_time, room, usable
from lcot.steptime.types import Deployment, Precision
from lcot.workload import models
from tests.steptime.machines import BF16, decode, engine, facts, model, system

TOY = system("rdu", ("hbm",), ("link",), 16, memory__hbm__capacity=1e9, fabric__link__latency=1e-6)
PLAN = Deployment(TOY, model(), engine("rdu", hop__latency=3e-6), BF16, tensor=4)


def test_room_and_how_many_are_needed():
    # 25e6 weights + 5 norms of 1000, 2 B each: 50.01 MB; 8000 B of cache a token
    held = room(PLAN, 90.01e6, "chips", 90.01e6)
    assert held.tokens == pytest.approx(5000, rel=1e-3)
    with pytest.raises(Infeasible, match="needs 6 chips"):
        room(PLAN, 10e6, "chips", 10e6)


def test_usable_memory_stands_above_the_capacity():
    assert usable(TOY.chip, "hbm", "a test") == 1e9
    both = facts("toy", memory__hbm__capacity=1e9, memory__hbm__usable=8e8)
    assert usable(replace(TOY.chip, facts=both), "hbm", "a test") == 8e8


def test_the_chip_is_asked_for_its_hop_before_the_engine():
    assert hop_time(TOY.chip, "link", PLAN.engine.facts) == 1e-6
    assert hop_time(TOY.chip, "far", PLAN.engine.facts) == 3e-6


def test_power_is_a_share_of_the_system_or_missing():
    assert busy_power(TOY, 4.0) == (4000.0, "toys.power.typical")
    power, idle = electric(PLAN)
    np.testing.assert_allclose(power(decode(np.array([1.0, 2.0]))), 4000.0)
    assert idle == 2000.0
    bare = replace(TOY, facts=facts("toys"))
    with pytest.raises(MissingFact, match=r"toys\.power"):
        busy_power(bare, 4.0)
    power, idle = electric(replace(PLAN, system=bare))
    assert np.isnan(idle)
    with pytest.raises(MissingFact, match=r"toys\.power"):
        power(decode())


def test_fewest_chips():
    # 70B in 16 bits is 141 GB, a wafer holds 0.9 x 44 GB: 4; with 400,000 tokens of 320 KiB, 131 GB more: 7
    form = replace(PLAN, system=catalog.system("cs-3"), engine=catalog.engine("cerebras"), tensor=1)
    plan = replace(form, model=models.model("llama-3.1-70b"))
    assert fewest(plan) == 4
    assert fewest(plan, 400_000) == 7
    assert fewest(replace(form, model=models.model("llama-3.1-8b"))) == 1
    # 70B in 8 bits, 69 GB, on groups of 8 chips of 0.95 x 0.23 GB: 40 groups
    eight = Precision("int8", "int8", "bf16", "int8", "int8", head="int8")
    groq = replace(plan, system=catalog.system("groqrack-llama70b"), engine=catalog.engine("groq"), tensor=8)
    assert fewest(replace(groq, model=models.model("llama-2-70b"), precision=eight)) == 320
