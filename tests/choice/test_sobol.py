from __future__ import annotations

import numpy as np
import pytest

from lcot.choice.sobol import points


@pytest.mark.parametrize("dimensions", [1, 2, 7, 300, 2000])
def test_the_plain_points_are_those_of_scipy(dimensions):
    from scipy.stats import qmc

    ours = points(64, dimensions)
    theirs = qmc.Sobol(dimensions, scramble=False).random(64)
    assert (np.sort(ours, axis=0) == np.sort(theirs, axis=0)).all()
    order = np.lexsort(ours.T)
    assert (ours[order] == theirs[np.lexsort(theirs.T)]).all()


def test_each_dimension_has_a_point_in_every_slice():
    drawn = points(256, 40, np.random.default_rng(1))
    assert (np.sort(np.floor(drawn * 256), axis=0) == np.arange(256)[:, None]).all()


def test_scrambling_keeps_the_net_in_the_plane():
    # the first two dimensions are a (0, m, 2) net: one point in every elementary box of area 1/n
    drawn = points(64, 2, np.random.default_rng(2))
    for split in range(7):
        wide, high = 2**split, 2 ** (6 - split)
        boxes = np.floor(drawn[:, 0] * wide) * high + np.floor(drawn[:, 1] * high)
        assert len(np.unique(boxes)) == 64


def test_same_stream_same_points():
    first, again = (points(128, 9, np.random.default_rng(5)) for _ in range(2))
    assert (first == again).all()
    assert (points(128, 9, np.random.default_rng(6)) != first).any()


def test_integrates_better_than_chance():
    def value(x):
        return np.prod(1 + 0.5 * (x - 0.5), axis=1).mean() - 1

    quasi = [value(points(256, 6, np.random.default_rng(i))) for i in range(20)]
    plain = [value(np.random.default_rng(i).random((256, 6))) for i in range(20)]
    assert np.std(quasi) < np.std(plain) / 10
    assert abs(np.mean(quasi)) < 3 * np.std(quasi) / np.sqrt(20) + 1e-6
