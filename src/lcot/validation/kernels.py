"""Measured kernels, each group with the formula that predicts it from an engine's constants."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import InputError
from lcot.facts.types import Chip, Facts
from lcot.steptime import attention as mixing
from lcot.steptime import network
from lcot.steptime.experts import experts
from lcot.steptime.gemm import gemm
from lcot.workload.architecture import Attention, FeedForward

Floats = Any
Row = Mapping[str, str]
Predict = Callable[[Facts], Floats]

CHIPS = {
    "a100_sxm": "a100-80", "l40s": "l40s", "h100_sxm": "h100-sxm", "h200_sxm": "h200", "b200_sxm": "b200",
    "gb200": "gb200",
}  # fmt: skip
OLDEST = {"vllm": (0, 14), "sglang": (0, 5, 9), "trtllm": (1, 0)}  # kernels of engines before these are not fitted
FORMATS = {
    "bfloat16": ("bf16", "bf16"), "fp8": ("fp8", "fp8"), "fp8_block": ("fp8-block", "fp8"), "nvfp4": ("nvfp4", "fp4"),
    "sq": ("int8", "int8"), "int4_wo": ("int4", "bf16"), "w4a16_mxfp4": ("mxfp4-w4a16", "bf16"),
    "w4a8_mxfp4_mxfp8": ("mxfp4-w4a8", "fp8"),
}  # fmt: skip
OLD = ("a100_sxm", "l40s")  # engines have no latent attention kernels of their own for these; not fitted there
EAGER = 50e-6  # a group whose quickest product takes longer was timed with the host in the way, not the kernel
ROWS = 160  # of one GPU, engine, version and format are enough


@dataclass(frozen=True, slots=True)
class Sample:
    """Measured kernels of one GPU, engine and format: seconds, and how to predict them from constants."""

    chip: str
    format: str
    seconds: Floats
    predict: Predict


def read_rows(folder: Path, name: str) -> list[Row]:
    """Rows of a file of measured kernels. Raises `InputError` where it is missing."""
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise InputError(f"{path}: not a file; allowed: a folder with the measured kernels")
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["system"] in CHIPS]


@lru_cache(maxsize=16)
def _chip(system: str) -> Chip:
    from lcot.facts import catalog

    return catalog.chip(CHIPS[system])


def _numbers(rows: Sequence[Row], *keys: str) -> tuple[Floats, ...]:
    return tuple(np.array([float(row[key] or 0) for row in rows]) for key in keys)


def _version(engine: str) -> tuple[str, tuple[int, ...]]:
    name, _, version = engine.partition(" ")
    parts = [int("".join(c for c in piece if c.isdigit()) or 0) for piece in version.split(".")[:3]]
    return name, tuple(parts)


def _groups(rows: Sequence[Row], engine: str, *keys: str) -> dict[tuple[str, ...], list[Row]]:
    """Rows of an engine by system and further columns."""
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        name, version = _version(row["engine"])
        if name == engine and version >= OLDEST[name]:
            found[(row["system"], *(row[key] for key in keys))].append(row)
    return {key: some[:: max(1, len(some) // ROWS)] for key, some in found.items()}


def gemm_samples(folder: Path, engine: str) -> list[Sample]:
    """Matrix products."""
    found: list[Sample] = []
    for (system, version, form), rows in _groups(read_rows(folder, "gemm"), engine, "engine", "gemm_dtype").items():
        del version
        m, n, k, milliseconds = _numbers(rows, "m", "n", "k", "latency")
        if form not in ("bfloat16", "fp8", "fp8_block", "nvfp4", "sq") or milliseconds.min() * 1e-3 > EAGER:
            continue
        weights, compute = FORMATS[form]

        def predict(e: Facts, m: Floats = m, n: Floats = n, k: Floats = k, w: str = weights, c: str = compute,
                    s: str = system) -> Floats:  # fmt: skip
            return gemm(m, n, k, w, c, _chip(s), e).total

        found.append(Sample(system, form, milliseconds * 1e-3, predict))
    return found


def _shapes(rows: Sequence[Row]) -> list[tuple[Attention, list[Row]]]:
    """Rows by width of a head and window; the number of heads may differ from row to row."""
    by: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        by[int(row["head_dim"]), int(float(row["window_size"] or 0))].append(row)
    return [(Attention("gqa", 1, 1, width, width, window=window or None), some) for (width, window), some in by.items()]


def attention_samples(folder: Path, engine: str, file: str) -> list[Sample]:
    """Attention of prompts (``context_attention``) or of decoding sequences (``generation_attention``)."""
    found: list[Sample] = []
    groups = _groups(read_rows(folder, file), engine, "engine", "attn_dtype", "kv_cache_dtype")
    for (system, _, form, cache), every in groups.items():
        if form != "bfloat16":
            continue
        kv = "fp8" if cache == "fp8" else "bf16"
        parts = _shapes(every)

        def predict(
            e: Facts, parts: list[tuple[Attention, list[Row]]] = parts, s: str = system, kv: str = kv
        ) -> Floats:
            return np.concatenate([_attention_time(a, rows, kv, file, _chip(s), e) for a, rows in parts])

        seconds = np.concatenate([_numbers(rows, "latency")[0] for _, rows in parts]) * 1e-3
        found.append(Sample(system, kv, seconds, predict))
    return found


def _attention_time(a: Attention, rows: list[Row], kv: str, file: str, chip: Chip, e: Facts) -> Floats:
    batch, length, step, heads = _numbers(rows, "batch_size", "isl", "step", "num_heads")
    kv_heads = heads if a.kind == "mla" else _numbers(rows, "num_key_value_heads")[0]
    if file == "context_attention":
        tokens = batch * length
        return mixing.prefill(a, heads, kv_heads, kv, tokens, tokens * length / 2.0, chip, e).total
    return mixing.decode(a, heads, kv_heads, kv, batch, batch * (length + step), 1.0, chip, e).total


def latent_samples(folder: Path, engine: str, file: str) -> list[Sample]:
    """Latent attention of prompts (``context_mla``) or of decoding sequences (``generation_mla``)."""
    found: list[Sample] = []
    for (system, _, cache), every in _groups(read_rows(folder, file), engine, "engine", "kv_cache_dtype").items():
        if system in OLD:
            continue
        kv = "fp8" if cache == "fp8" else "bf16"
        parts = [(Attention("mla", 1, 1, 192, 128, query_rank=1536, kv_rank=512, rope_dim=64), every)]
        name = "context_attention" if file == "context_mla" else "generation_attention"

        def predict(e: Facts, parts: list[tuple[Attention, list[Row]]] = parts, s: str = system, kv: str = kv,
                    name: str = name) -> Floats:  # fmt: skip
            return np.concatenate([_attention_time(a, rows, kv, name, _chip(s), e) for a, rows in parts])

        seconds = np.concatenate([_numbers(rows, "latency")[0] for _, rows in parts]) * 1e-3
        found.append(Sample(system, kv, seconds, predict))
    return found


def expert_samples(folder: Path, engine: str) -> list[Sample]:
    """Routed experts, of layouts whose load is even: balanced, or every expert on the chip."""
    found: list[Sample] = []
    for (system, _, form), rows in _groups(read_rows(folder, "moe"), engine, "engine", "moe_dtype").items():
        even = [row for row in rows if row["distribution"] == "balanced" or row["moe_ep_size"] == "1"]
        if form not in FORMATS or len(even) < 10 or not _chip(system).facts.has(f"peak.{FORMATS[form][1]}"):
            continue

        def predict(e: Facts, rows: list[Row] = even, s: str = system, f: tuple[str, str] = FORMATS[form]) -> Floats:
            return _expert_time(rows, *f, _chip(s), e)

        found.append(Sample(system, form, _numbers(even, "latency")[0] * 1e-3, predict))
    return found


def _expert_time(rows: list[Row], weights: str, compute: str, chip: Chip, e: Facts) -> Floats:
    hidden, width, chosen, number, shared, ranks, tokens = _numbers(
        rows, "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size", "num_tokens"
    )
    matrices: Floats = np.array([2 if "nongated" in row["kernel_source"] else 3 for row in rows])
    many: Any = FeedForward(width, matrices=matrices, experts=number, active=chosen)  # pyright: ignore
    even = e.with_values({"experts.imbalance": 0.0})
    held, part = np.maximum(1.0, number // ranks), np.ceil(width / shared)
    return experts(tokens, many, held, part, hidden, ranks, weights, compute, chip, even).total


def collective_samples(folder: Path, engine: str) -> list[Sample]:
    """All-reduces of the engine inside captured graphs. Message sizes in the file are elements of two bytes."""
    found: list[Sample] = []
    rows = [row for row in read_rows(folder, "custom_allreduce") if "eager" not in (row.get("backend") or "")]
    for (system, _, ranks), some in _groups(rows, engine, "engine", "num_gpus").items():
        if system == "l40s":  # cards on PCI Express: none of these kernels
            continue
        elements, milliseconds = _numbers(some, "message_size", "latency")

        def predict(e: Facts, x: Floats = elements, s: str = system, p: int = int(ranks)) -> Floats:
            return network.all_reduce(2.0 * x, network.group(_chip(s), p), e)

        found.append(Sample(system, ranks, milliseconds * 1e-3, predict))
    return found


def library_samples(folder: Path, operation: str) -> list[Sample]:
    """Collectives of the library: ``all_gather`` or ``alltoall``. Sizes in the file are elements."""
    found: list[Sample] = []
    by: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in read_rows(folder, "nccl"):
        if row["op_name"] == operation:
            by[row["system"], row["num_gpus"]].append(row)
    for (system, ranks), some in by.items():
        elements, milliseconds = _numbers(some, "message_size", "latency")
        message = elements * np.array([2.0 if row["nccl_dtype"] == "half" else 1.0 for row in some])
        call = network.all_gather if operation == "all_gather" else network.exchange

        def predict(e: Facts, x: Floats = message, s: str = system, p: int = int(ranks), f: Any = call) -> Floats:
            return f(x, network.group(_chip(s), p), e)

        found.append(Sample(system, ranks, milliseconds * 1e-3, predict))
    return found
