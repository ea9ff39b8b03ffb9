"""Draws through the simulator: a few runs over step time and load, and interpolation between them.

Runs share their random numbers (one trace, one seed), so that they differ by step time and load alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcot.errors import DomainError
from lcot.facts.types import Numeric

Array = NDArray[np.float64]
Simulate = Callable[[float, float], Mapping[str, float]]  # step-time factor, load factor -> results by name

FACTORS, LOADS, CHECKS = 6, 4, 4  # 24 runs to interpolate between, 4 to check


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Results of a simulated deployment over step time and load."""

    factors: Array  # real over predicted step time, increasing [1]
    loads: Array  # load over that asked for, increasing [1]
    values: dict[str, Array]  # results by name, shape (factors, loads)
    error: dict[str, float]  # largest |log(simulated / interpolated)| at points of no run [1]

    def at(self, name: str, factor: Numeric, load: Numeric = 1.0) -> Array:
        """A result between the runs; held constant beyond them.

        Parameters
        ----------
        name : str
            Of the result.
        factor : numeric, shape (...)
            Real over predicted step time. [1]
        load : numeric, shape (...)
            Load over that asked for. [1]

        Returns
        -------
        ndarray, shape (...)
            Interpolated result, in its own unit [any].

        Notes
        -----
        Bilinear in the logarithms, so exact for products of powers:
        :math:`\\ln y = \\sum_{ij} w_i(f) w_j(l) \\ln y_{ij}`.

        References
        ----------
        :cite:t:`press2007`, section 3.6.
        """
        return interpolate(self.factors, self.loads, self.values[name], factor, load)


def interpolate(factors: Array, loads: Array, values: Array, factor: Numeric, load: Numeric) -> Array:
    """Bilinear interpolation in the logarithms of all three.

    Parameters
    ----------
    factors, loads : ndarray, shapes (n,) and (m,)
        Increasing, above 0. [1]
    values : ndarray, shape (n, m)
        Above 0, in any unit. [any]
    factor, load : numeric, shape (...)
        Where. [1]

    Returns
    -------
    ndarray, shape (...)
        In the unit of ``values``. [any]

    Notes
    -----
    :math:`\\ln y = \\sum_{ij} w_i(f) w_j(l) \\ln y_{ij}`.

    References
    ----------
    :cite:t:`press2007`, section 3.6.
    """

    def place(ends: Array, where: Numeric) -> tuple[NDArray[np.intp], Array]:
        logs = np.log(ends)
        x = np.clip(np.log(np.asarray(where, dtype=float)), logs[0], logs[-1])
        low = np.clip(np.searchsorted(logs, x, side="right") - 1, 0, len(logs) - 2)
        return low, (x - logs[low]) / (logs[low + 1] - logs[low])

    (i, u), (j, v) = place(factors, factor), place(loads, load)
    logs = np.log(values)
    return np.exp(
        (1 - u) * (1 - v) * logs[i, j]
        + u * (1 - v) * logs[i + 1, j]
        + (1 - u) * v * logs[i, j + 1]
        + u * v * logs[i + 1, j + 1]
    )


def surrogate(
    simulate: Simulate,
    factors: tuple[float, float],
    loads: tuple[float, float] = (0.5, 1.5),
    executor: Executor | None = None,
) -> Surrogate:
    """Run a deployment over step time and load, and measure the error of interpolating between the runs.

    Parameters
    ----------
    simulate : callable
        ``simulate(factor, load)`` gives results by name, each above 0; with the same random numbers every time.
    factors : tuple of float
        Lowest and highest step-time factor that the draws will ask for. [1]
    loads : tuple of float
        Lowest and highest load over that asked for. [1]
    executor : Executor, optional
        Any of `concurrent.futures`; None: here, one after the other.

    Returns
    -------
    Surrogate
        From `FACTORS` x `LOADS` runs and `CHECKS` more in the middle of its cells.

    Raises
    ------
    DomainError
        If the ends are out of order, or a result is not a positive number.
    """
    for name, (low, high) in (("factors", factors), ("loads", loads)):
        if not 0 < low < high:
            raise DomainError(name, (low, high), "0 < low < high")
    rows, columns = np.geomspace(*factors, FACTORS), np.geomspace(*loads, LOADS)
    cells = np.linspace(0, (FACTORS - 1) * (LOADS - 1) - 1, CHECKS).round().astype(int)
    middle = [
        (float(np.sqrt(rows[i] * rows[i + 1])), float(np.sqrt(columns[j] * columns[j + 1])))
        for i, j in (divmod(int(cell), LOADS - 1) for cell in cells)
    ]
    asked = [*((float(row), float(column)) for row in rows for column in columns), *middle]
    first, second = [one for one, _ in asked], [other for _, other in asked]
    found = list(executor.map(simulate, first, second) if executor else map(simulate, first, second))
    values = {name: grid(name, found[: -len(middle)]).reshape(FACTORS, LOADS) for name in found[0]}
    error = {
        name: float(
            max(
                abs(np.log(result[name] / interpolate(rows, columns, values[name], *where)))
                for where, result in zip(middle, found[-len(middle) :], strict=True)
            )
        )
        for name in values
    }
    return Surrogate(rows, columns, values, error)


def grid(name: str, results: Sequence[Mapping[str, float]]) -> Array:
    """One result of all runs.

    Parameters
    ----------
    name : str
        Of the result.
    results : sequence of mapping of str to float
        By run. [any]

    Returns
    -------
    ndarray, shape (runs,)
        In its own unit. [any]

    Raises
    ------
    DomainError
        If one is not a positive number.

    Notes
    -----
    No formula: it gathers and checks.
    """
    values = np.array([float(result[name]) for result in results])
    if not (np.isfinite(values) & (values > 0)).all():
        raise DomainError(name, values[~(np.isfinite(values) & (values > 0))][0], "above 0 in every run")
    return values
