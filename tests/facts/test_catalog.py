"""The shipped catalogue, and folders of a user's own above it."""

import shutil
import time
from pathlib import Path

import pytest

from lcot.errors import InputError, ParseError, UnknownName
from lcot.facts import catalog

ASKED = [
    "dgx-h100", "hgx-h200", "dgx-b200", "dgx-b300", "gb200-nvl72", "gb300-nvl72", "vr200-nvl72",
    "groqrack-llama70b", "lpx-rack", "cs-3", "cs-4", "mi300x-8", "mi325x-8", "mi355x-8", "helios", "n300-card",
    "galaxy-wh", "galaxy-bh", "sambarack-sn40l-16", "sambarack-sn50", "ascend-910b-server", "cloudmatrix384",
    "atlas-950-superpod", "biren-106m", "tpu-v6e-pod", "tpu-v7-pod", "trn2-ultra", "trn3-gen2", "gaudi3-ubb",
]  # fmt: skip


def test_every_system_and_chip_loads() -> None:
    assert set(ASKED) <= set(catalog.system_ids())
    families = {catalog.system(id).family for id in catalog.system_ids()}
    assert families == {"gpu", "wafer", "lpu", "rdu", "mesh"}
    for id in catalog.chip_ids():
        assert catalog.chip(id).id == id


def test_hand_checked_numbers() -> None:
    h200 = catalog.system("hgx-h200").chip.facts
    assert h200.number("memory.hbm.bandwidth") == 4.8e12
    assert h200.number("memory.hbm.usable") == 143771 * 2**20
    assert h200.number("fabric.scale_up.bandwidth") == 450e9
    assert catalog.system("cs-3").facts.number("price") == 1e6
    assert catalog.system("dgx-h100").facts.number("rent.spot") == pytest.approx(2.46 / 3600)


def test_corrections_stand_above_the_first_compilation() -> None:
    assert catalog.chip("ascend-910c").facts.number("peak.bf16") == 752e12
    assert catalog.chip("br100").facts.number("fabric.scale_up.bandwidth") == 256e9
    assert catalog.chip("blackhole").facts.number("peak.bf16") == 164e12
    assert catalog.chip("wormhole").facts.number("peak.fp8") == 148e12
    assert catalog.system("galaxy-bh").chip.facts.number("power.tdp") == 170
    assert catalog.chip("sn50").facts.number("fabric.node.bandwidth") == 700e9
    assert catalog.chip("b300").facts.number("peak.fp4") == 13.5e15
    assert catalog.system("gb300-nvl72").facts.number("power.max") == 142e3
    assert not catalog.system("gb300-nvl72").facts.has("power.all_in")


def test_what_is_not_public_is_not_filled_in() -> None:
    biren = catalog.system("biren-106m").chip.facts
    assert not biren.has("peak.bf16")
    assert not biren.has("memory.hbm.capacity")
    lpx = catalog.system("lpx-rack")
    assert not lpx.facts.has("power.max")
    assert not lpx.facts.has("price")
    assert lpx.pairs_with == "vr200-nvl72"


def test_the_chip_in_a_system_may_differ_from_the_chip_alone() -> None:
    assert catalog.system("n300-card").chip.facts.number("fabric.scale_up.size") == 2
    assert catalog.system("galaxy-wh").chip.facts.number("fabric.scale_up.size") == 32


def test_aliases_and_case() -> None:
    assert catalog.system("NVIDIA H200-SXM-141GB").id == "hgx-h200"
    assert catalog.system("GroqChip1 / LPU v1 (GroqCloud)").id == "groqrack-llama70b"
    assert catalog.system("HGX-H200").id == "hgx-h200"


def test_no_alias_means_two_systems() -> None:
    owner: dict[str, str] = {}
    for id in catalog.system_ids():
        for alias in catalog.system(id).aliases:
            assert owner.setdefault(alias.lower(), id) == id
            assert alias.lower() not in set(catalog.system_ids()) - {id}


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="hgx-h200"):
        catalog.system("hgx-h20O")
    with pytest.raises(UnknownName):
        catalog.chip("\0")


def test_a_users_folder_stands_above_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chips").mkdir()
    text = (catalog.SHIPPED / "chips" / "h200.yaml").read_text().replace("value: 4800", "value: 5000")
    (tmp_path / "chips" / "h200.yaml").write_text(text)
    assert catalog.system("hgx-h200", [tmp_path]).chip.facts.number("memory.hbm.bandwidth") == 5e12
    assert catalog.system("hgx-h200").chip.facts.number("memory.hbm.bandwidth") == 4.8e12
    monkeypatch.setenv("LCOT_CATALOG", str(tmp_path))
    assert catalog.system("hgx-h200").chip.facts.number("memory.hbm.bandwidth") == 5e12
    assert "h200" in catalog.chip_ids()


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    path = tmp_path / "chips" / "mine.yaml"
    text = (catalog.SHIPPED / "chips" / "h200.yaml").read_text().replace("id: h200", "id: mine")
    path.write_text(text)
    assert catalog.chip("mine", [tmp_path]).facts.number("power.tdp") == 700
    path.write_text(text.replace("value: 700", "value: 1650"))
    assert catalog.chip("mine", [tmp_path]).facts.number("power.tdp") == 1650


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        catalog.system("hgx-h200", [tmp_path / "none"])


def test_the_file_has_the_name_of_its_id(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    shutil.copy(catalog.SHIPPED / "chips" / "h200.yaml", tmp_path / "chips" / "h2000.yaml")
    with pytest.raises(ParseError, match="in a file named"):
        catalog.chip("h2000", [tmp_path])


def test_sites_and_engines_may_inherit_but_not_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "sites"
    folder.mkdir()
    head = "id: {id}\nname: Site\n{more}facts:\n  a.b: {{value: {value}, low: 0, high: 9, unit: '1', "
    head += "source: estimate, note: n}}\n"
    (folder / "base.yaml").write_text(
        head.format(id="base", value=1, more="") + "  c.d: {value: x, source: estimate, note: n}\n"
    )
    (folder / "child.yaml").write_text(head.format(id="child", value=2, more="inherits: base\n"))
    child = catalog.site("child", [tmp_path])
    assert (child.facts.number("a.b"), child.facts.text("c.d"), child.facts.owner) == (2, "x", "child")
    (folder / "base.yaml").write_text(head.format(id="base", value=1, more="inherits: child\n"))
    with pytest.raises(ParseError, match="inherits itself"):
        catalog.site("child", [tmp_path])
    (folder / "child.yaml").write_text(head.format(id="child", value=2, more="inherits: bass\n"))
    with pytest.raises(ParseError, match="'base'"):
        catalog.site("child", [tmp_path])


def test_the_whole_catalogue_is_read_quickly() -> None:
    catalog.system("cs-3")
    catalog._checked.cache_clear()
    start = time.process_time()
    for id in catalog.system_ids():
        catalog.system(id)
    assert time.process_time() - start < 1.0  # 0.1 s on one idle core
