"""`lcot calibrate`: fit the engines' constants on measured runs, or check those that are committed."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lcot.cli.progress import counting
from lcot.errors import InputError


def calibrate(
    *points: Path,
    engine: str | None = None,
    runs: int | None = None,
    check: bool = False,
    system: str | None = None,
    devices: int | None = None,
    layout: str = "",
    software: str = "",
) -> None:
    """Fit the engines' constants on measured runs, or check those that are committed.

    Parameters
    ----------
    points
        CSV files of measured points, or the JSON of vllm bench serve, AIPerf or GuideLLM; without any, the files of
        the folder in LCOT_EVIDENCE.
    engine
        Only runs of this engine entry.
    runs
        Runs taken of each cluster of system x model x engine: 1 for a check, else 4.
    check
        Refit, say what moves by more than one prior deviation, and end with 2 if anything does.
    system
        For result files, which do not say it: the system the runs were made on.
    devices
        For result files: devices of the run.
    layout
        For result files: the layout, such as tp8.
    software
        For result files: engine and version, such as vllm 0.12.0.
    """
    from lcot.validation import calibrate as fitting
    from lcot.validation.deploying import engine_entry
    from lcot.validation.points import conditions_of, read_points
    from lcot.validation.recordings import read_recording

    stated = {"system": system, "n_devices": devices, "parallelism": layout, "engine": software}
    known = {name: str(value) for name, value in stated.items() if value}
    conditions = [
        condition
        for path in points or evidence()
        for condition in (
            conditions_of(read_recording(path, known), path) if path.suffix == ".json" else read_points(path)
        )
    ]
    if engine is not None:
        conditions = [condition for condition in conditions if engine_entry(condition).id == engine]
    if not conditions:
        raise InputError(f"no measured run of {engine or 'any engine'} in {len(points) or 'the'} files")
    each = (1 if check else fitting.RUNS_PER_CLUSTER) if runs is None else runs
    with counting("predictions") as progress, ProcessPoolExecutor(os.cpu_count()) as executor:
        found = fitting.calibrate(conditions, runs_per_cluster=each, progress=progress, executor=executor)
    print(fitting.as_text(found))
    print(fitting.errors_as_text(found))
    print(f"data {found.data}")
    if check:
        moved = fitting.check(found)
        if moved:
            raise InputError("a refit moves " + "; ".join(moved))


def evidence() -> tuple[Path, ...]:
    """The files of measured points in the folder that LCOT_EVIDENCE names."""
    folder = os.environ.get("LCOT_EVIDENCE")
    if not folder:
        raise InputError("no file of measured points is given, and LCOT_EVIDENCE names no folder")
    return tuple(Path(folder) / "measurements" / name for name in ("calibration.csv", "serving_runs.csv"))
