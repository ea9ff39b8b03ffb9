"""Fits of operators: constants are found again from kernels made with them, and carry to a GPU left out."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from lcot.facts import catalog
from lcot.facts.types import Facts
from lcot.steptime.gemm import gemm
from lcot.validation.kernels import gemm_samples
from lcot.validation.operators_fit import errors, fit_operator, fits_as_text

EVIDENCE = os.environ.get("LCOT_EVIDENCE")
OPS = Path(EVIDENCE or ".") / "measurements" / "ops"
measured = pytest.mark.skipif(EVIDENCE is None, reason="LCOT_EVIDENCE names no folder with measured kernels")


def start() -> Facts:
    return catalog.engine("generic").facts


def made(folder: Path, truth: Facts) -> None:
    """A file of products whose times are the formula's, on two GPUs."""
    generator = np.random.default_rng(7)
    with (folder / "gemm.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["system", "engine", "gemm_dtype", "m", "n", "k", "latency"])
        for system, chip in (("h100_sxm", "h100-sxm"), ("a100_sxm", "a100-80")):
            for m, n, k in 2 ** generator.integers([0, 7, 7], [14, 14, 14], size=(150, 3)):
                seconds = gemm(float(m), float(n), float(k), "bf16", "bf16", catalog.chip(chip), truth).total
                writer.writerow([system, "vllm 0.24.0", "bfloat16", m, n, k, 1e3 * seconds])


def test_constants_are_found_again(tmp_path: Path) -> None:
    wanted = {"gemm.floor": 4e-6, "gemm.loop": 0.8e-9, "gemm.memory": 0.65, "gemm.fraction.bf16": 0.6}
    made(tmp_path, start().with_values(wanted))
    fit = fit_operator("matrix products", "vllm", tmp_path, start())
    assert fit is not None
    assert fit.rows == 300
    assert fit.median < 0.005
    for key, value in wanted.items():
        assert fit.constants[key] == pytest.approx(value, rel=0.03)
        assert fit.low[key] <= fit.constants[key] <= fit.high[key]
    assert max(fit.left_out.values()) < 0.02
    said = fits_as_text([fit], lambda _: start()).splitlines()
    assert said[1].split()[:4] == ["matrix", "products", "vllm", "300"]
    assert any("gemm.floor" in line and "on record      3e-06" in line for line in said)
    assert fit.constants["gemm.fraction.fp8"] == pytest.approx(float(start().number("gemm.fraction.fp8")), rel=0.01)


def test_an_engine_without_kernels_has_no_fit(tmp_path: Path) -> None:
    made(tmp_path, start())
    assert fit_operator("matrix products", "trtllm", tmp_path, start()) is None


@measured
@pytest.mark.parametrize(("engine", "most"), [("vllm", 0.16), ("sglang", 0.15), ("trtllm", 0.17)])
def test_products_of_six_gpus(engine: str, most: float) -> None:
    fit = fit_operator("matrix products", engine, OPS, start())
    assert fit is not None
    assert fit.median < most
    assert np.median(list(fit.left_out.values())) < most + 0.02


@measured
def test_the_shipped_constants_are_those_of_the_kernels() -> None:
    shipped = catalog.engine("sglang").facts
    assert np.median(errors(gemm_samples(OPS, "sglang"), shipped)) < 0.2
