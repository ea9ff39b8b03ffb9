"""Buyers choose, supply is short: a convex programme whose multipliers are the scarcity rents.

Yearly additions x of alternative j in segment s maximise the buyers' surplus, money and the entropy of a nested logit
together, within caps and above contracts. The programme is solved through its dual, which has one variable for each
limit: the rent. Its solution is the nested logit at costs that include the rents; without limits it is the plain one.
All draws are solved side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from lcot.errors import Infeasible
from lcot.market.logit import nested
from lcot.market.types import Array

TIGHT = 1e-7  # relative to a limit: how exactly it is met
MISSED = 1e-3  # relative to a limit: how far a solution may be from keeping it
ROUNDS, HALVINGS, LONGEST = 500, 30, 4.0
NEAR = 1e-5  # rent, in the solver's own unit, below which it may be held apart from the others


@dataclass(frozen=True, slots=True)
class Problem:
    """One year, n draws. A limit below zero is a floor: its uses are below zero too, and its rent is a subsidy."""

    utility: Array  # (n, s, j): without rents; minus infinity where nothing is offered
    use: Array  # (n, s, j, r): units of a limit for one unit of demand
    limits: Array  # (n, r): not zero
    need: Array  # (n, s): wanted in all, at the reference inclusive value
    kept: Array  # (n, s): of it, what is in service already
    least: Array  # (n, s): bought at the reference even where nothing is needed, above 0
    money: Array  # (n, s): utility of a dollar for each unit of demand [1/USD]
    response: Array  # (n, s): change of log demand with the inclusive value [1], above 0
    reference: Array  # (n, s): inclusive value at which demand is as stated
    nests: NDArray[np.int64]  # (j,)
    similarity: Array  # (n,)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The solution, draw by draw."""

    added: Array  # (n, s, j): units of demand met by each alternative
    shares: Array  # (n, s, j)
    rents: Array  # (n, r): USD for one unit of a limit more
    left: Array  # (n, r): units not used
    value: Array  # (n, s): inclusive value with rents


def bought(problem: Problem, value: Array) -> tuple[Array, Array, Array]:
    """What is bought at an inclusive value.

    Parameters
    ----------
    problem : Problem
        Needs and responses.
    value : ndarray, shape (n, s)
        Inclusive values. [1]

    Returns
    -------
    tuple of ndarray, each of shape (n, s)
        Surplus, demand, and its slope: the first and second derivative of the surplus. [unit of demand]

    Notes
    -----
    With :math:`E = e^{k (W - W^0)}`, need R, kept B and the least L,

    .. math:: D = \\max(R E - B, \\; L E)

    which rises with W, so that its integral, the surplus, is convex.
    """
    p = problem
    with np.errstate(invalid="ignore"):
        shift = np.where(np.isfinite(value), p.response * (value - p.reference), -np.inf)
    factor = np.exp(np.minimum(shift, 50.0))
    turn = p.kept / np.maximum(p.need - p.least, 1e-300)
    above = factor > turn
    demand = np.where(above, p.need * factor - p.kept, p.least * factor)
    slope = p.response * np.where(above, p.need, p.least) * factor
    since = np.log(np.where(above & (turn > 0), factor, 1.0) / np.where(turn > 0, np.where(above, turn, 1.0), 1.0))
    more = p.least * turn + p.need * (factor - turn) - p.kept * since
    return np.where(above, more, p.least * factor) / p.response, demand, slope


def at(problem: Problem, rents: Array) -> tuple[Array, Array]:
    """What buyers choose at given rents.

    Parameters
    ----------
    problem : Problem
        Utilities and uses.
    rents : ndarray, shape (n, r)
        Of each limit. [USD]

    Returns
    -------
    tuple of ndarray, shapes (n, s) and (n, s, j)
        Inclusive values and shares. [1]

    Notes
    -----
    .. math:: V_{sj} = V^0_{sj} - m_s \\sum_r a_{sjr} \\lambda_r
    """
    p = problem
    paid = p.utility - p.money[:, :, None] * np.einsum("nsjr,nr->nsj", p.use, rents)
    return nested(paid, p.nests, np.repeat(p.similarity[:, None], paid.shape[1], axis=1))


def dual(problem: Problem, y: Array, per: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Value, gradient and curvature of the dual in scaled rents.

    Parameters
    ----------
    problem : Problem
        The programme.
    y : ndarray, shape (n, r)
        Rents in units of ``per``. [1]
    per : ndarray, shape (n, r)
        Rent of one unit of y. [USD]
    scale : ndarray, shape (n,)
        What all demand would cost. [USD]

    Returns
    -------
    tuple of ndarray, shapes (n,), (n, r) and (n, r, r)
        The gradient is what is left of each limit, as a share of it. [1]

    Notes
    -----
    With :math:`\\bar a` the mean use of a buyer in the segment, :math:`\\bar a_n` in nest n with share :math:`P_n`:

    .. math:: H = \\sum_s m_s \\left[ (D_s' - D_s) \\bar a \\bar a' + \\tfrac{1}{\\nu} \\textstyle\\sum_j s_j a_j a_j'
       - (\\tfrac{1}{\\nu} - 1) \\sum_n P_n \\bar a_n \\bar a_n' \\right]
    """
    p = problem
    rents = y * per
    value, share = at(p, rents)
    surplus, demand, slope = bought(p, value)
    total = (surplus / p.money).sum(axis=1) + (p.limits * rents).sum(axis=1)
    left = p.limits - np.einsum("ns,nsj,nsjr->nr", demand, share, p.use)
    weight, nu = p.money * demand, p.similarity[:, None]
    mean = np.einsum("nsj,nsjr->nsr", share, p.use)
    curve = np.einsum("ns,nsr,nsq->nrq", p.money * (slope - demand), mean, mean)
    curve += np.einsum("ns,nsj,nsjr,nsjq->nrq", weight / nu, share, p.use, p.use, optimize=True)
    for n in range(int(p.nests.max()) + 1):
        here = p.nests == n
        part = share[:, :, here].sum(axis=2)
        within = np.einsum("nsj,nsjr->nsr", share[:, :, here], p.use[:, :, here])
        safe = np.where(part > 1e-30, part, 1.0)
        curve -= np.einsum("ns,nsr,nsq->nrq", weight * (1.0 / nu - 1.0) / safe, within, within)
    return total / scale, left * per / scale[:, None], curve * per[:, :, None] * per[:, None, :] / scale[:, None, None]


def clear(problem: Problem) -> Cleared:
    """Rents at which nobody wants more than there is, and contracts are kept.

    Parameters
    ----------
    problem : Problem
        One year.

    Returns
    -------
    Cleared
        Additions, rents, and what is left of each limit.

    Raises
    ------
    Infeasible
        If the limits contradict each other.

    Notes
    -----
    The dual, convex in the rents, minimised by Newton's method projected on rents not below zero:

    .. math:: \\min_{\\lambda \\ge 0} \\; \\sum_s \\frac{1}{m_s} \\int^{W_s} D_s + \\sum_r C_r \\lambda_r

    Its gradient is what is left, :math:`C_r - \\sum_{sj} a_{sjr} x_{sj}`, so that at the solution a rent is paid only
    where nothing is left. Variables are yearly rent payments :math:`C_r \\lambda_r` over what all demand would cost.

    References
    ----------
    :cite:t:`anderson1988`, :cite:t:`cuturi2013`, :cite:t:`bertsekas1982`.
    """
    p = problem
    scale = np.maximum((np.maximum(p.need - p.kept, p.least) / p.money).sum(axis=1), 1e-300)
    per = scale[:, None] / np.abs(p.limits)
    y = np.zeros(p.limits.shape)
    open_ones = np.arange(len(y))
    for _ in range(ROUNDS):
        q, here = _part(p, open_ones), y[open_ones]
        value, slope, curve = dual(q, here, per[open_ones], scale[open_ones])
        bound = (here <= 0.0) & (slope > 0.0)
        move = np.any(np.abs(np.where(bound, 0.0, slope)) >= TIGHT, axis=1)
        if not np.any(move):
            break
        open_ones, q = open_ones[move], _part(q, np.flatnonzero(move))
        here, slope = here[move], slope[move]
        step = _newton(slope, curve[move], _near_zero(here, slope))
        y[open_ones] = _downhill(q, here, per[open_ones], scale[open_ones], value[move], slope, step)
    value, share = at(p, y * per)
    demand = bought(p, value)[1]
    added = demand[:, :, None] * share
    left = p.limits - np.einsum("nsj,nsjr->nr", added, p.use)
    missed = (left < -MISSED * np.abs(p.limits)).any(axis=1)
    if np.any(missed):
        raise Infeasible(
            f"in {int(missed.sum())} of {len(missed)} draws no rents keep all caps and contracts; "
            "a contract asks for more than its caps allow"
        )
    return Cleared(added, share, y * per, left, value)


def _part(p: Problem, rows: NDArray[np.int64]) -> Problem:
    """Some draws of the programme."""
    if len(rows) == len(p.limits):
        return p
    return replace(p, **{f.name: getattr(p, f.name)[rows] for f in fields(p) if f.name != "nests"})


def _near_zero(y: Array, slope: Array) -> NDArray[np.bool_]:
    """Rents at zero, or so near to it that a step with the others would carry them past it, and that want to fall."""
    far = np.abs(y - np.maximum(y - slope, 0.0)).max(axis=1, keepdims=True)
    return (y <= np.minimum(far, NEAR)) & (slope > 0.0)


def _newton(slope: Array, curve: Array, bound: NDArray[np.bool_]) -> Array:
    """Newton's step in the rents that are free to move, none longer than `LONGEST`; each of the others by itself. [1]

    Only so is the step, cut off at zero, sure to lead downhill (Bertsekas, proposition 1).
    """
    free = ~bound
    both = free[:, :, None] & free[:, None, :]
    own = np.einsum("nrr->nr", curve)
    ridge = 1e-9 + 1e-9 * np.abs(own)
    held = np.where(both, curve, 0.0)
    held += np.einsum("nr,rq->nrq", np.where(free, ridge, np.abs(own) + ridge), np.eye(slope.shape[1]))
    move = -np.linalg.solve(held, slope[:, :, None])[:, :, 0]
    length = np.abs(np.where(free, move, 0.0)).max(axis=1, keepdims=True)
    return move * np.minimum(1.0, LONGEST / np.maximum(length, 1e-300))


def _downhill(p: Problem, y: Array, per: Array, scale: Array, value: Array, slope: Array, move: Array) -> Array:
    """The step, halved in each draw until the dual falls enough. [1]"""
    best, size = y.copy(), 1.0
    rows = np.arange(len(y))
    for _ in range(HALVINGS):
        q, start = _part(p, rows), y[rows]
        tried = np.maximum(start + size * move[rows], 0.0)
        surplus = bought(q, at(q, tried * per[rows])[0])[0]
        reached = (surplus / q.money).sum(axis=1) + (q.limits * tried * per[rows]).sum(axis=1)
        wanted = value[rows] + 1e-4 * (slope[rows] * (tried - start)).sum(axis=1) + 1e-13 * np.abs(value[rows])
        good = reached / scale[rows] <= wanted
        best[rows[good]] = tried[good]
        rows, size = rows[~good], size / 2.0
        if not len(rows):
            break
    return best
