"""What was measured: which engine, on which family, with models of which size. Written to catalog/coverage.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from lcot.choice.validated import size_class
from lcot.errors import LcotError
from lcot.facts import catalog
from lcot.validation.deploying import engine_for
from lcot.validation.types import Condition
from lcot.workload.models import model as model_of

FEWEST = 5  # points, below which a class does not count as measured
HEAD = "# Made with the accuracy from the evidence behind the calibration (lcot.validation.report).\nmeasured:\n"


def coverage(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    """Measured classes: family, engine, size, systems (most points first) and number of points.

    Parameters
    ----------
    conditions : iterable of Condition
        Measured points.

    Returns
    -------
    list of dict
        Sorted by family, engine and size; classes of fewer than `FEWEST` points are left out.

    Notes
    -----
    A count: :math:`n(family, engine, size)`.

    References
    ----------
    :cite:t:`hyndman1996`.
    """
    points: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    places: dict[tuple[str, str, str, str], tuple[str, str, str] | None] = {}
    for one in conditions:
        key = (one.system, one.engine, one.engine_version, one.model)
        if key not in places:
            places[key] = place_of(one)
        place = places[key]
        if place is not None:
            points[place][one.system] += 1
    return [
        {"family": f, "engine": e, "size": s, "points": sum(n.values()), "systems": sorted(n, key=lambda k: (-n[k], k))}
        for (f, e, s), n in sorted(points.items())
        if sum(n.values()) >= FEWEST
    ]


def place_of(one: Condition) -> tuple[str, str, str] | None:
    """Family, engine id and size class of a condition; None where the catalogue lacks its system, engine or model."""
    try:
        system = catalog.system(one.system)
        engine = engine_for(one.engine, one.engine_version, system, catalog.engines(system.family))
        named = engine.id.startswith(one.engine.replace(".", "-"))
        # outside the GPUs a vendor has one stack, under several names
        return (system.family, engine.id, size_class(model_of(one.model))) if named or system.family != "gpu" else None
    except LcotError:
        return None


def as_yaml(rows: list[dict[str, Any]]) -> str:
    """The rows as the file that ships."""
    lines = [
        f'  - {{family: {r["family"]}, engine: {r["engine"]}, size: "{r["size"]}", points: {r["points"]}, '
        f"systems: [{', '.join(r['systems'])}]}}"
        for r in rows
    ]
    return HEAD + "\n".join(lines) + "\n"
