"""Runs of the map and of the market that claims and values are read from, kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from lcot.market.backtest import fitted
from lcot.market.claims import Flip, claim
from lcot.market.claims_map import Cell, cells
from lcot.market.claims_model import with_market
from lcot.market.claims_reading import Reading, reading
from lcot.market.claims_turns import turns
from lcot.market.outlook import solved
from lcot.market.scenario import scenario as scenario_of
from lcot.report.market_store import kept, mark, offers_of

Said = Callable[[str], None]
BY_MARKET = ("C6", "C7", "C8")  # claims that a run of the market tests
FIGURES = ("tokens", "inference_share", "compute_share", "spending", "power", "training")


def map_of(draws: int, seed: int, progress: Said | None = None, executor: Executor | None = None) -> tuple[Cell, ...]:
    """The map of costs over speed, load and model."""

    def run() -> list[dict[str, Any]]:
        return [row(one) for one in cells(draws=draws, seed=seed, progress=progress, executor=executor)]

    rows = kept("claims-map", draws, seed, run)
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
    """A run of the market with parameters weighed by the back-test, as in `lcot market`, or what was kept of it."""
    start = scenario_of(scenario)

    def run() -> dict[str, Any]:
        found = offers_of(start, draws, seed, progress)
        read = reading(solved(start, found, draws, seed, progress, fitted(start, found, draws, seed).drawn))
        return {key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in asdict(read).items()}

    plain = kept(f"market-{mark(start)}", draws, seed, run)
    listed = {key: np.array(plain[key], dtype=float) for key in FIGURES}
    return Reading(start.id, tuple(plain["years"]), tuple(plain["vendors"]), **listed)


def turns_of(
    scenario: str, read: Reading, draws: int, seed: int, progress: Said | None = None
) -> dict[str, tuple[Flip, ...]]:
    """What turns the claims that a run of the market tests, or what was kept of it."""
    start = scenario_of(scenario)

    def run() -> dict[str, Any]:
        claims = [with_market(claim(one), read) for one in BY_MARKET]
        flips = turns(claims, start, offers_of(start, draws, seed, progress), draws, seed, progress)
        return {one: [asdict(f) for f in some] for one, some in flips.items()}

    plain = kept(f"turns-{mark(start)}", draws, seed, run)
    return {one: tuple(Flip(**f) for f in some) for one, some in plain.items()}
