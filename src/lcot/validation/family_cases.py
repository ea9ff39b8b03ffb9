"""Public measurements of wafers, LPUs, RDUs and meshes as deployments, for the fit of their engines."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lcot.errors import InputError
from lcot.facts import catalog
from lcot.facts.types import Engine
from lcot.steptime.types import Deployment, Precision, Step, StepTime
from lcot.workload import models

Row = Mapping[str, str]
TENSTORRENT = {
    "n150 (1 Wormhole chip)": ("n150-card", 1),
    "n300 (2 Wormhole chips)": ("n300-card", 2),
    "QuietBox (Wormhole, 8 chips / T3K)": ("t3000", 8),
    "Galaxy (Wormhole, 32 chips)": ("galaxy-wh", 32),
    "p100": ("p150-card", 1),
    "p150": ("p150-card", 1),
}
BF16 = Precision("bf16", "bf16", "bf16", "bf16", "bf16")
INT8 = Precision("int8", "int8", "bf16", "int8", "int8", head="int8")
UNSTATED_PROMPT = 128.0  # prompt of a Tenstorrent row that states none: the length of their speed demo
UNSTATED_CONTEXT = 1000.0  # context of a wafer row that states none; its time hardly depends on it


@dataclass(frozen=True, slots=True)
class Case:
    """A measured point: the deployment it ran on, and its value out of a step time."""

    id: str
    source: str
    metric: str
    model: str
    deployment: Deployment
    value: float
    read: Callable[[StepTime], float]


def decode(batch: float, context: float) -> Callable[[StepTime], float]:
    """Seconds of a decode step of ``batch`` sequences at ``context`` tokens each."""
    step = Step(decode_sequences=batch, decode_context=batch * context)
    return lambda steps: float(steps.latency(step).total)


def prefill(batch: float, tokens: float) -> Callable[[StepTime], float]:
    """Seconds of one pass over ``batch`` prompts of ``tokens`` tokens."""
    step = Step(prefill_tokens=batch * tokens, prefill_pairs=batch * tokens**2 / 2.0, prefill_sequences=batch)
    return lambda steps: float(steps.latency(step).total)


def rows_of(folder: Path, title: str) -> list[Row]:
    """Rows of ``calibration.csv`` whose source title holds ``title``. Raises `InputError`."""
    path = folder / "measurements" / "calibration.csv"
    if not path.is_file():
        raise InputError(f"{path}: not found; set LCOT_EVIDENCE to the folder that holds measurements/calibration.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if title in row["source_title"]]


def number(row: Row, key: str, otherwise: float) -> float:
    """A column as a number, or what to use where the row does not state it."""
    return float(row[key]) if row[key] else otherwise


def _case(row: Row, deployment: Deployment, value: float, read: Callable[[StepTime], float]) -> Case:
    return Case(row["id"], row["source_title"], row["metric"], row["model"], deployment, value, read)


def tenstorrent(folder: Path, engine: Engine) -> Iterator[Case]:
    """First decode step, and time to first token of one prompt (prompts of a batch follow each other)."""
    for row in rows_of(folder, "tt_transformers"):
        if row["model"].endswith("90B-Vision"):
            continue  # its prompt holds images
        name, chips = TENSTORRENT[row["system"]]
        kind, model = row["weight_dtype"], models.model(row["model"])
        wide = kind.startswith("bfp8 MLP") and models.model(row["model"]).hidden < 8192
        dense = "bfp8" if wide else "bfp4"
        wide = wide and not model.id.startswith("llama-3")  # 8 bits in its accuracy mode too, as the file says
        attention = "bf16" if wide else "bfp8"
        precision = Precision(attention, dense, "bfp8", "bf16" if wide else "fp8", "fp8", "bfp8", dense, "fp8")
        deployment = Deployment(catalog.system(name), model, engine, precision, tensor=chips)
        prompt, batch = number(row, "input_len", UNSTATED_PROMPT), number(row, "concurrency_or_batch", 1.0)
        if row["metric"] == "ttft_ms":
            yield _case(row, deployment, float(row["value"]) / 1e3, prefill(1.0, prompt))
        elif row["metric"] == "output_tok_s_per_user":
            yield _case(row, deployment, 1.0 / float(row["value"]), decode(batch, prompt + 1.0))


def neuron(folder: Path, engine: Engine) -> Iterator[Case]:
    """Median time per output token at the middle of the output, and time to first token of the whole batch."""
    for row in rows_of(folder, "AWS Neuron"):
        name = "inf2-48xl" if row["system"].startswith("Inf2") else "trn1-32xl"
        precision = BF16 if row["weight_dtype"] == "bf16" else Precision("int8", "int8", "bf16", "int8", "int8")
        system = catalog.system(name)
        deployment = Deployment(system, models.model(row["model"]), engine, precision, tensor=system.count)
        prompt, batch = float(row["input_len"]), float(row["concurrency_or_batch"])
        middle = prompt + float(row["output_len"]) / 2.0
        if row["metric"] == "ttft_ms":
            yield _case(row, deployment, float(row["value"]) / 1e3, prefill(batch, prompt))
        elif row["metric"] == "tpot_ms":
            yield _case(row, deployment, float(row["value"]) / 1e3, decode(batch, middle))


def tpu(folder: Path, engine: Engine) -> Iterator[Case]:
    """Mean time per output token with the prompts that arrive in the same steps."""
    system = catalog.system("tpu-v6e-pod")
    for row in rows_of(folder, "Google tpu-recipes"):
        if row["metric"] != "tpot_ms" or row["statistic"] != "mean":
            continue
        prompt, output = float(row["input_len"]), float(row["output_len"])
        batch, context = float(row["concurrency_or_batch"]), prompt + output / 2.0

        def read(steps: StepTime, b: float = batch, c: float = context, p: float = prompt, o: float = output) -> float:
            plain = decode(b, c)(steps)
            mixed = float(steps.latency(Step(b, b * c, p, p**2 / 2.0, 1.0)).total)
            return plain + b / o * (mixed - plain)

        deployment = Deployment(system, models.model(row["model"]), engine, BF16, tensor=8)
        yield _case(row, deployment, float(row["value"]) / 1e3, read)


def sambanova(folder: Path, engine: Engine) -> Iterator[Case]:
    """Static batches: input and output tokens over the time of the whole batch. Llama 2 7B ran on older software."""
    system = catalog.system("sambarack-sn40l-16")
    for row in rows_of(folder, "Argonne"):
        if row["family"] != "SambaNova" or "Llama-2-7b" in row["model"]:
            continue
        prompt, output = float(row["input_len"]), float(row["output_len"])
        batch = float(row["concurrency_or_batch"])
        deployment = Deployment(system, models.model(row["model"]), engine, BF16, tensor=8)
        if row["metric"] == "ttft_ms":
            yield _case(row, deployment, float(row["value"]) / 1e3, prefill(batch, prompt))
            continue

        def read(steps: StepTime, b: float = batch, p: float = prompt, o: float = output) -> float:
            return prefill(b, p)(steps) + (o - 1.0) * decode(b, p + o / 2.0)(steps)

        yield _case(row, deployment, batch * (prompt + output) / float(row["value"]), read)


def cerebras(folder: Path, engine: Engine) -> Iterator[Case]:
    """Speed of one user on CS-3 in 2024: Llama 3.1 8B on one wafer, 70B on four."""
    for row in rows_of(folder, "Artificial Analysis via SambaNova"):
        if row["family"] != "Cerebras":
            continue
        wafers = 1 if "8B" in row["model"] else 4
        deployment = Deployment(catalog.system("cs-3"), models.model(row["model"]), engine, BF16, pipeline=wafers)
        yield _case(row, deployment, 1.0 / float(row["value"]), decode(1.0, UNSTATED_CONTEXT))


def waferllm(folder: Path, engine: Engine) -> Iterator[Case]:
    """Decoding Llama 3 8B on one WSE-2."""
    for row in rows_of(folder, "WaferLLM"):
        deployment = Deployment(catalog.system("cs-2"), models.model(row["model"]), engine, BF16)
        yield _case(row, deployment, 1.0 / float(row["value"]), decode(1.0, UNSTATED_CONTEXT))


def wafers(folder: Path, engine: Engine) -> Iterator[Case]:
    """All public points of wafers without speculation, as if one engine had run them."""
    yield from cerebras(folder, engine)
    yield from waferllm(folder, engine)


def groq(folder: Path, engine: Engine) -> Iterator[Case]:
    """Time per output token of Llama 2 70B on 576 chips, taken as 72 stages of 8."""
    for row in rows_of(folder, "Anyscale"):
        if row["metric"] != "tpot_ms":
            continue
        system, model = catalog.system("groqrack-llama70b"), models.model(row["model"])
        deployment = Deployment(system, model, engine, INT8, tensor=8, pipeline=72)
        middle = float(row["input_len"]) + float(row["output_len"]) / 2.0
        yield _case(row, deployment, float(row["value"]) / 1e3, decode(1.0, middle))
