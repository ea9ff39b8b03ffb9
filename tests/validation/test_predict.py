"""Predictions of whole rows, from what they state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lcot.steptime.types import Speculation
from lcot.validation.consistency import contradiction, is_share
from lcot.validation.measured import measured_rows
from lcot.validation.observe import protocol_of
from lcot.validation.points import conditions_of
from lcot.validation.predict import assumed, predict, run_of
from lcot.validation.recipes import is_recipe, shortest
from lcot.validation.types import Condition, Layout

RUN = {
    "id": "a",
    "family": "NVIDIA H100",
    "system": "H100 SXM 80GB",
    "n_devices": "2",
    "model": "Qwen/Qwen3-32B",
    "weight_dtype": "fp8",
    "engine": "vllm 0.12.0",
    "parallelism": "tp2",
    "scenario": "closed_loop",
    "input_len": "1024",
    "output_len": "256",
    "concurrency_or_batch": "16",
    "metric": "tpot_ms",
    "value": "12",
    "unit": "ms",
    "source_title": "made up",
}


def condition(**changes: str) -> Condition:
    return conditions_of([{**RUN, **changes}])[0]


def test_rows_of_one_run_are_one_run() -> None:
    first, other = condition(), condition(id="b", metric="ttft_ms", value="99", statistic="p99")
    assert run_of(first) == run_of(other)
    assert run_of(first) != run_of(condition(concurrency_or_batch="17"))


def test_a_prediction_does_not_depend_on_the_measured_value() -> None:
    one, other = predict([condition()])[0], predict([condition(value="1200")])[0]
    assert (one.predicted, one.low, one.high) == (other.predicted, other.low, other.high)


def test_an_operator_makes_room_where_the_usual_cache_holds_next_to_nothing() -> None:
    model = {
        "model": "deepseek-ai/DeepSeek-R1",
        "engine": "sglang 0.5.9",
        "parallelism": "tp4 mtp4",
        "spec_decode": "n",
    }
    load = {
        "input_len": "8192",
        "output_len": "1024",
        "metric": "ttft_ms",
        "system": "B200 SXM 180GB",
        "n_devices": "4",
    }
    found = predict([condition(**model, **load)])[0]
    assert found.predicted is not None
    assert found.predicted < 5000.0  # a queue of a minute with the usual share


def test_range_holds_its_middle_and_slow_is_slower() -> None:
    few, many = predict([condition(concurrency_or_batch="4"), condition(id="b", concurrency_or_batch="64")])
    assert few.low is not None
    assert few.predicted is not None
    assert few.high is not None
    assert few.low < few.predicted < few.high
    assert many.predicted is not None
    assert many.predicted > few.predicted


def test_layout_that_does_not_multiply_is_inconsistent() -> None:
    found = predict([condition(n_devices="3")])[0]
    assert found.status == "inconsistent"
    assert "2 devices, the row 3" in found.reason


def test_one_width_over_a_rack_is_not_a_layout() -> None:
    row = condition(system="GB200 NVL72", n_devices="72", parallelism="tp72", model="deepseek-ai/DeepSeek-R1")
    assert "heads cannot be cut over 72" in contradiction(row)


def test_open_loop_throughput_is_an_identity() -> None:
    row = condition(scenario="server", request_rate="1", metric="output_tok_s_total", value="256", unit="tok/s")
    assert predict([row])[0].status == "identity"


def test_without_lengths_there_is_no_answer() -> None:
    row = replace(condition(), input_tokens=None)
    assert predict([row])[0].status == "unanswered"


def test_unstated_speculation_is_two_possibilities_where_the_model_ships_it() -> None:
    row = replace(condition(model="deepseek-ai/DeepSeek-R1"), speculation=None)
    assert sum(weight for weight, _ in assumed(row)) == pytest.approx(1.0)
    assert len(assumed(row)) == 2
    assert len(assumed(replace(row, model="qwen3-32b"))) == 1
    stated = Speculation("mtp", 1, 1.7)
    assert assumed(replace(row, speculation=stated)) == [(1.0, stated)]


@pytest.mark.parametrize(
    ("changes", "protocol"),
    [
        ({}, "users"),
        ({"note": "static batch; consistent"}, "batch"),
        ({"scenario": "single_stream", "concurrency_or_batch": "1"}, "batch"),
        ({"scenario": "offline", "concurrency_or_batch": ""}, "offline"),
        ({"note": "concurrency column = avg_batch_size measured; steady state"}, "steady"),
        ({"scenario": "decode_only"}, "decode_only"),
    ],
)
def test_protocol_from_what_the_row_says(changes: dict[str, str], protocol: str) -> None:
    assert protocol_of(condition(**changes)) == protocol


def test_public_recipe_is_known_by_its_marks() -> None:
    assert not is_recipe(condition())
    assert shortest(condition()) == 1.0
    assert shortest(condition(note="db-dump/2026-04-27; workflow_run_id=1")) == 0.8


def test_experts_that_do_not_cover_the_devices_are_inconsistent() -> None:
    row = replace(condition(model="deepseek-ai/DeepSeek-R1"), devices=2, layout=Layout(tensor=2, expert=4))
    assert "experts over 4 devices" in contradiction(row)


def test_shipped_points_are_answered() -> None:
    conditions = conditions_of(measured_rows())
    few = [row for place, row in enumerate(conditions) if place % 12 == 0]
    found = predict(few)
    unanswered = [one for one in found if one.status == "unanswered"]
    assert len(unanswered) <= 0.05 * len(found), unanswered
    near = [one for one in found if one.status == "predicted" and one.predicted]
    off = sorted(abs((one.predicted or 0.0) / one.value - 1) for one in near)
    assert off[len(off) // 2] < 0.35


def test_one_device_may_be_a_share_of_a_pool() -> None:
    alone = condition(n_devices="1", parallelism="", model="Qwen/Qwen3-32B")
    said = condition(n_devices="1", parallelism="", note="throughput per GPU")
    # 671 billion weights do not fit the 80 GB of one H100 in any format: the row must be of a pool
    large = {"n_devices": "1", "parallelism": "", "model": "deepseek-ai/DeepSeek-R1", "scenario": "decode_only"}
    assert not is_share(alone)
    assert is_share(said)
    assert not is_share(condition(n_devices="1", parallelism="tp1", note="output tokens/s per GPU"))
    assert is_share(condition(**large))
    assert not is_share(condition(**{**large, "n_devices": "8"}))
    assert not is_share(condition(**{**large, "system": "a machine that nobody knows"}))


def test_a_share_is_of_the_pool_that_its_layout_states() -> None:
    row = {
        "system": "GB200 NVL72", "family": "NVIDIA GB200", "n_devices": "1", "model": "deepseek-ai/DeepSeek-V3",
        "parallelism": "tp1 dp16 ep16", "scenario": "decode_only", "input_len": "2000", "output_len": "100",
        "concurrency_or_batch": "64", "metric": "output_tok_s_total", "unit": "tok/s", "spec_decode": "n",
    }  # fmt: skip
    share = predict([condition(**row, note="per GPU")])[0]
    whole = predict([condition(**{**row, "n_devices": "16", "concurrency_or_batch": str(64 * 16)})])[0]
    assert contradiction(condition(**row, note="per GPU")) == ""
    assert share.predicted is not None
    assert whole.predicted is not None
    assert share.predicted == pytest.approx(whole.predicted / 16)


def test_the_throughput_of_a_machine_is_not_one_users() -> None:
    row = {"system": "H100 SXM 80GB", "n_devices": "8", "model": "meta-llama/Llama-3.1-8B-Instruct", "input_len": "512",
           "output_len": "128", "scenario": "interactive", "metric": "output_tok_s_total"}  # fmt: skip
    full, one, fast = conditions_of(
        [
            {**row, "value": "1"},
            {**row, "value": "1", "concurrency_or_batch": "1"},
            {**row, "value": "1", "note": "TPOT 5 ms"},
        ]
    )
    assert protocol_of(full) == "offline"
    assert protocol_of(one) == "batch"
    assert protocol_of(replace(full, metric="output_tok_s_per_user")) == "batch"
    assert protocol_of(replace(full, rate=3.0)) == "server"
    whole, single, held = (float(one.predicted or 0.0) for one in predict([full, one, fast]))
    assert whole > 20 * single
    assert single < held < whole


def test_a_pool_that_decodes_is_full_where_no_batch_is_stated() -> None:
    row = {"system": "H800", "n_devices": "16", "model": "deepseek-ai/DeepSeek-V3", "weight_dtype": "fp8", "value": "1",
           "parallelism": "dp16 ep16", "scenario": "decode_only", "input_len": "4000", "engine": "SGLang"}  # fmt: skip
    total, speed = conditions_of([{**row, "metric": "output_tok_s_total"}, {**row, "metric": "output_tok_s_per_user"}])
    both = predict([total, speed])
    assert float(both[0].predicted or 0) > 50 * float(both[1].predicted or 0)


def test_a_row_may_count_the_decoding_pool_alone() -> None:
    row = {"system": "H800", "n_devices": "144", "model": "deepseek-ai/DeepSeek-V3", "value": "1", "input_len": "4096",
           "parallelism": "4P(32 GPU each)+1D(144 GPU); tp1", "metric": "output_tok_s_total"}  # fmt: skip
    decoding, both = conditions_of([{**row, "scenario": "decode_only"}, {**row, "scenario": "closed_loop"}])
    assert contradiction(decoding) == ""
    assert "272 devices" in contradiction(both)


def test_a_share_is_held_to_the_speed_that_its_note_states() -> None:
    row = {"system": "GB200 NVL72", "n_devices": "1", "weight_dtype": "fp4", "input_len": "1024", "output_len": "1024",
           "scenario": "closed_loop", "metric": "output_tok_s_total", "value": "1", "engine": "trtllm"}  # fmt: skip
    for model in ("deepseek-ai/DeepSeek-R1", "meta-llama/Llama-3.3-70B-Instruct"):
        slow, fast = conditions_of(
            [{**row, "model": model, "note": f"per GPU at {speed} tok/s/user"} for speed in (20, 60)]
        )
        many, few = (float(found.predicted or 0.0) for found in predict([slow, fast]))
        assert many > 1.3 * few > 0
