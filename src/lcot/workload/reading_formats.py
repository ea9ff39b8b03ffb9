"""The number formats that a checkpoint stores, from its quantization_config."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from lcot.errors import ParseError, UnknownName
from lcot.workload.reading_keys import Keys

PREFIXES = ("model.", "model.language_model.", "language_model.model.", "language_model.", "backbone.", "")
MODULES: dict[str, tuple[str, ...]] = {
    "attention": ("self_attn.o_proj", "attn.wo", "linear_attn.out_proj", "mixer.o_proj", "mixer.out_proj"),
    "dense": (
        "mlp.down_proj",
        "mlp.shared_experts.down_proj",
        "mlp.shared_expert.down_proj",
        "ffn.shared_experts.w2",
        "feed_forward.shared_expert.down_proj",
        "mixer.shared_experts.down_proj",
        "mixer.down_proj",
    ),
    "experts": (
        "mlp.experts.0.down_proj",
        "mlp.experts",
        "block_sparse_moe.experts.0.w2",
        "feed_forward.experts.0.down_proj",
        "feed_forward.experts.down_proj",
        "mixer.experts.0.down_proj",
        "ffn.experts",
    ),
}
ALGORITHMS = {
    "FP8": "fp8",
    "FP8_PER_CHANNEL_PER_TOKEN": "fp8",
    "FP8_PB_WO": "fp8-block",
    "FP8_BLOCK_SCALES": "fp8-block",
    "NVFP4": "nvfp4",
    "NVFP4_AWQ": "nvfp4",
    "W4A16_NVFP4": "nvfp4-w4a16",
    "W4A8_NVFP4_FP8": "nvfp4",
    "W4A16_MXFP4": "mxfp4-w4a16",
    "W4A8_MXFP4_MXFP8": "mxfp4-w4a8",
    "W4A8_AWQ": "int4-w4a8",
    "W4A16_AWQ": "int4",
    "W8A8_SQ_PER_CHANNEL": "int8",
    "W8A16": "w8a16",
    "W4A16": "int4",
}
METHODS = ("fp8", "mxfp4", "modelopt", "compressed-tensors", "awq", "gptq", "fbgemm_fp8", "quark", "none")


def checkpoint_formats(section: Keys | None, layers: int) -> dict[str, str]:
    """Formats by part (attention, dense, experts, head, kv) of a checkpoint with ``layers`` decoder layers.

    Parameters
    ----------
    section : Keys or None
        The quantization_config; None where the weights are in 16 bits.
    layers : int
        Decoder layers. [1]

    Returns
    -------
    dict
        Names in `lcot.workload.formats.FORMATS` by part; a part keeps 16 bits where most of its layers are excluded.

    Raises
    ------
    ParseError
        If the section is not understood.

    Notes
    -----
    A part is quantised where fewer than half of its layers match a pattern of the list of exclusions,
    :math:`2 n_{excluded} \\le n`.

    References
    ----------
    :cite:t:`rouhani2023`.
    """
    if section is None:
        return {}
    method = section.text("quant_method") or ("modelopt" if section.has("quant_algo") else "compressed-tensors")
    if method not in METHODS:
        raise UnknownName("quant_method", method, METHODS, f"{section.file}: {section.prefix}quant_method")
    if method == "none":
        return {}
    # beside modules that are named one by one, the list of exclusions is about those
    excluded = None if method == "fp8" and section.has("quantized_layers") else _exclusions(section)
    default = _default(section, method)
    named = _named(section)
    formats: dict[str, str] = {"head": "bf16"}
    for part, modules in MODULES.items():
        votes = Counter(form for module, form in named if any(f".{m}." in f".{module}." for m in modules))
        if votes:
            formats[part] = votes.most_common(1)[0][0]
        else:
            hits = sum(any(excluded.match(layer, m) for m in modules) for layer in range(layers)) if excluded else 0
            formats[part] = "bf16" if 2 * hits > layers or not default else default
    cache = section.text("kv_cache_quant_algo") or section.raw("kv_cache_scheme")
    if cache and (isinstance(cache, Mapping) or str(cache).upper().startswith("FP8")):
        formats["kv"] = "fp8"
    return formats


def _default(section: Keys, method: str) -> str:
    """The format of what is neither excluded nor named; empty where only named modules are quantised."""
    if method == "fbgemm_fp8":
        return "fp8"
    if method == "fp8":
        return "fp8-block" if section.has("weight_block_size") else "fp8"
    if method == "mxfp4":
        return "mxfp4-w4a8"
    if method in ("awq", "gptq"):
        bits = section.integer("bits", "w_bit", default=4)
        group = section.integer("group_size", default=128, least=-1)
        return "w8a16" if bits == 8 else ("int4-g32" if group == 32 else "int4")
    if method == "quark":
        overall = section.section("global_quant_config")
        weight = overall.section("weight") if overall else None
        kind = weight.text("dtype") if weight else ""
        known = {"fp8_e4m3": "fp8", "fp4": "mxfp4", "int8": "int8", "int4": "int4", "uint4": "int4"}
        if kind not in known:
            raise UnknownName("dtype", kind, known, f"{section.file}: {section.prefix}global_quant_config.weight")
        return known[kind]
    algorithm = section.text("quant_algo")
    if algorithm and algorithm != "MIXED_PRECISION":
        if algorithm not in ALGORITHMS:
            raise UnknownName("quant_algo", algorithm, ALGORITHMS, f"{section.file}: {section.prefix}quant_algo")
        return ALGORITHMS[algorithm]
    for group in _groups(section):
        if "Linear" in cast("list[str]", group.get("targets") or ["Linear"]) and not section.has("quantized_layers"):
            return _of_group(section, group)
    return ""


def _groups(section: Keys) -> list[Mapping[str, Any]]:
    groups = section.raw("config_groups") or {}
    if not isinstance(groups, Mapping):
        raise ParseError(section.file, f"{groups!r} is not a mapping", key=section.prefix + "config_groups")
    return [cast("Mapping[str, Any]", g) for g in cast("Mapping[str, Any]", groups).values() if isinstance(g, Mapping)]


def _of_group(section: Keys, group: Mapping[str, Any]) -> str:
    weights, inputs = group.get("weights"), group.get("input_activations")
    if not isinstance(weights, Mapping):
        raise ParseError(section.file, "missing", key=section.prefix + "config_groups.*.weights")
    w = cast("Mapping[str, Any]", weights)
    bits, kind, size, strategy = w.get("num_bits"), w.get("type"), w.get("group_size"), w.get("strategy")
    activations = cast("Mapping[str, Any]", inputs).get("num_bits") if isinstance(inputs, Mapping) else None
    if kind == "float" and bits == 8:
        return "mxfp8" if size == 32 else ("fp8-block" if strategy == "block" else "fp8")
    if kind == "float" and bits == 4:
        if size == 32:
            return "mxfp4" if activations == 4 else "mxfp4-w4a8"
        return "nvfp4" if activations == 4 else "nvfp4-w4a16"
    if kind == "int" and bits == 8:
        return "int8" if activations == 8 else "w8a16"
    if kind == "int" and bits == 4:
        return "int4-w4a8" if activations == 8 else ("int4-g32" if size == 32 else "int4")
    raise ParseError(
        section.file,
        f"weights of {bits!r} bits of type {kind!r} are not understood",
        key=section.prefix + "config_groups",
        allowed="4 or 8 bits of type int or float",
    )


def _named(section: Keys) -> list[tuple[str, str]]:
    """Modules that are named with a format of their own."""
    found: list[tuple[str, str]] = []
    layers = section.raw("quantized_layers")
    if isinstance(layers, Mapping):
        for name, spec in cast("Mapping[str, Any]", layers).items():
            algorithm = cast("Mapping[str, Any]", spec).get("quant_algo") if isinstance(spec, Mapping) else None
            if algorithm in ALGORITHMS:
                found.append((name, ALGORITHMS[algorithm]))
    for group in _groups(section):
        targets = cast("list[str]", group.get("targets") or [])
        found += [(name, _of_group(section, group)) for name in targets if "." in name]
    return found


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Patterns for the modules that keep 16 bits: those of one layer by its number, and those of any."""

    of_layer: Mapping[int, re.Pattern[str]]
    of_any: re.Pattern[str] | None

    def match(self, layer: int, module: str) -> bool:
        """Whether the module of this layer is excluded, under any prefix."""
        mine = self.of_layer.get(layer)
        if mine is not None and mine.match("." + module):
            return True
        return self.of_any is not None and any(self.of_any.match(f"{p}layers.{layer}.{module}") for p in PREFIXES)


def _exclusions(section: Keys) -> Exclusions:
    by_layer: dict[int, list[str]] = {}
    general: list[str] = []
    for key in ("ignore", "modules_to_not_convert", "ignored_layers", "exclude_modules", "exclude"):
        for name in cast("list[str]", section.items(key, str) or []):
            numbered = re.fullmatch(r"([a-z_.]*)layers\.(\d+)(.*)", name)
            if numbered and numbered[1] in PREFIXES:
                inner = re.escape(numbered[3]).replace(r"\*", ".*")
                by_layer.setdefault(int(numbered[2]), []).append(rf"{inner}(?:$|\.)")
            else:
                general.append(_regex(name))
    try:
        layers = {layer: re.compile("|".join(patterns)) for layer, patterns in by_layer.items()}
        return Exclusions(layers, re.compile("|".join(general)) if general else None)
    except re.error as error:
        raise ParseError(section.file, f"an exclusion is no pattern: {error}", key=section.prefix + "ignore") from None


def _regex(name: str) -> str:
    """A pattern for the names of modules: ``re:`` is one already, ``*`` a wildcard, and a plain name means itself,
    what is inside it, or a last part of a longer name."""
    if name.startswith("re:"):
        return f"(?:{name[3:]})"
    inner = re.escape(name).replace(r"\*", ".*")
    return rf"(?:(?:^|.*\.){inner}(?:$|\.))"
