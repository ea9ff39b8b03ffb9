"""Engines by name, version, date and maker of the chips."""

from __future__ import annotations

import pytest

from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.facts.types import Engine, Facts
from lcot.validation.engines import engine_for, in_range, version_by_date, version_of


def engine(name: str, versions: str = "", usual: tuple[str, ...] = ()) -> Engine:
    return Engine(name, name, "gpu", versions, Facts(name), usual_for=usual)


ENGINES = [
    engine("generic", usual=("gpu",)),
    engine("vllm", ">=0.10", ("NVIDIA",)),
    engine("vllm-2024", ">=0.3,<0.10"),
    engine("vllm-2024-amd", "<0.9"),
    engine("vllm-amd", ">=0.9", ("AMD",)),
    engine("vllm-ascend", usual=("Huawei",)),
]


@pytest.mark.parametrize(
    ("text", "numbers"), [("1.2.0rc6.post3", (1, 2, 0)), ("v0.59.0-rc3", (0, 59, 0)), ("nightly", ()), ("", ())]
)
def test_leading_numbers_of_a_version(text: str, numbers: tuple[int, ...]) -> None:
    assert version_of(text) == numbers


def test_ranges_hold_both_ends_and_ignore_words() -> None:
    assert in_range((0, 12), ">=0.10,<0.20")
    assert not in_range((0, 9, 2), ">=0.10")
    assert not in_range((), ">=0.10")
    assert in_range((), "2025")


@pytest.mark.parametrize(
    ("name", "version", "system", "found"),
    [
        ("vllm", "0.12.0", "dgx-h100", "vllm"),
        ("vllm", "0.6.3", "dgx-h100", "vllm-2024"),
        ("vllm", "", "dgx-h100", "vllm"),
        ("vllm", "0.2", "dgx-h100", "vllm-2024"),
        ("vllm", "0.6.3", "mi300x-8", "vllm-2024-amd"),
        ("vllm", "0.14.1", "mi300x-8", "vllm-amd"),
        ("sglang", "0.5.9", "mi355x-8", "vllm-amd"),
        ("nobody-knows", "", "dgx-h100", "vllm"),
        ("vllm-ascend", "", "ascend-910b-server", "vllm-ascend"),
    ],
)
def test_engine_entry_by_name_version_and_maker(name: str, version: str, system: str, found: str) -> None:
    assert engine_for(name, version, catalog.system(system), ENGINES).id == found


def test_family_without_engines_is_an_error() -> None:
    with pytest.raises(UnknownName, match="engine"):
        engine_for("vllm", "", catalog.system("dgx-h100"), [])


def test_version_by_date_is_the_newest_before() -> None:
    assert version_by_date("vllm", "2024-10") == "0.6.0"
    assert version_by_date("vllm", "2020") == ""
    assert version_by_date("unknown", "2025-01") == ""


@pytest.mark.parametrize(
    ("name", "version", "system", "found"),
    [
        ("sglang", "0.4.3", "hgx-h200", "sglang-2024"),
        ("sglang", "0.4.2", "mi300x-8", "sglang-2024"),
        ("sglang", "0.4.7", "gb200-nvl72", "sglang"),
        ("vllm", "0.7.4", "hgx-h200", "vllm-2024"),
        ("vllm", "0.8.5", "hgx-h200", "vllm-2025"),
        ("vllm", "0.15.1", "hgx-h200", "vllm"),
        ("trtllm", "0.17", "hgx-h200", "trtllm-2024"),
    ],
)
def test_engines_of_early_2025_have_entries_of_their_own(name: str, version: str, system: str, found: str) -> None:
    machine = catalog.system(system)
    assert engine_for(name, version, machine, catalog.engines(machine.family)).id == found
