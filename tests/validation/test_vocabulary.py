"""Spellings of systems, engines and formats, those seen and others of their kind."""

import csv
import os
from pathlib import Path

import pytest

from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.validation.layout import read_layout
from lcot.validation.vocabulary import (
    cache_named,
    content,
    devices_named,
    engine_named,
    model_named,
    parts_per_chip,
    system_named,
    weights_named,
)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("NVIDIA H100-SXM-80GB", "dgx-h100"),
        ("NVIDIA H100-PCIe-80GB", "h100-pcie-8"),
        ("NVIDIA H100-NVL-94GB", "h100-nvl-8"),
        ("H100 x16", "dgx-h100"),
        ("Virtualized NVIDIA H200-SXM-141GB", "hgx-h200"),
        ("NVIDIA GH200 Grace Hopper Superchip 144GB", "gh200-144-1"),
        ("GB200 192GB (GB200 NVL72)", "gb200-nvl72"),
        ("H20 96GB", "hgx-h20"),
        ('"AMD Instinct MI355X 288GB HBM3e"', "mi355x-8"),
        ("Ascend 910C (CloudMatrix384)", "cloudmatrix384"),
        ("Ascend 910C (Atlas A3, 64G x 16 dies)", "atlas-800-a3"),
        ("QuietBox (Blackhole, 4 x p150)", "quietbox-bh"),
        ("QuietBox (Wormhole, 8 chips / T3K)", "t3000"),
        ("trn2.48xlarge", "trn2-48xl"),
        ("dgx-h100", "dgx-h100"),
    ],
)
def test_systems(text, id):
    assert system_named(text).id == id


def test_a_mixed_system_says_so():
    named = system_named("AMD Instinct MI300X 192GB HBM3 (x32), AMD Instinct MI325X 256GB HBM3e (x16)")
    assert named.id == "mi300x-8"
    assert "mixed" in named.note


@pytest.mark.parametrize(
    ("text", "family", "version"),
    [
        ("sglang 0.5.6.post2", "sglang", "0.5.6.post2"),
        ("SGLang (Sep 2025)", "sglang", "0.5.2"),
        ("sglang nightly-dev-20260216-d3bae71e", "sglang", ""),
        ("trtllm 1.2.0rc6.post3", "trtllm", "1.2.0rc6.post3"),
        ("TensorRT-LLM v0.5", "trtllm", "0.5"),
        ("TensorRT 10.11.0.33, CUDA 12.9", "trtllm", "1.0"),
        ("vLLM 0.6.x (offline benchmark_throughput)", "vllm", "0.6"),
        ("vLLM 0.9.0.2.dev108+g71faa1880.d20250730.rocm641, Pytorch 2.7.0", "vllm", "0.9.0.2.dev108"),
        ("vllm 0.25.1", "vllm", "0.25.1"),
        ("vLLM-Ascend", "vllm-ascend", ""),
        ("tt-metal demo v0.59.0-rc52", "tt-metal", "0.59.0-rc52"),
        ("vendor (GroqCloud)", "groq", ""),
        ("Intel Gaudi software 1.18.0 / PyTorch 2.4.0", "gaudi", "1.18.0"),
    ],
)
def test_engines(text, family, version):
    named = engine_named(text)
    assert (named.id, named.version) == (family, version)


def test_formats():
    assert weights_named("bf16 (default; not stated)")["attention"] == "bf16"
    assert weights_named("")["attention"] == "native"
    mixed = weights_named("bfp4 MLP + bfp8 attention")
    assert (mixed["attention"], mixed["dense"], mixed["kv"]) == ("bfp8", "bfp4", "bfp8")
    assert mixed["families"]["falcon"]["dense"] == "bfp8"
    assert cache_named("bfp8") == "bfp8"
    assert cache_named("") == ""


def test_unknown_spellings_are_errors_with_the_nearest():
    with pytest.raises(UnknownName):
        system_named("Cray-1")
    with pytest.raises(UnknownName, match="engine"):
        engine_named("abacus")
    with pytest.raises(UnknownName):
        weights_named("ternary")
    with pytest.raises(UnknownName):
        cache_named("ternary")


def test_every_system_of_the_vocabulary_is_in_the_catalogue():
    known = set(catalog.system_ids())
    assert {rule["id"] for rule in content()["systems"]} <= known
    assert set(content()["parts_per_chip"]) <= known
    assert parts_per_chip("dgx-h100") == 1


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="needs the folder of evidence in LCOT_EVIDENCE")
def test_every_spelling_of_the_measurements():
    """All of them, and where a layout is not understood the text names no number of ranks."""
    silent = {"", "8 GPUs", "disagg", "wafer-scale", "disagg, decode EP up to 32"}
    with (Path(os.environ["LCOT_EVIDENCE"]) / "measurements" / "vocabulary.csv").open() as file:
        for row in csv.DictReader(file):
            text = row["value"]
            match row["column"]:
                case "system":
                    assert system_named(text).id
                case "engine":
                    assert engine_named(text).id
                case "weight_dtype":
                    assert weights_named(text)
                case "kv_dtype":
                    assert cache_named(text)
                case "scenario":
                    assert text in content()["scenarios"]
                case "metric":
                    assert text in content()["metrics"]
                case "parallelism":
                    assert (read_layout(text, 0).main is None) == (text in silent), text
                case _:
                    pass


def test_a_copy_in_another_format_has_the_layers_and_says_the_format() -> None:
    named = {
        "RedHatAI/Qwen3-14B-FP8-dynamic": ("qwen3-14b", "fp8"),
        "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4": ("llama-3.1-70b", "int4"),
        "amd/DeepSeek-R1-0528-MXFP4": ("deepseek-r1", "mxfp4"),
        "RedHatAI/Llama-3.3-70B-Instruct-quantized.w8a8": ("llama-3.3-70b", "int8"),
        "nvidia/Llama-3.3-70B-Instruct-FP8": ("llama-3.3-70b-fp8", ""),
    }
    for text, (id, version) in named.items():
        assert (model_named(text).id, model_named(text).version) == (id, version)
    for text in ("Llama-9-70B-FP8", "fp8", "gpt-5"):
        with pytest.raises(UnknownName):
            model_named(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("8xH100-SXM-80GB", 8),
        ("MI300X x8", 8),
        ("GB200 NVL72 (16 GPUs)", 16),
        ("Galaxy 6U (32x Wormhole)", 32),
        ("QuietBox (Wormhole, 8 chips / T3K)", 8),
        ("n300 (2 Wormhole chips)", 2),
        ("NVIDIA H100-SXM-80GB", 0),
        ("TPU v6e-8", 0),
        ("Ascend 910C (Atlas A3, 64G x 16 dies)", 0),
        ("CS-3 (WSE-3)", 0),
    ],
)
def test_a_systems_name_may_count_its_accelerators(text: str, count: int) -> None:
    assert devices_named(text) == count
