"""`lcot simulate`: what users see when this deployment replays this trace."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.load import load_of, mean_of, say_left_out, target_of
from lcot.cli.progress import counting
from lcot.cli.question import Many, with_settings
from lcot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lcot.choice.deploy import Layout
    from lcot.facts.types import Site, System
    from lcot.serving.simulation import Ready, Simulated
    from lcot.serving.types import Requests, Target

NONE: list[str] = []
SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)  # of the rate given, for the chart of latency against load
MOST = 96.0  # of the rate given: where the chart ends if the copies take it all
CLOSE = 1.04  # between the last load that they keep up with and the first that is too much


def simulate(
    system: str,
    model: str,
    /,
    *,
    trace: Path | None = None,
    synthetic: str | None = None,
    tp: int = 0,
    dp: int = 0,
    pp: int = 0,
    ep: int = 0,
    weights: str = "native",
    kv: str = "",
    engine: str = "",
    replicas: int = 0,
    rate_scale: float = 1.0,
    slo: str | None = None,
    policy: str = "",
    prefix_cache: bool = True,
    routing: str = "least_loaded",
    skip_bad: bool = False,
    seed: int = 2026,
    site: str = "us-colocation",
    set: Many = NONE,
    basis: str = "own",
    term: str = "on_demand",
    rows: Path | None = None,
    stream: bool = False,
    svg: Path | None = None,
    load_svg: Path | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """What users see when this deployment replays this trace: latencies, goodput, utilisation, watts, $/Mtok.

    Parameters
    ----------
    system
        A system's id or YAML file.
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    trace
        Azure LLM CSV, Mooncake JSONL, agentic session JSON (file or folder), or a log of vLLM, AIPerf or GuideLLM;
        plain, .gz or .zst.
    synthetic
        A made-up load: poisson:rate=5,input=1000,output=500,count=2000,burstiness=1,swing=0 or
        closed:users=16,input=1000,output=500,count=2000,think=0 or
        agents:rate=0.1,sessions=50,turns=10,first=8000,added=1000,output=300,think=10,shared=2000.
    tp
        Tensor parallel chips; without any width, the deployment that compare picks, prompts apart where that is it.
    dp
        Data-parallel attention ranks inside a copy.
    pp
        Pipeline stages.
    ep
        Expert parallel ranks.
    weights
        native, bf16, fp8, int8, fp4 ...
    kv
        Format of the KV cache; the checkpoint's by default.
    engine
        Engine; the system's usual one by default.
    replicas
        Copies of the model that decode; by default as many as fill the fewest systems that hold one. Copies that
        compute prompts come in the proportion of the deployment picked.
    rate_scale
        Play the trace this much faster.
    slo
        What goodput counts, such as ttft=2s,speed=20.
    policy
        Admission rules: vllm, sglang or trtllm; those of the engine by default.
    prefix_cache
        Reuse the cache of shared prompt prefixes; needs a load with block hashes.
    routing
        round_robin, least_loaded or session.
    skip_bad
        Leave malformed rows out, and say how many.
    seed
        Seed of a synthetic load.
    site
        Where it runs and is paid for.
    set
        Replace a fact, such as h200.memory.hbm.bandwidth='5 TB/s' (repeat).
    basis
        own or rent.
    term
        With --basis rent: on_demand, reserved or spot.
    rows
        Write a line for every request as Parquet.
    stream
        Read the trace as it is played, for traces of any length; needs --trace and --rows. What is done is kept beside
        the rows, and the same command goes on from there after an interruption.
    svg
        Draw the time line as SVG.
    load_svg
        Draw time to first token against load as SVG: the same requests at eight rates around the one given.
    json_
        Print as JSON.
    """
    from lcot.choice.deploy import Layout
    from lcot.facts import catalog
    from lcot.report.simulated import as_dict, as_text
    from lcot.serving.kernel.native import ready
    from lcot.serving.simulation import simulate_ready

    target = target_of(slo)
    if stream:
        requests, left_out = first_part(trace, rows, rate_scale, skip_bad), 0
    else:
        requests, left_out = load_of(trace, synthetic, rate_scale, skip_bad, seed)
    (machine,), place, settings = with_settings(set, (catalog.system(system),), catalog.site(site))
    stated = Layout(tp, dp, pp, ep, weights, kv, engine)
    if not ready():
        print("lcot: compiling the simulator, once, about half a minute", file=sys.stderr)
    prefix = prefix_cache and requests.hashes is not None
    copies = copies_of(machine, model, stated, requests, target, place, settings, basis, term, policy, replicas, prefix)
    rules = replace(copies.policy, prefix_cache=prefix, routing=routing)
    copies = replace(copies, policy=rules)
    say_left_out(left_out)
    with counting("requests", len(requests)) as bar:

        def seen(done: int, _: float) -> None:
            if bar is not None:
                bar(done)

        if stream:
            print(streamed(copies, trace, rows, target, rate_scale, skip_bad, seen, json_))
            return
        run = simulate_ready(copies, requests, target, seen if bar else None)
    if rows is not None:
        run.write_rows(rows)
    answer = as_dict(run, copies.steps, place, basis, term, left_out)
    if svg is not None:
        draw(run, svg)
    if load_svg is not None:
        draw_load(copies, requests, target, load_svg)
    print(dumped(answer) if json_ else as_text(answer))


def copies_of(
    machine: System, model: str, stated: Layout, requests: Requests, target: Target, site: Site,
    settings: tuple[str, ...], basis: str, term: str, policy: str, replicas: int, prefix: bool,
) -> Ready:  # fmt: skip
    """Copies of the stated deployment, or of the one that a comparison at the load's mean lengths picks.

    As many as fill one system unless stated; copies that compute prompts come in the same proportion.
    """
    from lcot.choice.deploy import chosen, ready
    from lcot.choice.finalists import repeated
    from lcot.choice.types import Question
    from lcot.steptime.estimate import estimate
    from lcot.workload.models import model as model_of

    if replicas < 0:
        raise InputError(f"--replicas is {replicas}; allowed: 1 or more")
    architecture = model_of(model)
    traffic = mean_of(requests, repeated(requests) if prefix else 0.0)
    asked = Question(architecture, (machine,), traffic, target, site, basis=basis, term=term, settings=settings)
    found = chosen(machine, architecture, stated, asked)
    made = ready(estimate(found.deployment), policy)
    copies = replicas or found.copies
    prompts = ceil(copies * found.prefill_copies / found.copies)
    return replace(made, policy=replace(made.policy, replicas=copies, prefill_replicas=prompts))


def first_part(trace: Path | None, rows: Path | None, rate_scale: float, skip_bad: bool) -> Requests:
    """The beginning of a trace that is streamed, for its mean lengths. Raises `InputError`."""
    from lcot.serving.traces import stream_trace

    if trace is None or rows is None:
        raise InputError("--stream needs --trace FILE to read from and --rows FILE.parquet to write to")
    if not rate_scale > 0:
        raise InputError(f"--rate-scale is {rate_scale}; allowed: greater than 0")
    return next(stream_trace(trace, skip_bad=skip_bad))


def streamed(
    copies: Ready, trace: Path | None, rows: Path | None, target: Target, rate_scale: float, skip_bad: bool,
    seen: Callable[[int, float], None], as_json: bool,
) -> str:  # fmt: skip
    """Play a trace of any length, and say what came of it."""
    from lcot.report.simulated import streamed_dict, streamed_text
    from lcot.serving.long_run import stream_simulation

    assert trace is not None
    assert rows is not None
    try:
        run = stream_simulation(copies, trace, rows, target, rate_scale=rate_scale, skip_bad=skip_bad, progress=seen)
    except KeyboardInterrupt:
        print(f"lcot: interrupted; {rows}.partial keeps what is done, the same command goes on there", file=sys.stderr)
        raise
    found = streamed_dict(run, copies)
    return dumped(found) if as_json else streamed_text(found)


def draw(run: Simulated, path: Path) -> None:
    """The time line as a picture."""
    from lcot.report.charts.load import running_and_waiting
    from lcot.report.render import write

    frame = run.timeline()
    write(path, running_and_waiting(frame.to_dicts()))


def draw_load(copies: Ready, requests: Requests, target: Target, path: Path) -> None:
    """Time to first token against load: the same requests, faster and slower, up to more than the copies can take.

    The knee is the most that they keep up with: hardly any request waits when the last one arrives.
    """
    from lcot.report.charts.speed import latency
    from lcot.report.render import write
    from lcot.serving.simulation import simulate_ready
    from lcot.serving.synthetic import scaled

    if requests.concurrency or requests.successor is not None:
        raise InputError("--load-svg needs an open loop: a trace without sessions, or --synthetic poisson")
    own = (len(requests) - 1) / max(float(requests.arrival[-1] - requests.arrival[0]), 1e-9)
    points: list[dict[str, object]] = []

    def taken(factor: float) -> bool:
        """Run the requests so many times as fast; whether the copies keep up."""
        run = simulate_ready(copies, scaled(requests, factor), target)
        for name, value in (("mean", run.first_token.mean), ("P90", run.first_token.p90), ("P99", run.first_token.p99)):
            points.append({"rate": own * factor, "statistic": name, "time": value})
        return not run.overloaded

    found = dict.fromkeys(factor for factor in SCALES if taken(factor))
    low, high = max(found, default=0.0), SCALES[-1]
    while low == high < MOST:
        high *= 2.0
        low = high if taken(high) else low
    high = min((factor for factor in (*SCALES, high) if factor > low), default=low)
    while low > 0.0 and high > low * CLOSE:
        middle = sqrt(low * high)
        low, high = (middle, high) if taken(middle) else (low, middle)
    write(path, latency(points, knee=own * low if 0.0 < low < high else None, target=target.time_to_first_token))
