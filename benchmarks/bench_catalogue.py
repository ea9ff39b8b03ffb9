"""The whole catalogue from a cold shell, deployments evaluated per second, and a planner of one vendor beside it.

The peer is `aiconfigurator` 0.12 from the package index. Where `AICONFIGURATOR` names its command (installed in an
environment of its own), it is timed on one system and 16 GPUs in the same run, and a ratio is printed; otherwise the
output says that it was not compared.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clock import best

MODEL, INPUT, OUTPUT, SPEED, RATE = "llama-3.3-70b", 1000, 500, 50, 20
PEER = ("--total-gpus", "16", "--system", "h200_sxm", "--backend", "vllm", "--isl", str(INPUT), "--osl", str(OUTPUT),
        "--ttft", "2000", "--tpot", str(1000 / SPEED))  # fmt: skip


def shell(*arguments: str) -> float:
    """Seconds of `lcot compare` in a new process, the best of three."""
    command = [sys.executable, "-m", "lcot", "compare", MODEL, "--input", str(INPUT), "--output", str(OUTPUT),
               "--speed", str(SPEED), *arguments]  # fmt: skip
    return best(lambda: subprocess.run(command, check=True, capture_output=True), 3)


def evaluated() -> tuple[int, int, float]:
    """Deployments and batches evaluated over the whole catalogue, and seconds, with everything imported."""
    from lcot.choice import search
    from lcot.choice.types import Question
    from lcot.facts import catalog
    from lcot.serving.types import Target, Traffic
    from lcot.workload.models import model

    question = Question(
        model(MODEL), tuple(catalog.system(s) for s in catalog.system_ids()), Traffic(INPUT, OUTPUT, float(RATE)),
        Target(float(SPEED)), catalog.site("us-colocation"), draws=0,
    )  # fmt: skip
    counted = {"deployments": 0, "points": 0}
    inner = search.curves

    def counting(copies, traffic, target, grids):
        counted["deployments"] += len(copies)
        counted["points"] += sum(map(len, grids))
        return inner(copies, traffic, target, grids)

    search.curves = counting
    search.searched(question, question.systems)
    search.curves = inner
    start = time.perf_counter()
    search.searched(question, question.systems)
    return counted["deployments"], counted["points"], time.perf_counter() - start


def peer() -> tuple[float, int] | None:
    """Seconds of the peer's command and the results that it states; None where it is not there."""
    from lcot.facts import catalog

    command = os.environ.get("AICONFIGURATOR")
    if not command:
        return None
    config = Path(catalog.__file__).parent.parent / "catalog" / "models" / f"{MODEL}.json"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(config, Path(folder) / "config.json")
        start = time.perf_counter()
        asked = [command, "cli", "default", "--model-path", folder, *PEER]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    if done.returncode:
        print(f"aiconfigurator ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return seconds, sum(int(n) for n in re.findall(r"completed with (\d+) results", done.stdout + done.stderr))


def main() -> None:
    """Print times, rates and the ratio."""
    closed, default = shell("--rate", str(RATE), "--finalists", "0"), shell("--rate", str(RATE))
    print(f"whole catalogue from a cold shell, closed form with 256 draws   {closed:7.2f} s")
    print(f"the same with its first three simulated (the default)           {default:7.2f} s")
    deployments, points, seconds = evaluated()
    print(
        f"deployments evaluated: {deployments} on {points} batches in {seconds:.2f} s: {deployments / seconds:,.0f} "
        f"deployments/s, {points / seconds:,.0f} points/s"
    )
    found = peer()
    if found is None:
        print("aiconfigurator was not compared: set AICONFIGURATOR to its command")
        return
    one = shell("--rate", str(RATE), "--system", "hgx-h200", "--finalists", "0")
    theirs, results = found
    print(f"one system, 16 GPUs: aiconfigurator {theirs:.2f} s ({results} results)")
    print(f"  lcot on that system {one:.2f} s: {theirs / one:.1f} times as fast")
    print(f"  lcot on the whole catalogue {default:.2f} s: {theirs / default:.1f} times as fast")


if __name__ == "__main__":
    main()
