"""Work shared with copies of the process is the work done here, whatever happens to the copies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from lcot.choice.sharing import processors, shared
from lcot.facts import catalog
from lcot.facts.types import System
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment, Precision, Step, StepTime
from lcot.workload.models import model

HERE = os.getpid()


def test_results_come_in_order_and_from_several_processes() -> None:
    found = shared(lambda n: (n * n, os.getpid()), range(300), 3)
    assert [square for square, _ in found] == [n * n for n in range(300)]


def test_without_copies_the_work_is_done_here() -> None:
    assert set(shared(lambda n: os.getpid(), range(5), 1)) == {HERE}
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert set(shared(lambda n: os.getpid(), range(5), 4)) == {HERE}
    finally:
        stop.set()
        other.join()


def test_what_a_copy_does_not_finish_is_done_here() -> None:
    def work(n: int) -> int:
        if os.getpid() != HERE:
            os._exit(1)
        return n

    assert shared(work, range(50), 3) == list(range(50))


def test_an_error_is_raised_here() -> None:
    def work(n: int) -> int:
        if n == 7:
            raise ValueError("seven")
        return n

    with pytest.raises(ValueError, match="seven"):
        shared(work, range(50), 3)


def test_copies_end_where_this_process_fails_before_it_reads_them() -> None:
    program = """
import os
from lcot.choice.sharing import shared
here = os.getpid()

def work(n):
    if os.getpid() == here:
        raise ValueError("here")
    return b"x" * 1_000_000  # more than a pipe holds

shared(work, range(50), 2)
"""
    # the copy has the same streams, so this waits until it has ended too
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert b"ValueError: here" in ended.stderr


def test_a_step_time_comes_back_as_its_estimate_and_the_system_as_itself() -> None:
    system, llama = catalog.system("hgx-h200"), model("llama-3.3-70b")
    precision = Precision("fp8", "fp8", "fp8", "fp8", "fp8")

    def work(tensor: int) -> tuple[StepTime, System]:
        return estimate(Deployment(system, llama, catalog.engine_of(system), precision, tensor=tensor)), system

    step = Step(decode_sequences=8.0, decode_context=8000.0)
    for tensor, (steps, same) in zip((2, 4, 8) * 10, shared(work, (2, 4, 8) * 10, 3, [system, llama]), strict=True):
        assert steps.latency(step) == work(tensor)[0].latency(step)
        assert same is system
        assert steps.deployment.model is llama


def test_this_machine_has_a_processor() -> None:
    assert processors() >= 1
