"""Runs with more load than copies can take."""

from types import SimpleNamespace
from typing import cast

import numpy as np

from lcot.serving.overload import overload
from lcot.serving.types import Outcome


def run(arrival, first, finish, rejected=None) -> Outcome:
    arrays = (np.asarray(each, float) for each in (arrival, first, finish))
    names = ("arrival", "engine_first_token", "finish")
    gone = np.zeros(len(arrival), bool) if rejected is None else np.asarray(rejected)
    return cast(Outcome, SimpleNamespace(**dict(zip(names, arrays, strict=True)), rejected=gone))


def test_overload_needs_requests_that_wait():
    every = np.arange(100.0)
    assert overload(run(every, every + 2, every + 9)) == ()  # two wait for two seconds
    late = overload(run(every, 2 * every, 2 * every + 9))
    assert "overloaded: 49%" in late[0]
    assert "1.01 requests/s were sent and 0.483 served" in late[0]


def test_the_last_request_is_not_late_because_it_is_last():
    assert overload(run([0.0, 1.0], [0.1, 1.1], [2.0, 3.0])) == ()
    assert overload(run([0.0], [0.1], [2.0])) == ()
