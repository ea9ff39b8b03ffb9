"""Copies abreast take as long as each of them alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.choice.space import deployments
from lcot.errors import Infeasible, MissingFact
from lcot.facts import catalog
from lcot.steptime.abreast import abreast, kinds_of
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Speculation, Step, StepTime
from lcot.workload.formats import precision, supported
from lcot.workload.models import model

OFF = Speculation()
DRAFTED = Speculation("mtp", 2, 2.4)
GPUS = [one for one in map(catalog.system, catalog.system_ids()) if one.family == "gpu"]


def copies(name: str, speculation: Speculation = OFF) -> list[StepTime]:
    """Every layout of every GPU system that holds the model."""
    architecture, found = model(name), []
    for system in GPUS:
        engine = catalog.engine_of(system)
        formats = precision("native", architecture, supported(system.chip))
        for one in deployments(system, architecture, engine, formats, speculation):
            try:
                found.append(estimate(one))
            except (Infeasible, MissingFact):
                continue
    return found


def step_of(count: int) -> Step:
    """Two batches of each copy: decoding alone, and with a chunk of a prompt."""
    sequences = np.outer([3.0, 40.0], np.arange(1.0, count + 1.0))
    chunk = np.array([[0.0], [512.0]]) + 0.0 * sequences
    return Step(sequences, 900.0 * sequences, chunk, 700.0 * chunk, chunk / 256.0)


def column(step: Step, place: int) -> Step:
    return Step(*(np.asarray(getattr(step, name))[:, place] for name in Step.__slots__))


MODELS = [("deepseek-v3", DRAFTED), ("gpt-oss-120b", OFF), ("llama-3.3-70b", OFF), ("qwen3-next-80b-a3b", OFF)]


@pytest.mark.parametrize(("name", "speculation"), MODELS)
def test_every_layout_of_the_catalogue_takes_as_long_as_alone(name, speculation):
    every = copies(name, speculation)
    kinds: dict[object, list[StepTime]] = {}
    for one, kind in zip(every, kinds_of(every), strict=True):
        kinds.setdefault(kind, []).append(one)
    assert len(kinds) < len(every) / 2
    for some in kinds.values():
        if len(some) == 1:
            continue
        step, side = step_of(len(some)), abreast(some)
        for i, one in enumerate(some):
            for ask in ("latency", "interval"):
                try:
                    alone = getattr(one, ask)(column(step, i))
                except MissingFact:
                    with pytest.raises(MissingFact):
                        getattr(side, ask)(step)
                    break
                together = getattr(side, ask)(step)
                for part in ("compute", "memory", "network", "fixed"):
                    both = np.broadcast_to(getattr(together, part), (2, len(some)))[:, i]
                    np.testing.assert_allclose(both, getattr(alone, part) + np.zeros(2), rtol=1e-12, atol=1e-18)
            else:
                if not np.isnan(one.idle_power):
                    np.testing.assert_allclose(side.power(step)[:, i], one.power(column(step, i)), rtol=1e-12)
                np.testing.assert_allclose(side.kv_capacity[i], one.kv_capacity)
                np.testing.assert_allclose(side.fixed(1000.0)[i], one.fixed(1000.0))


def test_copies_that_take_other_formulas_are_no_kind():
    system = catalog.system("hgx-h200")
    architecture = model("deepseek-v3")
    formats = precision("native", architecture, supported(system.chip))
    every = list(deployments(system, architecture, catalog.engine_of(system), formats, OFF))
    by_label = {one.label: estimate(one) for one in every if one.chips >= 8}
    kinds = dict(zip(by_label, kinds_of([*by_label.values()]), strict=True))
    assert kinds["tp8 pp2"] == kinds["tp8 pp4"]
    assert len({kinds[label] for label in ("tp8", "tp8 ep8", "dp8 ep8", "tp8 pp2", "dp16 ep16")}) == 5


def test_drawn_facts_are_no_kind():
    system = catalog.system("hgx-h200")
    chip = system.chip
    drawn = chip.facts.with_values({"memory.hbm.bandwidth": chip.facts.number("memory.hbm.bandwidth") * np.ones(4)})
    from dataclasses import replace

    architecture = model("llama-3.3-70b")
    formats = precision("native", architecture, supported(chip))
    one = next(
        one for one in deployments(replace(system, chip=replace(chip, facts=drawn)), architecture,
                                   catalog.engine_of(system), formats, OFF) if one.tensor == 4
    )  # fmt: skip
    first, second = kinds_of([estimate(one), estimate(one)])
    assert first != second


@given(st.lists(st.integers(1, 64), min_size=1, max_size=6))
def test_ranks_of_groups_come_by_copy(ranks):
    from lcot.steptime.network import group

    chip = catalog.system("hgx-h200").chip
    counts = np.array([2 * one for one in ranks])
    inside = np.minimum(counts, 8)
    if len({int(one) > 8 for one in counts}) == 1:
        found = group(chip, counts)
        assert np.all(np.asarray(found.inside) == inside)
        assert np.all(np.asarray(found.ranks) == inside * -(-counts // inside))
