"""Conditions of public recipes and benchmarks that their rows do not repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcot.serving.pools import transfer
from lcot.steptime.types import Speculation
from lcot.validation.batch import in_waves
from lcot.validation.deploying import engine_id, plans
from lcot.validation.observe import protocol_of
from lcot.validation.points import conditions_of
from lcot.validation.policies import policy_of
from lcot.validation.predict import assumed, predict
from lcot.validation.recipes import (
    drafted,
    drafting_of,
    limit_of,
    recipe_of,
    requests_of,
    with_benchmark_weights,
    with_recipe_cache,
)
from lcot.validation.types import Condition, Layout

ROW = {
    "id": "a",
    "family": "NVIDIA B200",
    "system": "B200 SXM 180GB",
    "n_devices": "8",
    "model": "deepseek-ai/DeepSeek-R1",
    "weight_dtype": "fp8",
    "engine": "sglang 0.5.9",
    "parallelism": "tp8 mtp8",
    "scenario": "closed_loop",
    "input_len": "1024",
    "output_len": "1024",
    "concurrency_or_batch": "64",
    "metric": "ttft_ms",
    "value": "500",
    "unit": "ms",
    "source_title": "made up",
    "note": "workflow_run_id=1",
}


def condition(**changes: str) -> Condition:
    return conditions_of([{**ROW, **changes}])[0]


def test_recipe_sets_intervals_chunk_and_cache() -> None:
    row = condition()
    deployment = plans(row)[0].deployment
    recipe = recipe_of(row, deployment)
    assert (recipe.receive, recipe.stream, recipe.chunk) == (30, 10, 16384)
    assert recipe_of(replace(row, concurrency=8.0), deployment).receive == 10
    assert with_recipe_cache(deployment, row).precision.kv == "fp8"


def test_rows_of_other_sources_keep_the_engines_own_rules() -> None:
    row = condition(note="")
    plan = plans(row)[0]
    policy = policy_of(plan.deployment, row, plan)
    assert policy.stream_interval == 1
    assert policy.max_batched_tokens == 16384
    assert with_recipe_cache(plan.deployment, row) == plan.deployment


def test_a_generated_server_takes_one_prompt_and_1500_tokens_more() -> None:
    row = replace(
        condition(engine="trtllm 1.0.0rc3", note="source_file=some.csv"), input_tokens=4096.0, concurrency=8.0
    )
    plan = plans(row)[0]
    assert policy_of(plan.deployment, row, plan).max_batched_tokens == 4096 + 1500 + 8
    older, newer = (condition(engine=f"sglang {v}", note="source_file=some.csv") for v in ("0.5.1", "0.5.6.post2"))
    kinds = [policy_of(plans(one)[0].deployment, one, plans(one)[0]).batching for one in (older, newer)]
    assert kinds == ["prefill_first", "mixed"]


def test_versions_before_08_of_vllm_read_prompts_before_they_write() -> None:
    kinds = [
        policy_of(plans(row)[0].deployment, row, plans(row)[0]).batching
        for row in (condition(engine=f"vllm {version}", note="") for version in ("0.7.3", "0.8.5", "0.12.0"))
    ]
    assert kinds == ["prefill_first", "mixed", "mixed"]


def test_each_rank_of_data_parallel_attention_has_its_own_budget() -> None:
    row = condition(parallelism="tp1 dp8 ep8", engine="trtllm 1.2.0", note="")
    plan = plans(row)[0]
    policy = policy_of(plan.deployment, row, plan)
    assert policy.max_batched_tokens == 8 * 8192


def test_apart_pools_move_their_cache_over_each_chips_link() -> None:
    row = replace(condition(), devices=16, prefill_layout=Layout(1, 8, expert_tensor=8))
    plan = plans(row)[0]
    policy = policy_of(plan.deployment, row, plan)
    _, each = transfer(plan.deployment)
    assert policy.transfer_per_token == each > 0
    assert policy.before > policy_of(plan.deployment, row, replace(plan, prefill=None)).before


def test_mlperf_of_tensorrt_runs_in_the_chips_narrowest_format() -> None:
    row = condition(
        engine="TensorRT 10.2.0, CUDA 12.4",
        system="H100",
        model="meta-llama/Llama-2-70b-chat-hf",
        weight_dtype="fp16",
        parallelism="",
        note="MLPerf v4.1 closed",
        scenario="offline",
        concurrency_or_batch="",
    )
    assert protocol_of(row) == "offline"
    precision = with_benchmark_weights(plans(row)[0].deployment, row).precision
    assert (precision.attention, precision.kv) == ("fp8", "fp8")


@pytest.mark.parametrize("mark", ["", "workflow_run_id=1"])
def test_stated_cache_stands(mark: str) -> None:
    row = condition(kv_dtype="fp8", note=mark)
    deployment = plans(row)[0].deployment
    assert with_recipe_cache(deployment, row).precision.kv == "fp8"


DRAFTING = {
    "engine": "trtllm 1.2.0rc6.post3",
    "parallelism": "tp8 mtp8",
    "spec_decode": "unknown",
    "date": "2026-02-05",
}


def test_public_configurations_tell_which_runs_drafted_tokens() -> None:
    row = condition(**DRAFTING)
    assert assumed(row) == [(1.0, drafted(3))]
    # an image of its own; a day before any run drafted; an image of both kinds, by its day; no such run
    assert assumed(condition(**DRAFTING | {"engine": "trtllm 1.2.0rc6.post2"})) == [(1.0, Speculation())]
    assert assumed(condition(**DRAFTING | {"engine": "trtllm", "date": "2025-11-02"})) == [(1.0, Speculation())]
    both = DRAFTING | {"engine": "trtllm 1.1.0rc2.post2"}
    assert [drafting_of(condition(**both | {"date": day})).draft_tokens for day in ("2025-12-15", "2026-01-14")] == [
        0,
        3,
    ]
    assert drafting_of(condition(**DRAFTING | {"note": ""})) is None
    assert drafting_of(condition(**DRAFTING | {"model": "Qwen/Qwen3-32B"})) is None
    pools = "prefill 1x(tp8 ep8) | decode 1x(tp8 ep8)"
    assert drafting_of(condition(**DRAFTING | {"parallelism": pools, "n_devices": "16"})) is None
    assert len(assumed(condition(**DRAFTING | {"engine": "sglang 0.5.9", "date": "2026-03-25"}))) == 2


def test_data_parallel_attention_drafts_one_token() -> None:
    row = condition(**DRAFTING | {"parallelism": "tp1 dp8 ep8"})
    assert drafting_of(row) == drafted(1)
    assert drafted(1).acceptance_length == pytest.approx(1.6645)
    assert drafted(3).acceptance_length == pytest.approx(2.4, abs=0.001)


def test_what_a_row_states_of_drafting_stands_above_the_recipe() -> None:
    assert assumed(condition(**DRAFTING | {"spec_decode": "n"})) == [(1.0, Speculation())]


def test_public_recipes_scheduled_asynchronously_before_it_was_the_default() -> None:
    row = condition(engine="vllm 0.12.0")
    assert engine_id(row) == "vllm"
    assert engine_id(replace(row, note="")) == "vllm-2025"
    assert engine_id(condition(engine="vllm 0.17.0", note="")) == "vllm"
    assert engine_id(condition(engine="trtllm 1.0.0")) == "trtllm"


def test_tensorrt_runs_of_one_pool_read_one_prompt_a_step() -> None:
    row = condition(**DRAFTING | {"engine": "trtllm 1.2.0rc6.post2", "concurrency_or_batch": "100"})
    plan = plans(row)[0]
    policy = policy_of(plan.deployment, row, plan)
    assert policy.max_batched_tokens == 1216  # 1024 + 100 + 64 in whole 64s
    assert (policy.receive_interval, policy.stream_interval) == (1, 10)
    wide = condition(**DRAFTING | {"engine": "trtllm 1.2.0rc6.post2", "parallelism": "tp1 dp8 ep8"})
    plan = plans(wide)[0]
    policy = policy_of(plan.deployment, wide, plan)
    assert policy.receive_interval == 60  # prompts wait for one on every rank of data-parallel attention
    assert policy.max_batched_tokens == 8 * 1152
    assert policy.max_sequences == 8 * 2048


def test_tensorrt_counts_steps_between_deliveries() -> None:
    row = condition(**DRAFTING)
    plan = plans(row, drafted(3))[0]
    assert policy_of(plan.deployment, row, plan).stream_interval == 24
    tokens = condition(engine="sglang 0.5.9", spec_decode="y")
    plan = plans(tokens, drafted(3))[0]
    assert policy_of(plan.deployment, tokens, plan).stream_interval == 10


def test_runs_of_the_overview_hold_so_many_requests() -> None:
    row = {"engine": "TensorRT-LLM 1.0", "scenario": "offline", "output_len": "8192", "concurrency_or_batch": ""}
    overview = {**row, "source_title": "TensorRT-LLM perf-overview v1.0"}
    assert requests_of(condition(**overview)) == 1500.0
    assert requests_of(condition(**overview, input_len="777")) is None
    assert requests_of(condition(**row)) is None
    # 5 requests, two at a time: two waves at 1.5 requests/s and one at 1: 5 / (4 / 1.5 + 1) = 1.364
    found = in_waves(np.array([1.0, 2.0]), np.array([1.0, 1.5]), 5.0)
    assert found.tolist() == pytest.approx([1.0, 5.0 / (4.0 / 1.5 + 1.0)])
    assert in_waves(np.array([1.0, 2.0]), np.array([1.0, 1.5]), float("inf")).tolist() == [1.0, 1.5]


def test_the_overview_keeps_8_bits_of_cache_but_for_gpt_oss_on_hopper() -> None:
    row = {"engine": "TensorRT-LLM 1.2", "parallelism": "tp1", "n_devices": "1", "source_title": "perf-overview v1.2"}

    def cache(model: str, system: str) -> str:
        one = condition(**row, model=model, system=system, weight_dtype="mxfp4", note="")
        return with_benchmark_weights(plans(one)[0].deployment, one).precision.kv

    assert cache("openai/gpt-oss-20b", "B200") == "fp8"
    assert cache("openai/gpt-oss-20b", "H200") == "bf16"
    fp8 = condition(**{**row, "model": "nvidia/Llama-3.1-8B-Instruct-FP8", "system": "H200", "note": ""})
    assert with_benchmark_weights(plans(fp8)[0].deployment, fp8).precision.kv == "fp8"


def test_a_benchmark_without_users_keeps_its_time_per_token() -> None:
    row = {"source_title": "MLPerf Inference v5.1 results", "model": "meta-llama/Llama-2-70b-chat-hf", "note": ""}
    assert limit_of(condition(**row, scenario="interactive")) == pytest.approx(0.04)
    assert limit_of(condition(**row, scenario="server")) == pytest.approx(0.2)
    assert limit_of(condition(**row, scenario="offline")) == float("inf")
    said = {"SLO p99 TTFT 2000 ms TPOT 20 ms": 0.02, "2,400 per NPU at 50 ms TPOT": 0.05, "TPOT <= 40 ms": 0.04}
    said |= {"at 50 tok/s/user": 0.02, "per GPU at interactivity 25": 0.04, "100 tokens/s per user": 0.01}
    for note, limit in said.items():
        assert limit_of(condition(**{**row, "note": note}, scenario="closed_loop")) == pytest.approx(limit)


def test_amd_runs_of_mlperf_are_quantised() -> None:
    row = {"source_title": "MLPerf Inference v4.1 results", "system": "AMD MI300X", "engine": "vLLM 0.4.3+rocm614",
           "model": "meta-llama/Llama-2-70b-chat-hf", "weight_dtype": "fp16", "parallelism": ""}  # fmt: skip
    one = condition(**row, note="", scenario="offline", concurrency_or_batch="")
    assert with_benchmark_weights(plans(one)[0].deployment, one).precision.experts == "fp8"
    other = condition(**{**row, "source_title": "a blog"}, note="", scenario="offline", concurrency_or_batch="")
    assert with_benchmark_weights(plans(other)[0].deployment, other).precision.experts == "fp16"


def test_a_tuned_model_has_an_engine_entry_of_its_own() -> None:
    row = {"system": "Galaxy 6U (32x Wormhole)", "n_devices": "32", "model": "meta-llama/Llama-3.1-70B", "note": "",
           "parallelism": "tp32", "scenario": "decode_only", "input_len": "128", "weight_dtype": "bfp8"}  # fmt: skip
    tuned = condition(**row, engine="tt-metal demo v0.62.0-dev20250926")
    plain = condition(**row, engine="tt-metal tt_transformers demo")
    old = condition(**row, engine="tt-metal demo v0.56.0-rc51")
    small = condition(**{**row, "parallelism": "dp32", "model": "tiiuae/falcon-7b"}, engine="tt-metal demo v0.62.0")
    assert [engine_id(one) for one in (tuned, plain, old, small)] == ["tt-metal-galaxy", *["tt-metal"] * 3]


def test_one_host_drives_every_copy() -> None:
    row = {"system": "n150", "model": "tiiuae/falcon-7b", "note": "", "scenario": "decode_only", "input_len": "128",
           "metric": "output_tok_s_per_user", "unit": "", "engine": "tt-metal demo v0.59.0-rc52"}  # fmt: skip
    one = condition(**row, n_devices="1", parallelism="tp1", concurrency_or_batch="32")
    whole = {**row, "system": "Galaxy 6U (32x Wormhole)"}
    all_ = condition(**whole, n_devices="32", parallelism="dp32", concurrency_or_batch="1024")
    single, many = (float(found.predicted or 0.0) for found in predict([one, all_]))
    # 31 further copies at 0.8 ms
    assert 1 / many - 1 / single == pytest.approx(31 * 0.8e-3, rel=0.15)


def test_services_draft_from_the_day_they_said_so() -> None:
    row = {"system": "CS-3", "model": "meta-llama/Llama-3.1-8B", "engine": "vendor (Cerebras Inference)", "note": "",
           "scenario": "interactive", "parallelism": "", "metric": "output_tok_s_per_user", "unit": ""}  # fmt: skip
    before, after = condition(**row, date="2024-09-10"), condition(**row, date="2025-03")
    assert assumed(before) == [(1.0, Speculation())]
    (off, none), (on, drafts) = assumed(after)
    assert (off, on) == (0.25, 0.75)
    assert none == Speculation()
    assert drafts.acceptance_length == pytest.approx((1 - 0.8**6) / 0.2)
    assert assumed(replace(after, speculation=Speculation())) == [(1.0, Speculation())]


def test_the_clients_of_a_service_wait_for_the_way_to_it() -> None:
    row = {"system": "GroqCloud", "model": "meta-llama/Llama-3.1-8B", "engine": "vendor", "note": "", "n_devices": "",
           "parallelism": "", "concurrency_or_batch": "1"}  # fmt: skip
    service, alone = condition(**row, scenario="interactive"), condition(**row, scenario="single_stream")
    assert service.engine == "groq"
    there, here = (float(found.predicted or 0.0) for found in predict([service, alone]))
    assert there - here > 100
