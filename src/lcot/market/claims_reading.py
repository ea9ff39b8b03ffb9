"""The few figures of a run of the market that claims and values are read from; small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcot.market.types import Array, Outlook


@dataclass(frozen=True, slots=True)
class Reading:
    """Figures by year and draw."""

    scenario: str
    years: tuple[int, ...]
    vendors: tuple[str, ...]
    tokens: Array  # (year, draw): tokens/s served
    inference_share: Array  # (year, draw): of all compute in service [1]
    compute_share: Array  # (vendor, year, draw): of the compute added for inference [1]
    spending: Array  # (vendor, year, draw): USD a year for inference systems added
    power: Array  # (vendor, year, draw): W at the meter, in service for inference
    training: Array  # (vendor, year, draw): USD a year for systems added that train

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.tokens.shape[-1])

    def year(self, year: int) -> int:
        """Index of a year. Raises `ValueError`."""
        return self.years.index(year)

    def rows(self, names: tuple[str, ...]) -> list[int]:
        """Places of some vendors; those that the scenario does not have are left out."""
        return [i for i, name in enumerate(self.vendors) if name in names]


def reading(outlook: Outlook) -> Reading:
    """What claims and values need of a run of the market.

    Parameters
    ----------
    outlook : Outlook
        A run of the market.

    Returns
    -------
    Reading
        With each vendor's share of the compute added for inference.

    Notes
    -----
    Compute added is for inference and training together, so each vendor's is split by its chips:

    .. math:: s_v = \\frac{H_v n^{inf}_v / n_v}{\\sum_w H_w n^{inf}_w / n_w}
    """
    inference = outlook.additions.sum(axis=0)
    every = inference + outlook.training_additions
    part = np.divide(inference, every, out=np.zeros_like(inference), where=every > 0)
    compute = outlook.compute_additions * part
    total = compute.sum(axis=0)
    share = np.divide(compute, total, out=np.zeros_like(compute), where=total > 0)
    return Reading(
        outlook.scenario.id, outlook.years, outlook.vendors, outlook.tokens.sum(axis=0), outlook.inference_share(),
        share, outlook.inference_spending, outlook.power.sum(axis=0), outlook.spending - outlook.inference_spending,
    )  # fmt: skip
