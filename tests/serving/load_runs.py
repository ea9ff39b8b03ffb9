"""Measured cost against load, and the same runs through the kernel.

91 runs of two models on one A100 PCIe or one H100 NVL: Poisson arrivals, by their label of 512 tokens in and 256 out,
500 requests a run (the duration of the runs gives that number), no prefix cache. :cite:t:`patil2026`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lcot.facts import catalog
from lcot.serving.policy import starting
from lcot.serving.replay import simulate
from lcot.serving.simulation import prepared
from lcot.serving.synthetic import open_loop
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment
from lcot.workload.formats import precision
from lcot.workload.models import model

REQUESTS = 500
# "H100" is the NVL card with 94 GB and a limit of 400 W: see docs/load.md.
SYSTEM = {"A100_80GB_PCIe": "a100-pcie-8", "H100": "h100-nvl-8"}
MODEL = {"Meta-Llama-3.1-8B-Instruct": "llama-3.1-8b", "Qwen3-30B-A3B-Instruct-2507": "qwen3-30b-a3b"}
FORMAT = {"float16": "bf16", "fp8": "fp8"}


@dataclass(frozen=True)
class Run:
    """One run, measured and predicted."""

    config: str
    offered: float  # request/s
    measured: dict[str, float]
    predicted: dict[str, float]

    def error(self, key: str) -> float:
        """Predicted over measured, less one."""
        return self.predicted[key] / self.measured[key] - 1.0


def rows(folder: Path) -> list[dict[str, str]]:
    """Lines of the file, main series."""
    with (folder / "economics" / "validation_utilisation.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def deployment_of(row: dict[str, str]) -> Deployment:
    """One GPU, as the run states it."""
    system = catalog.system(SYSTEM[row["hardware"]])
    architecture = model(MODEL[row["model"].split("/")[-1]])
    weights = FORMAT[row["precision"]]
    if weights == "fp8" and not system.chip.facts.has("peak.fp8"):
        weights = "w8a16"  # weights of 8 bits that are multiplied as 16
    formats = precision(weights, architecture, [k[5:] for k in system.chip.facts if k.startswith("peak.")], "bf16")
    return Deployment(system, architecture, catalog.engine(row["engine"]), formats)


def predicted(rows: list[dict[str, str]], prompt: int = 512) -> list[Run]:
    """All runs through the kernel with prompts of ``prompt`` tokens, one table for each configuration."""
    found: list[Run] = []
    for config in dict.fromkeys(row["config"] for row in rows):
        mine = [row for row in rows if row["config"] == config]
        deployment = deployment_of(mine[0])
        rules, table = prepared(estimate(deployment), starting(deployment.engine, deployment.system.chip))
        for row in mine:
            rate, price = float(row["offered_rps"]), float(row["gpu_cost_usd_per_gpu_hr"])
            load = open_loop(rate, REQUESTS, [prompt], [256], seed=2026)
            load = replace(load, arrival=load.arrival * (REQUESTS / rate / load.arrival[-1]))  # as the client does
            out = simulate(table, load, rules)
            first = out.first_token - out.arrival
            token = (out.finish - out.first_token) / 255
            throughput = REQUESTS * 256 / float(np.max(out.finish))
            found.append(
                Run(
                    config,
                    rate,
                    {
                        "throughput": float(row["output_tok_s"]),
                        "ttft_p50": float(row["ttft_p50_ms"]) / 1e3,
                        "ttft_p99": float(row["ttft_p99_ms"]) / 1e3,
                        "tpot_p50": float(row["tpot_p50_ms"]) / 1e3,
                        "usd_per_mtok": float(row["c_eff_usd_per_mtok_output"]),
                    },
                    {
                        "throughput": throughput,
                        "ttft_p50": float(np.median(first)),
                        "ttft_p99": float(np.quantile(first, 0.99)),
                        "tpot_p50": float(np.median(token)),
                        "usd_per_mtok": price / 3600 / throughput * 1e6,
                    },
                )
            )
    return found


def knee(rates: list[float], throughput: list[float]) -> int:
    """The first load step that delivers less than nine tenths of what is offered."""
    short = [i for i, (r, t) in enumerate(zip(rates, throughput, strict=True)) if t < 0.9 * 256 * r]
    return short[0] if short else len(rates)
