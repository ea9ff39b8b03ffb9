"""What buyers prefer: cost, speed, what they already run, and what the shares of the base year reveal beyond those."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcot.market.assumptions import Assumptions
from lcot.market.logit import nested
from lcot.market.types import TRAINING, Array, Scenario
from lcot.market.yearly import OnSale

ROUNDS, STEP, MOST = 150, 0.6, 15.0
OWNERS = "captive"  # the segment, and the nest, of those who make chips for themselves


@dataclass(frozen=True, slots=True)
class Taste:
    """Few parameters, each an array over the draws."""

    price: Array  # exponent of relative cost
    nest: Array  # dissimilarity
    switching: Array  # share of cost
    speed: Array  # (draws, segment): elasticity of what is paid to speed; 0 for training
    wanted: Array  # (segment,): speed asked for [token/s]
    nests: NDArray[np.int64]
    half_life: Array  # years


def taste(scenario: Scenario, drawn: Assumptions) -> Taste:
    """The parameters of choice from the scenario's facts. [1, token/s, years]"""
    names = sorted({v.nest for v in scenario.vendors})
    speed = [drawn.number(f"speed_value.{s.id}") for s in scenario.segments] + [np.zeros(drawn.draws)]
    wanted = [float(scenario.facts.number(f"segment.{s.id}.speed")) for s in scenario.segments] + [1.0]
    from lcot.units import YEAR

    return Taste(
        drawn.number("choice.price_sensitivity"), drawn.number("choice.nest"), drawn.number("choice.switching"),
        np.stack(speed, axis=1), np.array(wanted), np.array([names.index(v.nest) for v in scenario.vendors]),
        drawn.number("choice.half_life") / YEAR,
    )  # fmt: skip


def utility(sale: OnSale, taste: Taste, installed: Array) -> Array:
    """Utility of each vendor in each segment, before preferences.

    Parameters
    ----------
    sale : OnSale
        Cost [USD/token] and speed [token/s], shape (draws, segment, vendor).
    taste : Taste
        Parameters.
    installed : ndarray, shape (draws, segment, vendor)
        Share of each vendor in what is in service. [1]

    Returns
    -------
    ndarray, shape (draws, segment, vendor)
        Minus infinity where nothing is offered. [1]

    Notes
    -----
    .. math:: V = -\\gamma \\left[ \\ln c + \\ln(1 + \\sigma (1 - n)) - \\varphi \\ln \\frac{v}{v^*} \\right]

    References
    ----------
    :cite:t:`train2009`, chapter 4; shares by relative cost as in :cite:t:`calvin2019`.
    """
    switch = np.log1p(taste.switching[:, None, None] * (1.0 - installed))
    worth = worth_of_speed(sale, taste)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = -taste.price[:, None, None] * (np.log(sale.cost) + switch - worth)
    return np.where(np.isfinite(sale.cost), found, -np.inf)


def worth_of_speed(sale: OnSale, taste: Taste) -> Array:
    """Log of what buyers pay more for a vendor's speed than for the speed asked for.

    Parameters
    ----------
    sale : OnSale
        Speed [token/s], shape (draws, segment, vendor).
    taste : Taste
        Elasticity of what is paid to speed. [1]

    Returns
    -------
    ndarray, shape (draws, segment, vendor)
        0 where nothing is offered. [1]

    Notes
    -----
    .. math:: \\varphi \\ln^+ \\frac{v}{v^*}
    """
    offered = np.isfinite(sale.speed)
    faster = np.log(np.where(offered, sale.speed, 1.0) / taste.wanted[None, :, None])
    return np.where(offered, taste.speed[:, :, None] * np.maximum(faster, 0.0), 0.0)


@dataclass(frozen=True, slots=True)
class Base:
    """The base year as it was."""

    beyond: Array  # (draws, vendor): preference beyond cost and speed; that of the first vendor is 0
    owned: Array  # (draws, segment, vendor): preference of owners for chips of their own
    intensity: Array  # (draws, segment): chips in service over those that the tokens need on the segment's models
    shares: Array  # (draws, segment, vendor): of capacity added
    observed: Array  # (draws, vendor): of compute added


def base_year(scenario: Scenario, drawn: Assumptions, sale: OnSale, taste: Taste, tokens: Array) -> Base:
    """Preferences that give each vendor the share of compute that it had, and the intensity of service.

    Parameters
    ----------
    scenario : Scenario
        Vendors and segments.
    drawn : Assumptions
        Shares of compute added, compute in service, what share of it is inference. [1]
    sale : OnSale
        What was on sale.
    taste : Taste
        Parameters.
    tokens : ndarray, shape (segment, draws)
        Tokens of the base year. [token/s]

    Returns
    -------
    Base
        With shares of each segment.

    Notes
    -----
    Fixed point of Berry: :math:`\\xi_j \\leftarrow \\xi_j + \\theta (\\ln s_j^{observed} - \\ln s_j)`. Intensity is the
    compute that was in service over the compute that the tokens need. Owners' preference for their own chips gives the
    captive nest the share of the captive segment that it had:

    .. math:: \\kappa_s = \\frac{C_s}{T_s \\sum_j s_{sj} e_j / (\\Theta_{sj} u)}

    References
    ----------
    :cite:t:`berry1995`, eq. 6.8.
    """
    record = _recorded(scenario, drawn, sale, tokens)
    plain = utility(sale, taste, np.broadcast_to(record.observed[:, None, :], sale.cost.shape))
    needs = np.where(np.isfinite(sale.cost), sale.compute / sale.output, 0.0)  # H100 equivalents for a unit of demand
    beyond, owned = np.zeros(record.observed.shape), np.zeros(plain.shape)
    for _ in range(ROUNDS):
        shares = _chosen(plain + beyond[:, None, :] + owned, taste)
        made, within, _ = _implied(record, shares * needs, shares[:, -1])
        with np.errstate(divide="ignore"):
            change = np.log(record.observed) - np.log(np.maximum(made, 1e-12))
        beyond = beyond + STEP * taste.nest[:, None] * np.where(record.observed > 0, change, 0.0)
        beyond = np.clip(beyond, -MOST, MOST)
        beyond = beyond - beyond[:, :1]
        owned = owned + STEP * _owners(record, within)
    shares = _chosen(plain + beyond[:, None, :] + owned, taste)
    _, _, intensity = _implied(record, shares * needs, shares[:, -1])
    return Base(beyond, owned, intensity, shares, record.observed)


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of the base year."""

    observed: Array  # (draws, vendor): shares of compute added
    compute: Array  # (draws,): in service
    inference: Array  # (draws,): share of it
    apart: Array  # (draws, segment): share of inference compute where it is on record, else 0
    merchant: Array  # (draws,): share of what owners add that they buy
    own: NDArray[np.bool_]  # (vendor,)
    here: int  # index of the owners' segment
    tokens: Array  # (draws, segment)


def _recorded(scenario: Scenario, drawn: Assumptions, sale: OnSale, tokens: Array) -> Record:
    """The record of the base year, shares over the vendors that have an offer. [1, token/s]"""
    ids = [s.id for s in scenario.segments]
    observed = np.stack([drawn.number(f"base_share.{v.id}") for v in scenario.vendors], axis=1)
    observed = np.where(np.isfinite(sale.cost).any(axis=1), observed, 0.0)
    none = np.zeros(drawn.draws)
    known = [drawn.number(f"compute_share.{id}") if drawn.has(f"compute_share.{id}") else none for id in ids]
    return Record(
        observed / observed.sum(axis=1, keepdims=True), drawn.number("compute.2025"),
        drawn.number("inference.share_2025"), np.stack(known, axis=1), drawn.number(f"{OWNERS}.merchant_share"),
        np.array([v.nest == OWNERS for v in scenario.vendors]), ids.index(OWNERS), tokens.T,
    )  # fmt: skip


def _chosen(worth: Array, taste: Taste) -> Array:
    """Shares at these utilities, (draws, segment, vendor). [1]"""
    return nested(worth, taste.nests, np.repeat(taste.nest[:, None], worth.shape[1], axis=1))[1]


def _implied(record: Record, each: Array, training: Array) -> tuple[Array, Array, Array]:
    """What shares mean for compute.

    Parameters
    ----------
    record : Record
        Of the base year.
    each : ndarray, shape (draws, segment, vendor)
        H100 equivalents of each vendor for a unit of demand, training as the last segment.
    training : ndarray, shape (draws, vendor)
        Shares in training. [1]

    Returns
    -------
    tuple of ndarray, shapes (draws, vendor), (draws, segment, vendor) and (draws, segment)
        Shares of compute added, shares within each segment, intensity. [1]

    Notes
    -----
    Segments whose compute is not on record share what is left in proportion to need, at one intensity.
    """
    inner = each[:, :-1]
    total = inner.sum(axis=2)
    need = total * record.tokens
    open_ones = record.apart == 0.0
    rest = (1.0 - record.apart.sum(axis=1)) / np.maximum((need * open_ones).sum(axis=1), 1e-300)
    part = np.where(open_ones, need * rest[:, None], record.apart)  # of inference compute
    within = inner / np.maximum(total[:, :, None], 1e-300)
    i = record.inference[:, None]
    made = i * (within * part[:, :, None]).sum(axis=1) + (1 - i) * training
    return made, within, part * (record.inference * record.compute)[:, None] / np.maximum(need, 1e-300)


def _owners(record: Record, within: Array) -> Array:
    """Change of the owners' preference that brings their own chips to the share on record. [1]"""
    found = np.zeros((len(within), within.shape[1] + 1, within.shape[2]))
    has = np.clip(within[:, record.here, record.own].sum(axis=1), 1e-9, 1 - 1e-9)
    odds = np.log((1 - record.merchant) / record.merchant) - np.log(has / (1 - has))
    found[:, record.here, record.own] = odds[:, None]
    return found


def rows(scenario: Scenario) -> list[str]:
    """Segments and training, in the order of the arrays."""
    return [*(s.id for s in scenario.segments), TRAINING]
