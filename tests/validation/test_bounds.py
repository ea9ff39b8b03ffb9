"""Predictions of odd rows: inside what physics allows, or no answer with a reason; never a failure."""

from __future__ import annotations

import pytest

from lcot.facts import catalog
from lcot.steptime.roofline import main_tier
from lcot.validation.points import conditions_of
from lcot.validation.predict import predict
from lcot.validation.types import Prediction

SYSTEMS = {
    "H100 SXM 80GB": 1, "NVIDIA L40S": 1, "AMD Instinct MI325X 256GB HBM3e": 1, "Gaudi 3 HL-325L": 1, "DCU 64GB": 1,
    "TPU v7x (Ironwood), tpu7x-standard-1t": 1, "trn2.48xlarge": 1, "SN40L": 8, "QuietBox (Blackhole, 4 x p150)": 4,
    "Ascend 910C (Atlas A3, 64G x 16 dies)": 1, "GH200": 1, "[MAXSUN] MS-Intel Arc Pro B60 Dual 48G Turbo": 1,
}  # fmt: skip
ROW = {"model": "meta-llama/Llama-3.1-8B-Instruct", "input_len": "512", "output_len": "64", "quality": "A"}


def answers(*rows: dict[str, str]) -> list[Prediction]:
    numbered = [{"id": str(k), "value": "1", **ROW, **row} for k, row in enumerate(rows)]
    return predict(conditions_of(numbered))


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_token_is_faster_than_its_weights_can_be_read(name: str) -> None:
    devices = SYSTEMS[name]
    stated = {"system": name, "n_devices": str(devices), "weight_dtype": "bf16", "concurrency_or_batch": "1"}
    time, speed = answers(
        {**stated, "scenario": "single_stream", "metric": "tpot_ms"},
        {**stated, "scenario": "decode_only", "metric": "output_tok_s_per_user"},
    )
    chip = catalog.system(conditions_of([{**ROW, **stated, "metric": "tpot_ms", "value": "1"}])[0].system).chip
    read = 15.0e9 / (devices * float(chip.facts.number(f"memory.{main_tier(chip)}.bandwidth")))  # without the embedding
    assert time.status == speed.status == "predicted"
    assert 1e-3 * float(time.predicted or 0) > read
    assert float(speed.predicted or 9e9) < 1.0 / read
    assert float(time.low or 0) < float(time.predicted or 0) < float(time.high or 0)


METRICS = (
    *("output_tok_s_total", "total_tok_s_total", "input_tok_s_total", "output_tok_s_per_user"),
    *("ttft_ms", "tpot_ms", "watts_system", "joules_per_token"),
)
SCENARIOS = ("offline", "interactive", "single_stream", "prefill_only", "decode_only")


@pytest.mark.parametrize("statistic", ["", "P50", "p99"])
def test_every_metric_of_every_scenario_is_answered_or_says_why(statistic: str) -> None:
    machine = {
        "system": "H100 SXM 80GB",
        "n_devices": "1",
        "parallelism": "tp1",
        "statistic": statistic,
        "value": "1e9",
    }
    rows = [{**machine, "scenario": scenario, "metric": metric} for scenario in SCENARIOS for metric in METRICS]
    for row, found in zip(rows, answers(*rows), strict=True):
        if found.status != "predicted":
            assert "does not follow" in found.reason, row
            assert row["scenario"] == "prefill_only", row
        else:
            assert 0 < float(found.low or 0) < float(found.predicted or 0) < float(found.high or 0), row


def test_odd_rows_have_a_status_and_a_reason() -> None:
    odd = answers(
        {"system": "H100", "n_devices": "1", "metric": "tpot_ms", "model": "nobody/knows-13B"},
        {"system": "a toaster", "n_devices": "1", "metric": "tpot_ms"},
        {"system": "H100", "n_devices": "8", "metric": "tpot_ms", "parallelism": "tp4"},
        {"system": "H100", "n_devices": "1", "metric": "tpot_ms", "input_len": "1e11", "scenario": "interactive"},
        {"system": "H100", "n_devices": "1", "metric": "tpot_ms", "output_len": "1", "scenario": "single_stream"},
        {"system": "H100", "metric": "output_tok_s_total", "scenario": "server", "request_rate": "0.5"},
    )
    assert [one.status for one in odd[:3]] == ["unanswered", "unanswered", "inconsistent"]
    assert odd[3].status == odd[4].status == "unanswered"
    assert odd[5].status == "identity"
    assert all(one.reason for one in odd)
