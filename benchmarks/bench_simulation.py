"""How fast the event kernel is, beside the plain simulator on the same work, in one run.

    LCOT_EVIDENCE=<folder> python benchmarks/bench_simulation.py [--ten-million] [--vidur]

Rates are per second of processor time of this process, so that a busy machine distorts them less; the start of a
process is what a user waits. ``--vidur`` installs the simulator of that name from the package index into an environment
of its own and runs it, or says why it does not run.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from clock import best

from lcot.facts import catalog
from lcot.serving import trace_tables
from lcot.serving.policy import preset
from lcot.serving.replay import Replay, simulate
from lcot.serving.simulation import prepared
from lcot.serving.synthetic import lengths, open_loop
from lcot.serving.traces import read_trace, stream_trace
from lcot.serving.types import Requests
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment
from lcot.workload.formats import precision
from lcot.workload.models import model


def timed(work, runs=2):
    """Result, and the fewest processor seconds of some runs: the first one also waits for fresh memory."""
    least = float("inf")
    for _ in range(runs):
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return result, least


def conversation() -> Requests:
    """The Azure conversation trace, or lengths of its published mean."""
    folder = os.environ.get("LCOT_EVIDENCE")
    if folder:
        return read_trace(Path(folder) / "traces" / "AzureLLMInferenceTrace_conv.csv")
    print("LCOT_EVIDENCE is not set: lognormal lengths of the trace's mean instead of the trace")
    made = open_loop(5.53, 19366, [1], [1])
    return replace(
        made, input_tokens=lengths(1155, 19366, 0.9, 1, 14050), output_tokens=lengths(211, 19366, 0.8, 2, 1000)
    )


def repeated(trace: Requests, times: int, speed: float) -> Requests:
    """The trace, end to end, ``speed`` times as fast."""
    length = trace.arrival[-1] + 0.2
    arrival = (trace.arrival[None, :] + length * np.arange(times)[:, None]).ravel() / speed
    return Requests(arrival, np.tile(trace.input_tokens, times), np.tile(trace.output_tokens, times))


def hashed(requests: Requests, block: int = 64, groups: int = 100) -> Requests:
    """The same with block hashes: the first half of each prompt is one of some shared ones."""
    draw = np.random.default_rng(0)
    blocks = requests.input_tokens // block
    start = np.concatenate([[0], np.cumsum(blocks)])
    place = np.arange(start[-1]) - np.repeat(start[:-1], blocks)
    group = np.repeat(draw.integers(0, groups, len(requests)), blocks) + 1
    own = np.repeat(np.arange(len(requests)), blocks) + groups + 1
    shared = place < np.repeat(blocks, blocks) // 2
    hashes = np.where(shared, group, own) * (1 << 20) + place
    return replace(requests, hashes=hashes, hash_start=start, hash_block=block)


def plain_simulator():
    place = Path(__file__).parent.parent / "tests" / "serving" / "oracle.py"
    spec = importlib.util.spec_from_file_location("oracle", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules["oracle"] = module
    spec.loader.exec_module(module)
    return module.oracle


def report(name: str, requests: int, seconds: float, more: str = "") -> float:
    print(f"{name:<58} {requests:>10,} requests {seconds:8.3f} s {requests / seconds:>12,.0f} requests/s  {more}")
    return requests / seconds


def fed_in_parts(table, rules, one: Requests, times: int) -> None:
    """The trace over and over, part by part, as a stream; how much memory the process has taken by then."""
    run, count = Replay(table, rules), 0
    start = time.process_time()
    for i in range(times):
        part = replace(one, arrival=one.arrival + i * (one.arrival[-1] + 0.1))
        count += sum(len(rows) for rows in run.feed(part, i == times - 1))
    spent, taken = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    more = f"at most {taken:.2f} GB in all so far"
    report(f"kernel, fed in {times} parts, {len(run.state['slots']):,} in memory", count, spent, more)


def reading(requests: int = 1_000_000) -> None:
    """The rows of a table by blocks, and one by one."""
    draw = np.random.default_rng(0)
    arrival = np.cumsum(draw.exponential(0.1, requests))
    lengths_in, lengths_out = draw.integers(1, 9000, requests), draw.integers(1, 900, requests)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("arrival,input_tokens,output_tokens\n")
            file.writelines(f"{t:.6f},{i},{o}\n" for t, i, o in zip(arrival, lengths_in, lengths_out, strict=True))
        rates = []
        for few, name in ((trace_tables.FEW, "by blocks"), (1 << 40, "row by row")):
            trace_tables.FEW = few
            _, seconds = timed(lambda: sum(len(part) for part in stream_trace(path)))
            rates.append(report(f"reading a table {name}", requests, seconds))
    print(f"{'by blocks over row by row':<58} {rates[0] / rates[1]:,.1f}")


def whole_command() -> None:
    """What a user waits for `lcot simulate` of 200 requests, and what processor time that takes."""
    load = "poisson:rate=2,input=1000,output=500,count=200"
    words = ["simulate", "hgx-h200", "llama-3.3-70b", "--tp", "4", "--synthetic", load]

    def run() -> None:
        subprocess.run([sys.executable, "-m", "lcot", *words], check=True, capture_output=True)

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited, runs = best(run, 3), 3
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / runs
    print(
        f"{'lcot simulate of 200 requests, a process of its own':<58} {waited:.2f} s, {spent:.2f} s of processor time"
    )


def vidur(version: str = "0.0.26") -> None:
    """Vidur as the package index has it, on its own default load; or why it does not run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "vidur"
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        python = place / "bin" / "python"
        words = [python, "-m", "pip", "install", "-q", f"vidur=={version}"]
        made = subprocess.run(words, check=False, capture_output=True)
        if made.returncode:
            print(f"Vidur {version}: not installed, the package index or its packages are out of reach")
            return
        package = next(place.glob("lib/python*/site-packages/vidur"))
        profiles = len(list(package.rglob("*.csv")))
        start = time.perf_counter()
        words = [python, "-m", "vidur.main"]
        ran = subprocess.run(words, cwd=folder, check=False, capture_output=True, text=True)
        if ran.returncode == 0:
            print(f"Vidur {version}: its own default load in {time.perf_counter() - start:.1f} s")
            return
        said = (ran.stderr.strip().splitlines() or ["nothing"])[-1]
        print(f"Vidur {version}: not run; its package holds {profiles} profiles of step times. It said: {said}")


def main() -> None:
    """Print the table."""
    trace, llama = conversation(), model("llama-3.3-70b")
    system = catalog.system("hgx-h200")
    steps = estimate(Deployment(system, llama, catalog.engine_of(system), precision("fp8", llama), tensor=4))
    rules, table = prepared(steps, preset("vllm"))
    simulate(table, repeated(trace, 1, 1.0), rules)  # compile or load

    small = Requests(trace.arrival[:400], trace.input_tokens[:400], trace.output_tokens[:400])
    straight = replace(table, prompt=table.prompt[-1:], prompt_tokens=table.prompt_tokens[-1:])
    _, slow = timed(lambda: plain_simulator()(straight, small, replace(rules, block=1)))
    plain = report("plain simulator, Azure conversation", len(small), slow)
    fast = 0.0
    for speed in (1.0, 2.0, 4.0):
        load = repeated(trace, 52, speed)
        seen, seconds = timed(lambda load=load: simulate(table, load, rules))
        late = f"mean time to first token {np.nanmean(seen.first_token - seen.arrival):.2g} s"
        rate = report(f"kernel, one copy at {speed:.0f} x the trace's rate", len(load), seconds, late)
        fast = fast or rate  # at the trace's own rate
    print(f"{'kernel over plain simulator':<58} {fast / plain:,.0f}")

    load = hashed(repeated(trace, 26, 2.0))
    cached = replace(rules, prefix_cache=True)
    seen, seconds = timed(lambda: simulate(table, load, cached))
    share = seen.cached_tokens.sum() / seen.input_tokens.sum()
    report("kernel, prefix cache and chunked prefill", len(load), seconds, f"{share:.0%} of the input cached")

    four = open_loop(6.0, 10_000, [4000], [1000])
    _, seconds = timed(lambda: simulate(table, four, replace(rules, replicas=4)))
    report("10,000 requests of 4000/1000 on four copies", 10_000, seconds)

    for times in (5, 52) + ((520,) if "--ten-million" in sys.argv else ()):
        fed_in_parts(table, rules, repeated(trace, 1, 2.0), times)

    reading()
    whole_command()
    if "--vidur" in sys.argv:
        vidur()


if __name__ == "__main__":
    main()
