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


def test_sensitivity_is_readable(capsys):
    run(["sensitivity", "llama-3.3-70b", "--system", "hgx-h200", "--points", "16", *ASKED])
    out = capsys.readouterr().out
    for part in ("hgx-h200", "per million tokens", "at P10", "2x buys"):
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
