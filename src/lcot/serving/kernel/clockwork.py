"""How long steps take, from the table, and how many of them fit before a moment."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcot.serving.kernel.compiled import part

FIRST_BIN = (1022 - 40) * 64  # of intervals: an exponent of -40


@part
def segment_of(surface: Any, pool: Any, decoding: Any, context: Any, hint: Any) -> Any:
    """Segment of the decode surface that holds ``context``, searched from ``hint``."""
    last = surface.shape[2] - 1
    j = min(hint, last)
    while j > 0 and context < surface[pool, decoding, j, 0]:
        j -= 1
    while j < last and context >= surface[pool, decoding, j + 1, 0]:
        j += 1
    return j


@part
def looked_up(curve: Any, pool: Any, at: Any) -> Any:
    """Value of a curve over whole numbers; past its end it goes on as its last piece."""
    last = curve.shape[1] - 1
    if at <= last:
        return curve[pool, at]
    return curve[pool, last] + (at - last) * (curve[pool, last] - curve[pool, last - 1])


@part
def row_value(rows: Any, pool: Any, i: Any, pairs: Any) -> Any:
    """Value of row ``i`` of the prompt surface at ``pairs``."""
    j = rows.shape[2] - 1
    while j > 0 and pairs < rows[pool, i, j, 0]:
        j -= 1
    return rows[pool, i, j, 1] + rows[pool, i, j, 2] * (pairs - rows[pool, i, j, 0])


@part
def prompt_time(rows: Any, row_tokens: Any, pool: Any, tokens: Any, pairs: Any) -> Any:
    """Time of prompt attention, between the two rows around ``tokens`` at the same pairs per token."""
    last = row_tokens.shape[1] - 1
    if last == 0 or tokens >= row_tokens[pool, last]:
        return (
            row_value(rows, pool, last, pairs * 1.0)
            if last == 0
            else row_value(rows, pool, last, pairs * row_tokens[pool, last] / tokens)
            * (tokens / row_tokens[pool, last])
        )
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if row_tokens[pool, middle] <= tokens:
            low = middle
        else:
            high = middle
    left, right = row_tokens[pool, low], row_tokens[pool, low + 1]
    below = row_value(rows, pool, low, pairs * left / tokens)
    if tokens <= left:
        return below
    above = row_value(rows, pool, low + 1, pairs * right / tokens)
    return below + (above - below) * ((tokens - left) / (right - left))


@part
def rest_time(rest: Any, shape: Any, axes: Any, pool: Any, work: Any) -> Any:
    """What the sum of the other terms misses at ``work[2]``, linear between points of five axes, level beyond them."""
    base, stride = 0, 1
    for axis in range(4, -1, -1):
        low, high = 0, shape[pool, axis] - 1
        work[0, axis] = 0.0
        work[1, axis] = stride
        if high > 0 and work[2, axis] > axes[pool, axis, 0]:
            while high - low > 1:
                middle = (low + high) // 2
                if axes[pool, axis, middle] <= work[2, axis]:
                    low = middle
                else:
                    high = middle
            left, right = axes[pool, axis, low], axes[pool, axis, high]
            work[0, axis] = min(1.0, (work[2, axis] - left) / (right - left))
        base += low * stride
        stride *= shape[pool, axis]
    value = 0.0
    for corner in range(32):
        share, place = 1.0, base
        for axis in range(5):
            if corner >> axis & 1:
                share *= work[0, axis]
                place += int(work[1, axis])
            else:
                share *= 1.0 - work[0, axis]
            if share == 0.0:
                break
        if share != 0.0:
            value += share * rest[pool, place]
    return value


@part
def decode_time(surface: Any, table: Any, decoding: Any, context: Any, hint: Any) -> Any:
    """Time of a step of decoding sequences alone."""
    j = segment_of(surface, table, decoding, context, hint)
    piece = surface[table, decoding, j]
    return piece[1] + piece[2] * (context - piece[0])


@part
def added_time(
    token_time: Any, rows: Any, row_tokens: Any, rest: Any, shape: Any, axes: Any, work: Any, table: Any, own: Any,
    tokens: Any, pairs: Any,
) -> Any:  # fmt: skip
    """What prompts add to a step with ``own`` tokens of decoding sequences; the rest is looked up at ``work[2]``."""
    return (
        (looked_up(token_time, table, own + tokens) - looked_up(token_time, table, own))
        + prompt_time(rows, row_tokens, table, tokens, pairs)
        + rest_time(rest, shape, axes, table, work)
    )


@part
def closed_form(first: Any, growth: Any, steps: Any) -> Any:
    """Time of ``steps`` decode steps, the first taking ``first`` and each next one ``growth`` more."""
    return steps * first + growth * (steps * (steps - 1) / 2)


@part
def steps_until(first: Any, growth: Any, start: Any, moment: Any, most: Any) -> Any:
    """Least number of steps after which the clock is at ``moment`` or later; ``most`` if more."""
    wait = moment - start
    if growth > 0.0:
        half = first - growth / 2
        guess = (math.sqrt(half * half + 2.0 * growth * max(wait, 0.0)) - half) / growth
    else:
        guess = wait / first
    k = int(min(max(guess, 1.0), float(most)))
    while k > 1 and start + closed_form(first, growth, k - 1) >= moment:
        k -= 1
    while k < most and start + closed_form(first, growth, k) < moment:
        k += 1
    return k


@part
def interval_bin(seconds: Any) -> Any:
    """Bin of an interval between tokens: 64 an octave."""
    bits = np.float64(seconds).view(np.int64)  # exponent, and the first six binary places
    return min(max((bits >> 46) - FIRST_BIN, 0), 64 * 80 - 1)


@part
def count_intervals(histogram: Any, first: Any, growth: Any, steps: Any, weight: Any) -> Any:
    """Count ``weight`` intervals for each of ``steps`` steps, a bin at a time."""
    duration, left = first, steps
    while left > 0:
        where = interval_bin(duration)
        taken = left
        if growth > 0.0:
            upper = np.int64((where + 1 + FIRST_BIN) << 46).view(np.float64)
            if where < 64 * 80 - 1 and duration + growth * (left - 1) >= upper:
                taken = min(left, max(1, math.ceil((upper - duration) / growth)))
        histogram[where] += taken * weight
        duration += growth * taken
        left -= taken


@part
def fold(timeline: Any, clock: Any, moment: Any) -> Any:
    """Merge neighbouring bins until ``moment`` is inside the timeline."""
    bins = timeline.shape[0]
    while moment >= clock.width * bins:
        for column in range(timeline.shape[1]):
            for i in range(bins // 2):
                timeline[i, column] = timeline[2 * i, column] + timeline[2 * i + 1, column]
            for i in range(bins // 2, bins):
                timeline[i, column] = 0.0
        clock.width *= 2.0


@part
def spread(timeline: Any, clock: Any, column: Any, start: Any, end: Any, rate: Any) -> Any:
    """Add ``rate`` over the time from ``start`` to ``end`` to a column of the timeline."""
    if rate == 0.0 or end <= start:
        return
    fold(timeline, clock, end)
    i, last = int(start / clock.width), int(end / clock.width)
    if i == last:
        timeline[i, column] += rate * (end - start)
        return
    timeline[i, column] += rate * ((i + 1) * clock.width - start)
    for middle in range(i + 1, last):
        timeline[middle, column] += rate * clock.width
    timeline[last, column] += rate * (end - last * clock.width)
