"""Rows as strangers write them: other spellings, versions of tomorrow, empty cells, other percentiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcot.validation.points import read_points
from lcot.validation.predict import predict
from lcot.validation.types import Prediction

HEADER = (
    "metric,statistic,system,n_devices,model,weight_dtype,engine,parallelism,scenario,input_len,output_len,"
    "concurrency_or_batch,request_rate,value"
)
ANSWERED = """
tpot_ms,p95,8x H200,,Qwen/Qwen3-32B-FP8,,vLLM 0.99.0,tp8,closed_loop,1000,500,16,
tpot_ms,median,H100,8,meta-llama/Llama-3.3-70B-Instruct,fp8,MyEngine 2.0,,,1000,500,16,
output_tok_s_per_user,,NVIDIA RTX 4090,1,Qwen/Qwen3-8B,awq,llama.cpp b4000,,single_stream,512,128,,
output_tok_s_total,,MI355X,8,openai/gpt-oss-120b,mxfp4,vllm,,offline,,,,
ttft_ms,p50,L4,1,meta-llama/Llama-3.1-8B-Instruct,fp8,vLLM v0.6.3,tp1,server,512,256,,2
ttft_ms,p90,A10G,4,meta-llama/Llama-2-13b-chat-hf,,TGI 2.0,tp4,closed_loop,550,150,10,inf
tpot_ms,,B300,8,deepseek-ai/DeepSeek-V3.2,nvfp4,sglang 0.6.1,tp8,closed_loop,8192,1024,64,
""".strip().splitlines()
REFUSED = {
    "unknown model 'unknown/Model-9B'": "tpot_ms,,H200,8,unknown/Model-9B,,vllm,tp8,closed_loop,1024,1024,8,",
    "unknown system 'Quantum Chip X'": "tpot_ms,,Quantum Chip X,8,Qwen/Qwen3-32B,,vllm,tp8,closed_loop,1024,1024,8,",
}


def answer(tmp_path: Path, row: str) -> Prediction:
    file = tmp_path / "points.csv"
    file.write_text(f"{HEADER}\n{row},10\n")
    return predict(read_points(file, []))[0]


@pytest.mark.parametrize("row", ANSWERED)
def test_rows_of_strangers_are_answered_with_a_range(tmp_path: Path, row: str) -> None:
    found = answer(tmp_path, row)
    assert found.status == "predicted", found.reason
    assert 0 < (found.low or 0.0) < (found.predicted or 0.0) < (found.high or 0.0)


@pytest.mark.parametrize("reason", REFUSED)
def test_what_nobody_knows_is_named(tmp_path: Path, reason: str) -> None:
    found = answer(tmp_path, REFUSED[reason])
    assert found.status == "unanswered"
    assert reason in found.reason
