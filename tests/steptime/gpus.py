"""A GPU and an engine with round numbers."""

from __future__ import annotations

from lcot.facts.types import Chip, Engine, Facts, System
from lcot.steptime.types import Deployment, Precision, Speculation
from lcot.workload.architecture import Architecture, Attention, Block, FeedForward
from tests.steptime.machines import facts

GQA = Attention("gqa", heads=8, kv_heads=2, head_dim=100, value_dim=100)
MLA = Attention("mla", heads=4, kv_heads=4, head_dim=192, value_dim=128, kv_rank=512, rope_dim=64)
BF16 = Precision("bf16", "bf16", "bf16", "bf16", "bf16")

CHIP = Chip(
    "toy", "Toy", "nobody", "gpu", ("hbm",), ("scale_up", "scale_out"),
    facts(
        "toy", peak__bf16=1e15, peak__fp8=2e15, memory__hbm__capacity=1e11, memory__hbm__bandwidth=1e12,
        fabric__scale_up__size=8.0, fabric__scale_up__bandwidth=1e11, fabric__scale_out__bandwidth=1e10,
        power__tdp=1000.0,
    ),
)  # fmt: skip
SYSTEM = System("toys", "Toys", "nobody", CHIP, 8, "shipping", "", facts("toys"))

CONSTANTS: dict[str, float] = {
    "gemm.floor": 1e-6, "gemm.quantise": 2e-6, "gemm.loop": 0.0, "gemm.memory": 0.5,
    "gemm.fraction.bf16": 0.5, "gemm.fraction.fp8": 0.5, "elementwise.floor": 1e-6, "elementwise.memory": 0.5,
    "attention.prefill.floor": 3e-6, "attention.prefill.fraction": 0.5, "attention.prefill.memory": 0.5,
    "attention.decode.floor": 4e-6, "attention.decode.fraction": 0.5, "attention.decode.memory": 0.5,
    "attention.decode.memory.narrow": 0.25, "attention.decode.tile": 100.0,
    "latent.prefill.floor": 3e-6, "latent.prefill.fraction": 0.5, "latent.prefill.memory": 0.5,
    "latent.decode.floor": 4e-6, "latent.decode.fraction": 0.5, "latent.decode.memory": 0.5,
    "experts.floor": 5e-6, "experts.memory": 0.5, "experts.share": 0.5, "experts.tile": 10.0, "experts.imbalance": 0.5,
    "collective.one_shot": 4e-6, "collective.two_shot": 8e-6, "collective.ring": 16e-6, "collective.gather": 10e-6,
    "collective.outer": 20e-6, "collective.fraction.one_shot": 0.5, "collective.fraction.two_shot": 0.5,
    "collective.fraction.ring": 1.0, "collective.fraction.outer": 0.5, "exchange.floor": 10e-6,
    "exchange.fraction": 0.5, "send.floor": 10e-6, "host.step": 1e-3, "host.sequence": 1e-6, "host.token": 0.0,
    "data.imbalance": 0.0, "memory.fraction": 0.9, "memory.reserve": 1e9, "sequences": 256.0, "power.idle": 0.1,
    "power.compute": 1.0, "power.memory": 0.6, "power.network": 0.4, "power.fixed": 0.3, "power.host": 0.5,
}  # fmt: skip


def engine_facts(**changed: float) -> Facts:
    """The engine's constants, some of them changed (``__`` for the dots)."""
    plain = {key.replace(".", "__"): value for key, value in CONSTANTS.items()}
    return facts("toy-engine", **{**plain, **changed})


ENGINE = Engine("toy-engine", "Toy engine", "gpu", "1", engine_facts())


def model(experts: int = 0, layers: int = 4, attention: Attention = GQA, shared: int = 0) -> Architecture:
    """A small model; a mixture of experts where ``experts`` is above 0."""
    layer = FeedForward(1000, experts=experts, active=2 if experts else 0, shared_width=shared)
    return Architecture("toy-model", 800, 10_000, (Block(layers, attention, layer),), False, 100_000)


def deployment(architecture: Architecture | None = None, **layout: object) -> Deployment:
    """A deployment of a small model on one toy GPU, or as ``layout`` says."""
    found = architecture or model()
    given = {"system": SYSTEM, "engine": ENGINE, "precision": BF16, "speculation": Speculation(), **layout}
    return Deployment(model=found, **given)  # pyright: ignore[reportArgumentType]
