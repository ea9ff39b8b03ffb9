"""The paged KV cache of one replica: blocks in use, and the prefix cache with its least recently used order."""

from __future__ import annotations

import math
from typing import Any

from lcot.serving.kernel.compiled import part


@part
def blocks_for(rules: Any, tokens: Any) -> Any:
    """Blocks that hold ``tokens``."""
    if rules.block == 1:
        return tokens
    return float((int(tokens) + rules.block - 1) // rules.block)


@part
def available(rules: Any, me: Any) -> Any:
    """Blocks free, or free as soon as an unused prefix is thrown out."""
    return me.free + me.lru * (rules.hash_block // rules.block)


@part
def new_blocks(rules: Any, me: Any, classes: Any, steps: Any) -> Any:
    """Blocks that the decoding sequences take in the next ``steps`` steps.

    ``classes[c]`` counts the sequences whose context less the step counter is ``c`` modulo the block: each takes
    a block when its context is a multiple of the block.
    """
    if rules.block == 1:
        return rules.acceptance * me.decoding * steps
    rounds = steps // rules.block
    total = rounds * me.decoding
    at = (-me.steps) % rules.block
    for _ in range(steps - rounds * rules.block):
        total += classes[at]
        at = at - 1 if at > 0 else rules.block - 1
    return float(total)


@part
def steps_that_fit(rules: Any, me: Any, classes: Any, most: Any) -> Any:
    """Decode steps, at most ``most``, for which blocks are available."""
    room = available(rules, me)
    if rules.block == 1:
        if rules.acceptance * me.decoding * most <= room:
            return most
        return math.floor(room / (rules.acceptance * me.decoding))
    if ((most + rules.block - 1) // rules.block) * me.decoding <= room:
        return most
    rounds = int(room) // me.decoding
    room -= rounds * me.decoding
    at = (-me.steps) % rules.block
    for i in range(rules.block):
        room -= classes[at]
        at = at - 1 if at > 0 else rules.block - 1
        if room < 0:
            return min(most, rounds * rules.block + i)
    return min(most, (rounds + 1) * rules.block)


@part
def place_of(keys: Any, values: Any, key: Any) -> Any:
    """Place of a hash in the open table, or of the empty cell where it belongs."""
    mask = keys.shape[0] - 1
    mixed = key ^ (key >> 31)
    mixed = mixed * 0x9E3779B97F4A7C1
    place = (mixed ^ (mixed >> 29)) & mask
    while values[place] >= 0 and keys[place] != key:
        place = (place + 1) & mask
    return place


@part
def forget(keys: Any, values: Any, place: Any) -> Any:
    """Empty a cell of the open table, closing the gap behind it."""
    mask = keys.shape[0] - 1
    hole, at = place, place
    values[hole] = -1
    while True:
        at = (at + 1) & mask
        if values[at] < 0:
            return
        key, value = keys[at], values[at]
        values[at] = -1
        home = place_of(keys, values, key)
        keys[home] = key
        values[home] = value


@part
def unlink_node(me: Any, nodes: Any, n: Any) -> Any:
    """Take a block out of the order of unused ones."""
    node = nodes[n]
    if node.older >= 0:
        nodes[node.older].newer = node.newer
    else:
        me.lru_head = node.newer
    if node.newer >= 0:
        nodes[node.newer].older = node.older
    else:
        me.lru_tail = node.older
    me.lru -= 1


@part
def take(rules: Any, me: Any, nodes: Any, keys: Any, values: Any, blocks: Any) -> Any:
    """Take blocks, throwing out the least recently used prefixes where needed."""
    me.free -= blocks
    while me.free < 0.0 and me.lru > 0:
        n = me.lru_head
        unlink_node(me, nodes, n)
        forget(keys, values, place_of(keys, values, nodes[n].hash))
        nodes[n].newer = me.free_node
        me.free_node = n
        me.free += rules.hash_block // rules.block


@part
def matched(rules: Any, slot: Any, nodes: Any, keys: Any, values: Any, hashes: Any) -> Any:
    """Leading blocks of a prompt that are cached, and how many of them nobody uses now.

    The last token of a prompt is always computed, for it yields the first token.
    """
    most = min(slot.hash_count, (slot.prompt - 1) // rules.hash_block)
    found, unused = 0, 0
    while found < most:
        n = values[place_of(keys, values, hashes[slot.hash_start + found])]
        if n < 0:
            break
        if nodes[n].references == 0:
            unused += 1
        found += 1
    return found, unused


@part
def hold(me: Any, slot: Any, nodes: Any, keys: Any, values: Any, hashes: Any, count: Any) -> Any:
    """Use the first ``count`` cached blocks of a prompt."""
    for i in range(count):
        n = values[place_of(keys, values, hashes[slot.hash_start + i])]
        if nodes[n].references == 0:
            unlink_node(me, nodes, n)
        nodes[n].references += 1
    slot.nodes = count


@part
def publish(rules: Any, me: Any, slot: Any, nodes: Any, keys: Any, values: Any, hashes: Any, tokens: Any) -> Any:
    """Make the full blocks of the first ``tokens`` tokens of a sequence findable; a double is merged."""
    full = min(slot.hash_count, int(tokens) // rules.hash_block)
    for i in range(slot.nodes, full):
        key = hashes[slot.hash_start + i]
        place = place_of(keys, values, key)
        n = values[place]
        if n >= 0:
            if nodes[n].references == 0:
                unlink_node(me, nodes, n)
            nodes[n].references += 1
            me.free += rules.hash_block // rules.block
        else:
            n = me.free_node
            me.free_node = nodes[n].newer
            nodes[n].hash = key
            nodes[n].references = 1
            keys[place] = key
            values[place] = n
    slot.nodes = max(slot.nodes, full)


@part
def give_back(rules: Any, me: Any, slot: Any, nodes: Any, keys: Any, values: Any, hashes: Any, tokens: Any) -> Any:
    """Free what a sequence of ``tokens`` tokens holds; its cached blocks stay, its last ones to go first."""
    me.free += blocks_for(rules, tokens) - slot.nodes * (rules.hash_block // rules.block)
    for i in range(slot.nodes - 1, -1, -1):
        n = values[place_of(keys, values, hashes[slot.hash_start + i])]
        node = nodes[n]
        node.references -= 1
        if node.references == 0:
            node.older = me.lru_tail
            node.newer = -1
            if me.lru_tail >= 0:
                nodes[me.lru_tail].newer = n
            else:
                me.lru_head = n
            me.lru_tail = n
            me.lru += 1
    slot.nodes = 0
