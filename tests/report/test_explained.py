"""The tree of a number and its page."""

import re

from rich.console import Console

from lcot.report.explained import as_dict, sources, tree
from lcot.report.explained_page import page
from lcot.trace.derived import of_plan
from lcot.trace.plans import trace
from tests.trace.questions import ASKED, asked, best

WHAT = ("cs-3", "llama-3.3-70b", None, 0.2, "own")


def derived():
    return of_plan(trace(best(*WHAT), asked(*WHAT)), asked(*WHAT))


def text_of(depth):
    console = Console(width=200)
    with console.capture() as captured:
        console.print(tree(derived(), "blended", depth))
    return captured.get()


def test_depth_limits_the_tree_and_no_limit_ends_at_facts():
    assert WHAT in ASKED
    short, whole = text_of(1), text_of(0)
    assert len(short.splitlines()) < len(whole.splitlines())
    assert "…" in short
    ends = [line for line in whole.splitlines() if "wse-3.memory.sram.bandwidth" in line]
    assert ends
    assert "(see above)" in whole
    assert whole.count("Level payment at the end of every period that repays one dollar spent now") == 1


def test_sources_list_every_fact_with_confidence():
    found = derived()
    rows = sources([found.number("blended")])
    answer = as_dict(found, "blended")
    assert [row[0] for row in rows] == [fact["fact"] for fact in answer["facts"]]
    assert all(row[3] and row[-1] in ("low", "medium", "high") for row in rows)


def test_page_has_every_node_once_and_links_to_those_shown_before():
    answer = as_dict(derived())
    html = page(answer)
    ids = re.findall(r' id="(n\d+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert set(ids) == {node["id"] for node in answer["nodes"]}
    assert set(re.findall(r'href="#(n\d+)"', html)) <= set(ids)
    assert "Content-Security-Policy" in html
