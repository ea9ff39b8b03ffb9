"""JSON of answers is JSON."""

import json

import pytest

from lcot.cli import run
from lcot.cli.dumped import dumped


def test_what_is_not_finite_becomes_null() -> None:
    told = {"a": [float("nan"), 1.5], "b": {"c": float("inf")}, "d": (-float("inf"), "x", None, 3, True)}
    assert json.loads(dumped(told)) == {"a": [None, 1.5], "b": {"c": None}, "d": [None, "x", None, 3, True]}


def test_one_token_of_output_has_no_time_per_further_token(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "llama-3.1-8b", "--input", "200", "--output", "1", "--rate", "5", "--system", "hgx-h200"]
    run([*asked, "--draws", "0", "--json"])
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["systems"][0]["under_load"]["time_per_output_token"]["p90"] is None
