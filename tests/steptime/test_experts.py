"""Routed experts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.steptime.experts import experts, touched
from lcot.workload.architecture import FeedForward
from lcot.workload.formats import bytes_of
from tests.steptime.gpus import CHIP, engine_facts
from tests.steptime.machines import facts

LAYER = FeedForward(1000, experts=8, active=2)
E = engine_facts()


def test_experts_touched_by_hand() -> None:
    assert touched(8, 2, 1.0) == pytest.approx(0.25)
    assert touched(8, 2, 2.0) == pytest.approx(1 - 0.75**2)
    assert touched(8, 8, 1.0) == pytest.approx(1.0)


def test_one_token_reads_the_weights_of_its_experts() -> None:
    step = experts(1.0, LAYER, 8, 1000, 800, 1, "bf16", "bf16", CHIP, E)
    size, rows, busy = 3 * 800 * 1000, 2.0, 2.0
    arithmetic = 2 * (rows + busy * 10) * size / (0.25e15)
    traffic = (busy * size * 2 + rows * (4 * 800 + 12 * 1000)) / 0.5e12
    assert step.total == pytest.approx(5e-6 + (arithmetic**2 + traffic**2) ** 0.5)


def test_widened_weights_multiply_at_the_rate_of_older_instructions_by_hand() -> None:
    own = {"experts__share__widened": 0.4, "experts__tile__widened": 4.0}
    slower = {key.replace(".", "__"): fact.value for key, fact in CHIP.facts.items()} | {"synchronous__bf16": 0.3e15}
    chip = replace(CHIP, facts=facts("toy", **slower))
    step = experts(1.0, LAYER, 8, 1000, 800, 1, "int4", "bf16", chip, engine_facts(**own))
    size, rows, busy = 3 * 800 * 1000, 2.0, 2.0
    arithmetic = 2 * (rows + busy * 4) * size / (0.4 * 0.5 * 0.3e15)
    traffic = (busy * size * bytes_of("int4") + rows * (4 * 800 + 12 * 1000)) / 0.5e12
    assert step.total == pytest.approx(5e-6 + (arithmetic**2 + traffic**2) ** 0.5)
    # weights that are multiplied as they are stored keep the peak and the constants of other kernels
    wide = experts(1.0, LAYER, 8, 1000, 800, 1, "bf16", "bf16", chip, engine_facts(**own))
    assert wide.total == experts(1.0, LAYER, 8, 1000, 800, 1, "bf16", "bf16", CHIP, E).total


def test_kernels_of_one_format_may_have_constants_of_their_own() -> None:
    own = {"experts__share__widened": 0.4, "experts__tile__widened": 4.0, "experts__tile__widened__mxfp4": 1.0}
    plain = {"experts__share__widened": 0.4, "experts__tile__widened": 1.0}
    for weights, other in (("mxfp4-w4a16", plain), ("int4", {**own, "experts__tile__widened__mxfp4": 9.0})):
        one, same = (
            experts(1.0, LAYER, 8, 1000, 800, 1, weights, "bf16", CHIP, engine_facts(**e)) for e in (own, other)
        )
        assert one.total == same.total


def test_the_kernels_of_a_format_have_their_own_floor_share_and_tile_by_hand() -> None:
    values = {"floor": 9e-6, "share": 0.25, "tile": 2.0}
    own = engine_facts(**{f"experts__{name}__fp8_block": value for name, value in values.items()})
    step = experts(1.0, LAYER, 8, 1000, 800, 1, "fp8-block", "bf16", CHIP, own)
    size, rows, busy = 3 * 800 * 1000, 2.0, 2.0
    arithmetic = 2 * (rows + busy * 2) * size / (0.25 * 0.5 * 1e15)
    traffic = (busy * size * bytes_of("fp8-block") + rows * (4 * 800 + 12 * 1000)) / 0.5e12
    assert step.total == pytest.approx(9e-6 + (arithmetic**2 + traffic**2) ** 0.5)
    for weights in ("bf16", "fp8"):
        other = experts(1.0, LAYER, 8, 1000, 800, 1, weights, "bf16", CHIP, own)
        assert other.total == experts(1.0, LAYER, 8, 1000, 800, 1, weights, "bf16", CHIP, E).total


def test_all_experts_are_read_once_by_many_tokens() -> None:
    step = experts(np.array([100.0, 200.0]), LAYER, 8, 1000, 800, 1, "bf16", "bf16", CHIP, E)
    assert step.memory[1] < 1.2 * step.memory[0]


def test_the_busiest_rank_has_more_than_its_share() -> None:
    even = experts(1e5, LAYER, 2, 1000, 800, 4, "bf16", "bf16", CHIP, engine_facts(experts__imbalance=0.0))
    uneven = experts(1e5, LAYER, 2, 1000, 800, 4, "bf16", "bf16", CHIP, E)
    assert uneven.total == pytest.approx(1.5 * even.total, rel=0.02)


def test_no_tokens_no_time() -> None:
    assert experts(0.0, LAYER, 8, 1000, 800, 1, "bf16", "bf16", CHIP, E).total == pytest.approx(0.0, abs=1e-12)
