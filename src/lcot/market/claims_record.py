"""When a claim holds, in arithmetic, and what must change on record for it to turn.

Each rule gives a number that is 0 or more where the claim holds as it was said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from lcot.facts.types import Facts
from lcot.market.claims import Claim, Flip
from lcot.market.value import exit_value
from lcot.units import YEAR, from_si

ABOUT = 0.98  # of a round number still counts as it
TWICE = 1.95  # counts as twice
MARGIN = 0.6  # share of compute that counts as larger by a wide margin
COHORT = 0.30  # share that the cohort must reach
TENS = 20e9  # USD that count as tens of billions
FACTORS = np.geomspace(1.0, 100.0, 41)[1:]  # changes tried, either way
PAST = 1.002  # how far past the turn a change is run

Rule = Callable[[Facts], float]


def day_one(facts: Facts) -> float:
    """C1: the close times all diluted shares, against 98 billion. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim.

    Returns
    -------
    float
        Relative distance. [1]

    Notes
    -----
    .. math:: p\\,n / (0.98 \\cdot 10^{11}) - 1
    """
    return facts.number("price.first_close") * facts.number("shares.diluted") / (ABOUT * 100e9) - 1.0


def doubled(facts: Facts) -> float:
    """C2: revenue over that of the year before, against 1.95. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim.

    Returns
    -------
    float
        Relative distance. [1]

    Notes
    -----
    .. math:: R / (1.95 R_{-1}) - 1
    """
    return facts.number("revenue.data_center") / facts.number("revenue.year_before") / TWICE - 1.0


def below_consensus(facts: Facts) -> float:
    """C3: how far the guidance is below the consensus. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim.

    Returns
    -------
    float
        Relative distance. [1]

    Notes
    -----
    .. math:: C / G - 1
    """
    return facts.number("consensus") / facts.number("guidance") - 1.0


def tokens_multiple(facts: Facts) -> float:
    """C6: the target over the tokens disclosed, against 24. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim.

    Returns
    -------
    float
        Relative distance. [1]

    Notes
    -----
    .. math:: T / (24\\,T_0) - 1
    """
    return facts.number("tokens.target") / facts.number("tokens.disclosed") / 24.0 - 1.0


def inference_share(facts: Facts) -> float:
    """C7: the share of 2026, held to 2028, against 60 %. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim.

    Returns
    -------
    float
        Distance. [1]

    Notes
    -----
    .. math:: s - 0.6
    """
    return facts.number("share.2026") - MARGIN


def cohort(facts: Facts) -> float:
    """C8: the named vendors' share of compute shipped, against 30 %. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim.

    Returns
    -------
    float
        Distance. [1]

    Notes
    -----
    .. math:: \\frac{q_{AMD} + q_{Huawei}}{\\sum_v q_v} - 0.3
    """
    named = facts.number("compute.amd") + facts.number("compute.huawei")
    every = named + sum(facts.number(f"compute.{one}") for one in ("nvidia", "amazon", "google"))
    return named / every - COHORT


def tens_of_billions(facts: Facts) -> float:
    """C9: what the share is worth by the multiple alone, against 20 billion. [1]

    Parameters
    ----------
    facts : Facts
        Of the claim; values may be draws.

    Returns
    -------
    float
        Relative distance. [1]

    Notes
    -----
    .. math:: \\frac{k m s M}{(1+r)^2 V} - 1
    """
    income = facts.number("share") * facts.number("market") * facts.number("margin")
    worth = exit_value(income, facts.number("multiple"), facts.number("discount") * YEAR, 2)
    return worth / TENS - 1.0


def _month(key: str, wanted: str) -> Rule:
    def rule(facts: Facts) -> float:
        return 1.0 if facts.has(key) and facts.text(key).startswith(wanted) else -1.0

    return rule


def _public(facts: Facts) -> float:
    return 1.0 if facts.has("date.public") else -1.0


RULES: Mapping[str, tuple[Rule, tuple[str, ...]]] = {  # claim: rule, facts that may turn it
    "C1": (day_one, ("price.first_close", "shares.diluted")),
    "C2": (doubled, ("revenue.year_before", "revenue.data_center")),
    "C3": (below_consensus, ("consensus", "guidance")),
    "C4": (_month("date.announced", "2026-04"), ()),
    "C5": (_month("date", "2026-02"), ()),
    "C6": (tokens_multiple, ("tokens.disclosed", "tokens.target")),
    "C7": (inference_share, ("share.2026",)),
    "C8": (cohort, ("compute.amd", "compute.huawei", "compute.google", "compute.nvidia")),
    "C9": (tens_of_billions, ("market", "margin", "multiple")),
    "C10": (_public, ()),
}


def holds(one: Claim, facts: Facts | None = None) -> bool | None:
    """Whether a claim holds on the record as it was said; None where there is no rule."""
    if one.id not in RULES:
        return None
    return bool(RULES[one.id][0](one.facts if facts is None else facts) >= 0)


def flips(one: Claim) -> tuple[Flip, ...]:
    """The changes of single facts that turn the claim, each found and run.

    Parameters
    ----------
    one : Claim
        With its facts.

    Returns
    -------
    tuple of Flip
        The least change of each number, up to a hundred times either way, and each change of a text that turns it.

    Notes
    -----
    The turn of a number is found by Brent's method on its logarithm, and the rule is run a little past it.

    References
    ----------
    :cite:t:`brent1973`, chapter 4.
    """
    if one.id not in RULES:
        return ()
    rule, levers = RULES[one.id]
    before = bool(rule(one.facts) >= 0)
    made = [flip for key in levers if (flip := number_flip(one, rule, key)) is not None]
    for key, text in one.texts.items():
        fact = one.facts[key]
        changed = Facts(one.facts.owner, {**one.facts.items_by_key, key: replace(fact, value=text, unit="text")})
        if (rule(changed) >= 0) != before:
            was = fact.value if isinstance(fact.value, str) else None
            made.append(Flip(key, was, text, "text", before, not before))
    return tuple(made)


def number_flip(one: Claim, rule: Rule, key: str) -> Flip | None:
    """The least change of one number that turns a claim; None where none up to a hundred times does."""
    from scipy.optimize import brentq

    value, unit = float(one.facts.number(key)), one.facts[key].unit
    before = bool(rule(one.facts) >= 0)

    def at(logarithm: float) -> float:
        return float(rule(one.facts.with_values({key: value * float(np.exp(logarithm))})))

    for factor in FACTORS:
        for far in (float(np.log(factor)), -float(np.log(factor))):
            if (at(far) >= 0) == before:
                continue
            turn = float(brentq(at, *sorted((0.0, far)), xtol=1e-12))  # pyright: ignore[reportArgumentType]
            beyond = turn + float(np.sign(far)) * float(np.log(PAST))
            if (at(beyond) >= 0) == before or (unit in ("1", "%") and key.startswith("share.2") and turn > 0):
                return None
            after = from_si(value * float(np.exp(beyond)), unit)
            return Flip(key, from_si(value, unit), after, unit, before, not before)
    return None
