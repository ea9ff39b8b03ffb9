"""Sensitivity from the command line."""

import json

import pytest

from lcot.cli import run

ASKED = ["--input", "1000", "--output", "500", "--speed", "50", "--rate", "20"]


def test_sensitivity_explains_the_variance(capsys):
    run(["sensitivity", "llama-3.3-70b", "--system", "hgx-h200", "--points", "32", *ASKED, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lcot.sensitivity/1"
    assert answer["system"] == "hgx-h200"
    widths = [bar["width"] for bar in answer["tornado"]]
    assert widths == sorted(widths, reverse=True)
    assert max(share["total"] for share in answer["shares"].values()) > 0.3
    assert answer["twice_as_good"]["price"] < 1
    (family,) = answer["architectures"]
    assert (family["family"], family["system"]) == ("gpu", "hgx-h200")
    assert 0.2 < family["elasticity"]["memory bandwidth"] < 1.5
    assert 0 < family["elasticity"]["data movement between chips"] < family["elasticity"]["memory bandwidth"]
    assert family["elasticity"]["price"] + family["elasticity"]["power"] == pytest.approx(0.95, abs=0.06)
    assert "engine" not in answer["shares_engine_known"]
    assert answer["elasticities"]["hgx-h200.price"] == pytest.approx(family["elasticity"]["price"], abs=0.02)


def test_each_architecture_has_its_own_dependence(capsys):
    systems = ["--system", "dgx-b200", "--system", "cs-3", "--system", "sambarack-sn40l-16"]
    run(["sensitivity", "llama-3.3-70b", *systems, "--points", "16", "--json"])
    answer = json.loads(capsys.readouterr().out)
    by_family = {one["family"]: one for one in answer["architectures"]}
    assert set(by_family) == {"gpu", "wafer", "rdu"}
    assert by_family["rdu"]["assumed_price"] >= 0.0  # no price on record; 0 where it is dearer even as a gift
    assert by_family["rdu"]["cost"] >= 0.99 * by_family["gpu"]["cost"]
    bandwidth = {name: one["elasticity"]["memory bandwidth"] for name, one in by_family.items()}
    assert bandwidth["wafer"] < 0.05 < bandwidth["gpu"]


def test_sensitivity_is_readable(capsys):
    run(["sensitivity", "llama-3.3-70b", "--system", "hgx-h200", "--points", "16", *ASKED])
    out = capsys.readouterr().out
    for part in (
        "hgx-h200",
        "per million tokens",
        "at P10",
        "in all",
        "2x saves",
        "Does $/token depend on memory bandwidth",
    ):
        assert part in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sensitivity", "llama-3.3-70b", "--system", "mi300x-8"], "unpriced"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err
