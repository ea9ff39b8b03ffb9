"""Progress: on a terminal, line by line for another program, and nothing where nobody looks."""

import pytest

from lcot.cli import progress
from lcot.cli.progress import counting, seldom, telling


def test_nobody_looks(capsys, monkeypatch):
    monkeypatch.delenv("LCOT_PROGRESS", raising=False)
    with counting("requests", 10) as bar, telling("reading") as tell:
        assert bar is None
        assert tell is None
    assert capsys.readouterr().err == ""


def test_another_program_reads_lines(capsys, monkeypatch):
    monkeypatch.setenv("LCOT_PROGRESS", "lines")
    with telling("reading the facts") as tell:
        tell("Chat on 20 systems")
    with counting("requests", 2000) as bar:
        bar(1000)
    assert capsys.readouterr().err.splitlines() == [
        "reading the facts",
        "Chat on 20 systems",
        "1,000 of 2,000 requests",
    ]


def test_not_more_often_than_anyone_can_read(monkeypatch):
    clock = iter([1.0, 1.0, 1.05, 1.09, 1.2, 1.2])
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock))
    seen = []
    show = seldom(seen.append)
    for done in range(4):
        show(done)
    assert seen == [0, 3]


@pytest.mark.parametrize("total", [None, 5])
def test_a_terminal_shows_a_bar(monkeypatch, total):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with counting("requests", total) as bar:
        bar(3)
