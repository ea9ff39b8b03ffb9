"""The report of an answer."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from lcot.errors import InputError
from lcot.report import charts
from lcot.report.page import report
from tests.report.rows import bill_rows

ANSWER: dict[str, Any] = {
    "schema": "lcot.compare/1",
    "question": {"model": "toy", "input_tokens": 1000.0, "requests_per_second": None, "precision": "fp8"},
    "basis": {"cost": "own", "tokens": "blended", "facts_date": "2026-11-01", "declared_estimates": ["site.staff"]},
    "verdict": "Alpha serves toy <fast>",
    "units": {"power": "W"},
    "systems": [
        {
            "system": "alpha", "name": "Alpha & Co", "family": "gpu", "status": "ranked", "reason": "",
            "deployment": {"layout": "tp8", "copies": 2, "systems": 2, "engine": "vllm"},
            "precision": {"weights": "fp8", "kv": "fp8"}, "speculative": "off",
            "tokens_per_second_per_user": 51.2, "tokens_per_second_per_chip": 400.0, "time_to_first_token": 0.31,
            "time_per_output_token": 0.0195, "utilisation": 0.62, "power": 15200.0, "limit": "speed",
            "notes": ["extrapolated in batch"], "confidence": "extrapolated", "confidence_reason": "nothing near",
            "usd_per_mtok": {"input": 0.1, "cached_input": 0.02, "output": 0.43, "blended": 0.21,
                             "p10": 0.17, "p50": 0.2, "p90": 0.29},
            "probability_cheapest": 0.8, "break_even_price": None, "availability": {},
        },
        {
            "system": "beta", "name": "Beta", "family": "wafer", "status": "unpriced", "reason": "beta.price",
            "usd_per_mtok": {}, "break_even_price": 1234567.0, "tokens_per_second_per_user": 900.0,
        },
    ],
}  # fmt: skip


class Checker(HTMLParser):
    """Opens and closes tags, and remembers what a page would ask for."""

    VOID = frozenset({"meta", "br", "img", "link", "path", "line", "rect", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.asked += [value or "" for key, value in attrs if key in {"src", "xlink:href"} or (tag == "link")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_report_holds_the_whole_answer() -> None:
    page = report(ANSWER)
    for text in (
        "Alpha &amp; Co is the cheapest for toy under",
        "toy &lt;fast&gt;",
        "80% of the draws",
        "Alpha &amp; Co",
        "0.17 to 0.29",
        "tp8",
        "vllm",
        "62%",
        "15.2",
    ):
        assert text in page
    for text in ("no sourced price", "beta.price", "$1,234,567", "site.staff", "extrapolated in batch", "2026-11-01"):
        assert text in page


def test_it_is_whole_and_asks_for_nothing() -> None:
    checker = Checker()
    checker.feed(report(ANSWER, figures=[charts.waterfall(bill_rows())]))
    assert checker.open == []
    assert checker.asked == []


def test_charts_are_drawn_for_both_pages() -> None:
    page = report(ANSWER, figures=[charts.waterfall(bill_rows())])
    assert len(re.findall(r"<figure ", page)) == 2
    assert page.count("<svg") == 4
    assert "<script" not in page


def test_sources_and_accuracy_are_appendices() -> None:
    source = {
        "fact": "alpha.price",
        "value": 300000.0,
        "unit": "USD",
        "source": "Price list",
        "url": "https://example.org/p",
    }
    page = report(ANSWER, sources=[source], accuracy=[{"family": "gpu", "points": 120, "median_error": "9.4 %"}])
    assert "alpha.price" in page
    assert 'href="https://example.org/p"' in page
    assert "median error" in page
    assert "No validation was run" not in page
    assert "No validation was run" in report(ANSWER)


def test_what_is_not_ranked_is_not_in_the_ranking() -> None:
    alone = copy.deepcopy(ANSWER)
    alone["systems"] = alone["systems"][1:]
    page = report(alone)
    assert "<h2>Ranking</h2>" not in page
    assert "<figure" not in page
    assert "<h2>Not ranked</h2>" in page


@pytest.mark.parametrize("key", ["schema", "question", "basis", "verdict"])
def test_something_else_than_an_answer_is_refused(key: str) -> None:
    with pytest.raises(InputError, match=f"no '{key}'"):
        report({k: v for k, v in ANSWER.items() if k != key})


def test_other_answers_make_a_report_too() -> None:
    answer = {"schema": "lcot.size/1", "question": {"model": "toy"}, "basis": {"cost": "own"}, "verdict": "3 racks"}
    assert "<h1>3 racks</h1>" in report(answer)
