"""The verb."""

from __future__ import annotations

import json

import pytest

from lcot.cli import run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "goldmann"], "did you mean 'goldman'"),
        (["--draws", "0"], "allowed: 1 to 16384"),
        (["--iamc", "/nowhere/out.csv"], "there is no folder"),
        (["--chart", "pie"], "--chart"),
        (["--svg", "shares.pdf"], "allowed: .html, .json, .png, .svg"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is searched; as JSON too where that was asked for."""
    with pytest.raises(SystemExit) as end:
        run(["market", *arguments, "--json"])
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert says in err
    assert says in json.loads(out)["error"]["message"]


def test_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """By name."""
    run(["market", "--scenarios"])
    out = capsys.readouterr().out
    assert all(name in out for name in ("goldman", "disclosed", "scarce"))
