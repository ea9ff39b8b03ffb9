"""Where formulas end: facts with their sources, and what is held fixed, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lcot.cell import Cell
from lcot.facts.draw import COUNTS
from lcot.facts.types import Engine, Fact, Facts, Site, System
from lcot.units import UNITS

SHAPES = ("sequences", "step.error", "fitted.on", "cache.ranks", "cache.bucketed")  # they shape the calculation


@dataclass(frozen=True, slots=True)
class Given:
    """A fact of the catalogue or of the user."""

    owner: str
    fact: Fact

    @property
    def name(self) -> str:
        """Owner and key."""
        return f"{self.owner}.{self.fact.key}"


@dataclass(frozen=True, slots=True)
class Held:
    """A number that a search, a simulation or the question fixes: it does not move with the facts."""

    name: str
    unit: str
    why: str  # method, and for searches and simulations the seed and the hash of the inputs


@dataclass(frozen=True, slots=True)
class Asked:
    """A number of the question that formulas go on from."""

    name: str
    unit: str
    why: str


def leaf(value: Any, origin: Given | Held | Asked) -> Cell:
    """A cell without inputs."""
    cell = Cell(value, origin=origin)
    cell.name = origin.name
    unit = origin.fact.unit if isinstance(origin, Given) else origin.unit
    cell.unit = UNITS[unit][0] if unit in UNITS else unit
    return cell


@dataclass(frozen=True, slots=True)
class Leaves:
    """One cell for each fact, shared by all answers that are traced together."""

    cells: dict[str, Cell] = field(default_factory=dict[str, Cell])

    def facts(self, facts: Facts) -> Facts:
        """The facts with a cell for every number but those that shape the calculation, such as counts."""
        values: dict[str, Any] = {}
        for key, fact in facts.items():
            if isinstance(fact.value, int | float) and not key.endswith(COUNTS) and key not in SHAPES:
                name = f"{facts.owner}.{key}"
                if name not in self.cells:
                    self.cells[name] = leaf(float(fact.value), Given(facts.owner, fact))
                values[key] = self.cells[name]
        return facts.with_values(values)

    def system(self, system: System) -> System:
        """The system with cells for its facts and its chip's."""
        chip = replace(system.chip, facts=self.facts(system.chip.facts))
        return replace(system, chip=chip, facts=self.facts(system.facts))

    def engine(self, engine: Engine) -> Engine:
        """The engine with cells."""
        return replace(engine, facts=self.facts(engine.facts))

    def site(self, site: Site) -> Site:
        """The site with cells."""
        return replace(site, facts=self.facts(site.facts))

    def one(self, value: Any, origin: Held | Asked) -> Cell:
        """The cell of a number of the question, one for all answers."""
        if origin.name not in self.cells:
            self.cells[origin.name] = leaf(value, origin)
        return self.cells[origin.name]
