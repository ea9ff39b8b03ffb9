"""Full answers behind the page, in a warm process of their own, so that sliders never wait for a search."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from math import log2
from typing import Any

from lcot.choice.compare import compare
from lcot.choice.lengths import at_lengths, leading
from lcot.choice.sharing import packed, unpacked
from lcot.choice.slide import Prepared, prepare, slid
from lcot.choice.types import Answer, Question
from lcot.errors import InputError, LcotError
from lcot.report.answer import details
from lcot.report.contract import to_dict
from lcot.report.headline import headline
from lcot.web.asking import Ask, Asking
from lcot.web.views import drawn

QUEUE = 8  # questions that wait at most, the one that is worked on included
ANSWERS, LAYOUTS = 32, 12  # kept: full answers, and systems' layouts by question and lengths
_asks: list[Ask] = []  # in the process that searches: how a question is made


class Refused(LcotError):
    """What the search said no to, in its own words."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


@dataclass(slots=True)
class Searching:
    """Full answers and layouts, each worked out once."""

    ask: Ask
    pool: ProcessPoolExecutor | None = None
    waiting: list[Future[tuple[str, bytes]]] = field(default_factory=list[Future[tuple[str, bytes]]])
    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: OrderedDict[str, bytes] = field(default_factory=OrderedDict[str, bytes])
    layouts: OrderedDict[str, Prepared] = field(default_factory=OrderedDict[str, Prepared])
    few: OrderedDict[str, Prepared] = field(default_factory=OrderedDict[str, Prepared])
    sliding: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> ProcessPoolExecutor:
        """The process that searches; it is started at the first call."""
        with self.lock:
            if self.pool is None:
                fresh = multiprocessing.get_context("spawn")
                self.pool = ProcessPoolExecutor(1, mp_context=fresh, initializer=_begun, initargs=(self.ask,))
            return self.pool

    def submit(self, work: Any, asking: str) -> Future[tuple[str, bytes]]:
        """Hand work to the process, to a new one where that has died. Raises `InputError` where too much waits."""
        self.waiting = [one for one in self.waiting if not one.done()]
        if len(self.waiting) >= QUEUE:
            raise InputError(
                f"{len(self.waiting)} questions wait for an answer; allowed: {QUEUE} at once; ask again soon"
            )
        try:
            found = self.begin().submit(work, asking)
        except BrokenProcessPool:
            self.pool = None
            found = self.begin().submit(work, asking)
        self.waiting.append(found)
        return found

    def answer(self, asked: Asking) -> bytes:
        """The answer and its charts as JSON. Raises `Refused`."""
        key = asked.model_dump_json()
        if key not in self.answers:
            _keep(self.answers, key, _taken(self.submit(_full, key)), ANSWERS)
            self.look_ahead(asked)
        return self.answers[key]

    def look_ahead(self, asked: Asking) -> None:
        """Find the layouts of these lengths in the background: a slider may move next."""
        key = asked.fixed().model_dump_json()
        if key not in self.layouts and all(one.done() for one in self.waiting):
            self.submit(_layouts, key).add_done_callback(lambda found: self.found(key, found))

    def found(self, key: str, done: Future[tuple[str, bytes]]) -> None:
        """Keep layouts that were looked for ahead; what is wrong with them shows when they are asked for."""
        if not done.cancelled() and done.exception() is None and not done.result()[0]:
            self.unpack(key, done.result()[1])

    def unpack(self, key: str, content: bytes) -> Prepared:
        """Layouts as found by the other process, with this process's systems."""
        question = Asking.model_validate_json(key).question(self.ask)
        made: Prepared = unpacked(content, _common(question))
        _keep(self.layouts, key, made, LAYOUTS)
        return made

    def slide(self, asked: Asking, question: Question) -> tuple[Answer, bool]:
        """The answer at once, and whether layouts were searched at its lengths; its systems are those kept."""
        key = asked.fixed().model_dump_json()
        with self.sliding:
            alike = self.alike(key)
            if not alike:
                self.unpack(key, _taken(self.submit(_layouts, key)))
            if key in self.layouts:
                kept = self.layouts[key]
                return slid(kept, replace(question, systems=kept.question.systems)), True
            near = min(alike, key=lambda one: _apart(one, key))
            question = replace(question, systems=self.layouts[near].question.systems)
            chosen = near + _without_lengths(asked)
            if chosen not in self.few:
                _keep(self.few, chosen, leading(self.layouts[near], question), ANSWERS)
            return slid(at_lengths(self.few[chosen], question), question), False

    def alike(self, key: str) -> list[str]:
        """Questions that were searched and differ from one in their lengths alone."""
        without = _without_lengths(Asking.model_validate_json(key))
        return [one for one in tuple(self.layouts) if _without_lengths(Asking.model_validate_json(one)) == without]

    def close(self) -> None:
        """End the process."""
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None


def _keep(kept: OrderedDict[str, Any], key: str, value: object, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _without_lengths(asked: Asking) -> str:
    same = Asking(model=asked.model)
    free = {"input": same.input, "output": same.output, "cached": same.cached}
    return asked.model_copy(update=free).model_dump_json()


def _apart(one: str, other: str) -> float:
    """How far the lengths of two questions are from each other: doublings, and shares in the cache."""
    a, b = Asking.model_validate_json(one), Asking.model_validate_json(other)
    return abs(log2(a.input / b.input)) + abs(log2(a.output / b.output)) + abs(a.cached - b.cached)


def _taken(found: Future[tuple[str, bytes]]) -> bytes:
    kind, content = found.result()
    if kind:
        raise Refused(kind, content.decode())
    return content


def _common(question: Question) -> Sequence[object]:
    """What both processes have."""
    return [*question.systems, question.model]


def _begun(ask: Ask) -> None:
    """In the process that searches: end with the page, not by its keys, and give way to it."""
    os.nice(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _asks.append(ask)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _full(asking: str) -> tuple[str, bytes]:
    try:
        answer = compare(Asking.model_validate_json(asking).question(_asks[0]), finalists=0)
        plain = to_dict(answer)
        made = {"headline": headline(plain), "answer": plain, "charts": drawn(answer) | details(answer)}
        return "", json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    except LcotError as error:
        return type(error).__name__, str(error).encode()


def _layouts(asking: str) -> tuple[str, bytes]:
    try:
        question = Asking.model_validate_json(asking).question(_asks[0])
        found = prepare(question)
        return "", packed(found, _common(question))
    except LcotError as error:
        return type(error).__name__, str(error).encode()
