"""Number formats: bits per weight with scales, what the matrix units multiply in, and the choice for a deployment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lcot.errors import UnknownName
from lcot.facts.types import Chip
from lcot.workload.architecture import Architecture

INDEXER_BYTES = 1 + 4 / 128  # key of a sparse indexer: fp8 with one fp32 scale per 128 elements


@dataclass(frozen=True, slots=True)
class Format:
    """A number format of weights or of the KV cache.

    ``bits`` per element include the scales. ``compute`` lists what matrix units can multiply it in, best first;
    the last is always a 16-bit format, reached by widening the weights on the way in.
    """

    bits: float
    compute: tuple[str, ...]
    needs: str = ""  # without this unit the weights are widened to 16 bits: mixed fp4 x fp8 units are in fp4 ones


UNITS = ("bf16", "fp8", "int8", "fp6", "fp4")
_WIDE = ("bf16",)
FORMATS: dict[str, Format] = {
    "fp32": Format(32.0, _WIDE),
    "bf16": Format(16.0, _WIDE),
    "fp16": Format(16.0, _WIDE),
    "fp8": Format(8.0, ("fp8", "bf16")),  # one scale per tensor or channel
    "fp8-block": Format(8.0 + 32 / 128**2, ("fp8", "bf16")),  # fp32 scale per 128 x 128
    "mxfp8": Format(8.0 + 8 / 32, ("fp8", "bf16")),
    "int8": Format(8.0, ("int8", "bf16")),
    "w8a16": Format(8.0, _WIDE),
    "fp6": Format(6.0, ("fp6", "fp8", "bf16")),
    "mxfp6": Format(6.0 + 8 / 32, ("fp6", "fp8", "bf16")),
    "mxfp4": Format(4.0 + 8 / 32, ("fp4", "bf16")),  # 8-bit scale per 32
    "mxfp4-w4a8": Format(4.0 + 8 / 32, ("fp8", "bf16"), needs="fp4"),  # fp8 activations
    "mxfp4-w4a16": Format(4.0 + 8 / 32, _WIDE),
    "nvfp4": Format(4.0 + 8 / 16, ("fp4", "bf16")),  # fp8 scale per 16
    "nvfp4-w4a16": Format(4.0 + 8 / 16, _WIDE),
    "int4": Format(4.0 + 16 / 128, _WIDE),  # bf16 scale per 128, weights only
    "int4-g32": Format(4.0 + 16 / 32, _WIDE),
    "int4-w4a8": Format(4.0 + 16 / 128, ("fp8", "int8", "bf16")),
    "bfp8": Format(8.0 + 8 / 16, ("fp8", "bf16")),  # 8-bit exponent shared by 16
    "bfp4": Format(4.0 + 8 / 16, ("fp8", "bf16")),
}

# what users, engines and measurement files call them
SPELLINGS: dict[str, str] = {
    "bfloat16": "bf16",
    "16-bit": "bf16",
    "float16": "fp16",
    "half": "fp16",
    "float32": "fp32",
    "float8": "fp8",
    "fp8_e4m3": "fp8",
    "fp8-tensor": "fp8",
    "8-bit": "fp8",
    "fp8_block": "fp8-block",
    "fp8_static": "fp8",
    "sq": "int8",
    "w8a8": "int8",
    "uint4": "int4",
    "w4a16": "int4",
    "awq": "int4",
    "gptq": "int4",
    "fp4": "nvfp4",
    "w4a4": "nvfp4",
    "w4afp8": "int4-w4a8",
    "w4a16_mxfp4": "mxfp4-w4a16",
    "w4a8_mxfp4_mxfp8": "mxfp4-w4a8",
}

CHOICES = ("native", *FORMATS, *SPELLINGS)


@dataclass(frozen=True, slots=True)
class Precision:
    """Number formats of one deployment, by part. ``compute`` is what the matrix units multiply in."""

    attention: str  # weights of attention projections; of dense layers too unless ``dense`` says otherwise
    experts: str  # weights of routed experts
    kv: str
    compute: str  # bf16 | fp8 | int8 | fp4: of attention GEMMs, and of dense ones where ``dense`` is empty
    expert_compute: str
    head: str = "bf16"  # embedding and output matrix; multiplied in bf16
    dense: str = ""  # weights of dense layers and shared experts; "": as attention
    dense_compute: str = ""  # "": as ``compute``

    @property
    def dense_format(self) -> str:
        """Format of dense layers and shared experts."""
        return self.dense or self.attention

    @property
    def label(self) -> str:
        """Short name for tables."""
        return self.attention if self.attention == self.experts else f"{self.experts}/{self.attention}"


def canonical(name: str) -> str:
    """The name in the table for any spelling of a format. Raises `UnknownName`.

    Parameters
    ----------
    name : str
        Any spelling. [text]

    Returns
    -------
    str
        Key of `FORMATS`. [text]

    Raises
    ------
    UnknownName
        If no format is called so.

    Notes
    -----
    A look-up: :math:`f(\\text{name})`.

    References
    ----------
    :cite:t:`rouhani2023`.
    """
    plain = name.strip().lower()
    plain = SPELLINGS.get(plain, plain)
    if plain not in FORMATS:
        raise UnknownName("number format", name, CHOICES)
    return plain


def bytes_of(name: str) -> float:
    """Bytes of one element, scales included. Raises `UnknownName`.

    Parameters
    ----------
    name : str
        Any spelling. [text]

    Returns
    -------
    float
        Bytes. [B]

    Raises
    ------
    UnknownName
        If no format is called so.

    Notes
    -----
    .. math:: b = (\\text{element bits} + \\text{scale bits} / \\text{group}) / 8

    References
    ----------
    :cite:t:`rouhani2023`, table 1.
    """
    return FORMATS[canonical(name)].bits / 8


def supported(chip: Chip) -> tuple[str, ...]:
    """Number formats that a chip's matrix units multiply: those it has a published peak for.

    Parameters
    ----------
    chip : Chip
        Facts ``peak.<format>`` [FLOP/s].

    Returns
    -------
    tuple of str
        Of `UNITS`. [text]

    Notes
    -----
    No formula: a look-up of facts.
    """
    return tuple(unit for unit in UNITS if chip.facts.has(f"peak.{unit}"))


def compute_format(name: str, supported: Collection[str]) -> str:
    """What the matrix units of a chip multiply these weights in.

    Parameters
    ----------
    name : str
        Format of the weights. [text]
    supported : collection of str
        Formats that the chip has a peak for, of bf16, fp8, int8, fp6, fp4. [text]

    Returns
    -------
    str
        The first of the format's list that the chip has; bf16 where it has none of them. [text]

    Raises
    ------
    UnknownName
        If no format is called so.

    Notes
    -----
    Weights in a format without matrix units are widened on the way in: their bytes shrink, their time does not.

    References
    ----------
    :cite:t:`frantar2024marlin`.
    """
    form = FORMATS[canonical(name)]
    if form.needs and form.needs not in supported:
        return "bf16"
    return next((unit for unit in form.compute if unit in supported), "bf16")


def native(
    architecture: Architecture, supported: Collection[str] = UNITS, kv: str = "", experts: str = ""
) -> Precision:
    """The precision that the checkpoint stores, on a chip with ``supported`` formats.

    Parameters
    ----------
    architecture : Architecture
        The model.
    supported : collection of str
        Formats that the chip has a peak for. [text]
    kv : str
        Format of the KV cache; empty for the checkpoint's, or bf16. [text]
    experts : str
        Format of the routed experts where it is not the checkpoint's. [text]

    Returns
    -------
    Precision
        Formats by part and what each is multiplied in.

    Raises
    ------
    UnknownName
        If no format is called so.

    Notes
    -----
    A part that the checkpoint does not name is in the format of the attention, :math:`f_{part} = f_{attention}`.

    References
    ----------
    :cite:t:`rouhani2023`.
    """
    f = architecture.formats
    attention = f.get("attention", "bf16")
    dense = f.get("dense", attention)
    routed = canonical(experts) if experts else f.get("experts", attention)
    same = dense == attention
    return Precision(
        attention=attention,
        experts=routed,
        kv=canonical(kv) if kv else f.get("kv", "bf16"),
        compute=compute_format(attention, supported),
        expert_compute=compute_format(routed, supported),
        head=f.get("head", "bf16"),
        dense="" if same else dense,
        dense_compute="" if same else compute_format(dense, supported),
    )


def precision(
    choice: str, architecture: Architecture, supported: Collection[str] = UNITS, kv: str = "", experts: str = ""
) -> Precision:
    """The precision of a deployment from a user's choice of weights.

    Parameters
    ----------
    choice : str
        ``native`` or any spelling of a number format; quantisers leave embedding and output in 16 bits. [text]
    architecture : Architecture
        The model.
    supported : collection of str
        Formats that the chip has a peak for. [text]
    kv : str
        Format of the KV cache; empty for the checkpoint's, or bf16. [text]
    experts : str
        Format of the routed experts where it differs. [text]

    Returns
    -------
    Precision
        Formats by part and what each is multiplied in.

    Raises
    ------
    UnknownName
        If no format is called so.

    Notes
    -----
    A choice wider than the checkpoint's format is taken at its word: the weights are widened when loaded, and
    :math:`b_{head} = \\max(b, 16)`.

    References
    ----------
    :cite:t:`rouhani2023`.
    """
    if choice.strip().lower() == "native":
        return native(architecture, supported, kv, experts)
    form = canonical(choice)
    routed = canonical(experts) if experts else form
    return Precision(
        attention=form,
        experts=routed,
        kv=canonical(kv) if kv else architecture.formats.get("kv", "bf16"),
        compute=compute_format(form, supported),
        expert_compute=compute_format(routed, supported),
        head=form if FORMATS[form].bits >= 16 else "bf16",
    )
