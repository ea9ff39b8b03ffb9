"""Time of collectives over a fabric of one or two levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.cell import several, value_of, whole
from lcot.facts.types import Chip, Facts, Numeric
from lcot.steptime.roofline import some


@dataclass(frozen=True, slots=True)
class Group:
    """Ranks that talk to each other: ``inside`` of them in one scale-up domain, over ``outside`` domains."""

    inside: Numeric
    outside: Numeric
    bandwidth: Numeric  # one way, per chip, inside [B/s]
    outer: Numeric  # one way, per chip, between domains [B/s]

    @property
    def ranks(self) -> Numeric:
        """Ranks in all. [1]"""
        return self.inside * self.outside


def group(chip: Chip, ranks: Numeric, stride: Numeric = 1) -> Group:
    """The ranks of a collective on the fabric of a chip.

    Parameters
    ----------
    chip : Chip
        The chip; its first fabric level is the scale-up domain, its last what lies beyond.
    ranks : numeric
        Ranks; of copies abreast, one number for each, alike in what they cross. [1]
    stride : numeric
        Distance between neighbouring ranks in chips. [1]

    Returns
    -------
    Group
        The ranks by level.

    Raises
    ------
    MissingFact
        If the size or bandwidth of a level that is needed is not on record.

    Notes
    -----
    .. math:: p_{in} = \\min(p, s / stride), \\qquad p_{out} = \\lceil p / p_{in} \\rceil

    References
    ----------
    :cite:t:`thakur2005`.
    """
    if not several(ranks):
        return Group(1, 1, 1.0, 1.0)
    level = chip.levels[0] if chip.levels else "scale_up"
    size = chip.facts.number(f"fabric.{level}.size", "parallelism over chips")
    if isinstance(ranks, np.ndarray):
        inside = np.maximum(1, np.minimum(ranks, np.asarray(value_of(size)) // stride))
    else:
        inside = max(1, min(ranks, whole(size) // stride))
    outside = -(-ranks // inside)
    near = chip.facts.number(f"fabric.{level}.bandwidth", "parallelism over chips") if several(inside) else 1.0
    if not several(outside):
        return Group(inside, outside, near, 1.0)
    beyond = chip.levels[-1] if len(chip.levels) > 1 else "scale_out"
    far = chip.facts.number(f"fabric.{beyond}.bandwidth", "parallelism beyond one scale-up domain")
    return Group(inside, outside, near, far)


def all_reduce(message: Numeric, ranks: Group, engine: Facts) -> Numeric:
    r"""Time of an all-reduce.

    Parameters
    ----------
    message : numeric, shape (...)
        Bytes that each rank contributes. [B]
    ranks : Group
        Ranks and their links.
    engine : Facts
        Constants: ``collective.one_shot``, ``collective.two_shot``, ``collective.ring``,
        ``collective.outer`` [s], ``collective.fraction.one_shot``, ``.two_shot``, ``.ring``, ``.outer`` [1].

    Returns
    -------
    numeric, shape (...)
        Seconds; 0 for one rank. [s]

    Raises
    ------
    MissingFact
        If the engine lacks a constant.

    Notes
    -----
    The quickest of three ways: every rank reads all (one shot), reduce-scatter and all-gather in one kernel (two
    shots), or the library's ring or switch reduction.

    .. math:: t = \min\left(\alpha_1 + \frac{(p-1)\,m}{\eta_1 \beta},\;
              \alpha_2 + \frac{2(p-1)}{p} \frac{m}{\eta_2 \beta},\;
              \alpha_3 + \frac{2(p-1)}{p} \frac{m}{\eta_3 \beta}\right)

    Between domains a part m/p of the message is reduced over the outer links between the two halves.

    References
    ----------
    :cite:t:`thakur2005`, section 4.4.
    """
    time: Numeric = 0.0 * message
    p, part = ranks.inside, message
    if several(p):
        ring = 2.0 * (p - 1) / p * message / ranks.bandwidth
        one = (p - 1) * message / ranks.bandwidth / engine.number("collective.fraction.one_shot")
        two = ring / engine.number("collective.fraction.two_shot")
        library = ring / engine.number("collective.fraction.ring")
        quickest = np.minimum(engine.number("collective.one_shot") + one, engine.number("collective.two_shot") + two)
        time = time + np.minimum(quickest, engine.number("collective.ring") + library)
        part = message / p
    if several(ranks.outside):
        o = ranks.outside
        far = 2.0 * (o - 1) / o * part / (ranks.outer * engine.number("collective.fraction.outer"))
        time = time + 2.0 * engine.number("collective.outer") + far
    return time * some(message)


def all_gather(message: Numeric, ranks: Group, engine: Facts) -> Numeric:
    r"""Time of an all-gather, or of a reduce-scatter.

    Parameters
    ----------
    message : numeric, shape (...)
        Bytes that each rank holds afterwards (before, for a reduce-scatter). [B]
    ranks : Group
        Ranks and their links.
    engine : Facts
        Constants: ``collective.gather`` and ``collective.outer`` [s], ``collective.fraction.ring`` and
        ``.outer`` [1].

    Returns
    -------
    numeric, shape (...)
        Seconds; 0 for one rank. [s]

    Raises
    ------
    MissingFact
        If the engine lacks a constant.

    Notes
    -----
    .. math:: t = \alpha + \frac{p-1}{p} \frac{m}{\eta \beta}

    References
    ----------
    :cite:t:`thakur2005`, section 4.1.
    """
    time: Numeric = 0.0 * message
    p = ranks.inside
    if several(p):
        near = (p - 1) / p * message / (ranks.bandwidth * engine.number("collective.fraction.ring"))
        time = time + engine.number("collective.gather") + near
    if several(ranks.outside):
        o = ranks.outside
        far = (o - 1) / o * message / p / (ranks.outer * engine.number("collective.fraction.outer"))
        time = time + engine.number("collective.outer") + far
    return time * some(message)


def exchange(message: Numeric, ranks: Group, engine: Facts) -> Numeric:
    r"""Time of an all-to-all.

    Parameters
    ----------
    message : numeric, shape (...)
        Bytes that each rank sends to all others together. [B]
    ranks : Group
        Ranks and their links.
    engine : Facts
        Constants: ``exchange.floor`` and ``collective.outer`` [s], ``exchange.fraction`` and
        ``exchange.fraction.outer`` [1], or ``collective.fraction.outer`` without the latter.

    Returns
    -------
    numeric, shape (...)
        Seconds; 0 for one rank. [s]

    Raises
    ------
    MissingFact
        If the engine lacks a constant.

    Notes
    -----
    Shares of the message stay in the domain or leave it by the number of peers there, both at once:

    .. math:: t = \alpha + \max\left(\frac{p_{in} - 1}{p - 1} \frac{m}{\eta \beta},\;
              \frac{p - p_{in}}{p - 1} \frac{m}{\eta_o \beta_o}\right)

    References
    ----------
    :cite:t:`thakur2005`, section 4.2; :cite:t:`zhao2025deepep`.
    """
    p = ranks.ranks
    if not several(p):
        return 0.0 * message
    near = (ranks.inside - 1) / (p - 1) * message / (ranks.bandwidth * engine.number("exchange.fraction"))
    if not several(ranks.outside):
        return some(message) * engine.number("exchange.floor") + near
    far = (p - ranks.inside) / (p - 1) * message / (ranks.outer * _line_share(engine))
    floor = engine.number("exchange.floor") + engine.number("collective.outer")
    return some(message) * floor + np.maximum(near, far)


def forward(inside: Numeric, beyond: Numeric, ranks: Group, engine: Facts) -> Numeric:
    r"""Time of an all-to-all whose messages cross to another domain once and are passed on inside it.

    Parameters
    ----------
    inside : numeric, shape (...)
        Bytes that each rank passes on or sends inside its domain. [B]
    beyond : numeric, shape (...)
        Bytes that each rank sends to other domains. [B]
    ranks : Group
        Ranks and their links.
    engine : Facts
        Constants: as of `exchange`.

    Returns
    -------
    numeric, shape (...)
        Seconds. [s]

    Raises
    ------
    MissingFact
        If the engine lacks a constant.

    Notes
    -----
    The two legs follow each other through the ranks, so two floors are paid:

    .. math:: t = 2\,(\alpha + \alpha_o) + \max\left(\frac{m_{in}}{\eta \beta},\;
              \frac{m_{out}}{\eta_o \beta_o}\right)

    References
    ----------
    :cite:t:`zhao2025deepep`; :cite:t:`deepseekv3`, section 3.2.2.
    """
    near = inside / (ranks.bandwidth * engine.number("exchange.fraction"))
    far = beyond / (ranks.outer * _line_share(engine))
    floor = 2.0 * (engine.number("exchange.floor") + engine.number("collective.outer"))
    return some(inside) * floor + np.maximum(near, far)


def _line_share(engine: Facts) -> Numeric:
    """Share of the line rate that messages of an all-to-all reach; its kernels may have one of their own."""
    own = "exchange.fraction.outer"
    return engine.number(own if engine.has(own) else "collective.fraction.outer")


def send(message: Numeric, chip: Chip, across: bool, engine: Facts) -> Numeric:
    r"""Time to hand a message to the next pipeline stage.

    Parameters
    ----------
    message : numeric, shape (...)
        Bytes per chip. [B]
    chip : Chip
        The chip.
    across : bool
        Whether the next stage is in another scale-up domain. [1]
    engine : Facts
        Constants: ``send.floor`` [s], ``collective.fraction.ring`` and ``.outer`` [1].

    Returns
    -------
    numeric, shape (...)
        Seconds. [s]

    Raises
    ------
    MissingFact
        If the chip or the engine lacks a constant.

    Notes
    -----
    .. math:: t = \alpha + \frac{m}{\eta \beta}

    References
    ----------
    :cite:t:`thakur2005`, section 3.
    """
    levels = chip.levels or ("scale_out",)
    level = levels[-1] if across else levels[0]
    link = chip.facts.number(f"fabric.{level}.bandwidth", "pipeline parallelism")
    share = engine.number("collective.fraction.outer" if across else "collective.fraction.ring")
    return engine.number("send.floor") * some(message) + message / (link * share)
