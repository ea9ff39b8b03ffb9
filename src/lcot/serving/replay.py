"""Replay requests on model copies: the Python side of the event kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lcot.errors import InputError
from lcot.serving.arrays import check_policy, check_requests, initial, lines_of, open_order, stacked
from lcot.serving.kernel import records
from lcot.serving.kernel.native import run
from lcot.serving.types import Outcome, Policy, Requests
from lcot.steptime.types import StepTable

COLUMNS = {
    "request": "request",
    "replica": "replica",
    "arrival": "arrival",
    "input_tokens": "input",
    "cached_tokens": "cached",
    "output_tokens": "output",
    "first_token": "first",
    "engine_first_token": "engine_first",
    "finish": "finish",
    "reason": "reason",
    "preemptions": "preemptions",
}
CHUNK = 1 << 15  # requests handed to the kernel at a time
EVENTS = 2_000_000  # of one call of the kernel
STATE = (
    *("rule", "clock", "replicas", "ends", "slots", "marks", "classes", "joins", "finishing", "nodes"),
    *("keys", "values", "users", "hashes", "decode_use", "prompt_use", "histogram", "timeline"),
)


def simulate(
    table: StepTable,
    requests: Requests,
    policy: Policy,
    prefill_table: StepTable | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Outcome:
    """What happens to each request.

    Parameters
    ----------
    table : StepTable
        Step time of one copy; with a prefill pool, of one copy of the decode pool.
    requests : Requests
        The traffic.
    policy : Policy
        Admission rules, replicas, routing.
    prefill_table : StepTable, optional
        Step time of one copy of the prefill pool; default ``table``.
    progress : callable, optional
        Called now and then with the requests ended and the simulated time. [request], [s]

    Returns
    -------
    Outcome
        In the order of the requests.

    Raises
    ------
    DomainError
        If a length, time or rule is outside its domain.

    Notes
    -----
    Between events k decode steps take :math:`k t_0 + g k (k - 1) / 2` for a first step :math:`t_0` and a growth g.
    """
    run = Replay(table, policy, prefill_table, requests.hash_block, requests.concurrency)
    lines = {column: np.empty(len(requests), records.ROW[column]) for column in ("status", *COLUMNS.values())}
    for part, last in _chunks(requests):
        for rows in run.feed(part, last, progress):
            places = rows["request"].copy()
            for column, values in lines.items():
                values[places] = rows[column]
    return run.outcome(lines)


def _chunks(requests: Requests, size: int = CHUNK) -> Iterable[tuple[Requests, bool]]:
    """Parts of an open loop, so that only what is in flight is in memory; whole where requests wait for others."""
    count = len(requests)
    if requests.concurrency or requests.successor is not None or np.any(np.diff(requests.arrival) < 0):
        yield requests, True
        return
    for a in range(0, max(count, 1), size):
        b = min(a + size, count)
        hashes, start = requests.hashes, requests.hash_start
        if hashes is not None and start is not None:
            hashes, start = hashes[start[a] : start[b]], start[a : b + 1] - start[a]
        part = Requests(
            requests.arrival[a:b],
            requests.input_tokens[a:b],
            requests.output_tokens[a:b],
            session=np.arange(a, b) if requests.session is None else requests.session[a:b],
            hashes=hashes,
            hash_start=start,
            hash_block=requests.hash_block,
        )
        yield part, b == count


class Replay:
    """A run in progress. Fed chunk by chunk it holds only the requests in flight; it can be saved and loaded."""

    def __init__(
        self,
        table: StepTable,
        policy: Policy,
        prefill_table: StepTable | None = None,
        hash_block: int = 0,
        concurrency: int = 0,
    ) -> None:
        check_policy(policy, table, hash_block)
        self.policy, self.tables = (
            policy,
            stacked([prefill_table or table, table] if policy.prefill_replicas else [table]),
        )
        self.state: dict[str, Any] = initial(policy, table, prefill_table, hash_block, concurrency)
        self.fed = self.ended = 0  # requests

    def feed(
        self, requests: Requests, last: bool, progress: Callable[[int, float], None] | None = None
    ) -> Iterable[np.ndarray]:
        """Run on with more requests; yields lines of those that ended, in the order of their end."""
        check_requests(requests)
        state, clock = self.state, self.state["clock"]
        lines = lines_of(requests)
        self._keep_hashes(requests, lines)
        opens = open_order(requests)
        successors = np.empty(0, np.int64) if requests.successor is None else np.asarray(requests.successor, np.int64)
        self._make_room(len(requests), len(opens))
        clock["offset"], clock["next_open"], clock["next_closed"], clock["last_chunk"] = self.fed, 0, 0, int(last)
        self.fed += len(requests)
        out = np.empty(len(state["slots"]) + len(requests) + 1, records.ROW)
        given = {**state, **self.tables, "request": lines, "opens": opens, "successors": successors, "out": out}
        while True:
            clock["rows"] = 0
            code = run(given, EVENTS)
            self.ended += int(clock["rows"][0])
            if clock["rows"][0]:
                yield out[: int(clock["rows"][0])]
            if progress is not None:
                progress(self.ended, float(clock["now"][0]))
            if code != 2:
                return

    def outcome(self, rows: Any) -> Outcome:
        """The lines given, by the names of `records.ROW`, with the totals of the whole run."""
        state = self.state
        exponent = np.arange(records.INTERVAL_BINS + 1)
        edges = np.ldexp(0.5 + (exponent % 64) / 128, exponent // 64 - 40)
        lines: dict[str, Any] = {name: np.ascontiguousarray(rows[column]) for name, column in COLUMNS.items()}
        return Outcome(
            **lines,
            rejected=rows["status"] == 1,
            duration=float(state["clock"]["now"][0]),
            busy=state["replicas"]["busy"].copy(),
            interval_counts=state["histogram"].copy(),
            interval_edges=edges,
            decode_use=state["decode_use"].copy(),
            prompt_use=state["prompt_use"].copy(),
            timeline=state["timeline"].copy(),
            bin_width=float(state["clock"]["width"][0]),
            events=int(state["clock"]["events"][0]),
        )

    def save(self, path: Path) -> None:
        """Write the state to a file, all or nothing."""
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            np.savez(file, fed=self.fed, ended=self.ended, **{name: self.state[name] for name in STATE})
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a state that `save` wrote."""
        with np.load(path) as kept:
            if kept["rule"].tobytes() != self.state["rule"].tobytes():
                raise InputError(f"{path}: saved under another policy")
            self.fed, self.ended = int(kept["fed"]), int(kept["ended"])
            self.state.update({name: kept[name] for name in STATE})

    def _make_room(self, count: int, opens: int) -> None:
        """Slots for every request that may be in flight during the next chunk."""
        state, clock = self.state, self.state["clock"]
        closed = int(state["rule"]["closed"][0])
        old = state["slots"]
        in_flight = self.fed - self.ended
        wanted = in_flight + (len(state["users"]) if closed else count) + 1
        if len(old) < wanted:
            wanted = max(wanted, len(old) * 3 // 2)
            slots = np.zeros(wanted, records.SLOT)
            slots[: len(old)] = old
            slots["request"][len(old) :] = -1
            slots["next"][len(old) :] = np.arange(len(old) + 1, wanted + 1)
            slots["next"][-1] = clock["free_slots"][0]
            clock["free_slots"] = len(old)
            state["slots"] = slots
        users = 2 * (len(state["slots"]) + count if not closed else len(state["slots"])) + 2
        if len(state["users"]) < users:
            grown = np.zeros(users, records.USER)
            grown[: len(state["users"])] = state["users"]
            state["users"] = grown

    def _keep_hashes(self, requests: Requests, lines: np.ndarray) -> None:
        """Hashes of the requests in flight, followed by those of the new ones."""
        slots = self.state["slots"]
        if requests.hashes is None or requests.hash_start is None:
            return
        kept: list[np.ndarray] = []
        at = 0
        for s in np.flatnonzero((slots["request"] >= 0) & (slots["hash_count"] > 0)):
            start, count = int(slots["hash_start"][s]), int(slots["hash_count"][s])
            kept.append(self.state["hashes"][start : start + count])
            slots["hash_start"][s] = at
            at += count
        lines["hash_start"] = np.asarray(requests.hash_start)[:-1] + at
        self.state["hashes"] = np.concatenate([*kept, np.asarray(requests.hashes, np.int64)])
