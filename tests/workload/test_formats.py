"""Bits with scales, what the matrix units multiply in, and the choice for a deployment."""

import pytest

from lcot.errors import UnknownName
from lcot.workload.formats import FORMATS, SPELLINGS, bytes_of, canonical, compute_format, native, precision
from lcot.workload.models import model

HOPPER = ("bf16", "fp8", "int8")
BLACKWELL = ("bf16", "fp8", "int8", "fp4")
AMPERE = ("bf16", "int8")


def test_bits_with_scales_by_hand():
    assert bytes_of("mxfp4") * 8 == 4.25  # 8-bit scale per 32
    assert bytes_of("nvfp4") * 8 == 4.5  # 8-bit scale per 16
    assert bytes_of("bfp8") * 8 == 8.5
    assert bytes_of("fp8-block") * 8 == pytest.approx(8.001953125)
    assert bytes_of("int4") * 8 == 4.125


def test_every_spelling_leads_to_a_format():
    for spelling, name in SPELLINGS.items():
        assert canonical(spelling.upper()) == name
        assert name in FORMATS


def test_unknown_format_offers_the_nearest():
    with pytest.raises(UnknownName, match="nvfp4"):
        canonical("nvfp5")


@pytest.mark.parametrize(
    ("weights", "chip", "unit"),
    [
        ("fp8", HOPPER, "fp8"),
        ("fp8", AMPERE, "bf16"),
        ("nvfp4", BLACKWELL, "fp4"),
        ("nvfp4", HOPPER, "bf16"),
        ("int4", BLACKWELL, "bf16"),
        ("int8", AMPERE, "int8"),
        ("mxfp4-w4a8", HOPPER, "bf16"),
        ("mxfp4-w4a8", BLACKWELL, "fp8"),
        ("bf16", (), "bf16"),
    ],
)
def test_what_the_matrix_units_multiply_in(weights, chip, unit):
    assert compute_format(weights, chip) == unit


def test_native_follows_the_checkpoint():
    p = native(model("gpt-oss-120b"), HOPPER)
    assert (p.attention, p.experts, p.expert_compute) == ("bf16", "mxfp4-w4a8", "bf16")
    assert native(model("gpt-oss-120b"), BLACKWELL).expert_compute == "fp8"
    r1 = native(model("deepseek-r1-nvfp4"), BLACKWELL)
    assert (r1.attention, r1.dense_format, r1.experts, r1.kv) == ("bf16", "nvfp4", "nvfp4", "fp8")
    assert (r1.compute, r1.dense_compute, r1.expert_compute) == ("bf16", "fp4", "fp4")


def test_a_choice_quantises_the_blocks_and_not_the_head():
    p = precision("fp8", model("llama-3.3-70b"), HOPPER, kv="fp8")
    assert (p.attention, p.dense_format, p.experts, p.kv, p.head) == ("fp8", "fp8", "fp8", "fp8", "bf16")
    assert precision("native", model("llama-3.3-70b"), HOPPER).kv == "bf16"
    assert precision("bf16", model("gpt-oss-120b"), experts="mxfp4").experts == "mxfp4"
    assert precision("native", model("deepseek-v3"), experts="nvfp4").experts == "nvfp4"
