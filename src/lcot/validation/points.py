"""Measured points from a CSV file, row by row, into conditions."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from lcot.errors import LcotError, ParseError, UnknownName
from lcot.facts import catalog
from lcot.steptime.types import Precision, Speculation
from lcot.validation.layout import Layouts, as_run, read_layout
from lcot.validation.lengths import Lengths, fill
from lcot.validation.precisions import is_mixture, precision_of
from lcot.validation.types import Condition
from lcot.validation.vocabulary import (
    Named,
    content,
    devices_named,
    engine_named,
    model_named,
    parts_per_chip,
    system_named,
)
from lcot.workload.architecture import Architecture
from lcot.workload.models import model

REQUIRED = ("system", "model", "metric", "value")
OPTIONAL = (
    *("id", "family", "n_devices", "params_note", "weight_dtype", "kv_dtype", "engine", "parallelism", "scenario"),
    *("input_len", "output_len", "concurrency_or_batch", "request_rate", "spec_decode", "unit", "statistic", "date"),
    *("source_title", "source_url_or_repo_path", "quality", "note"),
)
LARGEST = 1e12
# A declared estimate: three drafted tokens; golden prompts gain 2.5 to 3, agents 1.2 to 1.7 (see docs/accuracy.md).
USUAL = Speculation("mtp", 3, 2.4)
# A declared estimate too: text that repeats itself is drafted from what was said before, at no cost; 1.2 to 1.9 are
# published (https://docs.vllm.ai/projects/ascend/en/latest/tutorials/features/suffix_speculative_decoding.html)
REPEATED = Speculation("mtp", 2, 1.5)
LOOKED_UP = re.compile(r"suffix|n-?gram|prompt look-?up", re.IGNORECASE)
DRAFTING = re.compile(r"\+ ?(MTP|EAGLE|spec)", re.IGNORECASE)  # in an engine's name
ACCEPTED = re.compile(r"MTP (\d+) tokens? at (\d+)\s*% acceptance", re.IGNORECASE)
PER_CHIP = re.compile(r"batch(?: column is)? per (?:NPU|GPU|chip)|batch \d+ per (?:NPU|GPU|chip)", re.IGNORECASE)


def read_points(path: Path | str, unreadable: list[ParseError] | None = None) -> list[Condition]:
    """All conditions of a file of measured points.

    Parameters
    ----------
    path : Path or str
        CSV file with the columns of ``docs``: at least system, model, metric and value. [text]
    unreadable : list of ParseError, optional
        Where rows that are not understood are noted; they then become conditions that cannot be predicted.

    Returns
    -------
    list of Condition
        One per row, in order.

    Raises
    ------
    ParseError
        If the file cannot be read, a column is missing or unknown, or a cell is not what it should be; with line
        and column.
    """
    return [condition for _, condition in iterate_points(path, unreadable)]


def iterate_points(path: Path | str, unreadable: list[ParseError] | None = None) -> Iterator[tuple[int, Condition]]:
    """Line and condition of each row, read as they are asked for. Raises `ParseError`."""
    file = Path(path)
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, strict=True)
            _check_columns(file, reader.fieldnames)
            for row in reader:
                try:
                    yield reader.line_num, condition_of(row, file, reader.line_num)
                except ParseError as error:
                    if unreadable is None:
                        raise
                    unreadable.append(error)
                    yield reader.line_num, not_understood(row, file, reader.line_num, error)
    except OSError as error:
        raise ParseError(file, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ParseError(file, "is not UTF-8 text") from None
    except csv.Error as error:
        raise ParseError(file, f"is not CSV: {error}") from None


def not_understood(row: Mapping[str, str], file: Path, line: int, error: ParseError) -> Condition:
    """A row that could not be read, as a condition that nobody can predict; its note says why."""
    cells = {name: str(row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    try:
        value = float(cells["value"])
    except ValueError:
        value = 0.0
    return Condition(
        id=cells["id"] or f"{file.name}:{line}", system="", devices=0, model="", precision=None, engine="",
        engine_version="", layout=None, prefill_layout=None, scenario="", input_tokens=None, output_tokens=None,
        lengths_from="", concurrency=None, rate=None, speculation=None, metric=cells["metric"], statistic="",
        value=value, unit=cells["unit"], family=cells["family"],
        source=cells["source_title"] or cells["source_url_or_repo_path"], date=cells["date"],
        quality=cells["quality"], note=str(error),
    )  # fmt: skip


def conditions_of(rows: Iterable[Mapping[str, str]], file: Path | str = "points") -> list[Condition]:
    """Conditions of rows at hand, in the columns of a points file. Raises `ParseError`."""
    return [condition_of(row, Path(file), number) for number, row in enumerate(rows, 2)]


def _check_columns(file: Path, names: Iterable[str] | None) -> None:
    """Refuse a file without the columns that are needed, or with a misspelt one; others are left alone."""
    found = list(names or [])
    allowed = ", ".join((*REQUIRED, *OPTIONAL))
    for name in REQUIRED:
        if name not in found:
            raise ParseError(file, f"column {name!r} is missing", line=1, allowed=allowed)
    absent = [name for name in OPTIONAL if name not in found]
    for name in found:
        meant = get_close_matches(name, absent, 1, 0.8) if name not in (*REQUIRED, *OPTIONAL) else []
        if meant:
            raise ParseError(file, f"column {name!r} is unknown; did you mean {meant[0]!r}?", line=1, allowed=allowed)
    if len(set(found)) != len(found):
        raise ParseError(file, "a column is there twice", line=1)


def condition_of(row: Mapping[str, str], file: Path, line: int) -> Condition:
    """The condition of one row.

    A system, model or engine that nobody knows stays in the row's own words, and the row cannot be predicted.
    Anything else that is not understood raises `ParseError` with line and column.
    """
    if None in row:
        raise ParseError(file, "has more cells than there are columns", line=line)
    cells = {name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    system, engine, architecture, stored = _names(cells)
    cells["weight_dtype"] = cells["weight_dtype"] or stored
    devices = _number(cells, "n_devices", file, line, least=0.0) or devices_named(cells["system"])
    if devices != int(devices):
        raise ParseError(file, f"{devices!r} is not a whole number", line=line, key="n_devices")
    layout, devices = as_run(cells["parallelism"], int(devices), cells["source_title"])
    scenario = _one_of(cells, "scenario", content()["scenarios"], file, line)
    metric = _one_of(cells, "metric", list(content()["metrics"]), file, line)
    value = _number(cells, "value", file, line, least=0.0)
    if not value:
        raise ParseError(file, "missing or zero", line=line, key="value", allowed="a number above 0")
    layouts = Layouts()  # what a layout means depends on the model
    if architecture is not None:
        mixture, parts = is_mixture(architecture), parts_per_chip(system.id)
        layouts = read_layout(layout, devices, mixture, parts, scenario)
    about = " | ".join(cells[name] for name in ("source_title", "params_note", "note", "engine"))
    lengths = fill(_lengths(cells, devices, file, line), about, scenario)
    units: list[str] = content()["metrics"][metric]
    return Condition(
        id=cells["id"] or f"{file.name}:{line}",
        system=system.id,
        devices=devices,
        model=architecture.id if architecture else cells["model"],
        precision=_stated_precision(cells, architecture, system.id, devices, file, line),
        engine=engine.id,
        engine_version=engine.version,
        layout=layouts.main,
        prefill_layout=layouts.prefill,
        scenario=scenario,
        input_tokens=lengths.input,
        output_tokens=lengths.output,
        lengths_from=lengths.origin,
        concurrency=lengths.concurrency,
        rate=_rate(cells, file, line),
        speculation=speculation_of(cells, file, line),
        metric=metric,
        statistic=_statistic(cells, file, line),
        value=value,
        unit=_one_of(cells, "unit", units, file, line) or units[0],
        family=cells["family"],
        source=cells["source_title"] or cells["source_url_or_repo_path"],
        date=cells["date"],
        quality=cells["quality"],
        note="; ".join(filter(None, (cells["note"], system.note))),
        prefill_system=system.prefill,
    )


def _names(cells: Mapping[str, str]) -> tuple[Named, Named, Architecture | None, str]:
    try:
        system = system_named(cells["system"])
    except UnknownName:
        system = Named(cells["system"])
    try:
        said = f"vendor ({cells['system']})" if cells["engine"].lower() == "vendor" else cells["engine"]
        engine = engine_named(said) if said else Named("")
    except UnknownName:
        engine = Named(cells["engine"])
    try:
        named = model_named(cells["model"])
    except UnknownName:
        return system, engine, None, ""
    return system, engine, model(named.id), named.version


def _stated_precision(
    cells: Mapping[str, str], architecture: Architecture | None, system: str, devices: int, file: Path, line: int
) -> Precision | None:
    if architecture is None or system not in catalog.system_ids():
        return None
    try:
        return precision_of(cells, architecture, system, devices)
    except LcotError as error:
        raise ParseError(file, str(error), line=line, key="weight_dtype or kv_dtype") from None


def _rate(cells: Mapping[str, str], file: Path, line: int) -> float | None:
    """Requests per second; none where users come as fast as they are served."""
    if cells["request_rate"].lower() in ("", "inf", "infinite"):
        return None
    return _number(cells, "request_rate", file, line, least=0.0)


def speculation_of(cells: Mapping[str, str], file: Path, line: int) -> Speculation | None:
    """Speculative decoding of a row: off, on as its note says, or None where the row leaves it open.

    Where it is on and nothing more is said, prediction layers or a small model draft as `USUAL` says.
    """
    stated = cells["spec_decode"].lower()
    if stated in ("", "unknown"):
        return USUAL if DRAFTING.search(cells["engine"]) else None
    if stated in ("n", "no", "false", "off"):
        return Speculation()
    if stated not in ("y", "yes", "true", "on"):
        raise ParseError(file, f"{stated!r} is not understood", line=line, key="spec_decode", allowed="y, n, unknown")
    found = ACCEPTED.search(cells["note"])
    if found:
        return Speculation("mtp", int(found[1]), 1.0 + int(found[1]) * int(found[2]) / 100)
    return REPEATED if LOOKED_UP.search(f"{cells['params_note']} {cells['note']}") else USUAL


def _lengths(cells: Mapping[str, str], devices: int, file: Path, line: int) -> Lengths:
    batch = _number(cells, "concurrency_or_batch", file, line, least=0.0)
    notes = f"{cells['params_note']} {cells['note']}"
    if batch is not None and devices > 1 and PER_CHIP.search(notes):
        batch *= devices
    return Lengths(
        _number(cells, "input_len", file, line, least=0.0), _number(cells, "output_len", file, line, least=0.0), batch
    )


def _number(cells: Mapping[str, str], name: str, file: Path, line: int, least: float) -> float | None:
    text = cells[name].replace(",", "")
    if not text or text.lower() in ("none", "null", "nan", "n/a"):
        return None
    try:
        value = float(text)
    except ValueError:
        raise ParseError(file, f"{cells[name]!r} is not a number", line=line, key=name) from None
    if not least <= value <= LARGEST:
        raise ParseError(file, f"{cells[name]!r} is out of range", line=line, key=name, allowed=f"{least:g} to 1e12")
    return value


def _one_of(cells: Mapping[str, str], name: str, allowed: Iterable[str], file: Path, line: int) -> str:
    value = cells[name]
    known = list(allowed)
    if value in known or (not value and name in ("unit", "scenario")):
        return value
    problem = UnknownName(name, value, known)
    raise ParseError(file, str(problem), line=line, key=name)


def _statistic(cells: Mapping[str, str], file: Path, line: int) -> str:
    known: Mapping[str, str] = content()["statistics"]
    value = cells["statistic"].lower()
    if value not in known:
        raise ParseError(
            file, str(UnknownName("statistic", value, filter(None, known))), line=line, key="statistic"
        ) from None
    return known[value]


__all__ = ["condition_of", "conditions_of", "iterate_points", "precision_of", "read_points"]
