"""HTML that holds what it is given, and nothing that it is not."""

from __future__ import annotations

from lcot.report.document import document, items, paragraph, section, table


def test_all_text_is_escaped() -> None:
    bad = "<img src=x onerror=alert(1)>\"'&"
    made = [paragraph(bad), items([bad]), section(bad, "x"), table([bad], [[bad]], bad), document(bad, "")]
    assert all("<img" not in html and "&lt;img" in html for html in made)


def test_a_section_of_nothing_is_nothing() -> None:
    assert section("Sources", "", "") == ""
    assert table(["a"], []) == ""
    assert items([]) == ""
    assert paragraph("") == ""


def test_numbers_are_set_to_the_right() -> None:
    html = table(["system", "$/Mtok"], [["a", 0.123456], ["b", "1.5"]])
    assert '<td class="number">0.123</td>' in html
    assert '<td class="number">1.5</td>' in html
    assert '<td class="first">a</td>' in html


def test_addresses_become_links_and_other_schemes_do_not() -> None:
    html = table(["url"], [["https://example.org/a?b=1&c=2"], ["javascript:alert(1)"], ['https://x.org/" onclick="y']])
    assert '<a href="https://example.org/a?b=1&amp;c=2"' in html
    assert html.count("<a ") == 1
    assert '<td class="first">javascript:alert(1)</td>' in html


def test_unknown_is_an_empty_cell() -> None:
    assert '<td class="first"></td>' in table(["a"], [[None]])
