"""The front: what no other point beats in both speed and cost."""

from __future__ import annotations

import numpy as np


def front(speed: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Indices of the undominated points, slowest first.

    Parameters
    ----------
    speed : ndarray, shape (n,)
        More is better. [token/s]
    cost : ndarray, shape (n,)
        Less is better. [USD/token]

    Returns
    -------
    ndarray of int, shape (m,)
        Points for which no other is at least as fast and at least as cheap, and better in one. [1]

    Notes
    -----
    No formula: a selection. Sorted by speed from the fastest, a point is kept when it is cheaper than every faster one.
    """
    order = np.lexsort((cost, -speed))
    kept: list[int] = []
    best = np.inf
    for index in order:
        if cost[index] < best:
            kept.append(int(index))
            best = cost[index]
    return np.array(kept[::-1], dtype=int)
