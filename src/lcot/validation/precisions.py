"""Number formats of a measured row: what it states, in the formats of the checkpoint and of the chip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from lcot.facts import catalog
from lcot.steptime.roofline import main_tier
from lcot.validation.vocabulary import cache_named, content, weights_named
from lcot.workload.architecture import Architecture
from lcot.workload.counts import parameters, weight_bytes
from lcot.workload.formats import FORMATS, Precision, canonical, compute_format, native, precision, supported
from lcot.workload.models import entries, model

NARROWER = ("fp8", "int4")  # for runs that state no format, where the checkpoint's does not fit
ROOM = 0.95  # share of the memory that weights may fill
CHOSEN = re.compile(r"gemm=(\w+)\s+moe=(\w+)")
LARGE = 60e9  # parameters from which a vendor's table names other formats
GEMM_NAMES = {"int4_wo": "int4", "int8_wo": "w8a16", "sq": "int8", "bfloat16": "bf16", "float16": "fp16"}


@cache
def vendor(system: str) -> str:
    """Maker of the chips of a system."""
    return catalog.system(system).chip.vendor


def precision_of(cells: Mapping[str, str], architecture: Architecture, system: str, devices: int = 0) -> Precision:
    """Formats of a row, from its weight_dtype, its kv_dtype, and the gemm and moe fields of its note.

    A format of the checkpoint's own width is the checkpoint's; a four-bit one is that of a published checkpoint of
    the model where the catalogue has it, which may keep the attention in 16 bits. Raises `UnknownName`.
    """
    chosen = CHOSEN.search(cells["note"])
    pair = (chosen[1], chosen[2]) if chosen and chosen[1] != "None" else ("", "")
    weights = cells["weight_dtype"] or content()["unstated_weights"].get(system, "")
    found = _precision(weights, cells["kv_dtype"], *pair, architecture.id, system)
    return that_fits(found, cells["weight_dtype"] or pair[0], architecture, system, devices)


def that_fits(stated: Precision, weights: str, architecture: Architecture, system: str, devices: int) -> Precision:
    """The formats of a row that states none, or narrower ones where its devices cannot hold the checkpoint's.

    Such a run was quantised without saying so: the widest of `NARROWER` that leaves room is taken.
    """
    if weights or not devices:
        return stated
    chip = catalog.system(system).chip
    key = f"memory.{main_tier(chip)}.capacity"
    if not chip.facts.has(key):
        return stated
    held = ROOM * devices * float(chip.facts.number(key))
    choices = [stated, *(precision(form, architecture, supported(chip), stated.kv) for form in NARROWER)]
    return next((one for one in choices if weight_bytes(architecture, one) <= held), stated)


@cache
def _precision(weights: str, cache_format: str, gemm: str, moe: str, id: str, system: str) -> Precision:
    architecture, chip, kv = model(id), supported(catalog.system(system).chip), cache_named(cache_format)
    rule = weights_named(weights)
    if "large" in rule and parameters(architecture) >= LARGE:
        rule = rule["large"]
    rule = next((own for begin, own in rule.get("families", {}).items() if id.startswith(begin)), rule)
    kv = kv or rule.get("kv", "")
    attention, dense, experts = rule["attention"], rule.get("dense", ""), rule.get("experts", "")
    if gemm:
        attention = GEMM_NAMES.get(gemm, gemm)
        experts = attention if moe == "None" else GEMM_NAMES.get(moe, moe)
    if attention == "fp4":
        attention = "mxfp4" if vendor(system) == "AMD" else "nvfp4"
    if attention == "native":
        return native(architecture, chip, kv, experts)
    if not dense and _is_own(architecture, attention):
        return native(architecture, chip, kv)
    variant = _variant(architecture.id, attention)
    if variant is not None and not dense:
        return native(variant, chip, kv or "bf16")
    found = precision(attention, architecture, chip, kv, experts or dense)
    return replace(found, dense=canonical(dense), dense_compute=compute_format(dense, chip)) if dense else found


def _is_own(architecture: Architecture, form: str) -> bool:
    """Whether a stated format is the checkpoint's: of its width and kind, or wider where it is quantised already.

    A row that says fp8 of a model published in four bits speaks of its activations or its cache.
    """
    formats = architecture.formats
    own = formats.get("experts" if is_mixture(architecture) else "dense")
    if own is None or FORMATS[canonical(own)].bits >= 16:
        return False
    mine, said = canonical(own), canonical(form)
    same_kind = mine.startswith(("int", "w8")) == said.startswith(("int", "w8"))
    width, wanted = int(FORMATS[mine].bits), int(FORMATS[said].bits)
    return same_kind and width <= wanted < 16


def is_mixture(architecture: Architecture) -> bool:
    """Whether a model has routed experts."""
    return any(b.feed_forward is not None and b.feed_forward.experts for b in architecture.blocks)


@cache
def _variant(id: str, form: str) -> Architecture | None:
    """A published checkpoint of the model in a four-bit format."""
    if int(FORMATS[canonical(form)].bits) != 4:
        return None
    bases = {id, "deepseek-r1"} if id == "deepseek-v3" else {id}
    for entry in entries().values():
        if entry.base in bases and model(entry.id).formats.get("experts") == canonical(form):
            return model(entry.id)
    return None
