"""The plain simulator that the event kernel must agree with: one step at a time, nothing clever.

Written from the rules alone: at each moment steps end, then requests arrive, then replicas begin a new step.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field

import numpy as np


def step_time(table, sequences, context, tokens=0, pairs=0.0, prompts=0):
    def piece(rows, at):
        chosen = rows[0]
        for row in rows[1:]:
            if at >= row[0]:
                chosen = row
        return chosen[1] + chosen[2] * (at - chosen[0])

    def curve(values, at):
        last = len(values) - 1
        return values[at] if at <= last else values[last] + (at - last) * (values[last] - values[last - 1])

    def added(one, mine, own, context, tokens, pairs, prompts):
        assert len(one.prompt) == 1, "the oracle reads tables with one prompt row"
        seconds = curve(one.tokens, mine + tokens) - curve(one.tokens, mine) + piece(one.prompt[0], pairs)
        return seconds + rest(one, (own, context / max(own, 1), tokens, pairs / tokens, prompts))

    seconds = piece(table.decode[sequences], context)
    if not prompts:
        return seconds
    if table.slots is None:
        mine = sequences * table.tokens_per_sequence
        return seconds + added(table, mine, sequences, context, tokens, pairs, prompts)
    count = min(prompts, table.stages)
    part = (0, 0, 0.0, math.ceil(tokens / count), pairs / count, prompts / count)
    slots = piece(table.slots.decode[sequences], context) + count * added(table.slots, *part)
    return max(seconds, added(table, *part), slots)


def rest(table, at):
    """Linear interpolation along one axis after the other."""
    values = table.rest
    for where, axis in zip(at, table.grid, strict=True):
        if len(axis) == 1 or where <= axis[0]:
            values = values[0]
        elif where >= axis[-1]:
            values = values[-1]
        else:
            high = int(np.searchsorted(axis, where, side="right"))
            share = (where - axis[high - 1]) / (axis[high] - axis[high - 1])
            values = (1 - share) * values[high - 1] + share * values[high]
    return float(values)


@dataclass
class One:
    index: int
    input: int
    output: int
    think: float
    session: int
    hashes: list
    arrival: float = 0.0
    generated: int = 0
    prompt: int = 0
    done: int = 0
    steps: int = 0  # decode steps since it joined
    held: list = field(default_factory=list)
    transferred: bool = False
    first: float = math.nan
    engine_first: float = math.nan
    finish: float = math.nan
    cached: int | None = None
    preemptions: int = 0
    replica: int = -1
    reason: int = 0

    def context(self, acceptance):
        return self.prompt + acceptance * self.steps

    def tokens(self, acceptance):
        return self.generated + acceptance * self.steps


class Copy:
    """One model copy and its cache."""

    def __init__(self, number, table, policy, hash_block, role):
        self.number, self.table, self.policy, self.role = number, table, policy, role
        self.block = policy.block if policy.acceptance_length == 1 else 1
        self.capacity = int(table.kv_capacity) // self.block
        self.share = hash_block // self.block if policy.prefix_cache else 0
        self.hash_block = hash_block
        self.prefixes = OrderedDict()  # hash -> users; those without users in order of last use
        self.arrived, self.waiting = deque(), deque()
        self.running, self.prompting, self.step = [], [], None
        self.since = 0
        self.most_used = 0

    # memory
    def blocks(self, tokens):
        return math.ceil(tokens / self.block) if self.block > 1 else tokens

    def used(self):
        own = 0
        for one in self.running:
            tokens = one.prompt if one in self.prompting else one.context(self.policy.acceptance_length)
            own += self.blocks(tokens) - len(one.held) * self.share
        return own + sum(self.share for users in self.prefixes.values() if users)

    def room(self):
        return self.capacity - self.used()

    def trim(self):
        """Throw out the least recently used prefixes until everything fits."""
        unused = [h for h, users in self.prefixes.items() if not users]
        while self.used() + self.share * len(unused) > self.capacity:
            del self.prefixes[unused.pop(0)]
        self.most_used = max(self.most_used, self.used())

    def next_blocks(self):
        grown = 0
        for one in self.decoding():
            now = one.context(self.policy.acceptance_length)
            grown += self.blocks(now + self.policy.acceptance_length) - self.blocks(now)
        return grown

    def decoding(self):
        return [one for one in self.running if one not in self.prompting]

    def publish(self, one, tokens):
        if not self.policy.prefix_cache:
            return
        for h in one.hashes[len(one.held) : int(tokens) // self.hash_block]:
            self.prefixes.setdefault(h, 0)
            self.prefixes[h] += 1
            one.held.append(h)

    def leave(self, one):
        self.running.remove(one)
        if one in self.prompting:
            self.prompting.remove(one)
        for h in reversed(one.held):
            self.prefixes[h] -= 1
            if self.prefixes[h] == 0:
                self.prefixes.move_to_end(h)
        one.held = []

    def preempt(self):
        one = self.running[-1]
        a = self.policy.acceptance_length
        if one not in self.prompting:
            one.generated = min(one.output - 1, one.generated + math.floor(a * one.steps))
        self.leave(one)
        one.prompt, one.done, one.steps, one.transferred = one.input + one.generated, 0, 0, False
        one.preemptions += 1
        self.waiting.appendleft(one)

    # admission
    def match(self, one):
        found = []
        if self.policy.prefix_cache:
            for h in one.hashes[: (one.prompt - 1) // self.hash_block]:
                if h not in self.prefixes:
                    break
                found.append(h)
        return found

    def fits(self, one, found, needed):
        in_use = sum(1 for h in found if self.prefixes[h])
        if self.blocks(one.prompt) - in_use * self.share > self.room() - needed:
            return False
        p = self.policy
        if p.reserve == 0 or not self.running:
            return True
        a = p.acceptance_length
        left = sum(a * (math.ceil((o.output - o.generated) / a) - o.steps) for o in self.decoding())
        left += sum(o.output - o.generated for o in self.prompting)
        wanted = sum(o.context(a) for o in self.decoding()) + sum(o.prompt for o in self.prompting)
        wanted += (len(self.running) + 1) * (self.block - 1) + one.prompt - len(found) * self.hash_block
        return wanted + p.reserve * (left + one.output - one.generated) <= self.capacity * self.block

    def admit(self, room, needed, chunks):
        p = self.policy
        while self.waiting and len(self.running) < p.max_sequences:
            one = self.waiting[0]
            if one.transferred:
                if not self.fits(one, [], needed + (p.acceptance_length if self.block == 1 else 1)):
                    return
                self.running.append(self.waiting.popleft())
                self.trim()
                if p.batching == "mixed":
                    room -= self.table.tokens_per_sequence
                    needed = self.next_blocks()
                continue
            found = self.match(one)
            need = one.prompt - len(found) * self.hash_block
            alone = not chunks and (p.batching == "prefill_first" or not self.decoding())
            if room <= 0 or (not p.chunked and need > room and not alone):
                return
            if not self.fits(one, found, needed):
                return
            self.running.append(self.waiting.popleft())
            self.prompting.append(one)
            for h in found:
                self.prefixes[h] += 1
                one.held.append(h)
            self.trim()
            one.done = len(found) * self.hash_block
            if one.cached is None:
                one.cached = one.done
            count = min(need, room) if p.chunked else need
            chunks.append((one, count))
            room -= count

    def begin(self, now):
        p, chunks, needed = self.policy, [], 0
        room = p.max_batched_tokens
        if p.batching == "mixed":
            while self.decoding() and self.next_blocks() > self.room():
                self.preempt()
            needed = self.next_blocks()
            room -= len(self.decoding()) * self.table.tokens_per_sequence
        if self.prompting and room > 0:
            one = self.prompting[0]
            count = min(one.prompt - one.done, room)
            chunks.append((one, count))
            room -= count
        if all(one.done + count == one.prompt for one, count in chunks) and (chunks or not self.prompting):
            self.admit(room, needed, chunks)
        if not chunks:
            while self.decoding() and self.next_blocks() > self.room():
                self.preempt()
            if not self.decoding():
                self.step = None
                return
        active = self.decoding() if p.batching == "mixed" or not chunks else []
        context = sum(one.context(p.acceptance_length) for one in active)
        pairs = sum(n * one.done + n * (n + 1) / 2 for one, n in chunks)
        seconds = step_time(self.table, len(active), context, sum(n for _, n in chunks), pairs, len(chunks))
        self.step = (now + seconds, chunks, active)


def oracle(table, requests, policy, prefill_table=None):
    """Lines in the order of the requests: the values that `simulate` must give."""
    p, a = policy, policy.acceptance_length
    ones = []
    for i in range(len(requests)):
        hashes = []
        if requests.hashes is not None:
            hashes = list(requests.hashes[requests.hash_start[i] : requests.hash_start[i + 1]])
        think = 0.0 if requests.think is None else float(requests.think[i])
        session = i if requests.session is None else int(requests.session[i])
        ones.append(One(i, int(requests.input_tokens[i]), int(requests.output_tokens[i]), think, session, hashes))
    entry = p.prefill_replicas or p.replicas
    copies = [Copy(r, prefill_table or table, p, requests.hash_block, "prefill") for r in range(p.prefill_replicas)]
    copies += [
        Copy(entry + r if p.prefill_replicas else r, table, p, requests.hash_block, "decode") for r in range(p.replicas)
    ]
    turns = {False: 0, True: 0}
    coming = []  # (time, order, what, payload)
    order = 0
    unasked = deque()
    if requests.concurrency:
        unasked.extend(ones)
        for _ in range(requests.concurrency):
            coming.append((p.before, order, "take", None))
            order += 1
    follows = set() if requests.successor is None else {int(s) for s in requests.successor if s >= 0}
    opens = [] if requests.concurrency else [o for o in ones if o.index not in follows]
    opens = deque(sorted(opens, key=lambda o: requests.arrival[o.index]))

    def route(one):
        group = copies[entry:] if one.transferred else copies[:entry]
        if len(group) == 1:
            return group[0]
        if p.routing == "round_robin":
            turns[one.transferred] += 1
            return group[(turns[one.transferred] - 1) % len(group)]
        if p.routing == "session":
            return group[one.session % len(group)]
        return min(group, key=lambda c: len(c.arrived) + len(c.waiting) + len(c.running))

    def again(one, moment):
        nonlocal order
        if requests.concurrency:
            coming.append((moment + one.think + p.before, order, "take", None))
        elif requests.successor is not None and requests.successor[one.index] >= 0:
            coming.append((moment + one.think + p.before, order, "ask", ones[requests.successor[one.index]]))
        else:
            return
        order += 1

    def arrive(one, arrival, now):
        one.arrival, one.prompt = arrival, one.input
        smallest = min(c.capacity * c.block for c in copies)
        last = one.input + one.output - 1
        if p.max_context is not None and one.input + one.output > p.max_context:
            one.reason = 1
        elif last + (a if a > 1 else 0) > smallest:
            one.reason = 2
        elif not p.chunked and one.input > p.max_batched_tokens:
            one.reason = 3
        if one.reason:
            one.cached = 0
            again(one, now)
        else:
            route(one).arrived.append(one)

    def end(one, copy, now):
        one.finish, one.replica = now + p.after, copy.number
        again(one, one.finish)

    def deliver(one, now):
        if math.isnan(one.first) and one.tokens(a) >= min(p.stream_interval, one.output):
            one.first = now + p.after

    while True:
        times = [c.step[0] for c in copies if c.step]
        times += [requests.arrival[opens[0].index] + p.before] if opens else []
        times += [min(coming)[0]] if coming else []
        if not times:
            break
        now = min(times)
        idle = [c for c in copies if not c.step]
        ended = [c for c in copies if c.step and c.step[0] == now]
        for copy in ended:
            _, chunks, active = copy.step
            copy.step = None
            for one in active:
                one.steps += 1
            for one, count in chunks:
                one.done += count
            copy.trim()
            for one in sorted(active, key=lambda o: o.index):
                deliver(one, now)
                if one.tokens(a) >= one.output:
                    copy.publish(one, one.input + one.output - 1)
                    copy.leave(one)
                    end(one, copy, now)
            for one, _ in chunks:
                if one.done < one.prompt:
                    continue
                one.generated += 1
                if one.generated == 1:
                    one.engine_first = now
                copy.publish(one, one.prompt)
                deliver(one, now)
                if one.generated >= one.output:
                    copy.leave(one)
                    end(one, copy, now)
                elif copy.role == "prefill":
                    copy.leave(one)
                    coming.append((now + (p.transfer_latency + p.transfer_per_token * one.prompt), order, "move", one))
                    order += 1
                else:
                    copy.prompting.remove(one)
            copy.since = 0 if chunks else copy.since + 1
        while True:
            opened = requests.arrival[opens[0].index] + p.before if opens else math.inf
            later = min(coming) if coming else (math.inf,)
            if opened <= now and opened <= later[0]:
                one = opens.popleft()
                arrive(one, opened - p.before, now)
            elif later[0] <= now:
                coming.remove(later)
                if later[2] == "move":
                    later[3].transferred = True
                    route(later[3]).arrived.append(later[3])
                elif later[2] == "ask":
                    arrive(later[3], later[0] - p.before, now)
                elif unasked:
                    arrive(unasked.popleft(), later[0] - p.before, now)
            else:
                break
        for copy in copies:
            fresh = copy in idle and (copy.arrived or copy.waiting)
            if copy not in ended and not fresh:
                continue
            if fresh or copy.since in (0, p.receive_interval) or not copy.running:
                copy.waiting.extend(copy.arrived)
                copy.arrived.clear()
                copy.since = 0
            copy.begin(now)
    names = ("first", "engine_first", "finish", "arrival", "cached", "preemptions", "replica", "reason")
    return {n: np.array([getattr(o, n) for o in ones]) for n in names}, copies
