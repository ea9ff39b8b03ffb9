"""Binary heaps in record arrays: what a replica's step counter will reach, and arrivals to come."""

from __future__ import annotations

from typing import Any

from lcot.serving.kernel.compiled import part


@part
def _mark_before(left: Any, right: Any) -> Any:
    if left.key != right.key:
        return left.key < right.key
    return left.order < right.order


@part
def _copy_mark(target: Any, source: Any) -> Any:
    target.key = source.key
    target.order = source.order
    target.slot = source.slot
    target.kind = source.kind


@part
def _swap_marks(heap: Any, i: Any, j: Any) -> Any:
    a, b = heap[i], heap[j]
    key, order, slot, kind = a.key, a.order, a.slot, a.kind
    _copy_mark(a, b)
    b.key = key
    b.order = order
    b.slot = slot
    b.kind = kind


@part
def sift_mark(heap: Any, size: Any, i: Any) -> Any:
    """Restore the order of a heap of marks around place ``i``."""
    while i > 0 and _mark_before(heap[i], heap[(i - 1) // 2]):
        _swap_marks(heap, i, (i - 1) // 2)
        i = (i - 1) // 2
    while True:
        child = 2 * i + 1
        if child >= size:
            return
        if child + 1 < size and _mark_before(heap[child + 1], heap[child]):
            child += 1
        if not _mark_before(heap[child], heap[i]):
            return
        _swap_marks(heap, i, child)
        i = child


@part
def push_mark(heap: Any, me: Any, key: Any, order: Any, slot: Any, kind: Any) -> Any:
    """Add a mark to a replica's heap."""
    entry = heap[me.heap]
    entry.key = key
    entry.order = order * 2 + kind
    entry.slot = slot
    entry.kind = kind
    me.heap += 1
    sift_mark(heap, me.heap, me.heap - 1)


@part
def pop_mark(heap: Any, me: Any) -> Any:
    """Take the top off a replica's heap."""
    me.heap -= 1
    if me.heap > 0:
        _copy_mark(heap[0], heap[me.heap])
        sift_mark(heap, me.heap, 0)


@part
def drop_marks(heap: Any, me: Any, slot: Any) -> Any:
    """Take every mark of a slot out of a replica's heap."""
    i = 0
    while i < me.heap:
        if heap[i].slot == slot:
            me.heap -= 1
            if i < me.heap:
                _copy_mark(heap[i], heap[me.heap])
                sift_mark(heap, me.heap, i)
                i = 0
        else:
            i += 1


@part
def _user_before(left: Any, right: Any) -> Any:
    if left.time != right.time:
        return left.time < right.time
    return left.order < right.order


@part
def _swap_users(heap: Any, i: Any, j: Any) -> Any:
    a, b = heap[i], heap[j]
    time, order, kind, payload = a.time, a.order, a.kind, a.payload
    a.time = b.time
    a.order = b.order
    a.kind = b.kind
    a.payload = b.payload
    b.time = time
    b.order = order
    b.kind = kind
    b.payload = payload


@part
def push_user(heap: Any, clock: Any, time: Any, kind: Any, payload: Any) -> Any:
    """Add an arrival to come."""
    i = clock.waiting_users
    entry = heap[i]
    entry.time = time
    entry.order = clock.ties
    entry.kind = kind
    entry.payload = payload
    clock.ties += 1
    clock.waiting_users += 1
    while i > 0 and _user_before(heap[i], heap[(i - 1) // 2]):
        _swap_users(heap, i, (i - 1) // 2)
        i = (i - 1) // 2


@part
def pop_user(heap: Any, clock: Any) -> Any:
    """Take the earliest arrival to come off the heap."""
    clock.waiting_users -= 1
    size = clock.waiting_users
    if size == 0:
        return
    _swap_users(heap, 0, size)
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            return
        if child + 1 < size and _user_before(heap[child + 1], heap[child]):
            child += 1
        if not _user_before(heap[child], heap[i]):
            return
        _swap_users(heap, i, child)
        i = child
