"""What turns a claim that a run of the market tests: one fact of the scenario changed, and the market solved again.

Costs do not depend on the facts that are changed here, so the offers of the run are used again, or a vendor's made
dearer; parameters of choice are weighed by the back-test as in any run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lcot.errors import UnknownName
from lcot.facts.types import Facts, Source
from lcot.market.backtest import fitted
from lcot.market.claims import Change, Claim, Flip
from lcot.market.claims_model import with_market
from lcot.market.claims_reading import reading
from lcot.market.offers import Offers
from lcot.market.outlook import solved
from lcot.market.types import Parts, Scenario
from lcot.units import from_si, to_si

COSTS = "costs of "  # begins the key of a change that is of a vendor's costs, not of a fact
LIKELY = 0.5  # probability from which a claim counts as held by the model


def with_change(scenario: Scenario, key: str, value: float | None, times: float, unit: str) -> Scenario:
    """The scenario with one fact at an exact value, or several multiplied.

    Parameters
    ----------
    scenario : Scenario
        As it stands.
    key : str
        Fact of the scenario; with an asterisk at its end, all facts that begin so.
    value : float or None
        What it becomes, exactly [1, or ``unit``]; None: it is multiplied, range and all.
    times : float
        By what, where there is no value. [1]
    unit : str
        Unit of the value.

    Returns
    -------
    Scenario
        Everything else as it was.

    Raises
    ------
    UnknownName
        If the scenario has no such fact.
    """
    stem = key.removesuffix("*")
    keys = [one for one in scenario.facts if one == key or (stem != key and one.startswith(stem))]
    if not keys:
        raise UnknownName("fact of the scenario", key, scenario.facts)
    source = Source("user", "Set by the user", "user", note=f"{key} changed")
    made = dict(scenario.facts.items_by_key)
    for one in keys:
        fact = made[one]
        if value is not None:
            exact = to_si(value, unit)
            made[one] = replace(fact, value=exact, low=exact, high=exact, unit=unit, sources=(source,), kind="user")
        elif isinstance(fact.value, int | float):
            ends = {end: None if at is None else at * times for end, at in (("low", fact.low), ("high", fact.high))}
            made[one] = replace(fact, value=fact.value * times, sources=(source,), kind="user", **ends)
    return replace(scenario, facts=Facts(scenario.facts.owner, made))


def with_costs(scenario: Scenario, found: Offers, vendor: str, times: float) -> Offers:
    """Offers in which one vendor's systems cost more or less, to buy and to run.

    Parameters
    ----------
    scenario : Scenario
        With the vendor.
    found : Offers
        As they stand.
    vendor : str
        Whose.
    times : float
        By what its costs are multiplied. [1]

    Returns
    -------
    Offers
        Everything else as it was.

    Raises
    ------
    UnknownName
        If the scenario has no such vendor.

    Notes
    -----
    .. math:: h' = k h, \\quad c' = k c
    """
    owned = {v.id: v.systems for v in scenario.vendors}
    if vendor not in owned:
        raise UnknownName("vendor", vendor, owned)

    def dearer(p: Parts) -> Parts:
        return replace(p, chip_hour=p.chip_hour * times, cost=p.cost * times, running=p.running * times)

    parts = {s: {id: dearer(p) if id in owned[vendor] else p for id, p in of.items()} for s, of in found.parts.items()}
    price = {id: p * times if id in owned[vendor] else p for id, p in found.price.items()}
    return replace(found, parts=parts, price=price)


def tries(change: Change) -> list[tuple[float | None, float]]:
    """What a change does, one after the other: exact values, then factors.

    Parameters
    ----------
    change : Change
        From the claim's file.

    Returns
    -------
    list of tuple of float or None and float
        Value [1, or the change's unit], None where there is a factor; factor. [1]
    """
    exact: list[tuple[float | None, float]] = [(float(value), 1.0) for value in change.values]
    return [*exact, *((None, float(times)) for times in change.times)]


def turns(
    claims: Sequence[Claim],
    scenario: Scenario,
    found: Offers,
    draws: int,
    seed: int,
    progress: Callable[[str], None] | None = None,
) -> dict[str, tuple[Flip, ...]]:
    """The changes that turn claims, each run.

    Parameters
    ----------
    claims : sequence of Claim
        With what the run of the market says of them (`lcot.market.claims_model.with_market`), and the changes to try.
    scenario : Scenario
        Of the run.
    found : Offers
        Of the run.
    draws, seed : int
        Of the run. [1]
    progress : callable, optional
        Called with a sentence on what is tried.

    Returns
    -------
    dict of str to tuple of Flip
        By claim; of the values of one fact the first that turns a test. A test turns where its probability crosses a
        half.
    """
    made: dict[str, tuple[Flip, ...]] = {}
    for one in claims:
        flips: list[Flip] = []
        for change in one.changes:
            for value, times in tries(change):
                if progress:
                    progress(f"{one.id} with another {change.key}")
                changed, offered = scenario, found
                if change.key.startswith(COSTS):
                    offered = with_costs(scenario, found, change.key.removeprefix(COSTS), times)
                else:
                    changed = with_change(scenario, change.key, value, times, change.unit)
                for key, factor in change.besides.items():
                    changed = with_change(changed, key, None, factor, "1")
                fit = fitted(changed, offered, draws, seed)
                read = reading(solved(changed, offered, draws, seed, drawn=fit.drawn))
                again = with_market(replace(one, chances=()), read)
                new = turned(one, again, scenario, change, value, times)
                if new:
                    flips += new
                    break
        made[one.id] = tuple(flips)
    return made


def turned(
    before: Claim, after: Claim, scenario: Scenario, change: Change, value: float | None, times: float
) -> list[Flip]:
    """The tests of a claim that turned between two runs, as flips.

    Parameters
    ----------
    before, after : Claim
        With the tests of each run.
    scenario : Scenario
        Of the first.
    change : Change
        Of which fact.
    value : float or None
        What it became [1, or the change's unit]; None: it was multiplied.
    times : float
        By what. [1]

    Returns
    -------
    list of Flip
        None where every probability stays on its side of a half.
    """
    shown, to, unit = 1.0, times, "times"
    if value is not None:
        shown, to, unit = from_si(float(scenario.facts.number(change.key)), change.unit), value, change.unit
    flips: list[Flip] = []
    for old, new in zip(before.chances, after.chances, strict=True):
        if (old.probability >= LIKELY) != (new.probability >= LIKELY):
            note = f"{new.test}: probability {old.probability:.0%} becomes {new.probability:.0%}"
            note += "".join(f", with {key} times {factor:g}" for key, factor in change.besides.items())
            held = old.probability >= LIKELY
            flips.append(Flip(change.key, shown, to, unit, held, not held, note, "market"))
    return flips
