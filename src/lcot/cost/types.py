"""A bill, and the cost of tokens in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lcot.facts.types import Numeric


@dataclass(frozen=True, slots=True)
class CostPerToken:
    """US dollars per token by kind; ``blended`` is the cost of a request over its tokens. [USD/token]"""

    input: Numeric
    cached_input: Numeric
    output: Numeric
    blended: Numeric


@dataclass(frozen=True, slots=True)
class Bill:
    """What a fleet costs in a levelised year, by line, and per token."""

    basis: str  # own | rent | api
    lines: dict[str, Numeric]  # USD/s, levelised: accelerator, server, network, facility, energy, staff ...
    tokens: dict[str, Numeric]  # tokens/s delivered within the SLO: input, cached_input, output
    cost: dict[str, CostPerToken]  # by allocation method: bottleneck_seconds, all_to_output, list_price
    estimates: tuple[str, ...] = field(default_factory=tuple)  # declared estimates in use, "owner.key"
    capital: dict[str, Numeric] = field(default_factory=dict[str, Numeric])  # USD paid to start, by component
    site_power: Numeric = 0.0  # W drawn from the grid on average, with cooling and losses
    used: tuple[str, ...] = field(default_factory=tuple)  # every fact in use, "owner.key"

    @property
    def total(self) -> Numeric:
        """Levelised cost rate. [USD/s]"""
        return sum(self.lines.values())
