"""Names of models."""

import csv
import json
import os
from pathlib import Path

import pytest

from lcot.errors import LcotError, ParseError, UnknownName
from lcot.workload.models import FOLDER, entries, model, model_ids, read_entry, resolve


def test_a_model_by_each_of_its_names():
    for name in ("llama-3.3-70b", "meta-llama/Llama-3.3-70B-Instruct", "Llama-3.3-70B-Instruct", "LLAMA-3.3-70B"):
        assert model(name).id == "llama-3.3-70b"


def test_no_name_belongs_to_two_models():
    seen: dict[str, str] = {}
    for entry in entries().values():
        for name in {entry.id.lower(), entry.repository.lower(), *(a.lower() for a in entry.aliases)}:
            assert seen.setdefault(name, entry.id) == entry.id, name


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Llama 3.1 8B", "llama-3.1-8b"),
        ("llama3.1:70b-instruct", "llama-3.1-70b"),
        ("Meta Llama 3.3 70B Instruct", "llama-3.3-70b"),
        ("llama2-70b-99.9", "llama-2-70b"),
        ("gptj-99", "gpt-j-6b"),
        ("RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8", "llama-3.1-70b-fp8"),
        ("deepseek_r1_0528", "deepseek-r1"),
        ("Qwen3 30B A3B Thinking 2507", "qwen3-30b-a3b"),
        ("moonshotai/Kimi-K2-Thinking", "kimi-k2-thinking"),
        ("qwen2.5-vl-7b-instruct", "qwen2.5-vl-7b"),
    ],
)
def test_spaces_signs_and_releases_do_not_matter(name: str, id: str):
    assert resolve(name) == id


def test_a_size_of_its_own_is_another_model():
    for name in ("llama-3.1-9b", "qwen3-33b", "deepseek-r2", "llama-3.1", "instruct", "-", ""):
        with pytest.raises(UnknownName):
            resolve(name)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownName, match=r"llama-3\.3-70b"):
        model("llama-3.3-71b")


def test_every_file_has_its_entry_and_every_entry_its_file():
    for entry in entries().values():
        assert (FOLDER / f"{entry.id}.json").exists() != bool(entry.base), entry.id
    assert {f.stem for f in FOLDER.glob("*.json")} <= set(model_ids())


def test_a_variant_has_the_layers_of_its_base():
    assert model("llama-3.3-70b-nvfp4").blocks == model("llama-3.3-70b").blocks
    assert model("llama-3.3-70b-nvfp4").formats["dense"] == "nvfp4"


def test_a_file_or_its_folder(tmp_path: Path):
    config = json.loads((FOLDER / "qwen3-32b.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert model(tmp_path).blocks == model("qwen3-32b").blocks
    assert model(str(tmp_path / "config.json")).blocks == model("qwen3-32b").blocks


def test_a_quantisation_file_beside_the_configuration(tmp_path: Path):
    (tmp_path / "config.json").write_text((FOLDER / "qwen3-32b.json").read_text())
    stored = {"producer": {}, "quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(stored))
    assert model(tmp_path).formats["attention"] == "fp8"
    assert model(tmp_path).formats["kv"] == "fp8"


@pytest.mark.parametrize(
    "text", ["", "[1]", "a: [", "id: x\n", "id: x\nfoo: 1\n", "id: x\nrepository: y\nsource: z\nlicence: w\n"]
)
def test_a_broken_entry_is_an_error_with_the_file(tmp_path: Path, text: str):
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(ParseError, match=r"x\.yaml"):
        read_entry(file)


def test_broken_json_is_an_error_with_file_and_line(tmp_path: Path):
    file = tmp_path / "config.json"
    file.write_text('{\n "a": 1,\n}')
    with pytest.raises(ParseError, match=r"config\.json:3"):
        model(file)
    with pytest.raises(LcotError):
        model(tmp_path / "absent.json")


@pytest.mark.skipif("LCOT_EVIDENCE" not in os.environ, reason="needs the folder of evidence in LCOT_EVIDENCE")
def test_every_spelling_of_the_measurements_is_a_model():
    with (Path(os.environ["LCOT_EVIDENCE"]) / "measurements" / "vocabulary.csv").open() as file:
        for row in csv.DictReader(file):
            if row["column"] == "model":
                assert resolve(row["value"]) in entries()
