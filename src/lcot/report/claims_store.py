"""Runs of the map and of the market, kept: the same facts, code, draws and seed need not run twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import InputError
from lcot.facts.catalog import SHIPPED, search_path
from lcot.market.claims import Flip, claim
from lcot.market.claims_map import Cell, cells
from lcot.market.claims_model import with_market
from lcot.market.claims_reading import Reading, reading
from lcot.report.render import cache_folder, save

Said = Callable[[str], None]
BY_MARKET = ("C6", "C7", "C8")  # claims that a run of the market tests
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


def map_of(draws: int, seed: int, progress: Said | None = None, executor: Executor | None = None) -> tuple[Cell, ...]:
    """The map of costs over speed, load and model."""

    def run() -> list[dict[str, Any]]:
        return [row(one) for one in cells(draws=draws, seed=seed, progress=progress, executor=executor)]

    rows = kept("map", draws, seed, run)
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
    return market_of(scenario, draws, seed, progress)[0]


def market_of(
    scenario: str, draws: int, seed: int, progress: Said | None = None
) -> tuple[Reading, dict[str, tuple[Flip, ...]]]:
    """A run of the market and what turns the claims that it tests, or what was kept of both."""

    def run() -> dict[str, Any]:
        from lcot.market.claims_turns import turns
        from lcot.market.offers import offers
        from lcot.market.outlook import solved
        from lcot.market.scenario import scenario as scenario_of

        start = scenario_of(scenario)
        found = offers(start, draws, seed, progress)
        read = reading(solved(start, found, draws, seed, progress))
        claims = [with_market(claim(one), read) for one in BY_MARKET]
        plain = {key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in asdict(read).items()}
        flips = turns(claims, start, found, draws, seed, progress)
        return {"reading": plain, "flips": {one: [asdict(f) for f in some] for one, some in flips.items()}}

    ones_own = scenario.endswith((".yaml", ".yml"))
    found = run() if ones_own else kept(f"market-{scenario}", draws, seed, run)
    plain = found["reading"]
    listed = {key: np.array(plain[key], dtype=float) for key in FIGURES}
    read = Reading(plain["scenario"], tuple(plain["years"]), tuple(plain["vendors"]), **listed)
    return read, {one: tuple(Flip(**f) for f in some) for one, some in found["flips"].items()}
