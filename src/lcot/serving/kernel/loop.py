"""The loop over events: ends of steps, then arrivals, then new steps, at each moment in that order."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcot.serving.kernel.clockwork import spread
from lcot.serving.kernel.compiled import hyper, line, part, plane, solid
from lcot.serving.kernel.heaps import pop_user
from lcot.serving.kernel.records import CLOCK, MARK, NODE, REPLICA, REQUEST, ROW, RULES, SLOT, USER
from lcot.serving.kernel.sequences import next_turn, release, row_of
from lcot.serving.kernel.steps import account, cut_short, end_marks, end_prompts, plan, polled

WHOLE, REAL = np.dtype(np.int64), np.dtype(np.float64)


@part
def routed(rules: Any, clock: Any, replicas: Any, one: Any) -> Any:
    """Replica for a request: in turn (0), the one with fewest requests (1), by session (2)."""
    first = rules.entry_replicas if one.transferred else 0
    count = replicas.shape[0] - rules.entry_replicas if one.transferred else rules.entry_replicas
    if count == 1:
        return first
    if rules.routing == 0:
        turn = clock.turn_decode if one.transferred else clock.turn
        if one.transferred:
            clock.turn_decode += 1
        else:
            clock.turn += 1
        return first + turn % count
    if rules.routing == 2:
        return first + one.session % count
    best = first
    for r in range(first + 1, first + count):
        if replicas[r].queued + replicas[r].running < replicas[best].queued + replicas[best].running:
            best = r
    return best


@part
def enqueue(rules: Any, clock: Any, replicas: Any, ends: Any, slots: Any, s: Any, now: Any) -> Any:
    """Send a request to a replica, which may have to end its run of steps sooner."""
    one = slots[s]
    r = routed(rules, clock, replicas, one)
    me = replicas[r]
    one.replica = r
    one.ready = now
    one.next = -1
    if me.tail >= 0:
        slots[me.tail].next = s
    else:
        me.head = s
    me.tail = s
    if me.unreceived < 0:
        me.unreceived = s
    me.queued += 1
    clock.waiting += 1
    if me.kind == 1 and me.boundary == 0 and me.blocked == 0 and me.cut == 0:
        ends[r] = cut_short(rules, me, now)


@part
def issue(
    rules: Any, clock: Any, replicas: Any, ends: Any, slots: Any, request: Any, out: Any, users: Any,
    successors: Any, i: Any, arrival: Any, now: Any,
) -> Any:  # fmt: skip
    """A request of the trace arrives: it is queued, or rejected with the reason."""
    s = clock.free_slots
    one = slots[s]
    clock.free_slots = one.next
    mine = request[i]
    one.index = i
    one.request = clock.offset + i
    one.input = mine.input
    one.output = mine.output
    one.generated = 0
    one.prompt = mine.input
    one.done = 0
    one.transferred = 0
    one.marked = 0
    one.hash_start = mine.hash_start
    one.hash_count = mine.hash_count
    one.nodes = 0
    one.preemptions = 0
    one.first_cached = -1
    one.session = mine.session
    one.arrival = arrival
    one.think = mine.think
    one.first = float("nan")
    one.engine_first = float("nan")
    one.replica = -1
    held = one.input + one.output - 1
    smallest = min(replicas[0].pool_capacity, replicas[replicas.shape[0] - 1].pool_capacity) * rules.block
    reason = 0
    if one.input + one.output > rules.max_context:
        reason = 1
    elif held + (rules.acceptance if rules.acceptance > 1.0 else 0.0) > smallest:
        reason = 2
    elif rules.chunked == 0 and one.input > rules.max_batched_tokens:
        reason = 3
    if reason > 0:
        clock.rejected += 1
        one.first_cached = 0
        row_of(rules, clock, out, one, float("nan"), 1, reason)
        next_turn(rules, clock, one, users, successors, now)
        release(clock, slots, s)
    else:
        enqueue(rules, clock, replicas, ends, slots, s, now)


@part
def arrivals(
    rules: Any, clock: Any, replicas: Any, ends: Any, slots: Any, request: Any, opens: Any, successors: Any,
    users: Any, out: Any, now: Any,
) -> Any:  # fmt: skip
    """Let everything arrive that is due; False where the next chunk of the trace is needed first."""
    while True:
        due = clock.next_open < opens.shape[0]
        opened = request[opens[clock.next_open]].arrival + rules.before if due else float("inf")
        later = users[0].time if clock.waiting_users > 0 else float("inf")
        if opened <= now and opened <= later:
            i = opens[clock.next_open]
            clock.next_open += 1
            issue(rules, clock, replicas, ends, slots, request, out, users, successors, i, opened - rules.before, now)
            continue
        if not due and rules.closed == 0 and clock.last_chunk == 0:
            return False
        if later > now:
            return True
        kind, payload = users[0].kind, users[0].payload
        if kind == 2:
            pop_user(users, clock)
            slots[payload].transferred = 1
            enqueue(rules, clock, replicas, ends, slots, payload, now)
        elif kind == 1:
            pop_user(users, clock)
            issue(
                rules, clock, replicas, ends, slots, request, out, users, successors, payload, later - rules.before, now
            )
        elif clock.next_closed < request.shape[0]:
            pop_user(users, clock)
            i = clock.next_closed
            clock.next_closed += 1
            issue(rules, clock, replicas, ends, slots, request, out, users, successors, i, later - rules.before, now)
        elif clock.last_chunk == 0:
            return False
        else:
            pop_user(users, clock)


@part
def next_moment(rules: Any, clock: Any, ends: Any, request: Any, opens: Any, users: Any) -> Any:
    """When something happens next."""
    now = float("inf")
    for r in range(ends.shape[0]):
        now = min(now, ends[r])
    if clock.next_open < opens.shape[0]:
        now = min(now, request[opens[clock.next_open]].arrival + rules.before)
    if clock.waiting_users > 0:
        now = min(now, users[0].time)
    return now


def run(places: Any, budget: Any) -> Any:
    """Run until the trace is done (0), its next chunk is needed (1), or the budget of events is used (2).

    ``places`` holds address and four sizes of each of `records.ARRAYS`, in that order.
    """
    rules = line(places, 0, RULES)[0]
    clock = line(places, 1, CLOCK)[0]
    replicas = line(places, 2, REPLICA)
    ends = line(places, 3, REAL)
    slots = line(places, 4, SLOT)
    marks = plane(places, 5, MARK)
    classes = plane(places, 6, WHOLE)
    joins = plane(places, 7, REAL)
    finishing = plane(places, 8, WHOLE)
    nodes = plane(places, 9, NODE)
    keys = plane(places, 10, WHOLE)
    values = plane(places, 11, WHOLE)
    users = line(places, 12, USER)
    hashes = line(places, 13, WHOLE)
    decode_use = solid(places, 14, REAL)
    prompt_use = solid(places, 15, REAL)
    histogram = line(places, 16, WHOLE)
    timeline = plane(places, 17, REAL)
    request = line(places, 18, REQUEST)
    opens = line(places, 19, WHOLE)
    successors = line(places, 20, WHOLE)
    surface = hyper(places, 21, REAL)
    token_time = plane(places, 22, REAL)
    prompt_rows = hyper(places, 23, REAL)
    row_tokens = plane(places, 24, REAL)
    rest = plane(places, 25, REAL)
    shape = plane(places, 26, WHOLE)
    axes = solid(places, 27, REAL)
    work = plane(places, 28, REAL)
    out = line(places, 29, ROW)
    while True:
        if clock.phase == 0:
            if budget <= 0:
                return 2
            if clock.next_open >= opens.shape[0] and rules.closed == 0 and clock.last_chunk == 0:
                return 1
            now = next_moment(rules, clock, ends, request, opens, users)
            if now == float("inf"):
                return 0
            budget -= 1
            clock.events += 1
            spread(timeline, clock, 0, clock.now, now, float(clock.running))
            spread(timeline, clock, 1, clock.now, now, float(clock.waiting))
            clock.now = now
            for r in range(replicas.shape[0]):
                if ends[r] <= now:
                    me = replicas[r]
                    account(
                        rules, clock, me, classes[r], joins[r], nodes[r], keys[r], values[r], decode_use,
                        prompt_use, histogram, timeline, now,
                    )  # fmt: skip
                    if me.advance:
                        end_marks(
                            rules, clock, me, r, slots, marks[r], classes[r], nodes[r], keys[r], values[r], hashes,
                            users, successors, out, now,
                        )  # fmt: skip
                    if me.kind == 2:
                        end_prompts(
                            rules, clock, me, r, slots, marks[r], classes[r], joins[r], finishing[r], nodes[r],
                            keys[r], values[r], hashes, histogram, users, successors, out, now,
                        )  # fmt: skip
                    me.boundary = 1
                    ends[r] = float("inf")
            clock.phase = 1
        if not arrivals(rules, clock, replicas, ends, slots, request, opens, successors, users, out, clock.now):
            return 1
        for r in range(replicas.shape[0]):
            me = replicas[r]
            if me.boundary or (me.kind == 0 and me.head >= 0):
                polled(rules, me, slots, clock.now)
                me.boundary = 0
                ends[r] = plan(
                    rules, clock, me, slots, marks[r], classes[r], joins[r], finishing[r], nodes[r], keys[r],
                    values[r], hashes, surface, token_time, prompt_rows, row_tokens, rest, shape, axes, work, clock.now,
                )  # fmt: skip
        clock.phase = 0
