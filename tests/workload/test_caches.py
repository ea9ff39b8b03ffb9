"""Bytes that a sequence holds: published figures, windows and compression by hand, arrays."""

import numpy as np

from lcot.workload.architecture import Architecture, Attention, Block
from lcot.workload.caches import kv_bytes, kv_bytes_of_entry, kv_bytes_per_token, state_bytes
from lcot.workload.models import model


def test_no_attention_has_no_cache():
    assert kv_bytes_of_entry(Attention("none"), "bf16") == 0.0


def test_kv_bytes_per_token_as_published():
    """Zhao and others (2025), table 1: DeepSeek-V3 70.272 kB, Qwen2.5-72B 327.680 kB, Llama-3.1-405B 516.096 kB."""
    assert kv_bytes_per_token(model("deepseek-v3")) == 70_272
    assert kv_bytes_per_token(model("qwen2.5-72b")) == 327_680
    assert kv_bytes_per_token(model("llama-3.1-405b")) == 516_096


def test_kv_of_windows_by_hand():
    """gpt-oss-120b: 18 layers see all, 18 see 128 tokens; 2 * 8 * 64 elements of 2 bytes per layer and token."""
    a = model("gpt-oss-120b")
    entry = 2 * 8 * 64 * 2
    assert kv_bytes(a, 100) == 36 * 100 * entry
    assert kv_bytes(a, 8192) == 18 * entry * (8192 + 128)


def test_kv_of_sparse_indexer_by_hand():
    """DeepSeek-V3.2: 576 bf16 elements, and 128 fp8 ones with a 4-byte scale, in 61 layers."""
    assert kv_bytes_per_token(model("deepseek-v3.2")) == 61 * (576 * 2 + 132)


def test_kv_of_compression_by_hand():
    a = Attention("gqa", 4, 1, 8, 8, window=4, shared_kv=True, compression=2)
    arch = Architecture("c", 8, 10, (Block(3, a, None),), False, 128)
    assert kv_bytes(arch, 10, "fp8") == 3 * 8 * (4 + 5)
    assert kv_bytes_per_token(arch, "fp8") == 3 * 8 / 2


def test_kv_takes_arrays_and_grows():
    contexts = np.array([0.0, 100.0, 200.0, 1e5])
    for name in ("gpt-oss-120b", "gemma-3-27b", "qwen3-next-80b-a3b", "deepseek-v4-pro", "llama-3.3-70b"):
        each = kv_bytes(model(name), contexts)
        assert each.shape == contexts.shape
        assert each[0] == 0
        assert np.all(np.diff(each) > 0)
        assert each[3] == kv_bytes(model(name), 1e5)


def test_state_only_where_there_is_one():
    assert state_bytes(model("llama-3.3-70b")) == 0
    # 36 delta nets of 32 x 128 x 128 in fp32 and 3 columns of 8192 channels in bf16
    assert state_bytes(model("qwen3-next-80b-a3b")) == 36 * (32 * 128 * 128 * 4 + 3 * 8192 * 2)
