"""Time of the routed experts of a mixture on a chip."""

from __future__ import annotations

import numpy as np

from lcot.facts.types import Chip, Facts, Numeric
from lcot.steptime.gemm import ACTIVATION, attainable, peak
from lcot.steptime.roofline import main_bandwidth, roofline, some
from lcot.steptime.types import Breakdown
from lcot.workload.architecture import FeedForward
from lcot.workload.formats import bytes_of


def touched(experts: Numeric, chosen: Numeric, tokens: Numeric) -> Numeric:
    r"""Share of the experts that at least one token is sent to.

    Parameters
    ----------
    experts : numeric
        Routed experts of the layer. [1]
    chosen : numeric
        Experts of one token. [1]
    tokens : numeric, shape (...)
        Tokens. [1]

    Returns
    -------
    numeric, shape (...)
        Share. [1]

    Notes
    -----
    .. math:: 1 - (1 - k / E)^T

    References
    ----------
    :cite:t:`shazeer2017`.
    """
    miss = np.log(1.0 - np.minimum(chosen / experts, 1.0 - 1e-9))
    return 1.0 - np.exp(tokens * miss)


def experts(
    tokens: Numeric,
    layer: FeedForward,
    held: Numeric,
    width: Numeric,
    hidden: Numeric,
    ranks: Numeric,
    weights: str,
    compute: str,
    chip: Chip,
    engine: Facts,
) -> Breakdown:
    r"""Time of the routed experts of one layer on the busiest chip.

    Parameters
    ----------
    tokens : numeric, shape (...)
        Tokens of all ranks that share the experts. [token]
    layer : FeedForward
        The layer.
    held, width : numeric
        Experts on this chip, and the width of each that it holds. [1]
    hidden : numeric
        Width of a token as the experts see it. [1]
    ranks : numeric
        Expert-parallel ranks. [1]
    weights, compute : str
        Format of the weights, and what the matrix units multiply in. [text]
    chip : Chip
        The chip.
    engine : Facts
        Constants: ``experts.floor`` [s], ``experts.memory``, ``experts.share`` (of the attainable share of a plain
        matrix product), ``experts.imbalance`` [1], ``experts.tile`` [token]; ``experts.share.widened`` and
        ``experts.tile.widened`` where weights of 4 bits are widened to 16 before they multiply. Floor, share and tile
        have a format behind them (``.fp8_block``, ``.widened.mxfp4``) where the kernels of that format are others.

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
    With :math:`R = (1 + \iota)\,T k / e` rows on the busiest of e ranks and :math:`E_t` experts touched,

    .. math:: t = t_0 + \left\| \frac{2\,(R + E_t\,\theta)\,\mu h w}{\eta_c F},\;
              \frac{E_t\,\mu h w\,b_w + R\,[(2 + b_a) h + 4 \mu w]}{\eta_m B} \right\|_2

    :math:`\theta` are the rows by which the last tile of an expert is too large on average. Kernels that widen
    weights in registers use the older, warp-synchronous matrix instructions, whose rate :math:`F` is then.

    References
    ----------
    :cite:t:`gale2022`, section 3; :cite:t:`lepikhin2021`.
    """
    spread = 1.0 + engine.number("experts.imbalance") * np.minimum(1.0, ranks - 1.0)
    rows = spread * tokens * layer.active / ranks
    busy = held * touched(layer.experts, layer.active, tokens)
    size = layer.matrices * hidden * width
    widened = compute == "bf16" and bytes_of(weights) < 1.0
    floor, share, tile = (_constant(f"experts.{name}", widened, weights, engine) for name in ("floor", "share", "tile"))
    units = _synchronous(chip, compute) if widened else peak(chip, compute)
    rate = share * attainable(chip, engine, compute) * units
    bandwidth = engine.number("experts.memory") * main_bandwidth(chip)
    arithmetic = 2.0 * (rows + busy * tile) * size / rate
    each = (2.0 + ACTIVATION[compute]) * hidden + 4.0 * layer.matrices * width
    traffic = (busy * size * bytes_of(weights) + rows * each) / bandwidth
    return roofline(arithmetic, traffic, floor * some(tokens))


def _synchronous(chip: Chip, compute: str) -> Numeric:
    """Rate of the warp-synchronous matrix instructions; chips without a rate of their own for them use the peak."""
    key = f"synchronous.{compute}"
    return chip.facts.number(key) if chip.facts.has(key) else peak(chip, compute)


def _constant(key: str, widened: bool, weights: str, engine: Facts) -> Numeric:
    """A constant of the experts' kernels; formats, and kernels that widen weights on the way, may have their own."""
    form, whole = weights.partition("-")[0], weights.replace("-", "_")
    own = (f"{key}.widened.{form}", f"{key}.widened") if widened else (f"{key}.{whole}",)
    return engine.number(next((name for name in own if engine.has(name)), key))
