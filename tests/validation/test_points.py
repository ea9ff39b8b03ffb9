"""Rows of a points file into conditions, and errors with file, line and column."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcot.errors import LcotError, ParseError
from lcot.steptime.types import Speculation
from lcot.validation.points import USUAL, condition_of, conditions_of, iterate_points, read_points
from lcot.validation.predict import predict
from lcot.validation.types import Layout

ROW = {
    "id": "a1",
    "family": "NVIDIA H100",
    "system": "H100 SXM 80GB",
    "n_devices": "8",
    "model": "deepseek-ai/DeepSeek-R1",
    "weight_dtype": "fp8",
    "kv_dtype": "",
    "engine": "sglang 0.5.9",
    "parallelism": "tp8 ep8",
    "scenario": "closed_loop",
    "input_len": "1024",
    "output_len": "512",
    "concurrency_or_batch": "16",
    "spec_decode": "unknown",
    "metric": "tpot_ms",
    "value": "12.5",
    "unit": "ms",
    "statistic": "mean",
    "source_title": "a test",
    "note": "gemm=fp8 moe=fp8_block; x=1",
}
HERE = Path("points.csv")


def row(**changes: str):
    return condition_of({**ROW, **changes}, HERE, 7)


def write(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "points.csv"
    lines = [",".join(rows[0])] + [",".join(f'"{v}"' for v in r.values()) for r in rows]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_whole_row():
    c = row()
    assert (c.system, c.devices, c.model, c.engine, c.engine_version) == (
        "dgx-h100",
        8,
        "deepseek-r1",
        "sglang",
        "0.5.9",
    )
    assert c.layout == Layout(1, 8, 1, 1, 8, 1)
    assert (c.input_tokens, c.output_tokens, c.concurrency, c.rate) == (1024, 512, 16, None)
    assert (c.metric, c.statistic, c.value, c.unit, c.lengths_from) == ("tpot_ms", "mean", 12.5, "ms", "row")
    assert c.precision is not None
    assert (c.precision.attention, c.precision.experts, c.precision.compute) == ("fp8-block", "fp8-block", "fp8")
    assert c.speculation is None


def test_formats_follow_the_row_and_the_chip():
    fp4 = row(system="B200", weight_dtype="fp4", note="gemm=nvfp4 moe=nvfp4; x").precision
    assert fp4 is not None
    assert (fp4.attention, fp4.dense_format, fp4.experts, fp4.expert_compute) == ("bf16", "nvfp4", "nvfp4", "fp4")
    hopper = row(model="Qwen/Qwen3-32B", weight_dtype="", note="gemm=None moe=None; x", parallelism="tp8").precision
    assert hopper is not None
    assert (hopper.attention, hopper.compute) == ("bf16", "bf16")
    ascend = row(system="Ascend 910C (CloudMatrix384)", weight_dtype="int8", note="").precision
    assert ascend is not None
    assert (ascend.attention, ascend.compute) == ("int8", "int8")
    kimi = row(system="B200", model="moonshotai/Kimi-K2.5", weight_dtype="fp4", note="gemm=nvfp4 moe=nvfp4;").precision
    assert kimi is not None
    assert (kimi.experts, kimi.expert_compute) == ("nvfp4", "fp4")
    stated = row(model="openai/gpt-oss-120b", weight_dtype="fp8", note="gemm=fp8 moe=fp8;").precision
    assert stated is not None
    assert stated.experts == "mxfp4-w4a8"  # published in four bits only
    vendor = row(system="n300 (2 Wormhole chips)", model="meta-llama/Llama-3.1-8B", kv_dtype="bfp8", n_devices="2",
                 weight_dtype="bfp4 MLP + bfp8 attention", parallelism="tp2", note="").precision  # fmt: skip
    assert vendor is not None
    assert (vendor.attention, vendor.dense_format, vendor.kv) == ("bfp8", "bfp4", "bfp8")


def test_large_models_may_have_other_formats():
    text = "bfp8 MLP + bf16 attention (70B+: bfp8 attn, bfp4 MLP)"
    small = row(system="n150", model="microsoft/Phi-3.5-mini-instruct", weight_dtype=text, note="").precision
    llama = row(system="n150", model="meta-llama/Llama-3.1-8B", weight_dtype=text, note="").precision
    large = row(system="n150", model="meta-llama/Llama-3.1-70B", weight_dtype=text, note="").precision
    assert small is not None
    assert llama is not None
    assert large is not None
    assert (small.attention, small.dense_format) == ("bf16", "bfp8")
    assert (llama.attention, llama.dense_format, llama.kv) == ("bfp8", "bfp8", "bfp8")
    assert (large.attention, large.dense_format) == ("bfp8", "bfp4")


def test_a_service_may_store_narrower_weights_than_its_rows_say():
    unstated = row(system="GroqCloud", model="meta-llama/Llama-2-70b-chat-hf", weight_dtype="", note="").precision
    stated = row(system="GroqCloud", model="meta-llama/Llama-2-70b-chat-hf", weight_dtype="fp16", note="").precision
    assert unstated is not None
    assert stated is not None
    assert (unstated.attention, stated.attention) == ("int8", "fp16")


def test_speculation_is_off_on_or_not_said():
    assert row(spec_decode="n").speculation == Speculation()
    assert row(spec_decode="y", note="MTP 1 token at 70% acceptance").speculation == Speculation("mtp", 1, 1.7)
    assert row(spec_decode="").speculation is None


def test_a_batch_per_chip_is_for_all_chips():
    assert row(note="batch per NPU").concurrency == 16 * 8


def test_an_endless_rate_is_no_rate():
    assert row(request_rate="inf").rate is None
    assert row(request_rate="8.62").rate == 8.62


def test_lengths_come_from_the_table_where_the_row_has_none():
    c = row(input_len="", output_len="293.2", scenario="offline", params_note="MLPerf llama2-70b-99.9")
    assert c.lengths_from == "mlperf-llama2-70b"
    assert c.input_tokens is not None
    assert c.output_tokens == 293.2


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("weight_dtype", "ternary"),
        ("kv_dtype", "ternary"),
        ("n_devices", "-8"),
        ("n_devices", "2.5"),
        ("input_len", "long"),
        ("value", ""),
        ("value", "-1"),
        ("value", "1e99"),
        ("metric", "speed"),
        ("unit", "W"),
        ("scenario", "daily"),
        ("statistic", "p1234"),
        ("spec_decode", "perhaps"),
    ],
)
def test_bad_cells_are_errors_with_file_line_and_column(tmp_path: Path, column: str, text: str):
    file = write(tmp_path, ROW, {**ROW, column: text})
    with pytest.raises(ParseError) as caught:
        read_points(file)
    assert "points.csv:3: " in str(caught.value)
    assert column in str(caught.value)


def test_a_name_that_nobody_knows_cannot_be_predicted_but_stops_no_other_row():
    c = row(system="Cray-1", model="llama-99", engine="abacus 3")
    assert (c.system, c.model, c.engine, c.precision) == ("Cray-1", "llama-99", "abacus 3", None)
    found = predict([row(system="Cray-1"), row(model="llama-99"), row(engine="abacus 3", parallelism="tp8")])
    assert [p.status for p in found[:2]] == ["unanswered", "unanswered"]
    assert "Cray-1" in found[0].reason
    assert "llama-99" in found[1].reason


def test_other_columns_are_left_alone_and_misspelt_ones_are_not(tmp_path: Path):
    assert read_points(write(tmp_path, {**ROW, "colour": "blue"}))[0].id == "a1"
    wrong = {("input_length" if k == "input_len" else k): v for k, v in ROW.items()}
    with pytest.raises(ParseError, match="did you mean 'input_len'"):
        read_points(write(tmp_path, wrong))


def test_files_that_are_no_points(tmp_path: Path):
    file = tmp_path / "points.csv"
    for text, problem in [
        ("", "missing"),
        ("system,model,metric\n", "value"),
    ]:
        file.write_text(text)
        with pytest.raises(ParseError, match=problem):
            read_points(file)
    with pytest.raises(ParseError, match="cannot be read"):
        read_points(tmp_path / "absent.csv")
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ParseError):
        read_points(file)


def test_a_file_is_read_as_it_is_asked_for(tmp_path: Path):
    file = write(tmp_path, ROW, {**ROW, "value": "bad"})
    rows = iterate_points(file)
    assert next(rows)[1].id == "a1"
    with pytest.raises(ParseError):
        next(rows)


def test_rows_at_hand():
    assert [c.id for c in conditions_of([ROW, {**ROW, "id": "a2"}])] == ["a1", "a2"]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ROW)), st.text(max_size=12))
def test_any_cell_is_read_or_refused_with_its_file(column: str, text: str):
    try:
        row(**{column: text})
    except LcotError as error:
        assert "points.csv:7" in str(error)  # noqa: PT017


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="needs the folder of evidence in LCOT_EVIDENCE")
@pytest.mark.parametrize(
    ("name", "count", "open_layouts", "wrong"), [("calibration", 8028, 0.08, 1), ("serving_runs", 3998, 0.0, 38)]
)
def test_every_row_of_the_measurements(name: str, count: int, open_layouts: float, wrong: int):
    conditions = read_points(Path(os.environ["LCOT_EVIDENCE"]) / "measurements" / f"{name}.csv")
    assert len(conditions) == count
    assert not any(c.input_tokens is None or c.output_tokens is None for c in conditions)
    assert sum(c.layout is None for c in conditions) <= open_layouts * count
    # what the files write of a layout does not always make its devices: a row per GPU of a pool of 48, and
    # experts over more ranks than the attention
    chips = Counter(
        c.layout.chips + (c.prefill_layout.chips if c.prefill_layout else 0) == c.devices
        and c.layout.expert * c.layout.expert_tensor in (1, c.layout.tensor * c.layout.data)
        for c in conditions
        if c.layout
    )
    assert chips[False] == wrong


def test_rows_that_are_not_understood_are_kept_and_named(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(
        "id,system,model,metric,value,unit,statistic\n"
        "a,H100,llama-3.1-8b,tpot_ms,10,ms,mean\n"
        "b,H100,llama-3.1-8b,tpot_ms,10,ms,p42\n"
        "c,H100,llama-3.1-8b,tpot_ms,ten,ms,mean\n"
    )
    with pytest.raises(ParseError, match="p42"):
        read_points(file)
    unreadable: list[ParseError] = []
    conditions = read_points(file, unreadable)
    assert [c.id for c in conditions] == ["a", "b", "c"]
    assert [error.line for error in unreadable] == [3, 4]
    assert "p42" in conditions[1].note
    assert conditions[1].system == ""


def test_a_value_of_zero_is_not_a_measurement():
    with pytest.raises(ParseError, match="above 0"):
        row(value="0")


def test_a_total_of_the_run_has_one_value_whatever_the_statistic():
    rows = [
        {**ROW, "system": "H200 SXM 141GB", "metric": "output_tok_s_total", "unit": "tok/s", "statistic": s}
        for s in ("mean", "p50", "P99")
    ]
    found = predict(conditions_of([{**r, "id": str(i)} for i, r in enumerate(rows)]))
    assert len({one.predicted for one in found}) == 1
    assert found[0].predicted


def test_unstated_weights_that_do_not_fit_are_taken_narrower():
    # 141 GB of a 70B in 16 bits on one GPU of 80 GB: 8 bits (70 GB); on two of them the checkpoint's
    one = row(model="meta-llama/Llama-3.1-70B", weight_dtype="", note="", n_devices="1", parallelism="")
    two = row(model="meta-llama/Llama-3.1-70B", weight_dtype="", note="", n_devices="2", parallelism="")
    stated = row(model="meta-llama/Llama-3.1-70B", weight_dtype="bf16", note="", n_devices="1", parallelism="")
    assert [c.precision.attention for c in (one, two, stated) if c.precision] == ["fp8", "bf16", "bf16"]


def test_speculation_that_is_on_gains_what_its_kind_gains() -> None:
    row = {"system": "H100", "model": "meta-llama/Llama-3.1-8B-Instruct", "metric": "tpot_ms", "value": "9"}
    plain, repeated, off, open_ = conditions_of(
        [
            {**row, "spec_decode": "y", "note": "draft Llama-3.2-1B"},
            {**row, "spec_decode": "y", "note": "suffix decoding"},
            {**row, "spec_decode": "n"},
            row,
        ]
    )
    assert plain.speculation == USUAL
    assert repeated.speculation is not None
    assert off.speculation is not None
    assert repeated.speculation.acceptance_length == 1.5
    assert off.speculation.method == "off"
    assert open_.speculation is None
