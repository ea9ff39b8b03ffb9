"""What a deal implies for a million tokens: the price of a system-hour over the tokens that it delivers.

Tokens come from the same search as every comparison: the deployment that delivers most within the target.
"""

from __future__ import annotations

from dataclasses import dataclass

from lcot.choice.search import plans, room
from lcot.choice.types import Question
from lcot.errors import DomainError, Infeasible, MissingFact
from lcot.facts import catalog
from lcot.facts.types import Site
from lcot.serving.types import Target, Traffic
from lcot.units import HOUR
from lcot.workload.models import model as model_of

MIX = (("gpt-oss-120b", 0.5), ("deepseek-v3", 0.25), ("qwen3-32b", 0.25))  # a stand-in: the buyer's models are closed


@dataclass(frozen=True, slots=True)
class Load:
    """What a bought system does."""

    mix: tuple[tuple[str, float], ...] = MIX  # model, share of the tokens
    input_tokens: float = 2000.0
    output_tokens: float = 500.0
    cached_fraction: float = 0.0
    speed: float = 200.0  # tokens/s a user, at least
    utilisation: float = 0.45  # tokens delivered over those that could be
    precision: str = "native"


@dataclass(frozen=True, slots=True)
class Delivered:
    """Tokens of one system with one model, or why there are none."""

    model: str
    share: float  # of all tokens [1]
    rate: float | None  # input and output tokens/s of one system at full load within the target
    layout: str = ""
    reason: str = ""


def check(load: Load) -> None:
    """Whether a load makes sense. Raises `DomainError`."""
    total = sum(share for _, share in load.mix)
    if not load.mix or abs(total - 1.0) > 1e-6 or any(share <= 0 for _, share in load.mix):
        raise DomainError("shares of the model mix", load.mix, "shares above 0 that add up to 1")
    if not 0 < load.utilisation <= 1:
        raise DomainError("utilisation", load.utilisation, "above 0, up to 1")


def delivered(system: str, load: Load, site: Site | None = None) -> tuple[Delivered, ...]:
    """What one system delivers with each model of the mix.

    Parameters
    ----------
    system : str
        Id of the system.
    load : Load
        Models, lengths, speed.
    site : Site, optional
        Where it runs; the default one.

    Returns
    -------
    tuple of Delivered
        One for each model. [tokens/s]

    Raises
    ------
    DomainError
        If the load makes no sense.
    UnknownName
        If there is no such system or model.

    Notes
    -----
    No formula: the deployment that delivers most (`lcot.choice.search.plans`).
    """
    check(load)
    machine, place = catalog.system(system), site or catalog.site("us-colocation")
    traffic = Traffic(load.input_tokens, load.output_tokens, None, load.cached_fraction)
    made: list[Delivered] = []
    for name, share in load.mix:
        question = Question(
            model_of(name), (machine,), traffic, Target(load.speed), place, precision=load.precision
        )  # fmt: skip
        try:
            good, bad = plans(question, machine)
        except (Infeasible, MissingFact) as error:
            made.append(Delivered(name, share, None, reason=str(error)))
            continue
        if not good:
            made.append(Delivered(name, share, None, reason=bad[0].reason if bad else "nothing fits"))
            continue
        best = max(good, key=room)
        tokens = load.input_tokens + load.output_tokens
        made.append(Delivered(name, share, room(best) * tokens, best.deployment.label))
    return tuple(made)


def usd_per_token(per_hour: float, found: tuple[Delivered, ...], utilisation: float) -> float | None:
    """Price of a token of the mix on a system at a price for its hour.

    Parameters
    ----------
    per_hour : float
        Price of one system-hour. [USD/h]
    found : tuple of Delivered
        Tokens/s by model, with its share of the tokens.
    utilisation : float
        Tokens delivered over those that could be. [1]

    Returns
    -------
    float or None
        None where a model of the mix does not run within the target. [USD/token]

    Notes
    -----
    System time adds up over the mix:

    .. math:: c = \\frac{p_h}{3600\\,u} \\sum_m \\frac{w_m}{q_m}

    References
    ----------
    :cite:t:`short1995`.
    """
    seconds = 0.0
    for one in found:
        if one.rate is None or one.rate <= 0:
            return None
        seconds += one.share / one.rate
    return per_hour / HOUR / utilisation * seconds
