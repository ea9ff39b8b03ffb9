"""Files of measured kernels become samples that the formulas predict."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from lcot.errors import InputError
from lcot.facts import catalog
from lcot.steptime.gemm import gemm
from lcot.validation.kernels import gemm_samples, read_rows

HEADER = ["system", "engine", "gemm_dtype", "m", "n", "k", "latency"]


def write(folder: Path, *rows: list[object]) -> None:
    with (folder / "gemm.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gemm\.csv"):
        read_rows(tmp_path, "gemm")


def test_rows_of_other_systems_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path, ["h100_sxm", "vllm 0.24.0", "bfloat16", 1, 2, 3, 0.01], ["abacus", "vllm 0.24.0", "fp8", 1, 2, 3, 9]
    )
    assert [row["system"] for row in read_rows(tmp_path, "gemm")] == ["h100_sxm"]


def test_samples_are_in_seconds_and_predicted_by_the_formula(tmp_path: Path) -> None:
    write(tmp_path, ["h100_sxm", "vllm 0.24.0", "bfloat16", 64, 4096, 8192, 0.025])
    (sample,) = gemm_samples(tmp_path, "vllm")
    engine = catalog.engine("generic").facts
    assert sample.seconds == pytest.approx([25e-6])
    wanted = gemm(64.0, 4096.0, 8192.0, "bf16", "bf16", catalog.chip("h100-sxm"), engine).total
    assert np.asarray(sample.predict(engine)) == pytest.approx([wanted], rel=1e-12)


@pytest.mark.parametrize(
    ("engine", "form", "milliseconds"),
    [("vllm 0.13.0", "bfloat16", 0.01), ("sglang 0.5.9", "bfloat16", 0.01), ("vllm 0.24.0", "bfloat16", 0.06)],
    ids=["too old", "another engine", "timed with the host in the way"],
)
def test_what_is_not_fitted_is_left_out(tmp_path: Path, engine: str, form: str, milliseconds: float) -> None:
    write(tmp_path, ["h100_sxm", engine, form, 64, 4096, 8192, milliseconds])
    assert gemm_samples(tmp_path, "vllm") == []
