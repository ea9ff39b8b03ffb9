"""A plain simulator of a pipeline, stage by stage: what the kernel's cycle of all users in flight stands for.

Every micro-batch is followed through every stage. When the first stage is free it takes the prompts that wait, one at a
time, in turn with the sequences that are ready for their next token, at most their share of those running. One stage
takes the interval of the micro-batch, the others share the rest of its way evenly.
"""

from __future__ import annotations

import heapq
from collections import deque

import numpy as np

from lcot.steptime.types import Step, StepTime


def staged(steps: StepTime, arrival, inputs, outputs, most: int):
    """Times of first tokens and ends of requests on one copy."""
    count, stages = len(arrival), steps.stages
    first, finish, made = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, int)
    free = np.zeros(stages)  # when each stage is free
    waiting, ready = deque(), deque()
    done: list[tuple[float, int, str, list[int]]] = []  # micro-batches that leave the last stage
    coming, running, number, turn = 0, 0, 0, 0
    now = 0.0

    def send(step: Step, kind: str, members: list[int]):
        nonlocal number
        way, slot = float(steps.latency(step).total), float(steps.interval(step).total)
        times = [slot] + [(way - slot) / (stages - 1)] * (stages - 1)
        at = now
        for j, seconds in enumerate(times):
            at = max(at, free[j]) + seconds
            free[j] = at
        number += 1
        heapq.heappush(done, (at, number, kind, members))

    while np.isnan(finish).any():
        while coming < count and arrival[coming] <= now:
            waiting.append(coming)
            coming += 1
        while done and done[0][0] <= now:
            at, _, kind, members = heapq.heappop(done)
            for i in members:
                made[i] += 1
                if kind == "prompt":
                    first[i] = at
                if made[i] >= outputs[i]:
                    finish[i] = at
                    running -= 1
                else:
                    ready.append(i)
        if free[0] <= now and (ready or (waiting and running < most)):
            prompt = waiting and running < most and (turn == 0 or not ready)
            turn = 1 if prompt else 0
            if prompt:
                i = waiting.popleft()
                running += 1
                n = float(inputs[i])
                send(Step(0.0, 0.0, n, n * (n + 1) / 2, 1.0), "prompt", [i])
            else:
                some = [ready.popleft() for _ in range(min(len(ready), -(-running // stages)))]
                context = float(sum(inputs[i] + made[i] for i in some))
                send(Step(float(len(some)), context), "decode", some)
            continue
        moments = [done[0][0]] if done else []
        moments += [arrival[coming]] if coming < count else []
        if ready or (waiting and running < most):
            moments.append(max(free[0], now))
        now = min(moments, default=now)
    return first, finish
