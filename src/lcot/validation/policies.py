"""How engines take requests up, as their documentation states, and what clients wait beside the engine's steps."""

from __future__ import annotations

from dataclasses import replace

from lcot.serving.pools import transfer
from lcot.serving.types import Policy
from lcot.steptime.types import Deployment
from lcot.validation.deploying import Plan
from lcot.validation.recipes import recipe_of
from lcot.validation.types import Condition

# Seconds that a router between two pools, and the handshake before a cache moves, add to the first token: what
# disaggregated runs of TensorRT-LLM and SGLang take at up to 16 users beyond aggregated ones
ROUTED = 0.04

# by the engine's name; every other engine as vllm
POLICIES: dict[str, Policy] = {
    "vllm": Policy("vllm", "mixed", True, 1024, 8192, source="https://docs.vllm.ai/en/latest/configuration/optimization"),
    "vllm-tpu": Policy(
        "vllm", "mixed", True, 256, 1024, source="https://github.com/vllm-project/vllm/blob/main/vllm/engine/arg_utils.py"
    ),
    "sglang": Policy(
        "sglang", "prefill_first", True, 2048, 16384, source="https://docs.sglang.ai/advanced_features/server_arguments.html"
    ),
    "trtllm": Policy(
        "trtllm", "mixed", True, 2048, 8192, reserve=1.0,
        source="https://nvidia.github.io/TensorRT-LLM/legacy/performance/performance-tuning-guide/index.html",
    ),
}  # fmt: skip


def policy_of(deployment: Deployment, condition: Condition, plan: Plan) -> Policy:
    """Rules of the engine of a deployment, with what a client waits beside its steps.

    Facts of the engine stand above its family's rules: ``policy.tokens`` [token], ``policy.sequences`` [1],
    ``policy.batching``, ``receive.interval`` [1], ``client.first_token`` [s]. A public recipe's settings stand above
    both. The client's time passes before a request is in the queue, so that users who end together meet there again.
    """
    facts = deployment.engine.facts
    policy = POLICIES.get(condition.engine, POLICIES["vllm"])

    def given(key: str, otherwise: float) -> float:
        return float(facts.number(key)) if facts.has(key) else otherwise

    recipe = recipe_of(condition, deployment)
    batching = facts.text("policy.batching") if facts.has("policy.batching") else policy.batching
    policy = replace(
        policy,
        max_batched_tokens=recipe.chunk or int(given("policy.tokens", policy.max_batched_tokens)),
        max_sequences=int(given("policy.sequences", policy.max_sequences)),
        stream_interval=_delivered(recipe.stream, condition, deployment),
        receive_interval=max(recipe.receive, round(given("receive.interval", 1))),
        acceptance_length=deployment.speculation.acceptance_length,
        before=given("client.first_token", 0.0) + (ROUTED if plan.prefill is not None else 0.0),
        batching="mixed" if recipe.mixed else batching,
    )
    # each rank of data-parallel attention has a budget and a batch of its own
    ranks = deployment.data
    policy = replace(
        policy, max_batched_tokens=policy.max_batched_tokens * ranks, max_sequences=policy.max_sequences * ranks
    )
    if plan.prefill is not None:
        latency, each = transfer(deployment, plan.prefill)
        policy = replace(policy, transfer_latency=latency, transfer_per_token=float(each))
    return policy


def _delivered(interval: int, condition: Condition, deployment: Deployment) -> int:
    """Tokens of a delivery; TensorRT-LLM counts steps between deliveries, each of which may gain several tokens."""
    gained = deployment.speculation.acceptance_length if condition.engine == "trtllm" else 1.0
    return max(round(interval * gained), 1)
