"""The question as options: shared by every verb that compares, so that a question is asked alike everywhere."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.quantities import duration, number
from lcot.errors import InputError, UnknownName
from lcot.units import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lcot.choice.types import Question
    from lcot.facts.types import Site, System

CHOICES = {
    "basis": ("own", "rent", "api"),
    "speculative": ("off", "stated"),
    "pools": ("any", "together"),
    "term": ("on_demand", "reserved", "spot"),
}
Many = Annotated[list[str], Parameter(negative=())]


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """What is asked, as typed.

    Parameters
    ----------
    input
        Prompt tokens of a request.
    output
        Output tokens of a request.
    cached
        Share of the prompt found in the prefix cache, 0 to 1.
    speed
        Tokens/s that a user gets, at least.
    ttft
        Time to first token, at most, such as 2s or 500ms.
    rate
        Requests/s of the whole load.
    tokens_per_day
        The load as input plus output tokens a day, instead of --rate.
    precision
        native (as published), bf16, fp8, int8, fp4, w4a16.
    speculative
        off, or stated (only where an acceptance length is on record).
    basis
        own, rent or api; never mixed in one ranking.
    term
        With --basis rent: on_demand, reserved or spot.
    site
        A site's id, or the path of a YAML file.
    pools
        any, or together: whether prompts may be computed on copies of their own (disaggregated serving).
    engine
        One engine for all; by default each vendor's usual one.
    system
        Only these systems (repeat), by id or path of a YAML file; by default the whole catalogue.
    available_by
        ISO date by which systems must be on sale; today by default.
    set
        Replace a fact of a system, chip, site or engine, such as h200.memory.hbm.bandwidth='5 TB/s' (repeat).
    draws
        Monte Carlo draws over facts and model error; 0 for none.
    seed
        Seed of the draws.
    """

    input: str = "1000"
    output: str = "500"
    cached: str = "0"
    speed: str | None = None
    ttft: str | None = None
    rate: str | None = None
    tokens_per_day: str | None = None
    precision: str = "native"
    speculative: str = "off"
    basis: str = "own"
    term: str = "on_demand"
    site: str = "us-colocation"
    pools: str = "any"
    engine: str = ""
    system: Many = field(default_factory=list[str])
    available_by: str | None = None
    set: Many = field(default_factory=list[str])
    draws: int = 256
    seed: int = 2026

    def question(self, model: str) -> Question:
        """The question in LCOT's own words. Raises `InputError` for anything that does not make sense."""
        from lcot.choice.types import Question
        from lcot.facts import catalog
        from lcot.serving.types import Target, Traffic
        from lcot.workload.models import model as model_of

        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UnknownName(f"value of --{name}", getattr(self, name), allowed)
        if self.draws < 0 or self.draws > 1 << 20:
            raise InputError(f"--draws is {self.draws}; allowed: 0 to {1 << 20}")
        inputs, outputs = number(self.input, "--input", high=1e8), number(self.output, "--output", high=1e8)
        assert inputs is not None
        assert outputs is not None
        named = tuple(catalog.system(s) for s in (self.system or catalog.system_ids()))
        systems, place, settings = with_settings(self.set, named, catalog.site(self.site))
        return Question(
            model=model_of(model),
            systems=systems,
            traffic=Traffic(inputs, outputs, self.load(inputs + outputs), share_of(self.cached)),
            target=Target(number(self.speed, "--speed", high=1e7), duration(self.ttft, "--ttft")),
            site=place,
            precision=self.precision,
            speculative=self.speculative,
            basis=self.basis,
            term=self.term,
            available_by=iso_date(self.available_by),
            pools=self.pools,
            engine=self.engine,
            settings=settings,
            draws=self.draws,
            seed=self.seed,
        )

    def load(self, tokens: float) -> float | None:
        """Requests/s, from the rate or from tokens a day. Raises `InputError`."""
        if self.rate is not None and self.tokens_per_day is not None:
            raise InputError("--rate and --tokens-per-day both set the load; give one")
        daily = number(self.tokens_per_day, "--tokens-per-day", high=1e18)
        return number(self.rate, "--rate", high=1e9) if daily is None else daily / DAY / tokens


def with_settings(
    settings: Sequence[str], systems: tuple[System, ...], site: Site
) -> tuple[tuple[System, ...], Site, tuple[str, ...]]:
    """Systems and site with the user's facts, and the settings of engines and partners. Raises `InputError`."""
    if not settings:
        return systems, site, ()
    from lcot.facts import catalog
    from lcot.facts.override import override, parse

    families = dict.fromkeys(system.family for system in systems)
    engines = [engine for family in families for engine in catalog.engines(family)]
    partners = tuple(catalog.system(name) for name in dict.fromkeys(s.pairs_with for s in systems) if name)
    changed, place = override(settings, (*systems, *partners), site, engines)
    ids = {one.id for one in (*engines, *partners, *(system.chip for system in partners))}
    return changed[: len(systems)], place, tuple(text for text in settings if parse(text).owner in ids)


def share_of(text: str) -> float:
    """A share from 0 to less than 1. Raises `DomainError`."""
    return number(text, "--cached", low=-1e-300, high=0.999) or 0.0


def iso_date(text: str | None) -> str:
    """An ISO date, today where none is given. Raises `InputError`."""
    if text is None:
        return datetime.date.today().isoformat()
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(f"--available-by is {text!r}; allowed: a date such as 2027-01-31") from None
