"""What a replica does at the boundary of a step: admit, cut prompts, begin the next step; and end a step."""

from __future__ import annotations

from typing import Any

from lcot.serving.kernel.clockwork import (
    added_time,
    closed_form,
    count_intervals,
    decode_time,
    segment_of,
    spread,
    steps_until,
)
from lcot.serving.kernel.compiled import part
from lcot.serving.kernel.heaps import pop_mark, push_user
from lcot.serving.kernel.memory import available, blocks_for, hold, matched, new_blocks, publish, steps_that_fit, take
from lcot.serving.kernel.sequences import (
    begin_decoding,
    enlist,
    gaps_of_step,
    leave,
    next_turn,
    preempt,
    release,
    row_of,
    stop_decoding,
)


@part
def receive(me: Any, slots: Any, moment: Any) -> Any:
    """The scheduler sees the requests that were there at ``moment``."""
    while me.unreceived >= 0 and slots[me.unreceived].ready <= moment:
        me.unreceived = slots[me.unreceived].next


@part
def fits(rules: Any, me: Any, one: Any, found: Any, unused: Any, needed: Any) -> Any:
    """Whether the cache has room for a prompt, beside ``needed`` blocks of the running ones and the reserve."""
    share = rules.hash_block // rules.block
    if blocks_for(rules, one.prompt) - found * share > available(rules, me) - unused * share - needed:
        return False
    if rules.reserve == 0.0 or me.running == 0:
        return True
    left = (me.target_sum - me.decoding * me.steps) * rules.acceptance + me.pending_output
    wanted = (
        me.context + me.prompt_held + (me.running + 1) * (rules.block - 1) + (one.prompt - found * rules.hash_block)
    )
    return wanted + rules.reserve * (left + one.output - one.generated) <= me.pool_capacity * rules.block


@part
def dequeue(clock: Any, me: Any, slots: Any) -> Any:
    """Take the first request out of the queue."""
    s = me.head
    me.head = slots[s].next
    if me.head < 0:
        me.tail = -1
    me.queued -= 1
    clock.waiting -= 1
    clock.running += 1
    enlist(me, slots, s)
    return s


@part
def add_chunk(me: Any, slots: Any, finishing: Any, s: Any, room: Any) -> Any:
    """Put the next tokens of a prompt into the step; tokens put."""
    one = slots[s]
    count = min(one.prompt - one.done, room)
    me.prompt_tokens += count
    me.prompt_pairs += float(count) * one.done + float(count) * (count + 1) / 2
    me.prompt_sequences += 1
    one.done += count
    if one.done == one.prompt:
        finishing[me.finishing] = s
        me.finishing += 1
        me.partial = -1
    else:
        me.partial = s
    return count


@part
def admit(
    rules: Any, clock: Any, me: Any, slots: Any, heap: Any, classes: Any, joins: Any, finishing: Any, nodes: Any,
    keys: Any, values: Any, hashes: Any, room: Any, needed: Any,
) -> Any:  # fmt: skip
    """Take waiting requests up in order, as long as sequences, tokens and cache allow."""
    while me.head >= 0 and me.head != me.unreceived and me.running < rules.max_sequences:
        one = slots[me.head]
        if one.transferred:
            next_token = rules.acceptance if rules.block == 1 else 1.0
            if not fits(rules, me, one, 0, 0, needed + next_token):
                return
            s = dequeue(clock, me, slots)
            take(rules, me, nodes, keys, values, blocks_for(rules, one.prompt))
            begin_decoding(rules, me, slots, s, heap, classes, joins, one.last)
            if rules.mixed:
                room -= rules.tokens_per_sequence
                needed = new_blocks(rules, me, classes, 1)
            continue
        found, unused = 0, 0
        if rules.prefix:
            found, unused = matched(rules, one, nodes, keys, values, hashes)
        need = one.prompt - found * rules.hash_block
        alone = me.prompt_sequences == 0 and (rules.mixed == 0 or me.decoding == 0)
        if room <= 0 or (rules.chunked == 0 and need > room and not alone):
            return
        if not fits(rules, me, one, found, unused, needed):
            return
        s = dequeue(clock, me, slots)
        hold(me, one, nodes, keys, values, hashes, found)
        take(rules, me, nodes, keys, values, blocks_for(rules, one.prompt) - found * (rules.hash_block // rules.block))
        one.done = found * rules.hash_block
        if one.first_cached < 0:
            one.first_cached = one.done
        me.prompt_held += one.prompt
        me.pending_output += one.output - one.generated
        room -= add_chunk(me, slots, finishing, s, room if rules.chunked else need)


@part
def begin_run(rules: Any, me: Any, slots: Any, heap: Any, classes: Any, surface: Any) -> Any:
    """Plan decode steps alike, up to the first that may differ."""
    growth_per_step = rules.acceptance * me.decoding
    j = segment_of(surface, me.pool, me.decoding, me.context, me.segment)
    me.segment = j
    me.first_step = surface[me.pool, me.decoding, j, 1] + surface[me.pool, me.decoding, j, 2] * (
        me.context - surface[me.pool, me.decoding, j, 0]
    )
    me.growth = surface[me.pool, me.decoding, j, 2] * growth_per_step
    k = heap[0].key - me.steps
    if j + 1 < surface.shape[2]:
        edge = surface[me.pool, me.decoding, j + 1, 0]
        if me.context + k * growth_per_step > edge:
            k = max(1, int((edge - me.context) / growth_per_step))
            while k > 1 and me.context + (k - 1) * growth_per_step >= edge:
                k -= 1
            while me.context + k * growth_per_step < edge:
                k += 1
    k = steps_that_fit(rules, me, classes, k)
    me.kind = 1
    me.advance = 1
    me.cut = 0
    if me.blocked == 0 and me.unreceived >= 0:
        k = min(k, rules.receive_interval - me.since_poll)
        me.cut = 1
    me.planned = k


@part
def plan(
    rules: Any, clock: Any, me: Any, slots: Any, heap: Any, classes: Any, joins: Any, finishing: Any, nodes: Any,
    keys: Any, values: Any, hashes: Any, surface: Any, token_time: Any, rows: Any, row_tokens: Any,
    rest: Any, shape: Any, axes: Any, work: Any, now: Any,
) -> Any:  # fmt: skip
    """Decide what the replica does from ``now`` on; when it ends."""
    me.start = now
    me.prompt_tokens = 0
    me.prompt_pairs = 0.0
    me.prompt_sequences = 0
    me.finishing = 0
    me.blocked = 0
    needed = 0.0
    thrown_out = clock.preemptions
    room = rules.max_batched_tokens
    if rules.mixed:
        needed = new_blocks(rules, me, classes, 1)
        while me.decoding > 0 and needed > available(rules, me):
            preempt(rules, clock, me, slots, heap, classes, joins, nodes, keys, values, hashes)
            needed = new_blocks(rules, me, classes, 1)
        room -= me.decoding * rules.tokens_per_sequence
    if me.partial >= 0 and room > 0:
        room -= add_chunk(me, slots, finishing, me.partial, room)
    if me.partial < 0:
        admit(rules, clock, me, slots, heap, classes, joins, finishing, nodes, keys, values, hashes, room, needed)
    if me.prompt_sequences == 0:
        while me.decoding > 0 and new_blocks(rules, me, classes, 1) > available(rules, me):
            preempt(rules, clock, me, slots, heap, classes, joins, nodes, keys, values, hashes)
        if me.decoding == 0:
            me.kind = 0
            return float("inf")
        me.blocked = 1 if me.partial >= 0 or (me.head >= 0 and me.head != me.unreceived) else 0
        begin_run(rules, me, slots, heap, classes, surface)
        if clock.preemptions > thrown_out:  # what it leaves may be enough to come back after one step
            me.planned = 1
        return now + closed_form(me.first_step, me.growth, me.planned)
    me.kind = 2
    me.planned = 1
    me.growth = 0.0
    me.advance = 1 if rules.mixed and me.decoding > 0 else 0
    d, context = (me.decoding, me.context) if me.advance else (0, 0.0)
    decode = decode_time(surface, me.pool, d, context, me.segment if me.advance else 0)
    count = min(me.prompt_sequences, me.stages) if me.stages > 1 else 1
    own = d * rules.tokens_per_sequence if me.stages == 1 else 0
    tokens, pairs = (me.prompt_tokens + count - 1) // count, me.prompt_pairs / count
    work[2, 0] = d if me.stages == 1 else 0
    work[2, 1] = context / max(d, 1) if me.stages == 1 else 0.0
    work[2, 2] = tokens
    work[2, 3] = pairs / tokens
    work[2, 4] = me.prompt_sequences / count
    more = added_time(token_time, rows, row_tokens, rest, shape, axes, work, me.pool, own, tokens, pairs)
    if me.stages == 1:
        me.first_step = decode + more
    else:
        slots = me.pool + rules.pools
        taken = decode_time(surface, slots, d, context, 0)
        taken += count * added_time(token_time, rows, row_tokens, rest, shape, axes, work, slots, 0, tokens, pairs)
        me.first_step = max(decode, more, taken)
    return now + me.first_step


@part
def end_prompts(
    rules: Any, clock: Any, me: Any, r: Any, slots: Any, heap: Any, classes: Any, joins: Any, finishing: Any,
    nodes: Any, keys: Any, values: Any, hashes: Any, histogram: Any, users: Any, successors: Any, out: Any, now: Any,
) -> Any:  # fmt: skip
    """The prompts that are whole give their first token, or their next one after a preemption."""
    for i in range(me.finishing):
        s = finishing[i]
        one = slots[s]
        me.prompt_held -= one.prompt
        me.pending_output -= one.output - one.generated
        one.generated += 1
        if one.generated == 1:
            one.engine_first = now
        else:
            count_intervals(histogram, now - one.last, 0.0, 1, 1)
        one.last = now
        if rules.prefix:
            publish(rules, me, one, nodes, keys, values, hashes, one.prompt)
        if one.generated >= one.output:
            if one.marked == 0:
                one.marked = 1
                one.first = now
            one.replica = r
            leave(rules, clock, me, slots, s, nodes, keys, values, hashes, float(one.prompt), float(one.prompt))
            row_of(rules, clock, out, one, now, 0, 0)
            next_turn(rules, clock, one, users, successors, now + rules.after)
            release(clock, slots, s)
        elif rules.disaggregated and me.pool == 0:
            if rules.first_group <= 1:
                one.marked = 1
                one.first = now
            leave(rules, clock, me, slots, s, nodes, keys, values, hashes, float(one.prompt), float(one.prompt))
            wait = rules.transfer_latency + rules.transfer_per_token * one.prompt
            push_user(users, clock, now + wait, 2, s)
        else:
            begin_decoding(rules, me, slots, s, heap, classes, joins, now)
    me.finishing = 0


@part
def end_marks(
    rules: Any, clock: Any, me: Any, r: Any, slots: Any, heap: Any, classes: Any, nodes: Any, keys: Any, values: Any,
    hashes: Any, users: Any, successors: Any, out: Any, now: Any,
) -> Any:  # fmt: skip
    """First deliveries and ends that the step counter has reached."""
    while me.heap > 0 and heap[0].key <= me.steps:
        s, kind = heap[0].slot, heap[0].kind
        pop_mark(heap, me)
        one = slots[s]
        if one.marked == 0:
            one.marked = 1
            one.first = now
        if kind == 1:
            one.replica = r
            held = stop_decoding(rules, me, one, classes)
            leave(rules, clock, me, slots, s, nodes, keys, values, hashes, held, float(one.input + one.output - 1))
            row_of(rules, clock, out, one, now, 0, 0)
            next_turn(rules, clock, one, users, successors, now + rules.after)
            release(clock, slots, s)


@part
def account(
    rules: Any, clock: Any, me: Any, classes: Any, joins: Any, nodes: Any, keys: Any, values: Any, decode_use: Any,
    prompt_use: Any, histogram: Any, timeline: Any, now: Any,
) -> Any:  # fmt: skip
    """Book the step or run that ends at ``now``: seconds, tokens, blocks, intervals."""
    k, span = me.planned, now - me.start
    pace = 1.0 / span if span > 0.0 else 0.0
    me.busy += span
    used = (me.pool_capacity - available(rules, me)) * rules.block
    if me.advance:
        used += rules.acceptance * me.decoding * k / 2
    spread(timeline, clock, 2, me.start, now, used)
    spread(timeline, clock, 3, me.start, now, 1.0)
    if me.kind == 2:
        use = prompt_use[me.pool]
        i = 0
        while (1 << i) < me.prompt_tokens:
            i += 1
        d, context = (me.decoding, me.context) if me.advance else (0, 0.0)
        use[i, 0] += span
        use[i, 1] += span * d
        use[i, 2] += span * context
        use[i, 3] += span * me.prompt_tokens
        use[i, 4] += span * me.prompt_pairs
        use[i, 5] += span * me.prompt_sequences
        use[i, 6] += 1.0
        spread(timeline, clock, 5, me.start, now, me.prompt_tokens * pace)
        spread(timeline, clock, 4, me.start, now, me.finishing * pace)
    if me.advance:
        grown = rules.acceptance * me.decoding * k
        if me.kind == 1:
            decode_use[me.pool, me.decoding, 0] += span
            decode_use[me.pool, me.decoding, 1] += span * (me.context + grown / 2)
            decode_use[me.pool, me.decoding, 2] += k
        spread(timeline, clock, 4, me.start, now, grown * pace)
        gaps_of_step(rules, me, joins, histogram, me.first_step, me.growth, k)
        me.max_decoding = max(me.max_decoding, me.decoding)
        take(rules, me, nodes, keys, values, new_blocks(rules, me, classes, k))
        me.context += grown
        me.steps += k
        me.last_decode = now


@part
def polled(rules: Any, me: Any, slots: Any, now: Any) -> Any:
    """The scheduler looks for new requests after every prompt step, else every so many decode steps."""
    if me.kind != 1 or rules.receive_interval == 1 or me.running == 0:
        me.since_poll = 0
        receive(me, slots, now)
        return
    whole = ((me.since_poll + me.planned) // rules.receive_interval) * rules.receive_interval - me.since_poll
    if whole >= 1:
        moment = now if whole == me.planned else me.start + closed_form(me.first_step, me.growth, whole)
        receive(me, slots, moment)
    me.since_poll = (me.since_poll + me.planned) % rules.receive_interval


@part
def cut_short(rules: Any, me: Any, moment: Any) -> Any:
    """End a run of decode steps at the first look for new requests at or after ``moment``; when it ends."""
    k = steps_until(me.first_step, me.growth, me.start, moment, me.planned)
    if rules.receive_interval > 1:
        wait = (me.since_poll + k) % rules.receive_interval
        k += (rules.receive_interval - wait) if wait > 0 else 0
    if k < me.planned:
        me.planned = k
    me.cut = 1
    return me.start + closed_form(me.first_step, me.growth, me.planned)
