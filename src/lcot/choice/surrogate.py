"""Draws through the simulator: a few runs of one copy under different loads, and interpolation between them.

Runs share their random numbers, so that they differ by the load alone. A copy whose steps take f times as long as
predicted lives, under the load λ, through the same as a copy with the predicted steps under f λ, only f times slower:
runs over the product, the intensity, cover both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcot.errors import DomainError
from lcot.facts.types import Numeric

Array = NDArray[np.float64]
Simulate = Callable[[float], Mapping[str, float] | None]  # intensity -> times by name; None where it does not keep up

SPARSE, DENSE, CHECKS = 8, 12, 4  # runs at low and at high intensity, and runs to check the interpolation by
LOW, HALVINGS = 0.02, 5  # lowest intensity over the top; runs to find with what a copy keeps up
FINE = 512  # intensities at which the highest load within a limit is looked for


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Times of a simulated copy over its intensity."""

    intensities: Array  # load times step-time factor, increasing [request/s]
    values: dict[str, Array]  # times at the predicted steps by name, shape (n,) [s]
    error: float  # largest |log(simulated / interpolated)| at intensities of no run [1]
    runs: int

    def at(self, name: str, factor: Numeric, load: Numeric) -> Array:
        """A time between the runs; held constant beyond them.

        Parameters
        ----------
        name : str
            Of the time.
        factor : numeric, shape (...)
            Real over predicted step time. [1]
        load : numeric, shape (...)
            Of the copy. [request/s]

        Returns
        -------
        ndarray, shape (...)
            Interpolated time. [s]

        Notes
        -----
        .. math:: t(f, \\lambda) = f \\, t(1, f \\lambda)

        linear between the runs in the logarithms of both.

        References
        ----------
        :cite:t:`press2007`, section 3.6.
        """
        where = np.log(np.asarray(factor, dtype=float) * load)
        return factor * np.exp(np.interp(where, np.log(self.intensities), np.log(self.values[name])))

    def most(self, limits: Mapping[str, float], factor: Numeric) -> Array:
        """The highest load within limits.

        Parameters
        ----------
        limits : mapping of str to float
            Longest time allowed by name. [s]
        factor : numeric, shape (...)
            Real over predicted step time. [1]

        Returns
        -------
        ndarray, shape (...)
            Load of the copy, at most the highest at which it keeps up; 0 where no load is within the limits.
            [request/s]

        Notes
        -----
        .. math:: \\lambda = \\max \\{ \\rho / f : f \\, t_i(\\rho) \\le t_i^* \\}
        """
        grid = np.geomspace(self.intensities[0], self.intensities[-1], FINE)
        factor = np.asarray(factor, dtype=float)
        place = np.full(factor.shape, FINE)
        for name, limit in limits.items():
            rising = np.maximum.accumulate(self.at(name, 1.0, grid))
            place = np.minimum(place, np.searchsorted(rising, limit / factor, side="right"))
        return np.where(place > 0, grid[np.maximum(place, 1) - 1] / factor, 0.0)


def surrogate(simulate: Simulate, top: float) -> Surrogate | None:
    """Run one copy at 20 intensities, and measure the error of interpolating between them at 4 more.

    Parameters
    ----------
    simulate : callable
        ``simulate(intensity)`` gives times by name, each above 0, with the same random numbers every time, or None
        where the copy does not keep up.
    top : float
        Highest intensity of interest. [request/s]

    Returns
    -------
    Surrogate or None
        From at most 30 runs; None where the copy does not keep up with a fiftieth of the top.

    Raises
    ------
    DomainError
        If ``top`` or a time is not a positive number.

    Notes
    -----
    No formula: where the copy does not keep up with the top, five more runs narrow down with what it does. Runs are
    spread evenly in the logarithm below 0.6 of that, and evenly from there on.
    """
    if not top > 0:
        raise DomainError("top", top, "greater than 0")
    made: dict[float, Mapping[str, float] | None] = {}

    def run(intensity: float) -> Mapping[str, float] | None:
        if intensity not in made:
            made[intensity] = simulate(intensity)
        return made[intensity]

    high = bracket(run, LOW * top, top)
    asked = np.concatenate([np.geomspace(LOW * top, 0.6 * high, SPARSE), np.linspace(0.64, 1.0, DENSE) * high])
    found = [(float(one), result) for one in np.sort(asked) if (result := run(float(one))) is not None]
    if len(found) < 2:
        return None
    kept = np.array([one for one, _ in found])
    values = {name: checked(name, [result[name] for _, result in found]) for name in found[0][1]}
    between = Surrogate(kept, values, 0.0, 0)
    error = 0.0
    for i in sorted({int(i) for i in np.linspace(0, len(kept) - 2, CHECKS).round()}):
        middle = float(np.sqrt(kept[i] * kept[i + 1]))
        result = run(middle)
        for name in values if result is not None else ():
            assert result is not None
            error = max(error, abs(float(np.log(result[name] / between.at(name, 1.0, middle)))))
    return Surrogate(kept, values, error, len(made))


def bracket(run: Simulate, low: float, high: float) -> float:
    """The highest intensity with which the copy keeps up.

    Parameters
    ----------
    run : callable
        None where the copy does not keep up.
    low, high : float
        Ends of the search. [request/s]

    Returns
    -------
    float
        Found to an eighth, where it is not ``high``. [request/s]

    Notes
    -----
    No formula: the interval is halved in the logarithm.
    """
    if run(high) is not None:
        return high
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if run(middle) is not None else (low, middle)
    return low


def checked(name: str, results: list[float]) -> Array:
    """Times of all runs as an array.

    Parameters
    ----------
    name : str
        Of the time.
    results : list of float
        By run. [s]

    Returns
    -------
    ndarray, shape (runs,)
        The same. [s]

    Raises
    ------
    DomainError
        If one is not a positive number.

    Notes
    -----
    No formula: it gathers and checks.
    """
    values = np.array(results, dtype=float)
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        raise DomainError(name, values[wrong][0], "above 0 in every run")
    return values
