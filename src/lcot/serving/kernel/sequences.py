"""What happens to one request: it is taken up, preempted, begins to decode, ends."""

from __future__ import annotations

import math
from typing import Any

from lcot.serving.kernel.clockwork import count_intervals
from lcot.serving.kernel.compiled import part
from lcot.serving.kernel.heaps import drop_marks, push_mark, push_user
from lcot.serving.kernel.memory import give_back, publish


@part
def enlist(me: Any, slots: Any, s: Any) -> Any:
    """Put a request at the end of the replica's order of admission."""
    slots[s].older = me.newest
    slots[s].newer = -1
    if me.newest >= 0:
        slots[me.newest].newer = s
    me.newest = s
    me.running += 1


@part
def delist(me: Any, slots: Any, s: Any) -> Any:
    """Take a request out of the order of admission."""
    one = slots[s]
    if one.newer >= 0:
        slots[one.newer].older = one.older
    else:
        me.newest = one.older
    if one.older >= 0:
        slots[one.older].newer = one.newer
    me.running -= 1


@part
def context_of(rules: Any, me: Any, one: Any) -> Any:
    """Tokens that a decoding request has in the cache."""
    return one.joined_context + rules.acceptance * (me.steps - one.join_step)


@part
def begin_decoding(rules: Any, me: Any, slots: Any, s: Any, heap: Any, classes: Any, joins: Any, last: Any) -> Any:
    """A request whose prompt is in the cache joins the decoding ones; its last token came at ``last``."""
    one = slots[s]
    one.joined_context = float(one.prompt)
    one.join_step = me.steps
    me.decoding += 1
    me.context += one.prompt
    me.segment = 0 if me.decoding == 1 else me.segment
    classes[(one.prompt - me.steps) % rules.block] += 1
    steps = math.ceil((one.output - one.generated) / rules.acceptance)
    me.target_sum += me.steps + steps
    push_mark(heap, me, me.steps + steps, one.request, s, 1)
    group = min(rules.first_group, one.output)
    if one.marked == 0:
        if one.generated >= group:
            one.marked = 1
            one.first = last
        else:
            ahead = math.ceil((group - one.generated) / rules.acceptance)
            push_mark(heap, me, me.steps + ahead, one.request, s, 0)
    joins[me.joined] = last
    me.joined += 1


@part
def stop_decoding(rules: Any, me: Any, one: Any, classes: Any) -> Any:
    """A request leaves the decoding ones; tokens it has in the cache."""
    context = context_of(rules, me, one)
    me.decoding -= 1
    me.context -= context
    classes[(one.prompt - one.join_step) % rules.block] -= 1
    me.target_sum -= one.join_step + math.ceil((one.output - one.generated) / rules.acceptance)
    return context


@part
def preempt(
    rules: Any, clock: Any, me: Any, slots: Any, heap: Any, classes: Any, joins: Any, nodes: Any, keys: Any,
    values: Any, hashes: Any,
) -> Any:  # fmt: skip
    """Throw the newest request out of the cache; it waits first in line and will be computed again."""
    s = me.newest
    one = slots[s]
    if me.partial == s:
        held = float(one.prompt)
        me.partial = -1
        me.prompt_held -= one.prompt
        me.pending_output -= one.output - one.generated
    else:
        held = stop_decoding(rules, me, one, classes)
        drop_marks(heap, me, s)
        if one.join_step == me.steps and me.joined > 0:
            me.joined -= 1
            one.last = joins[me.joined]
        else:
            one.last = me.last_decode
        one.generated = min(one.output - 1, one.generated + math.floor(rules.acceptance * (me.steps - one.join_step)))
    give_back(rules, me, one, nodes, keys, values, hashes, held)
    delist(me, slots, s)
    one.prompt = one.input + one.generated
    one.done = 0
    one.transferred = 0
    one.preemptions += 1
    clock.preemptions += 1
    clock.running -= 1
    one.next = me.head
    me.head = s
    if me.tail < 0:
        me.tail = s
    me.queued += 1
    clock.waiting += 1


@part
def row_of(rules: Any, clock: Any, rows: Any, one: Any, now: Any, status: Any, reason: Any) -> Any:
    """Write the line of a request that ends."""
    row = rows[clock.rows]
    clock.rows += 1
    row.request = one.request
    row.replica = one.replica
    row.status = status
    row.reason = reason
    row.cached = one.first_cached
    row.preemptions = one.preemptions
    row.input = one.input
    row.output = one.output
    row.arrival = one.arrival
    row.first = one.first + rules.after
    row.engine_first = one.engine_first
    row.finish = now + rules.after


@part
def next_turn(rules: Any, clock: Any, one: Any, users: Any, successors: Any, moment: Any) -> Any:
    """The user of a request that ended thinks, and then asks again."""
    if rules.closed:
        push_user(users, clock, moment + one.think + rules.before, 0, 0)
    elif successors.shape[0] > 0 and successors[one.index] >= 0:
        push_user(users, clock, moment + one.think + rules.before, 1, successors[one.index])


@part
def release(clock: Any, slots: Any, s: Any) -> Any:
    """Give the slot of a request back."""
    slots[s].request = -1
    slots[s].next = clock.free_slots
    clock.free_slots = s


@part
def leave(
    rules: Any, clock: Any, me: Any, slots: Any, s: Any, nodes: Any, keys: Any, values: Any, hashes: Any, held: Any,
    final: Any,
) -> Any:  # fmt: skip
    """A request leaves a replica: what it computed stays findable, its own blocks are free."""
    if rules.prefix:
        publish(rules, me, slots[s], nodes, keys, values, hashes, final)
    give_back(rules, me, slots[s], nodes, keys, values, hashes, held)
    delist(me, slots, s)
    clock.running -= 1


@part
def gaps_of_step(rules: Any, me: Any, joins: Any, histogram: Any, first: Any, growth: Any, steps: Any) -> Any:
    """Count the intervals between tokens of a run of decode steps that begins at ``me.start``."""
    old = me.decoding - me.joined
    stall = me.start - me.last_decode
    if me.joined == 0 and stall == 0.0:
        count_intervals(histogram, first, growth, steps, old)
        return
    if old > 0:
        count_intervals(histogram, stall + first, 0.0, 1, old)
    for i in range(me.joined):
        count_intervals(histogram, me.start - joins[i] + first, 0.0, 1, 1)
    if steps > 1:
        count_intervals(histogram, first + growth, growth, steps - 1, me.decoding)
    me.joined = 0
