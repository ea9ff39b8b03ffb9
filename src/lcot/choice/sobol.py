"""Scrambled Sobol points without the second that importing SciPy's statistics takes.

Directions are those of SciPy's own table; a test holds the points against SciPy's.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BITS = 32
BLOCK = 64  # dimensions whose directions are made, and kept, together
Words = NDArray[np.uint64]


@lru_cache(maxsize=1)
def table() -> tuple[Words, Words]:
    """Primitive polynomials and initial direction numbers, by dimension."""
    import scipy

    with np.load(Path(scipy.__file__).parent / "stats" / "_sobol_direction_numbers.npz") as numbers:
        return numbers["poly"].astype(np.uint64), numbers["vinit"].astype(np.uint64)


@lru_cache(maxsize=256)
def directions(dimensions: int, columns: int) -> Words:
    """First direction numbers of a Sobol sequence.

    Parameters
    ----------
    dimensions : int
        Number of dimensions, at most 21,201. [1]
    columns : int
        Direction numbers wanted: the sequence has 2**columns points. [1]

    Returns
    -------
    ndarray of uint64, shape (columns, dimensions)
        Binary fractions with `BITS` bits. [1]

    Notes
    -----
    .. math:: m_j = 2 a_1 m_{j-1} \\oplus \\dots \\oplus 2^{s-1} a_{s-1} m_{j-s+1} \\oplus 2^s m_{j-s} \\oplus m_{j-s}

    References
    ----------
    :cite:t:`joe2008`.
    """
    polynomials, initial = (part[:dimensions] for part in table())
    numbers = np.ones((columns, dimensions), dtype=np.uint64)
    degrees = np.array([int(polynomial).bit_length() - 1 for polynomial in polynomials])
    for degree in np.unique(degrees[1:]):
        here = np.flatnonzero(degrees == degree)
        here = here[here > 0]  # the first dimension is the van der Corput sequence: all ones
        for j in range(columns):
            if j < degree:
                numbers[j, here] = initial[here, j]
                continue
            made = numbers[j - degree, here].copy()
            for k in range(degree):
                bit = polynomials[here] >> np.uint64(degree - 1 - k) & np.uint64(1)
                made ^= bit * numbers[j - k - 1, here] << np.uint64(k + 1)
            numbers[j, here] = made
    shifts = np.arange(BITS - 1, BITS - 1 - columns, -1, dtype=np.uint64)
    return numbers << shifts[:, None]


def scrambled(numbers: Words, stream: np.random.Generator) -> Words:
    """Direction numbers times a random lower triangular matrix over the field of two elements.

    Parameters
    ----------
    numbers : ndarray of uint64, shape (columns, dimensions)
        From `directions`. [1]
    stream : Generator
        Source of randomness.

    Returns
    -------
    ndarray of uint64, shape (columns, dimensions)
        Scrambled direction numbers, one matrix for each dimension. [1]

    Notes
    -----
    .. math:: V' = L V, \\quad L_{ii} = 1

    References
    ----------
    :cite:t:`matousek1998`.
    """
    columns, dimensions = numbers.shape
    made = np.zeros_like(numbers)
    for bit in range(columns):
        place = np.uint64(BITS - 1 - bit)
        below = stream.integers(0, 1 << int(place), size=dimensions, dtype=np.uint64)
        made ^= (numbers >> place & np.uint64(1)) * (below | np.uint64(1) << place)
    return made


def points(n: int, dimensions: int, stream: np.random.Generator | None = None) -> NDArray[np.float64]:
    """Points of a Sobol sequence, scrambled and in random order where a stream is given.

    Parameters
    ----------
    n : int
        Number of points; a power of two is balanced. [1]
    dimensions : int
        Number of dimensions. [1]
    stream : Generator, optional
        Source of randomness; None: the plain sequence in natural order.

    Returns
    -------
    ndarray, shape (n, dimensions)
        Each dimension has one point in each of n slices of equal width where n is a power of two. [1]

    Notes
    -----
    .. math:: x_i = \\bigoplus_k i_k V'_k \\oplus s

    References
    ----------
    :cite:t:`joe2008`, :cite:t:`matousek1998`.
    """
    columns = max(1, (n - 1).bit_length())
    numbers = directions(-(-dimensions // BLOCK) * BLOCK, columns)[:, :dimensions]
    words = np.zeros((1 << columns, dimensions), dtype=np.uint64)
    if stream is not None:
        numbers = scrambled(numbers, stream)
        words[0] = stream.integers(0, 1 << BITS, size=dimensions, dtype=np.uint64)
    for k in range(columns):
        words[1 << k : 2 << k] = words[: 1 << k] ^ numbers[k]
    if stream is None:
        return words[:n] / 2.0**BITS
    return (stream.permutation(words[:n]) + 0.5) / 2.0**BITS
