"""How far the closed form of the steady state is from the event kernel, over load, prefill share and burstiness.

Llama 3.3 70B on eight H200 and on pipelines of two stages of eight and of four stages of four; DeepSeek-V3 with
data-parallel attention. Load is a share of the closed form's own capacity at the KV cache's limit or at 40 tokens/s a
user; times are closed form over kernel, less one.
"""

from __future__ import annotations

import numpy as np

from lcot.choice.finalists import policy_of
from lcot.choice.search import engine_for, supported
from lcot.facts import catalog
from lcot.serving.capacity import capacity, interpolate
from lcot.serving.curve import batches, curve, sequences_held
from lcot.serving.replay import simulate
from lcot.serving.simulation import prepared
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Target, Traffic
from lcot.steptime.estimate import estimate
from lcot.steptime.types import Deployment
from lcot.workload.formats import precision
from lcot.workload.models import model

LOADS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
SHAPES = ((250, 1000), (1000, 500), (4000, 250), (16000, 100))  # input, output: share of prefill grows
BURSTS = (0.5, 1.0, 2.0, 4.0)
LAYOUTS = (
    ("llama-3.3-70b", {"tensor": 8}),
    ("llama-3.3-70b", {"tensor": 8, "pipeline": 2}),
    ("llama-3.3-70b", {"tensor": 4, "pipeline": 4}),
    ("deepseek-v3", {"data": 8, "expert": 8}),
)
REQUESTS = 3000
ASKED = Target(40.0)


def deployment(name: str, ways: dict[str, int]) -> Deployment:
    """A model on H200 systems, weights of 8 bits."""
    system, architecture = catalog.system("hgx-h200"), model(name)
    formats = precision("fp8", architecture, supported(system.chip))
    return Deployment(system, architecture, engine_for(system, "vllm"), formats, **ways)


def main() -> None:
    """Print a line for each layout, shape, burstiness and load."""
    print(
        f"{'layout':12}{'input':>6}{'output':>7}{'burst':>6}{'load':>6}{'batch':>8}{'tpot':>8}{'ttft':>8}{'p95/mean':>10}"
    )
    for name, ways in LAYOUTS:
        steps = estimate(deployment(name, ways))
        rules, table = prepared(steps, policy_of(steps.deployment))
        for inputs, outputs in SHAPES:
            for burst in BURSTS if (inputs, outputs) == (1000, 500) else (1.0,):
                traffic = Traffic(float(inputs), float(outputs), burstiness=burst)
                held = sequences_held(steps.kv_capacity, traffic.input_tokens, traffic.output_tokens)
                points = curve(steps, traffic, batches(float(min(held, rules.max_sequences)), below=True))
                mean, _ = capacity(points, ASKED, burst)
                most = float(interpolate(mean, points.batch, points.rate))
                for load in LOADS:
                    rate = load * most
                    count = max(REQUESTS, int(25 * float(np.interp(rate, points.rate, points.batch))))
                    out = simulate(table, open_loop(rate, count, [inputs], [outputs], burst, seed=7), rules)
                    part = slice(count // 5, count * 9 // 10)
                    first = (out.first_token - out.arrival)[part]
                    token = ((out.finish - out.first_token) / (out.output_tokens - 1))[part]
                    closed = [float(np.interp(rate, points.rate, np.asarray(v))) for v in (
                        points.time_per_output_token, points.time_to_first_token, points.batch)]  # fmt: skip
                    print(
                        f"{steps.deployment.label:12}{inputs:6}{outputs:7}{burst:6.1f}{load:6.0%}{closed[2]:8.1f}"
                        f"{closed[0] / token.mean() - 1:+8.1%}{closed[1] / first.mean() - 1:+8.1%}"
                        f"{np.quantile(first, 0.95) / first.mean():10.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
