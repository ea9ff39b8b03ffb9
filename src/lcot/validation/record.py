"""A refit on record: what the constants became, and how far a later refit is from that."""

from __future__ import annotations

import json
from importlib.resources import files
from math import exp, log
from pathlib import Path
from typing import Any

from lcot.validation.calibrate import Calibration

SCHEMA = "lcot.calibration/1"
FAR = 0.5  # prior deviations between two refits on the same rows
WORSE = 1.1  # factor on the mean error
LEFT = ("source", "system", "model")


def as_record(calibration: Calibration) -> dict[str, Any]:
    """A calibration as a versioned, JSON-ready mapping; constants in SI, errors as ratios.

    Parameters
    ----------
    calibration : Calibration
        The fit. [any]

    Returns
    -------
    dict
        ``constants`` by ``engine.key``: committed value, refitted value, movement in prior standard deviations, and
        the share of the prior variance that the data took away; ``errors`` of each thing left out over those of rows
        that were fitted to. [any]
    """
    fit = calibration.fit
    rows = zip(calibration.parameters, fit.shift, fit.moved, fit.identified, strict=True)
    constants = {
        f"{parameter.owner}.{parameter.key}": {
            "committed": parameter.value,
            "refitted": float(f"{parameter.value * exp(float(shift)):.4g}"),
            "moved": round(float(moved), 3),
            "identified": round(float(known), 3),
        }
        for parameter, shift, moved, known in rows
    }
    errors = {name: round(calibration.optimism(name), 3) for name in LEFT}
    fitted = round(calibration.mean_error(), 4)
    return {"schema": SCHEMA, "data": calibration.data, "error": fitted, "errors": errors, "constants": constants}


def committed_record() -> dict[str, Any]:
    """The record that ships with the package."""
    return json.loads((Path(str(files("lcot"))) / "validation" / "calibration.json").read_text())


def differences(calibration: Calibration, record: dict[str, Any]) -> list[str]:
    """What a refit finds otherwise than the record; empty where it confirms it.

    Parameters
    ----------
    calibration : Calibration
        The refit. [any]
    record : dict
        From `as_record`. [any]

    Returns
    -------
    list of str
        One line for other data, each constant on one side only or more than `FAR` prior deviations away, and errors
        more than `WORSE` times as large. [text]
    """
    found: list[str] = []
    if calibration.data != record["data"]:
        found.append("the rows are others than those on record")
    refitted = {f"{p.owner}.{p.key}": p for p in calibration.parameters}
    values = {f"{o}.{k}": v for o, keys in calibration.values().items() for k, v in keys.items()}
    for name in sorted(refitted.keys() | record["constants"].keys()):
        if name not in refitted or name not in record["constants"]:
            found.append(f"{name} is {'not on record' if name in refitted else 'on record only'}")
            continue
        then = record["constants"][name]["refitted"]
        apart = log(values[name] / then) / refitted[name].spread
        if abs(apart) > FAR:
            found.append(f"{name} becomes {values[name]:.4g}, on record {then:.4g} ({apart:+.1f} prior deviations)")
    if calibration.mean_error() > WORSE * record["error"]:
        found.append(f"the mean error is {calibration.mean_error():.3f}, on record {record['error']:.3f}")
    return found
