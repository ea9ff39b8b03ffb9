"""Runs of the map and of the market, kept: the same facts, code, draws and seed need not run twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import InputError
from lcot.facts.catalog import SHIPPED, search_path
from lcot.market.claims_map import Cell, cells
from lcot.market.claims_reading import Reading, reading
from lcot.report.render import cache_folder, save

Said = Callable[[str], None]
FIGURES = ("tokens", "inference_share", "compute_share", "spending", "power")


@cache
def fingerprint() -> str:
    """Hash of every file of the package and of the catalogues in use."""
    digest = hashlib.sha256()
    folders = dict.fromkeys([SHIPPED.parent, *search_path()])
    for folder in folders:
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.yaml"), *folder.rglob("*.json"))):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def kept(name: str, draws: int, seed: int, make: Callable[[], Any]) -> Any:
    """What was made before from the same, or made now and kept. Nothing is kept where nothing can be written."""
    file = cache_folder() / f"claims-{name}-{draws}-{seed}-{fingerprint()}.json"
    with suppress(OSError, ValueError):
        return json.loads(file.read_text(encoding="utf-8"))
    made = make()
    with suppress(OSError, InputError):
        file.parent.mkdir(parents=True, exist_ok=True)
        for stale in file.parent.glob(f"claims-{name}-{draws}-{seed}-*.json"):
            stale.unlink(missing_ok=True)
        save(Path(os.fspath(file)), json.dumps(made))
    return made


def map_of(draws: int, seed: int, progress: Said | None = None) -> tuple[Cell, ...]:
    """The map of costs over speed, load and model."""
    rows = kept("map", draws, seed, lambda: [row(one) for one in cells(draws=draws, seed=seed, progress=progress)])
    return tuple(unrow(one) for one in rows)


def unrow(kept_row: dict[str, Any]) -> Cell:
    """A cell from plain data."""
    plain: dict[str, Any] = {**kept_row, "draws": None}
    made = Cell(**plain)
    return made if kept_row["draws"] is None else replace(made, draws=np.array(kept_row["draws"]))


def row(one: Cell) -> dict[str, Any]:
    """A cell as plain data."""
    return {**asdict(replace(one, draws=None)), "draws": None if one.draws is None else one.draws.tolist()}


def reading_of(scenario: str, draws: int, seed: int, progress: Said | None = None) -> Reading:
    """A run of the market, or what was kept of it. A scenario in a file of one's own is always run."""

    def run() -> dict[str, Any]:
        from lcot.market.outlook import market
        from lcot.market.scenario import scenario as scenario_of

        found = asdict(reading(market(scenario_of(scenario), draws=draws, seed=seed, progress=progress)))
        return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in found.items()}

    ones_own = scenario.endswith((".yaml", ".yml"))
    found = run() if ones_own else kept(f"market-{scenario}", draws, seed, run)
    listed = {key: np.array(found[key], dtype=float) for key in FIGURES}
    return Reading(found["scenario"], tuple(found["years"]), tuple(found["vendors"]), **listed)
