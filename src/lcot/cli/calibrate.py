"""`lcot calibrate`: fit the engines' constants on measured runs, or check those that are committed."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lcot.cli.measured import conditions_in, stated
from lcot.cli.progress import counting
from lcot.errors import InputError


def calibrate(
    *points: Path,
    engine: str | None = None,
    runs: int | None = None,
    check: bool = False,
    operators: bool = False,
    record: Path | None = None,
    system: str | None = None,
    devices: int | None = None,
    layout: str = "",
    software: str = "",
    model: str = "",
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
        Runs taken of each cluster of system x model x engine: 1 for a check or a record, else 4.
    check
        Refit on a sample of the evidence, and end with 2 where that differs from the refit on record.
    operators
        Fit the constants of operators instead, on the measured kernels of the folder in LCOT_EVIDENCE.
    record
        Write the refit to this file, as the package's record is.
    system
        For result files, which do not say it: the system the runs were made on.
    devices
        For result files: devices of the run.
    layout
        For result files: the layout, such as tp8.
    software
        For result files: engine and version, such as vllm 0.12.0.
    model
        For result files that do not name it: the model.
    """
    from lcot.report.render import save
    from lcot.validation import calibrate as fitting
    from lcot.validation.deploying import engine_entry
    from lcot.validation.record import as_record, committed_record, differences

    if operators:
        print(_operators())
        return
    known = stated(system, devices, layout, software, model)
    conditions = [condition for path in points or evidence() for condition in conditions_in(path, known)]
    if engine is not None:
        conditions = [condition for condition in conditions if engine_entry(condition).id == engine]
    if not conditions:
        raise InputError(f"no measured run of {engine or 'any engine'} in {len(points) or 'the'} files")
    sampled = 1 if check or record is not None else fitting.RUNS_PER_CLUSTER
    with counting("predictions") as progress, ProcessPoolExecutor(os.cpu_count()) as executor:
        found = fitting.calibrate(conditions, runs_per_cluster=runs or sampled, progress=progress, executor=executor)
    print(fitting.as_text(found))
    print(fitting.errors_as_text(found))
    for line in fitting.tension(found):
        print(f"the data pull at {line}")
    print(f"data {found.data}")
    if record is not None:
        save(record, json.dumps(as_record(found), indent=1) + "\n")
    if check:
        other = differences(found, committed_record())
        if other:
            raise InputError("a refit differs from the record: " + "; ".join(other))


def _operators() -> str:
    """Fits of every operator on the measured kernels, beside the constants on record."""
    from lcot.facts import catalog
    from lcot.validation.operators_fit import fit_operators, fits_as_text

    folder = evidence()[0].parent / "ops"
    with ProcessPoolExecutor(os.cpu_count()) as executor:
        fits = fit_operators(folder, catalog.engine("generic").facts, executor=executor)
    return fits_as_text(fits, lambda name: catalog.engine(name).facts)


def evidence() -> tuple[Path, ...]:
    """The files of measured points in the folder that LCOT_EVIDENCE names."""
    folder = os.environ.get("LCOT_EVIDENCE")
    if not folder:
        raise InputError("no file of measured points is given, and LCOT_EVIDENCE names no folder")
    return tuple(Path(folder) / "measurements" / name for name in ("calibration.csv", "serving_runs.csv"))
