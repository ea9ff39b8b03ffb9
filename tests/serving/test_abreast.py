"""Curves and pools of many copies are those of each by itself."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from lcot.choice.candidate import grid_for
from lcot.choice.search import candidates
from lcot.cli.question import Asked
from lcot.errors import Infeasible, MissingFact
from lcot.facts import catalog
from lcot.serving.abreast import curves, pools
from lcot.serving.prompts import curve_of, pool_of
from lcot.steptime.estimate import estimate

SYSTEMS = (
    "hgx-h200",
    "dgx-h100",
    "h200-nvl-8",
    "gb200-nvl72",
    "gb300-nvl72",
    "mi300x-8",
    "mi325x-8",
    "cs-3",
)


@pytest.mark.parametrize("name", ["deepseek-v3", "gpt-oss-120b"])
@pytest.mark.parametrize("cached", [0.0, 0.6])
def test_curves_and_pools_are_those_of_each_alone(name, cached):
    question = Asked(input=3000, output=400, speed=20, cached=cached, rate=20).question(name)
    copies, grids = [], []
    for system in map(catalog.system, SYSTEMS):
        for one in candidates(question, system):
            try:
                steps = estimate(one)
                grids.append(grid_for(steps, question))
            except (Infeasible, MissingFact):
                continue
            copies.append(steps)
    assert len(copies) > 50
    found = curves(copies, question.traffic, question.target, grids)
    for steps, grid, together in zip(copies, grids, found, strict=True):
        same(together, curve_of(steps, question.traffic, question.target, grid)[0])
    gpus = [one for one in copies if one.deployment.system.family == "gpu"]
    for steps, together in zip(gpus, pools(gpus, question.traffic, question.target), strict=True):
        same(together, pool_of(steps, question.traffic, question.target))


def same(one, other):
    """All numbers of two records, to rounding."""
    for field in fields(other):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "decode":
            same(a, b)
        elif b is None:
            assert a is None
        else:
            np.testing.assert_allclose(np.asarray(a) + 0.0 * np.asarray(b), b, rtol=1e-11, atol=1e-18)


def test_who_lacks_a_fact_says_so_for_itself():
    question = Asked(input=1000, output=200, rate=5).question("llama-3.3-70b")
    steps = []
    for name in ("hgx-h200", "h200-nvl-8"):
        system = catalog.system(name)
        items = {key: fact for key, fact in system.chip.facts.items() if key != "peak.bf16"}
        chip = replace(system.chip, facts=replace(system.chip.facts, items_by_key=items))
        whole = next(one for one in candidates(question, system) if one.tensor == 4)
        steps.append(estimate(replace(whole, system=replace(system, chip=chip))))
    grids = [np.array([1.0, 2.0])] * 2
    first, second = curves(steps, question.traffic, question.target, grids)
    assert isinstance(first, MissingFact)
    assert isinstance(second, MissingFact)
    assert (first.owner, second.owner) == (steps[0].deployment.system.chip.id, steps[1].deployment.system.chip.id)
