"""Settings that the public InferenceX recipes give to their servers: conditions that rows of it do not repeat."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Any

from lcot.facts.reading import read_yaml
from lcot.steptime.types import Deployment, Speculation
from lcot.validation.engines import version_of
from lcot.validation.types import Condition
from lcot.workload.formats import precision, supported

ACCEPTED = 0.6645  # chance of a drafted token once those before it are accepted: three drafts gain 2.4 tokens a step
# in the source or note of a row of that benchmark
MARKS = ("inferencex", "inferencemax", "db-dump", "workflow_run_id", "wip=", "gap-analysis")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Server settings of one run. Steps, tokens, tokens, format of the KV cache."""

    receive: int = 1
    stream: int = 1
    chunk: int = 0  # 0: the engine's own
    kv: str = ""  # "": as the checkpoint
    mixed: bool = False  # prompts go into steps of decoding, whatever the engine's default


def is_recipe(condition: Condition) -> bool:
    """Whether a row says that it is a run of the public InferenceX recipes."""
    said = f"{condition.source} {condition.note}".lower()
    return condition.engine == "best" or any(mark in said for mark in MARKS)


def recipe_of(condition: Condition, deployment: Deployment) -> Recipe:
    """Settings of the run of a condition; the engine's own where it is no such run."""
    if not is_recipe(condition):
        return _generated(condition)
    for rule in _content()["rules"]:
        if _fits(rule, condition, deployment):
            receive = rule.get("spread", rule["receive"]) if deployment.data > 1 else rule["receive"]
            chunk = rule["chunk"] if rule["chunk"] != "prompt" else _one_prompt(condition)
            return Recipe(receive, rule["stream"], chunk, rule["kv"])
    return Recipe()


def _generated(condition: Condition) -> Recipe:
    """Settings of a run whose server was set up by a public generator of configurations; the engine's own elsewhere."""
    rules = _content()["generated"]
    if rules["mark"] not in condition.note:
        return Recipe()
    prompts = float(condition.input_tokens or 0.0) + (condition.concurrency or 0.0)
    beyond = rules["beyond"].get(condition.engine)
    first = rules["mixed"].get(condition.engine, "")
    mixed = bool(first) and version_of(condition.engine_version) >= version_of(first)
    return Recipe(chunk=round(prompts + beyond) if beyond else 0, mixed=mixed)


def _one_prompt(condition: Condition) -> int:
    """Tokens of a step that holds one prompt, one token of every user and 64 more, in whole 64s."""
    return ceil((float(condition.input_tokens or 0.0) + (condition.concurrency or 1.0) + 64.0) / 64.0) * 64


def shortest(condition: Condition) -> float:
    """Shortest over nominal length of a row's requests; 1 where they are all alike. [1]"""
    return float(_content()["lengths"]) if is_recipe(condition) else 1.0


def scheduled_as(condition: Condition, version: str) -> str:
    """The version whose scheduling a run had: public recipes turned it asynchronous before it was the default."""
    first = _content()["asynchronous"]["versions"].get(condition.engine, "")
    return first if first and is_recipe(condition) and version_of(version) < version_of(first) else version


def tuned_of(condition: Condition) -> str:
    """The engine entry of a model that was tuned for one system, where a row's version has it; else the engine's."""
    width = condition.layout.tensor if condition.layout is not None else 0
    for rule in _content()["tuned"]:
        fits = (
            rule["engine"] == condition.engine,
            rule["system"] == condition.system,
            rule["tensor"] == width,
            any(condition.model.startswith(name) for name in rule["models"]),
            version_of(condition.engine_version) >= version_of(rule["version"]),
        )
        if all(fits):
            return rule["as"]
    return condition.engine


def drafting_of(condition: Condition) -> Speculation | None:
    """Speculative decoding of a run, where the public configurations tell it by image and day; None where not."""
    rules = _content()["drafting"]
    one_pool = condition.layout is not None and condition.prefill_layout is None
    if not (one_pool and is_recipe(condition) and any(condition.model.startswith(name) for name in rules["models"])):
        return None
    for rule in rules["rules"]:
        tests = (
            rule["engine"] == condition.engine,
            rule.get("version", condition.engine_version) == condition.engine_version,
            "since" not in rule or condition.date >= rule["since"],
            "before" not in rule or "" < condition.date < rule["before"],
        )
        if all(tests):
            spread = condition.layout is not None and condition.layout.data > 1
            return drafted(rule["spread"] if spread else rule["drafts"])
    return None


def service_drafts(condition: Condition) -> list[tuple[float, Speculation]]:
    """Speculation of a service that is known to draft since some day, with weights; empty for every other row."""
    for rule in _content()["services"]:
        if rule["system"] == condition.system and rule["since"] <= condition.date:
            count, share = int(rule["drafts"]), float(rule["share"])
            gained = sum(float(rule["acceptance"]) ** n for n in range(count + 1))
            return [(1.0 - share, Speculation()), (share, Speculation("draft", count, gained))]
    return []


def drafted(tokens: int) -> Speculation:
    """Drafts of so many tokens, each with the same chance once those before it are accepted."""
    return Speculation("mtp", tokens, sum(ACCEPTED**n for n in range(tokens + 1))) if tokens else Speculation()


def with_benchmark_weights(deployment: Deployment, condition: Condition) -> Deployment:
    """The deployment in the formats that a benchmark's runs use, where its rows name those of the reference."""
    chip, current = deployment.system.chip, deployment.precision
    for rule in _benchmarks(condition):
        if rule.get("vendor", chip.vendor) != chip.vendor or current.experts not in rule.get(
            "formats", [current.experts]
        ):
            continue
        wide = current.experts in ("fp16", "bf16")
        unit = next((needed for name, needed in rule.get("own", {}).items() if name in condition.model), "fp8")
        if "kv" in rule and not wide and chip.facts.has(f"peak.{unit}"):
            return replace(deployment, precision=replace(current, kv=rule["kv"]))
        for unit, form in rule.get("weights", {}).items() if wide else ():
            if chip.facts.has(f"peak.{unit}"):
                kv = "fp8" if chip.facts.has("peak.fp8") else current.kv
                return replace(deployment, precision=precision(form, deployment.model, supported(chip), kv))
    return deployment


def _benchmarks(condition: Condition, any_engine: bool = False) -> list[dict[str, Any]]:
    """Rules of the benchmarks that a row is a run of."""
    said = f"{condition.source} {condition.note}".lower()
    rules = _content()["benchmarks"]
    version = version_of(condition.engine_version) or (10**9,)  # where none is stated, the newest
    return [
        rule
        for rule in rules
        if rule["mark"] in said
        and (any_engine or condition.engine in rule["engines"])
        and version >= version_of(rule.get("version", "0"))
    ]


# a time per token, or a speed, that a row's note says its run was held to
STATED_TIMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"TPOT\s*(?:<=|<|≤|of|at|~|=|at most|under|below)?\s*(\d+(?:\.\d+)?)\s*ms",
        r"(\d+(?:\.\d+)?)\s*ms\s*(?:TPOT|per (?:output )?token|/token)",
    )
)
STATED_SPEED = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:tok(?:en)?s?/s(?:ec)?|TPS)\s*(?:/|per )\s*user|interactivity (?:of )?(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)


def limit_of(condition: Condition) -> float:
    """Most time per output token that a run without stated users keeps: the note's, or its benchmark's. [s]"""
    said = next(filter(None, (pattern.search(condition.note) for pattern in STATED_TIMES)), None)
    if said:
        return 1e-3 * float(said[1])
    speed = STATED_SPEED.search(condition.note)
    if speed and float(speed[1] or speed[2]) > 0:
        return 1.0 / float(speed[1] or speed[2])
    if condition.scenario not in ("server", "interactive"):
        return float("inf")
    for rule in _benchmarks(condition, any_engine=True):
        for name, limits in rule.get("limits", {}).items():
            if condition.model.startswith(name) and condition.scenario in limits:
                return 1e-3 * float(limits[condition.scenario])
    return float("inf")


def requests_of(condition: Condition) -> float | None:
    """Requests of a row's run, where its benchmark states them; all arrive at once. [1]"""
    lengths = f"{condition.input_tokens or 0.0:g}/{condition.output_tokens or 0.0:g}"
    found = [rule["requests"].get(lengths) for rule in _benchmarks(condition) if "requests" in rule]
    return next((float(count) for count in found if count), None)


def with_recipe_cache(deployment: Deployment, condition: Condition) -> Deployment:
    """The deployment with the recipe's KV format where its weights have 8 bits or fewer and the row names none."""
    recipe = recipe_of(condition, deployment)
    precision = deployment.precision
    if not recipe.kv or precision.kv != "bf16" or precision.experts in ("bf16", "fp16"):
        return deployment
    return replace(deployment, precision=replace(precision, kv=recipe.kv))


def _fits(rule: dict[str, Any], condition: Condition, deployment: Deployment) -> bool:
    chip = deployment.system.chip
    engine = condition.engine
    if engine == "best":  # the fastest engine of a public result is not named: most often these
        engine = "sglang" if chip.vendor == "AMD" else "trtllm"
    tests = (
        rule["engine"] == engine,
        "vendor" not in rule or rule["vendor"] == chip.vendor,
        "pools" not in rule or condition.prefill_layout is None,
        "models" not in rule or any(name in deployment.model.id for name in rule["models"]),
        "chips" not in rule or any(name in chip.id for name in rule["chips"]),
        "formats" not in rule or deployment.precision.experts in rule["formats"],
        "below" not in rule or (condition.concurrency or 0) < rule["below"],
    )
    return all(tests)


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    return read_yaml(Path(str(files("lcot"))) / "validation" / "recipes.yaml")
