"""The front is what nothing beats."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lcot.choice.pareto import front


def test_hand_worked():
    speed = np.array([10.0, 20.0, 30.0, 20.0])
    cost = np.array([1.0, 3.0, 2.0, 0.5])
    # 30 at 2 beats 20 at 3; 20 at 0.5 beats 10 at 1
    assert front(speed, cost).tolist() == [3, 2]


@given(arrays(float, (2, 20), elements=st.integers(0, 6).map(float)))
def test_nothing_beats_the_front_and_the_front_covers_all(cloud):
    speed, cost = cloud
    kept = front(speed, cost)
    for i in range(len(speed)):
        assert any(speed[k] >= speed[i] and cost[k] <= cost[i] for k in kept)
    for k in kept:
        better = (speed >= speed[k]) & (cost <= cost[k]) & ((speed > speed[k]) | (cost < cost[k]))
        assert not better.any()
