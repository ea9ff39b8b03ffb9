"""Seconds of one operator, split by what they are spent on."""

from __future__ import annotations

import numpy as np

from lcot.facts.types import Chip, Numeric
from lcot.steptime.types import Breakdown

NOTHING = Breakdown(0.0, 0.0, 0.0, 0.0)


def main_bandwidth(chip: Chip) -> Numeric:
    r"""Bandwidth of the memory that holds weights and caches: the nearest tier that is not on-chip SRAM.

    Parameters
    ----------
    chip : Chip
        The chip.

    Returns
    -------
    numeric
        Bandwidth. [B/s]

    Raises
    ------
    MissingFact
        If it is not on record.

    Notes
    -----
    .. math:: B = B_{hbm}

    References
    ----------
    :cite:t:`williams2009`.
    """
    return chip.facts.number(f"memory.{main_tier(chip)}.bandwidth", "reading weights")


def main_tier(chip: Chip) -> str:
    """Name of the memory tier that holds weights and caches: the nearest that is not on-chip SRAM."""
    return next((tier for tier in chip.tiers if tier != "sram"), chip.tiers[-1])


def roofline(compute: Numeric, memory: Numeric, fixed: Numeric = 0.0) -> Breakdown:
    r"""Time of a kernel that computes and moves data at once.

    Parameters
    ----------
    compute : numeric, shape (...)
        Time of the arithmetic alone. [s]
    memory : numeric, shape (...)
        Time of the memory traffic alone. [s]
    fixed : numeric, shape (...)
        Launch, prologue and tail, which overlap with neither. [s]

    Returns
    -------
    Breakdown
        Shares that add up to the time; the share of each limit falls to it as it bends the corner. [s]

    Notes
    -----
    .. math:: t = t_0 + \sqrt{c^2 + m^2}

    The sharp corner :math:`\max(c, m)` of the roofline is never reached by real kernels; a corner rounded by the
    Euclidean norm fits measured matrix products better than sharper ones.

    References
    ----------
    :cite:t:`williams2009`.
    """
    length = np.sqrt(compute * compute + memory * memory) + 1e-30
    return Breakdown(compute * compute / length, memory * memory / length, 0.0, fixed)


def plus(*parts: Breakdown) -> Breakdown:
    r"""Times one after another.

    Parameters
    ----------
    *parts : Breakdown
        What is added. [s]

    Returns
    -------
    Breakdown
        The sum. [s]

    Notes
    -----
    .. math:: t = \sum_i t_i

    References
    ----------
    :cite:t:`williams2009`.
    """
    total, *rest = parts
    for part in rest:
        total = Breakdown(
            total.compute + part.compute,
            total.memory + part.memory,
            total.network + part.network,
            total.fixed + part.fixed,
        )
    return total


def times(part: Breakdown, factor: Numeric) -> Breakdown:
    r"""A time repeated, or a share of it.

    Parameters
    ----------
    part : Breakdown
        Time of one. [s]
    factor : numeric, shape (...)
        How often. [1]

    Returns
    -------
    Breakdown
        The product. [s]

    Notes
    -----
    .. math:: t = n\,t_1

    References
    ----------
    :cite:t:`williams2009`.
    """
    return Breakdown(part.compute * factor, part.memory * factor, part.network * factor, part.fixed * factor)


def some(amount: Numeric) -> Numeric:
    r"""How much of a fixed cost an amount of work incurs: all of it from one item on, none without work.

    Parameters
    ----------
    amount : numeric, shape (...)
        Items of work. [1]

    Returns
    -------
    numeric, shape (...)
        Share between 0 and 1. [1]

    Notes
    -----
    .. math:: s = \min(1, n)

    References
    ----------
    :cite:t:`williams2009`.
    """
    return np.minimum(1.0, amount)
