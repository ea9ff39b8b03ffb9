"""What was run before, kept under a hash of all that it rests on: nothing is run twice, nothing stale is shown."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import InputError
from lcot.facts.catalog import SHIPPED, search_path
from lcot.market.offers import Offers, offers
from lcot.market.scenario import systems_of
from lcot.market.types import Parts, Scenario
from lcot.report.render import cache_folder, save

Said = Callable[[str], None]
COSTED = ("segment.", "assumed.")  # facts of a scenario on which costs rest


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
    file = cache_folder() / f"{name}-{draws}-{seed}-{fingerprint()}.json"
    with suppress(OSError, ValueError):
        return json.loads(file.read_text(encoding="utf-8"))
    made = make()
    with suppress(OSError, InputError):
        file.parent.mkdir(parents=True, exist_ok=True)
        for stale in file.parent.glob(f"{name}-{draws}-{seed}-*.json"):
            stale.unlink(missing_ok=True)
        save(Path(os.fspath(file)), json.dumps(made))
    return made


def mark(scenario: Scenario, prefixes: tuple[str, ...] = ("",)) -> str:
    """Hash of what a scenario says: of all of it, or of the facts that begin so and of who sells what to whom."""
    facts = {
        key: (fact.value, fact.low, fact.high, fact.unit)
        for key, fact in scenario.facts.items()
        if key.startswith(prefixes)
    }
    said = json.dumps([facts, [asdict(s) for s in scenario.segments], [asdict(v) for v in scenario.vendors]])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def offers_of(scenario: Scenario, draws: int, seed: int, progress: Said | None = None) -> Offers:
    """What every system costs in every segment, searched now or kept from a run on the same facts."""

    def run() -> dict[str, Any]:
        found = offers(scenario, draws, seed, progress)
        parts = {s: {id: {k: v.tolist() for k, v in asdict(p).items()} for id, p in of.items()}
                 for s, of in found.parts.items()}  # fmt: skip
        return {"parts": parts, "price": {id: p.tolist() for id, p in found.price.items()},
                "left_out": found.left_out, "estimates": found.estimates}  # fmt: skip

    plain = kept(f"offers-{mark(scenario, COSTED)}", draws, seed, run)
    parts = {s: {id: Parts(**{k: np.array(v, dtype=float) for k, v in p.items()}) for id, p in of.items()}
             for s, of in plain["parts"].items()}  # fmt: skip
    price = {id: np.array(p, dtype=float) for id, p in plain["price"].items()}
    return Offers(parts, price, systems_of(scenario), plain["left_out"], tuple(plain["estimates"]))
