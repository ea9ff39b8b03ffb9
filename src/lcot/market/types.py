"""What the market is made of, and what comes out.

A *vendor* here is an offering: a vendor's systems of one architecture (``nvidia``, ``cerebras``, ``google`` ...). All
quantities are yearly. Arrays have their axes in the order segment, vendor, year, draw, those that apply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lcot.facts.types import Facts

Array = NDArray[np.float64]

TRAINING = "training"  # the segment that buys compute, not tokens


@dataclass(frozen=True, slots=True)
class Segment:
    """Demand of one kind. Lengths, cache and speed are facts of the scenario: ``segment.<id>.input`` and so on."""

    id: str  # batch | chat | coding | realtime | captive | china
    name: str
    models: dict[str, float]  # model id -> share of the segment's tokens
    site: str  # where it runs and is paid for


@dataclass(frozen=True, slots=True)
class Vendor:
    """One offering: a vendor's systems of one architecture."""

    id: str
    name: str
    company: str  # whose sales they are
    architecture: str  # gpu | captive | wafer | lpu | rdu | mesh | china
    nest: str  # merchant | captive | challenger | china
    systems: dict[str, int]  # system id -> first full year on sale
    segments: tuple[str, ...]  # segments it may sell to, training included
    engine: str = ""  # "": the one that its systems are usually served with


@dataclass(frozen=True, slots=True)
class Resource:
    """Something short, and who needs it."""

    id: str  # cowos_nvidia | hbm | power | buildout_cerebras ...
    name: str
    counts: str  # wafer [1] | memory [B] | power [W, mean draw at the meter] | chip [1]
    vendors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a run of the market rests on. Numbers are facts, with ranges and sources."""

    id: str
    name: str
    years: tuple[int, ...]  # those solved, the base year first
    segments: tuple[Segment, ...]
    vendors: tuple[Vendor, ...]
    resources: tuple[Resource, ...]
    facts: Facts
    note: str = ""
    changed: tuple[str, ...] = ()  # keys that this scenario sets above the base


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked for, at the costs that the scenario expects."""

    tokens: Array  # (segment, year, draw): tokens/s, mean over the year, of all kinds
    training: Array  # (year, draw): H100 equivalents in use
    input_share: Array  # (segment,): fresh input over all tokens
    cached_share: Array  # (segment,)
    output_share: Array  # (segment,)


@dataclass(frozen=True, slots=True)
class Supply:
    """What can be made and built in a year."""

    resources: tuple[Resource, ...]
    caps: Array  # (resource, year, draw): units a year


@dataclass(frozen=True, slots=True)
class Parts:
    """Where a cost per token comes from: price of a chip-hour over tokens of a chip over utilisation.

    ``cost = chip_hour / (3600 * throughput * utilisation)``, in each draw. Infinite or NaN where nothing is offered.
    """

    chip_hour: Array  # USD per chip-hour, all in
    throughput: Array  # tokens/s of a chip at the segment's speed, of all kinds
    utilisation: Array  # 1
    cost: Array  # USD/token
    speed: Array  # tokens/s a user
    power: Array  # W of a chip at the meter, at this utilisation
    running: Array  # USD per chip-hour that end when the chip is switched off


@dataclass(frozen=True, slots=True)
class Score:
    """One prediction of the back-test against what happened."""

    vendor: str
    year: int
    measure: str
    observed: float
    model: float | None
    persistence: float
    trend: float | None  # None: too few observations for a line
    observations: int  # that the prediction could learn from
    note: str = ""


@dataclass(frozen=True, slots=True)
class Backtest:
    """How the model would have done, against persistence and a linear trend."""

    scores: tuple[Score, ...]
    errors: dict[str, float]  # method -> mean absolute error of shares [1]
    verdict: str
    missing: tuple[str, ...] = ()  # what would be needed to test the rest


@dataclass(frozen=True, slots=True)
class Posterior:
    """A parameter before and after it met the data."""

    key: str
    unit: str
    prior: tuple[float, float, float]  # P10, P50, P90
    posterior: tuple[float, float, float]
    observations: int


@dataclass(frozen=True, slots=True)
class Driver:
    """One assumption, or a series of years that moves as one."""

    key: str  # of the fact, the year left out; or "costs of <vendor>"
    estimate: bool  # a declared estimate
    ends: dict[str, tuple[float, float]]  # watched quantity -> its value with the assumption at P10 and at P90


@dataclass(frozen=True, slots=True)
class Drivers:
    """The quantities that are watched, as stated, and what moves them."""

    stated: dict[str, float]
    units: dict[str, str]
    rows: tuple[Driver, ...]

    def ranked(self, name: str) -> list[Driver]:
        """Drivers of one quantity, the strongest first."""
        return sorted(self.rows, key=lambda row: -abs(row.ends[name][1] - row.ends[name][0]))


@dataclass(frozen=True, slots=True)
class Outlook:
    """The market by year. Every array ends with the draws axis; the same seed gives the same draws."""

    scenario: Scenario
    years: tuple[int, ...]
    segments: tuple[str, ...]  # the six of inference; "training" is apart
    vendors: tuple[str, ...]
    draws: int
    seed: int
    demand: Demand
    supply: Supply
    tokens: Array  # (segment, year, draw): tokens/s served, after prices
    share: Array  # (segment, vendor, year, draw): of capacity added in the year; 0 where nothing is added
    stock_share: Array  # (segment, vendor, year, draw): of capacity in service
    additions: Array  # (segment, vendor, year, draw): chips added for inference
    training_additions: Array  # (vendor, year, draw): chips added for training
    stock: Array  # (segment, vendor, year, draw): chips in service for inference
    compute_additions: Array  # (vendor, year, draw): H100 equivalents added, inference and training
    inference_compute: Array  # (year, draw): H100 equivalents in service
    training_compute: Array  # (year, draw): H100 equivalents in service
    power: Array  # (segment, vendor, year, draw): W at the meter, inference
    training_power: Array  # (vendor, year, draw): W at the meter
    spending: Array  # (vendor, year, draw): USD a year paid for systems added, inference and training
    inference_spending: Array  # (vendor, year, draw): USD a year, inference alone
    cost: Array  # (vendor, year, draw): USD/token over the mix of segments that it serves, at its own shares
    segment_cost: Array  # (segment, vendor, year, draw): USD/token of new capacity, rents left out; inf: no offer
    market_cost: Array  # (year, draw): USD/token of all tokens served from new capacity
    rents: Array  # (resource, year, draw): USD a year for one unit more
    slack: Array  # (resource, year, draw): units left over
    parts: Parts  # each (segment, vendor, year, draw)
    intensity: Array  # (segment, draw): chips in service over those that the disclosed tokens need on these models
    price: Array  # (vendor, year, draw): USD of a chip with its share of the system
    retired: Array  # (segment, vendor, year, draw): chips retired, by age or because running them costs too much
    system: tuple[tuple[tuple[str, ...], ...], ...] = ()  # (segment, vendor, year): id of the cheapest on sale
    posteriors: tuple[Posterior, ...] = ()
    backtest: Backtest | None = None
    drivers: Drivers | None = None
    estimates: tuple[str, ...] = field(default_factory=tuple[str, ...])  # declared estimates in use
    left_out: dict[str, str] = field(default_factory=dict[str, str])  # system -> why it is in no offer

    def inference_share(self) -> Array:
        """Inference over all compute in service, (year, draw). [1]"""
        return self.inference_compute / (self.inference_compute + self.training_compute)

    def year(self, year: int) -> int:
        """Index of a year. Raises `ValueError`."""
        return self.years.index(year)
