"""The kernel against the plain simulator: every request, every rule, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from lcot.serving.replay import simulate
from lcot.serving.types import Policy, Requests
from lcot.steptime.types import StepTable

UNIT = 2.0**-12  # s: all times of the exact tests are multiples of a power of two


def random_table(draw, sequences, capacity, dyadic=True):
    """Step times that bend in the context, the tokens and the sequences."""

    def part(low, high, size=None, scale=1.0):
        values = draw.integers(low, high, size) if dyadic else draw.uniform(low, high, size)
        return values * scale

    segments = int(draw.integers(1, 4))
    decode = np.zeros((sequences + 1, segments, 3))
    for d in range(sequences + 1):
        edge, value = 0.0, float(part(64, 96)) * UNIT + d * UNIT
        for j in range(segments):
            slope = float(part(0, 8, scale=UNIT / 64))
            decode[d, j] = (edge, value, slope)
            step = float(draw.integers(1, 9) * 16 * max(d, 1))
            value += slope * step
            edge += step
    tokens = np.concatenate([[0.0], np.cumsum(part(0, 4, 300, UNIT / 4))])
    # C / D and Q / P are not dyadic, so their axes are flat where sums must be exact
    bent = [bool(draw.integers(0, 2)) and not (dyadic and axis in (1, 3)) for axis in range(5)]
    grid = tuple(np.array([0.0, 8.0, 16.0, 32.0]) if b else np.array([1.0]) for b in bent)
    rest = np.asarray(part(0, 8, tuple(len(axis) for axis in grid), UNIT))
    bend = float(draw.integers(100, 3000))
    slope = float(part(0, 8, scale=UNIT / 256))
    prompt = np.array([[[0.0, 0.0, slope], [bend, slope * bend, 2 * slope]]])
    return StepTable(decode, tokens, prompt, np.array([1.0]), rest, grid, capacity, int(draw.integers(1, 3)))


def random_policy(draw, sequences, hashed, dyadic=True):
    acceptance = float(draw.choice([1.0, 1.0, 1.5, 2.25])) if dyadic else float(draw.choice([1.0, 1.7]))
    return Policy(
        batching=str(draw.choice(["mixed", "prefill_first"])),
        chunked=bool(draw.integers(0, 4)),
        max_sequences=int(draw.integers(1, sequences + 1)),
        max_batched_tokens=int(draw.choice([24, 64, 256])),
        reserve=float(draw.choice([0.0, 0.0, 0.5, 1.0])),
        receive_interval=int(draw.choice([1, 1, 3, 7])),
        stream_interval=int(draw.choice([1, 1, 4])),
        block=int(draw.choice([1, 4, 8])),
        prefix_cache=hashed,
        acceptance_length=acceptance,
        replicas=int(draw.choice([1, 1, 2, 3])),
        routing=str(draw.choice(["round_robin", "least_loaded", "session"])),
        prefill_replicas=int(draw.choice([0, 0, 0, 1, 2])),
        transfer_latency=float(draw.integers(0, 50)) * UNIT,
        transfer_per_token=float(draw.integers(0, 4)) * UNIT / 8,
        before=float(draw.choice([0.0, 5 * UNIT])),
        after=float(draw.choice([0.0, 3 * UNIT])),
        max_context=int(draw.choice([150, 10**6, 10**6])),
    )


def random_requests(draw, count, capacity, dyadic=True):
    kind = draw.choice(["open", "closed", "sessions"])
    inputs = draw.integers(1, max(2, int(capacity * draw.choice([0.3, 0.7]))), count)
    outputs = draw.integers(1, draw.choice([3, 40, 90]), count)
    gap = int(draw.choice([1, 200, 3000]))
    gaps = draw.integers(0, gap + 1, count) if dyadic else draw.uniform(0, gap, count)
    arrival = np.cumsum(gaps) * UNIT
    extra: dict = {}
    if kind != "open":
        extra["think"] = (draw.integers(0, 3, count) if dyadic else draw.uniform(0, 3, count)) * 100 * UNIT
    extra["session"] = draw.integers(0, 5, count)
    if kind == "closed":
        extra["concurrency"] = int(draw.integers(1, 12))
    if kind == "sessions":
        successor, last = np.full(count, -1), {}
        for i, session in enumerate(extra["session"]):
            if session in last:
                successor[last[session]] = i
            last[session] = i
        extra["successor"] = successor
    hashed = bool(draw.integers(0, 2))
    if hashed:
        lists = []
        for i in range(count):
            blocks = (inputs[i] + draw.choice([0, outputs[i]])) // 8 + 1
            shared = int(draw.integers(0, blocks + 1))
            group = int(draw.integers(0, 3)) * 1000
            lists.append([group + b for b in range(shared)] + [10**6 * (i + 1) + b for b in range(blocks - shared)])
        extra["hashes"] = np.array([h for one in lists for h in one], np.int64)
        extra["hash_start"] = np.concatenate([[0], np.cumsum([len(one) for one in lists])])
        extra["hash_block"] = 8
    return Requests(arrival, inputs, outputs, **extra), hashed


def random_case(seed, dyadic=True):
    draw = np.random.default_rng(seed)
    sequences = int(draw.choice([1, 3, 12]))
    capacity = int(draw.choice([96, 160, 400]))
    requests, hashed = random_requests(draw, int(draw.integers(1, 40)), capacity, dyadic)
    policy = random_policy(draw, sequences, hashed, dyadic)
    table = random_table(draw, sequences, capacity, dyadic)
    prefill = random_table(draw, sequences, capacity, dyadic) if policy.prefill_replicas else None
    if prefill is not None and prefill.tokens_per_sequence != table.tokens_per_sequence:
        prefill = None
    return table, requests, policy, prefill


def compare(outcome, expected):
    for name, mine in (
        ("reason", outcome.reason),
        ("preemptions", outcome.preemptions),
        ("cached", outcome.cached_tokens),
        ("arrival", outcome.arrival),
        ("engine_first", outcome.engine_first_token),
        ("first", outcome.first_token),
        ("finish", outcome.finish),
        ("replica", outcome.replica),
    ):
        np.testing.assert_array_equal(mine, expected[name], err_msg=name)


@pytest.mark.parametrize("block", range(10))
def test_kernel_and_plain_simulator_agree_exactly(plain, block):
    for seed in range(block * 30, block * 30 + 30):
        table, requests, policy, prefill = random_case(seed)
        expected, copies = plain.oracle(table, requests, policy, prefill)
        assert all(copy.most_used <= copy.capacity for copy in copies)
        outcome = simulate(table, requests, policy, prefill)
        try:
            compare(outcome, expected)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {policy}\n{error}") from None
