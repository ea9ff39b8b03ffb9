"""What layouts mean: each form once, then dies and cores, then nothing."""

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.validation.layout import Layouts, as_run, read_layout
from lcot.validation.points import read_points
from lcot.validation.types import Layout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tp8", Layout(1, 8, 1, 1, 1, 8)),
        ("TP=8", Layout(1, 8, 1, 1, 1, 8)),
        ("tp8 ep8", Layout(1, 8, 1, 1, 8, 1)),
        ("tp1 dp8 ep8", Layout(1, 1, 8, 1, 8, 1)),
        ("tp16 mtp4 ep4", Layout(1, 16, 1, 1, 4, 4)),
        ("tp8/pp2", Layout(1, 8, 1, 2, 1, 8)),
        ("tp4 x 2 replicas", Layout(2, 4, 1, 1, 1, 4)),
        ("dp4 attention + ep4", Layout(1, 1, 4, 1, 4, 1)),
        ("tp8 + expert parallel", Layout(1, 8, 1, 1, 8, 1)),
        ("tp1/ep8/dp1", Layout(1, 8, 1, 1, 8, 1)),
        ("tp1/ep8/dp8", Layout(1, 1, 8, 1, 8, 1)),
        ("EP144, tp1", Layout(1, 1, 144, 1, 144, 1)),
        ("dp4 (8 chips each)", Layout(4, 8, 1, 1, 1, 8)),
    ],
)
def test_one_pool(text, expected):
    assert read_layout(text, 0) == Layouts(expected)


@pytest.mark.parametrize(
    ("text", "decode", "prefill"),
    [
        ("prefill 2x(tp4) | decode 1x(tp8 ep8)", Layout(1, 8, 1, 1, 8, 1), Layout(2, 4, 1, 1, 1, 4)),
        (
            "prefill 10x(tp1 dp4 mtp4) | decode 1x(tp1 dp32 mtp32)",
            Layout(1, 1, 32, 1, 1, 32),
            Layout(10, 1, 4, 1, 1, 4),
        ),
        ("1P3D disaggregated, tp2 per worker", Layout(3, 2, 1, 1, 1, 2), Layout(1, 2, 1, 1, 1, 2)),
        ("1P1D; prefill DP2+TP16, decode DP8+TP4", Layout(1, 4, 8, 1, 32, 1), Layout(1, 16, 2, 1, 32, 1)),
        ("4P(32 GPU each)+1D(144 GPU); tp1", Layout(1, 1, 144, 1, 144, 1), Layout(4, 1, 32, 1, 32, 1)),
        ("prefill TP4 on H200; decode 16 RDU", Layout(1, 16, 1, 1, 1, 16), Layout(1, 4, 1, 1, 1, 4)),
    ],
)
def test_two_pools(text, decode, prefill):
    assert read_layout(text, 0) == Layouts(decode, prefill)


def test_a_dense_model_has_no_expert_ranks():
    assert read_layout("tp4 ep4", 4, mixture=False).main == Layout(1, 4, 1, 1, 1, 1)


def test_data_parallel_and_nothing_else_means_whole_copies():
    assert read_layout("dp2", 8).main == Layout(2, 4, 1, 1, 1, 4)


def test_dies_and_cores_are_counted_in_chips():
    assert read_layout("tp24 (NeuronCores)", 12, mixture=False, parts=2).main == Layout(1, 12, 1, 1, 1, 1)
    assert read_layout("EP320/DP320", 160, parts=2).main == Layout(1, 1, 160, 1, 160, 1)
    assert read_layout("tp2 (TensorCores of one chip)", 1, parts=2).main == Layout(1, 1, 1, 1, 1, 1)
    assert read_layout("tp8", 8, parts=2).main == Layout(1, 8, 1, 1, 1, 8)  # these are chips already


def test_a_prefill_row_is_about_the_prefill_pool():
    assert read_layout("prefill unit EP32/DP32 on 4 nodes", 32, scenario="prefill_only").main == Layout(
        1, 1, 32, 1, 32, 1
    )


@pytest.mark.parametrize("text", ["", "8 GPUs", "disagg", "wafer-scale"])
def test_what_states_no_layout(text):
    assert read_layout(text, 8) == Layouts()


@given(st.text(max_size=40), st.integers(0, 1000), st.booleans())
def test_any_text_is_read_or_says_nothing(text, devices, mixture):
    found = read_layout(text, devices, mixture)
    assert found.main is None or found.main.chips >= 0


RUNS = "End-to-end runs shipped with aiconfigurator 0.12"


@pytest.mark.parametrize(
    ("text", "devices", "expected"),
    [
        ("tp64 mtp8 ep8", 64, ("tp8 ep8", 8)),
        ("tp16 mtp4 ep4", 16, ("tp4 ep4", 4)),
        ("tp1 dp64 mtp8 ep8", 64, ("tp1 dp8 ep8", 8)),
        ("tp4 mtp2 ep2", 4, ("tp4 mtp2 ep2", 4)),  # fits one machine as it stands
        ("tp8 mtp8", 8, ("tp8 mtp8", 8)),
        ("tp16 mtp2 ep8", 16, ("tp16 mtp2 ep8", 16)),
        ("tp64 mtp8 ep8", 8, ("tp64 mtp8 ep8", 8)),
        ("tp16 dp4 mtp8 ep8", 64, ("tp16 dp4 mtp8 ep8", 64)),
    ],
)
def test_ranks_of_experts_counted_twice(text, devices, expected):
    assert as_run(text, devices, RUNS) == expected
    assert as_run(text, devices, "my own runs") == (text, devices)


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="needs the folder of evidence in LCOT_EVIDENCE")
def test_the_source_holds_such_runs_twice():
    """Runs that the rule reads as smaller are there a second time, as the smaller layout, with the same times."""
    path = Path(os.environ["LCOT_EVIDENCE"]) / "measurements" / "serving_runs.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    plain, changed = set(), []
    for row in rows:
        stated = row["parallelism"], int(row["n_devices"])
        run = as_run(*stated, row["source_title"])
        value = f"{float(row['value']):.9g}"
        key = (row["system"], row["metric"], row["input_len"], row["concurrency_or_batch"], value, *run)
        if run == stated:
            plain.add(key)
        else:
            changed.append(key)
    twins = [key for key in changed if key in plain]
    assert (len(changed), len(twins)) == (420, 166)
    assert {key[-2:] for key in twins} == {("tp8 ep8", 8), ("tp4 ep4", 4), ("tp1 dp8 ep8", 8), ("tp1 dp4 ep4", 4)}


def test_a_row_is_read_so(tmp_path):
    head = "system,n_devices,model,parallelism,scenario,input_len,output_len,concurrency_or_batch"
    head += ",metric,value,source_title"
    row = f"B200 SXM 180GB,64,deepseek-ai/DeepSeek-R1,tp64 mtp8 ep8,closed_loop,1024,1024,8,tpot_ms,9.0,{RUNS}"
    path = tmp_path / "points.csv"
    path.write_text(f"{head}\n{row}\n", encoding="utf-8")
    (condition,) = read_points(path)
    assert condition.devices == 8
    assert condition.layout == Layout(1, 8, 1, 1, 8, 1)


@pytest.mark.parametrize(
    ("text", "devices", "layout"),
    [
        ("DEP8", 8, Layout(data=8, expert=8)),
        ("TEP4", 4, Layout(tensor=4, expert=4)),
        ("tensor-parallel-size 4", 4, Layout(tensor=4, expert_tensor=4)),
        ("tensor_parallel=8", 8, Layout(tensor=8, expert_tensor=8)),
        ("8-way TP", 8, Layout(tensor=8, expert_tensor=8)),
        ("TP-8", 8, Layout(tensor=8, expert_tensor=8)),
        ("tp8pp2", 16, Layout(tensor=8, pipeline=2, expert_tensor=8)),
        ("PP2TP8", 16, Layout(tensor=8, pipeline=2, expert_tensor=8)),
        ("2x TP4", 8, Layout(copies=2, tensor=4, expert_tensor=4)),
        ("8xTP1", 8, Layout(copies=8)),
        ("4 replicas of TP2", 8, Layout(copies=4, tensor=2, expert_tensor=2)),
        ("single GPU", 1, Layout()),
        ("dp16", 16, Layout(copies=16)),
        ("tp2 dp16", 32, Layout(tensor=2, data=16, expert=32)),
    ],
)
def test_other_ways_to_write_a_layout(text: str, devices: int, layout: Layout) -> None:
    assert read_layout(text, devices).main == layout


def test_both_pools_may_be_counted_in_dies() -> None:
    found = read_layout("1P1D; prefill DP2+TP16, decode DP8+TP4", 32, parts=2)
    assert found.main == Layout(tensor=4, data=4, expert=16)
    assert found.prefill == Layout(tensor=16, data=1, expert=16)
    whole = read_layout("1P1D; prefill DP2+TP16, decode DP8+TP4", 64, parts=2)
    assert whole.main is not None
    assert whole.main.chips == 32
