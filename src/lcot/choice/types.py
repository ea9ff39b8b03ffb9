"""The question and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lcot.cost.types import Bill
from lcot.facts.types import Numeric, Site, System
from lcot.serving.curve import Curve
from lcot.serving.pools import Pool
from lcot.serving.spread import Spread as Times
from lcot.serving.types import Served, Target, Traffic
from lcot.steptime.types import Deployment, StepTime
from lcot.workload.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Question:
    """Which of these systems serves this model cheapest, at this speed, under this load?"""

    model: Architecture
    systems: tuple[System, ...]
    traffic: Traffic
    target: Target
    site: Site
    precision: str = "native"  # native | bf16 | fp8 | int8 | fp4 ...
    speculative: str = "off"  # off | stated
    basis: str = "own"  # own | rent
    term: str = "on_demand"  # rent: on_demand | reserved | spot
    available_by: str = ""  # ISO date; systems that cannot be bought by then are listed apart
    pools: str = "any"  # any | together: whether prompts may be computed on copies of their own
    engine: str = ""  # id of one engine; "": the one that each vendor's systems are usually served with
    settings: tuple[str, ...] = ()  # OWNER.KEY=VALUE UNIT of engines and of what is bought beside a system
    draws: int = 256
    seed: int = 2026


@dataclass(frozen=True, slots=True)
class Plan:
    """One deployment that meets the target: what it serves and what it costs."""

    deployment: Deployment
    steps: StepTime
    points: Curve
    served: Served
    bill: Bill | None  # None: unpriced, or API
    unpriced: str = ""  # the fact that is missing
    pool: Pool | None = None  # the copies that compute prompts, where those are apart
    mean: Numeric = float("nan")  # batch that a copy may run at on average within the target


def layout_of(plan: Plan) -> str:
    """Copies and layouts of a plan in a line."""
    served = plan.served
    return layout(plan.deployment, int(served.copies), int(served.prefill_copies))


def layout(deployment: Deployment, copies: int, prompts: int) -> str:
    """Copies and layouts in a line: ``4 x tp8``, with copies for prompts ``2 x dp8 ep8 + prompts 3 x tp8``."""
    if deployment.mode != "apart" or deployment.paired is None:
        return f"{copies} x {deployment.label}"
    alone = replace(deployment, mode="", paired=None)
    return f"{copies} x {alone.label} + prompts {prompts} x {deployment.paired.label}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One deployment that does not fit or does not meet the target, and why."""

    layout: str
    reason: str
    limit: str
    reached: float = 0.0  # the best of what is limited, the more the nearer


@dataclass(frozen=True, slots=True)
class UnderLoad:
    """What the event kernel saw of a plan."""

    requests: int
    time_to_first_token: Times  # s
    time_per_output_token: Times  # s, of requests
    dearer: float = 1.0  # cost over that of the same deployment in the search
    gave_way: tuple[Rejection, ...] = ()  # cheaper plans that miss the target under load
    draw_runs: int = 0  # runs behind the range of the cost; 0: the range is in closed form
    interpolation: float = 0.0  # largest error found between those runs, in the logarithm [1]


@dataclass(frozen=True, slots=True)
class Spread:
    """Draws of the blended cost. [USD/token]"""

    p10: float
    p50: float
    p90: float
    probability_cheapest: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One system in the answer."""

    system: System
    status: str  # ranked | unpriced | infeasible | missing_fact | announced
    reason: str = ""
    plan: Plan | None = None
    tried: tuple[Deployment, ...] = ()  # the best few deployments, for the draws
    front: np.ndarray | None = None  # shape (n, 3): tokens/s a user, USD/token blended, tokens/s per chip
    spread: Spread | None = None
    break_even_price: float | None = None  # USD per system, or on rent USD/s per chip
    confidence: str = ""  # validated | extrapolated
    confidence_reason: str = ""
    rejections: tuple[Rejection, ...] = field(default_factory=tuple[Rejection, ...])
    simulated: UnderLoad | None = None  # None: times are those of the steady state
    deliverable: float = 0.0  # of one system within the target, in the layout that delivers most. [request/s]

    @property
    def utilisation(self) -> float:
        """Tokens delivered over tokens that the systems bought can deliver within the target. [1]"""
        assert self.plan is not None
        served = self.plan.served
        return float(served.rate / max(served.capacity, self.deliverable * served.systems))


@dataclass(frozen=True, slots=True)
class Answer:
    """Every system once: ranked ones first, cheapest first."""

    question: Question
    entries: tuple[Entry, ...]
    verdict: str
    facts_date: str  # newest date of a fact used

    def by_status(self, status: str) -> tuple[Entry, ...]:
        """Entries with one status, in order."""
        return tuple(e for e in self.entries if e.status == status)
