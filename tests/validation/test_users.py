"""Closed and open loops through the event kernel, against sums worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.errors import Infeasible
from lcot.serving.types import Policy
from lcot.steptime.types import StepTable
from lcot.validation.users import closed_loop, lengths, open_loop

POLICY = Policy(max_sequences=64, max_batched_tokens=8192)


def table(capacity: float = 1e6) -> StepTable:
    """Steps of 10 ms, and 0.1 ms a prompt token."""
    decode = np.zeros((65, 1, 3))
    decode[:, 0, 1] = 0.01
    tokens = 1e-4 * np.arange(8193)
    tokens[:65] = 0.0
    tokens[65:] -= 0.0
    return StepTable(decode, tokens, np.zeros((1, 1, 3)), np.ones(1), np.zeros((1,) * 5), (np.zeros(1),) * 5, capacity)


def test_one_user_by_hand() -> None:
    client = closed_loop(table(), POLICY, 1, 100, 11, rounds=3)
    assert client.first_token == pytest.approx([0.02] * 3)
    assert client.per_token == pytest.approx([0.01] * 3)
    assert client.output_rate == pytest.approx(33 / (3 * 0.12))
    assert client.input_rate == pytest.approx(300 / (3 * 0.12))


def test_users_who_start_together_share_the_first_prompt_step() -> None:
    client = closed_loop(table(), POLICY, 4, 100, 11, rounds=1)
    assert client.first_token == pytest.approx([0.01 + 400 * 1e-4] * 4)


def test_groups_of_tokens_delay_the_first_one_that_the_client_sees() -> None:
    grouped = Policy(max_sequences=64, stream_interval=10)
    client = closed_loop(table(), grouped, 1, 100, 11, rounds=1)
    assert client.first_token == pytest.approx([0.02 + 9 * 0.01])
    assert client.per_token == pytest.approx([0.001])


def test_open_loop_at_low_load_meets_the_lone_request() -> None:
    size = np.full(50, 100)
    client = open_loop(table(), POLICY, 0.01, size, np.full(50, 11))
    assert np.median(client.first_token) == pytest.approx(0.02)
    assert client.statistic(client.first_token, "p99") >= client.statistic(client.first_token, "p50")


def test_lengths_are_even_between_their_ends_and_repeat() -> None:
    drawn = lengths(1000, 20000, 0.8, 5)
    assert drawn.min() == 800
    assert drawn.max() == 1000
    assert drawn.mean() == pytest.approx(900, abs=1)
    assert (drawn == lengths(1000, 20000, 0.8, 5)).all()
    assert set(lengths(0.2, 3, 1.0, 1)) == {1}


def test_nothing_served_is_infeasible() -> None:
    with pytest.raises(Infeasible, match="one request"):
        closed_loop(table(capacity=64), POLICY, 1, 100, 11)
