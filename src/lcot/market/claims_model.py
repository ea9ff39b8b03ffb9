"""Claims that the model tests: what a run of the market, the map of costs and draws of the record say of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcot.choice.uncertainty import samples
from lcot.market.claims import Chance, Claim, Flip
from lcot.market.claims_fronts import wafer_price, wins_at
from lcot.market.claims_map import WAFERS, Cell
from lcot.market.claims_reading import Reading
from lcot.market.claims_record import COHORT, MARGIN, TENS, tens_of_billions
from lcot.market.types import Array
from lcot.market.value import exit_value

YEAR = 2028  # by which the claims speak
NAMED = ("cerebras", "groq", "amd", "tenstorrent", "sambanova", "huawei", "biren")  # the cohort of C8
NVIDIA = ("nvidia", "nvidia_china")
MULTIPLE = 24.0
SLOW = 60.0  # tokens/s a user up to which most demand lies
EXAMPLE = ("llama-3.3-70b", 30.0, 1000.0)  # model, tokens/s a user and requests/s at which the price is turned
SHARE, MID = 0.15, (0.25, 25.0, 0.12)  # of the market; margin, multiple and discount of the middle case
TESTED = ("C6", "C7", "C8", "C9", "C11")


def chance(test: str, values: Array, threshold: float, unit: str = "1") -> Chance:
    """How often a quantity reaches a threshold.

    Parameters
    ----------
    test : str
        What the quantity is.
    values : ndarray, shape (draws,)
        Its draws. [1, or ``unit``]
    threshold : float
        What it must reach. [1, or ``unit``]
    unit : str
        Of both.

    Returns
    -------
    Chance
        With P10, P50 and P90 of the quantity.

    Notes
    -----
    .. math:: p = \\frac{1}{n} \\#\\{x_i \\ge x^*\\}

    References
    ----------
    :cite:t:`hyndman1996`.
    """
    low, mid, high = (float(one) for one in np.quantile(values, [0.1, 0.5, 0.9]))
    return Chance(test, float(np.mean(values >= threshold)), len(values), low, mid, high, threshold, unit)


def tokens_multiple(found: Reading) -> Array:
    """Tokens served in 2030 over those of 2026, by draw. [1].

    Parameters
    ----------
    found : Reading
        Of a run of the market with both years.

    Returns
    -------
    ndarray, shape (draws,)
        Of all segments. [1]

    Notes
    -----
    .. math:: m = Q_{2030} / Q_{2026}
    """
    return found.tokens[found.year(2030)] / found.tokens[found.year(2026)]


def with_market(one: Claim, found: Reading) -> Claim:
    """The claim with what a run of the market says of it; claims that it does not test stay as they are."""
    made: list[Chance] = []
    if one.id == "C6":
        made.append(chance("tokens served in 2030 over 2026", tokens_multiple(found), MULTIPLE))
    elif one.id == "C7":
        share = found.inference_share[found.year(YEAR)]
        made.append(chance(f"inference over all compute in service, {YEAR}", share, MARGIN))
        made.append(chance(f"the same, more than half, {YEAR}", share, 0.5))
    elif one.id == "C8":
        every = tuple(name for name in found.vendors if name not in NVIDIA)
        added = found.compute_share[:, found.year(YEAR)]
        made.append(chance(f"the named vendors' share of inference compute added, {YEAR}",
                           added[found.rows(NAMED)].sum(axis=0), COHORT))  # fmt: skip
        made.append(
            chance(f"all but NVIDIA, captive silicon included, {YEAR}", added[found.rows(every)].sum(axis=0), COHORT)
        )
    elif one.id == "C9" and one.chances:
        worth = exit_value(SHARE * found.spending[:, found.year(YEAR)].sum(axis=0) * MID[0], *MID[1:], 2)
        test = f"what 15 % of the model's market of {YEAR} is worth, middle case"
        made.append(chance(test, np.asarray(worth), TENS, "USD"))
    return replace(one, chances=(*one.chances, *made))


def with_draws(one: Claim, draws: int, seed: int) -> Claim:
    """C9 with draws of its market, margin, multiple and discount; other claims as they are.

    Parameters
    ----------
    one : Claim
        Any.
    draws : int
        Number of draws. [1]
    seed : int
        The same seed gives the same draws. [1]

    Returns
    -------
    Claim
        With a probability where it is C9.
    """
    if one.id != "C9" or draws < 1:
        return one
    facts = samples([one.facts], draws, seed)[one.facts.owner]
    worth = (np.broadcast_to(np.asarray(tens_of_billions(facts)), (draws,)) + 1.0) * TENS
    made = chance("what 15 to 20 % of the market is worth", worth, TENS, "USD")
    return replace(one, chances=(*one.chances, made))


def with_map(one: Claim, found: tuple[Cell, ...]) -> Claim:
    """C11 with what the map says of it, and the changes that turn its cells; other claims as they are."""
    if one.id != "C11":
        return one
    here = [c for c in found if c.load >= max(x.load for x in found) and c.speed <= SLOW and c.draws is not None]
    ratios = np.concatenate([c.draws[~np.isnan(c.draws)] for c in here if c.draws is not None]) if here else None
    made: list[Chance] = []
    if ratios is not None and ratios.size:
        won = np.where(np.isinf(ratios), 1e9, ratios)
        p10, p50, p90 = (float(x) for x in np.quantile(won, [0.1, 0.5, 0.9]))
        test = f"wafer's cost over the cheapest GPUs' at scale, up to {SLOW:g} tokens/s a user"
        made.append(Chance(test, float(np.mean(won < 1.0)), int(won.size), p10, p50, p90, 1.0))
    return replace(one, chances=(*one.chances, *made), flips=(*one.flips, *map_flips(found)))


def map_flips(found: tuple[Cell, ...]) -> tuple[Flip, ...]:
    """What turns a cell of the map: a faster target, or a cheaper wafer; each run.

    Parameters
    ----------
    found : tuple of Cell
        The map.

    Returns
    -------
    tuple of Flip
        For each model at the heaviest load the lowest speed at which the wafer is more likely cheaper than not; and the
        price of the wafer that turns one cell, with the search run at that price.
    """
    made: list[Flip] = []
    heavy = max(one.load for one in found)
    for model in dict.fromkeys(one.model for one in found):
        row = sorted((c for c in found if (c.model, c.load) == (model, heavy)), key=lambda c: c.speed)
        known = [(c.speed, c.probability) for c in row if c.probability is not None]
        turn = next(((speed, p) for speed, p in known if p >= 0.5), None)
        if turn is not None and known[0][1] < 0.5:
            note = f"{heavy:g} requests/s; probability {known[0][1]:.0%} becomes {turn[1]:.0%}"
            made.append(Flip(f"speed asked, {model}", known[0][0], turn[0], "token/s", False, True, note, "map"))
    price = wafer_price(*EXAMPLE)
    if price is not None and price > 0 and wins_at(*EXAMPLE, price * 0.98) and not wins_at(*EXAMPLE, price * 1.02):
        from lcot.facts import catalog

        facts = catalog.system(WAFERS[0]).facts
        listed, parts = float(facts.number("price")), float(facts.number("other.bom"))
        note = f"{EXAMPLE[0]}, {EXAMPLE[1]:g} tokens/s a user, {EXAMPLE[2]:g} requests/s; its parts cost {parts:,.0f}"
        made.append(Flip(f"{WAFERS[0]}.price", listed, price * 0.98, "USD", False, True, note, "map"))
    return tuple(made)
