"""Time of a matrix product on a chip."""

from __future__ import annotations

import numpy as np

from lcot.facts.types import Chip, Facts, Numeric
from lcot.steptime.roofline import main_bandwidth, roofline, some
from lcot.steptime.types import Breakdown
from lcot.workload.formats import bytes_of

ACTIVATION = {"bf16": 2.0, "fp8": 1.0 + 4 / 128, "int8": 1.0, "fp6": 0.75 + 1 / 32, "fp4": 0.5 + 1 / 16}


def peak(chip: Chip, compute: str) -> Numeric:
    r"""Dense peak of a format.

    Parameters
    ----------
    chip : Chip
        The chip.
    compute : str
        What the matrix units multiply in. [text]

    Returns
    -------
    numeric
        Operations per second. [FLOP/s]

    Raises
    ------
    MissingFact
        If no peak of this format is on record.

    Notes
    -----
    .. math:: F = F_{format}

    References
    ----------
    :cite:t:`williams2009`.
    """
    return chip.facts.number(f"peak.{compute}", "matrix products")


def attainable(chip: Chip, engine: Facts, compute: str) -> Numeric:
    r"""Share of the peak that the best-shaped matrix product reaches.

    Parameters
    ----------
    chip : Chip
        The chip; its best measured share, if one is on record, bounds the engine's.
    engine : Facts
        Constants of the engine.
    compute : str
        What the matrix units multiply in. [text]

    Returns
    -------
    numeric
        Share. [1]

    Raises
    ------
    MissingFact
        If neither knows it.

    Notes
    -----
    .. math:: \eta = \min(\eta_{engine}, \eta_{chip})

    References
    ----------
    :cite:t:`bekman2024`.
    """
    share = engine.number(f"gemm.fraction.{compute}", f"matrix products in {compute}")
    key = f"achievable.{compute}"
    return np.minimum(share, chip.facts.number(key)) if chip.facts.has(key) else share


def gemm(m: Numeric, n: Numeric, k: Numeric, weights: str, compute: str, chip: Chip, engine: Facts) -> Breakdown:
    r"""Time of one product of activations (m, k) with weights (k, n).

    Parameters
    ----------
    m : numeric, shape (...)
        Tokens. [1]
    n, k : numeric
        Columns and inner dimension on this chip. [1]
    weights : str
        Format of the weights. [text]
    compute : str
        What the matrix units multiply in. [text]
    chip : Chip
        The chip.
    engine : Facts
        Constants: ``gemm.floor`` and ``gemm.quantise`` [s], ``gemm.loop`` [s per inner element],
        ``gemm.fraction.*`` and ``gemm.memory`` [1].

    Returns
    -------
    Breakdown
        Seconds by cause. [s]

    Raises
    ------
    MissingFact
        If the chip or the engine lacks a constant.

    Notes
    -----
    .. math::
        t = t_0 + t_q + \frac{mk(2 + b_a)}{\eta_m B}
            + \left\| \frac{2mnk}{\eta_c F} + k\tau,\; \frac{b_w nk + b_a mk + 2mn}{\eta_m B} \right\|_2

    :math:`t_0` is the launch floor. Activations multiplied below 16 bits are quantised first (:math:`t_q`, and their
    traffic). :math:`k\tau` is the time in which one tile walks along the inner dimension: the last, partly filled
    wave of tiles takes it whole, which is what wave quantisation costs on average.

    References
    ----------
    :cite:t:`williams2009`; :cite:t:`nvidia2023matmul` for tile and wave quantisation.
    """
    rate = attainable(chip, engine, compute) * peak(chip, compute)
    bandwidth = engine.number("gemm.memory") * main_bandwidth(chip)
    width = ACTIVATION[compute]
    narrow = compute != "bf16"
    arithmetic = 2.0 * m * n * k / rate + k * engine.number("gemm.loop")
    traffic = (bytes_of(weights) * n * k + width * m * k + 2.0 * m * n) / bandwidth
    fixed = engine.number("gemm.floor") + (engine.number("gemm.quantise") if narrow else 0.0)
    quantised = m * k * (2.0 + width) / bandwidth if narrow else 0.0
    time = roofline(arithmetic, traffic, fixed)
    share = some(m)
    return Breakdown(share * time.compute, share * time.memory + quantised, 0.0, share * time.fixed)


def elementwise(tokens: Numeric, elements: Numeric, kernels: int, chip: Chip, engine: Facts) -> Breakdown:
    r"""Time of kernels that touch each element of a token once: norms, activations, rotary embedding.

    Parameters
    ----------
    tokens : numeric, shape (...)
        Tokens. [1]
    elements : numeric
        16-bit elements read and written per token. [1]
    kernels : int
        Kernels. [1]
    chip : Chip
        The chip.
    engine : Facts
        Constants: ``elementwise.floor`` [s], ``elementwise.memory`` [1].

    Returns
    -------
    Breakdown
        Seconds by cause. [s]

    Raises
    ------
    MissingFact
        If the chip or the engine lacks a constant.

    Notes
    -----
    .. math:: t = n\,t_0 + \frac{2\,e\,m}{\eta B}

    References
    ----------
    :cite:t:`williams2009`.
    """
    bandwidth = engine.number("elementwise.memory") * main_bandwidth(chip)
    moved = 2.0 * elements * tokens / bandwidth
    return Breakdown(0.0, moved, 0.0, kernels * engine.number("elementwise.floor") * some(tokens))
