"""What the page may ask: the question, bounded, in the option names of the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lcot.choice.types import Question
from lcot.errors import InputError, UnknownName
from lcot.facts import catalog
from lcot.workload.models import model_ids
from lcot.workload.reading import read_config

Ask = Callable[[str, Mapping[str, Any]], Question]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Tokens = Annotated[float, Field(ge=1, le=1e6, allow_inf_nan=False)]
Amount = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Finance = Literal[
    "electricity.price", "pue", "facility.rent", "load_factor", "finance.discount_rate", "life.accelerator",
    "capital.salvage", "operations.staff",
]  # facts of a site that a question may change  # fmt: skip
Positive = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
STAND_IN = "llama-3.1-8b"  # the model of a question until the user's own takes its place


class Asking(BaseModel):
    """A question, in the option names of `lcot compare`; only ids of the catalogue, never files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    config: dict[str, Any] | None = Field(default=None, description="an unmodified config.json; model is then its name")
    input: Tokens = 1000
    output: Tokens = 500
    cached: Share = 0
    speed: Amount | None = None
    ttft: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] | None = None
    rate: Amount | None = None
    precision: Literal["native", "bf16", "fp8", "int8", "fp4", "w4a16"] = "native"
    basis: Literal["own", "rent"] = "own"
    pools: Literal["any", "together"] = "any"
    site: Name = "us-colocation"
    finance: dict[Finance, Positive] = Field(default={}, description="facts of the site in the units of /api/choices")
    system: tuple[Name, ...] = Field(default=(), max_length=100)
    draws: int = Field(default=0, ge=0, le=256)
    worth: Amount | None = Field(default=None, description="value of a company in billion USD: what it asks for")

    def fixed(self) -> Asking:
        """The same without what a slider changes at no cost: speed, load, site, finance, basis and draws."""
        same = Asking(model=self.model)
        free = {"speed": None, "rate": None, "site": same.site, "finance": {}, "basis": same.basis, "draws": 0}
        return self.model_copy(update=free)

    def options(self) -> dict[str, Any]:
        """The options as the command line would have them, as text."""
        given = self.model_dump(exclude={"model", "config", "system", "draws", "finance", "worth"}, exclude_none=True)
        named = {key: f"{value:.12g}" if isinstance(value, float | int) else value for key, value in given.items()}
        if self.ttft is not None:
            named["ttft"] += "s"
        return named | {"set": self.settings(), "system": list(self.system), "draws": self.draws}

    def settings(self) -> list[str]:
        """Changed facts of the site, as ``--set`` has them."""
        if not self.finance:
            return []
        known("site", self.site, catalog.site_ids())
        facts = catalog.site(self.site).facts
        return [f"{self.site}.{key}={value:.12g} {facts[key].unit}" for key, value in self.finance.items()]

    def question(self, ask: Ask) -> Question:
        """The question.

        Raises
        ------
        UnknownName
            If an id is not in the catalogue.
        ParseError, DomainError
            If ``config`` is not the config.json of a model that LCOT knows.
        """
        known("site", self.site, catalog.site_ids())
        for name in self.system:
            known("system", name, catalog.system_ids())
        if self.config is None:
            known("model", self.model, model_ids())
            return ask(self.model, self.options())
        if depth(self.config) > 8:
            raise InputError("config.json is nested more than 8 deep; allowed: an unmodified config.json of a model")
        return replace(ask(STAND_IN, self.options()), model=read_config(self.config, self.model))


def depth(value: object) -> int:
    """How deep lists and mappings are nested."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return 0


def known(what: str, name: str, allowed: list[str]) -> None:
    """Raises `UnknownName` for what is not in the catalogue, so that no request names a file."""
    if name not in allowed:
        raise UnknownName(what, name, allowed)
