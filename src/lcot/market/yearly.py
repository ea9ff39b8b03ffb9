"""What is on sale in a year: each vendor's cheapest system in each segment and draw, with what experience has added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcot.market.assumptions import Assumptions
from lcot.market.learning import wright
from lcot.market.offers import Offers
from lcot.market.supply import takes
from lcot.market.types import TRAINING, Array, Parts, Scenario
from lcot.units import HOUR

H100 = 989e12  # dense bf16 peak of an H100, by which compute is counted [FLOP/s]
REFERENCE = 2026  # year of the prices and engines in the catalogue


@dataclass(frozen=True, slots=True)
class OnSale:
    """Arrays of shape (draws, segment, vendor), training as the last segment. Infinite cost: no offer."""

    cost: Array  # USD/token; training: USD per H100 equivalent and second
    output: Array  # tokens/s of a chip at its utilisation; training: H100 equivalents
    throughput: Array
    utilisation: Array
    speed: Array
    hour: Array
    running: Array
    power: Array
    price: Array
    compute: Array  # H100 equivalents of a chip
    takes: Array  # (draws, segment, vendor, resource)
    system: tuple[tuple[str, ...], ...]  # (segment, vendor): most frequent


def on_sale(
    scenario: Scenario, offers: Offers, drawn: Assumptions, year: int, made: dict[int, Array], apart: Array
) -> OnSale:
    """Each vendor's cheapest system in each segment, draw by draw.

    Parameters
    ----------
    scenario : Scenario
        Vendors with the years from which systems are on sale.
    offers : Offers
        Parts of every system.
    drawn : Assumptions
        Exponent of experience, packages on a wafer.
    year : int
        Which year.
    made : dict of int to ndarray, shape (draws,)
        Cumulative compute made up to the end of each year. [H100 equivalents]
    apart : ndarray, shape (vendors, years ahead, draws)
        Deviations from the curve. [1]

    Returns
    -------
    OnSale
        With experience in what a chip delivers, at the price and power of the catalogue.

    Notes
    -----
    A vendor's line gains experience from the first year of its newest system, or from `REFERENCE` where that was
    before, so that a successor that is known is never made better by a successor that is not:

    .. math:: c_{sjt} = \\min_k c_{sk} / L_{jt}
    """
    n, rows = drawn.draws, [s.id for s in scenario.segments] + [TRAINING]
    shape = (n, len(rows), len(scenario.vendors))
    fields = {name: np.full(shape, np.nan) for name in (
        "cost", "output", "throughput", "utilisation", "speed", "hour", "running", "power", "price", "compute"
    )}  # fmt: skip
    fields["cost"][:] = np.inf
    used = np.zeros((*shape, len(scenario.resources)))
    names = [["" for _ in scenario.vendors] for _ in rows]
    for j, vendor in enumerate(scenario.vendors):
        ids = [id for id, first in vendor.systems.items() if first <= year and id in offers.price]
        if not ids:
            continue
        factor = _experience(max(vendor.systems[id] for id in ids), year, made, apart[j], drawn)
        for s, row in enumerate(rows):
            if row not in vendor.segments:
                continue
            found = {id: p for id in ids if (p := parts_in(offers, row, id)) is not None}
            if not found:
                continue
            columns = [column(row, offers, id, p, factor) for id, p in found.items()]
            best = np.argmin(np.stack([c["cost"] for c in columns]), axis=0)
            for name, into in fields.items():
                into[:, s, j] = _choose(best, [c[name] for c in columns])
            for r, resource in enumerate(scenario.resources):
                if vendor.id in resource.vendors:
                    amounts = [
                        takes(offers.systems[id].chip, resource.counts, p.power, drawn) for id, p in found.items()
                    ]
                    used[:, s, j, r] = _choose(best, amounts)
            names[s][j] = list(found)[int(np.bincount(best).argmax())]
    return OnSale(**fields, takes=np.nan_to_num(used), system=tuple(tuple(row) for row in names))


def _choose(best: NDArray[np.int64], columns: Sequence[Array]) -> Array:
    """In each draw the entry of the best column."""
    return np.stack(columns)[best, np.arange(len(best))]


def _experience(first: int, year: int, made: dict[int, Array], apart: Array, drawn: Assumptions) -> Array:
    """Factor on what a vendor's chips deliver, at the progress since its newest system. [1]

    Experience is that of the year before: what is made in a year teaches the next.
    """
    since = max(first, REFERENCE)
    if year <= since:
        return np.ones(drawn.draws)
    return wright(made[year - 1], made[since - 1], drawn.number("learning.exponent")) * apart[year - since]


def parts_in(offers: Offers, row: str, id: str) -> Parts | None:
    """Parts of a system in a segment; for training those of the first segment in which it stands."""
    if row != TRAINING:
        return offers.parts[row].get(id)
    return next((found[id] for found in offers.parts.values() if id in found), None)


def column(row: str, offers: Offers, id: str, p: Parts, factor: Array) -> dict[str, Array]:
    """What one system offers in one segment.

    Parameters
    ----------
    row : str
        Segment.
    offers : Offers
        Prices and systems.
    id : str
        The system.
    p : Parts
        At the reference.
    factor : ndarray, shape (draws,)
        Experience since. [1]

    Returns
    -------
    dict of str to ndarray, shape (draws,)
        The columns of `OnSale`.

    Notes
    -----
    .. math:: c = \\frac{h}{3600 \\, \\Theta \\, u \\, L}; \\quad c_{training} = \\frac{h}{3600 \\, e \\, L}
    """
    chip = offers.systems[id].chip
    compute = factor * float(chip.facts.number("peak.bf16", "compute in H100 equivalents")) / H100
    if row == TRAINING:
        cost, output = p.chip_hour / HOUR / compute, compute
        throughput, used = compute, np.ones_like(compute)
    else:
        cost, throughput, used = p.cost / factor, p.throughput * factor, p.utilisation
        output = throughput * used
    cost = np.where(np.isfinite(cost) & np.isfinite(output), cost, np.inf)
    return {
        "cost": cost, "output": output, "throughput": throughput, "utilisation": used, "speed": p.speed,
        "hour": p.chip_hour, "running": p.running, "power": p.power, "price": offers.price[id], "compute": compute,
    }  # fmt: skip
