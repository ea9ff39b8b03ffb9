"""An HTML document that needs nothing else: no network, no fonts, no scripts but its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"

STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1c2128; --quiet: #5c6570; --line: #e1e5ea; --soft: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171c; --text: #e8ebef; --quiet: #9aa3ad; --line: #2a3038; --soft: #1b2027; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.3rem; line-height: 1.35; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line); }
p { margin: .5rem 0; }
.quiet, caption, figcaption { color: var(--quiet); font-size: .88rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; margin: .6rem 0; }
caption { text-align: left; padding-bottom: .4rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); border-bottom: 1px solid var(--line); }
th, td { padding: .38rem .7rem .38rem 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); }
td.first { min-width: 8.5rem; }
td a { overflow-wrap: anywhere; }
th.number, td.number { text-align: right; } td.number { white-space: nowrap; }
table.pairs { width: auto; } table.pairs .number { text-align: left; white-space: normal; }
table.pairs td.first { padding-right: 2rem; } table.sources td.first { overflow-wrap: anywhere; }
tbody tr:first-child td.first { font-weight: 600; }
figure { margin: 1.2rem 0; }
figure svg { max-width: 100%; height: auto; }
a { color: inherit; text-underline-offset: .15em; }
.on-dark { display: none; }
@media (prefers-color-scheme: dark) { .on-light { display: none; } .on-dark { display: inline; } }
@media print {
  :root { color-scheme: light; --page: #fff; --text: #000; --quiet: #444; --line: #ccc; }
  .on-light { display: inline; } .on-dark { display: none; }
  body { max-width: none; padding: 0; font-size: 10.5pt; } .scroll { overflow: visible; }
  a { text-decoration: none; }
  h2, caption { break-after: avoid; } figure, tr { break-inside: avoid; } thead { display: table-header-group; }
  table { font-size: 7pt; } th, td { padding: .25rem .45rem .25rem 0; } td, td.first { overflow-wrap: break-word; }
  table.pairs { font-size: 8pt; } td.first { min-width: 0; } table.sources td { overflow-wrap: anywhere; }
  table.sources { font-size: 6.5pt; line-height: 1.3; table-layout: fixed; } table.sources td { white-space: normal; }
  table.sources th:nth-child(1) { width: 22%; } table.sources th:nth-child(4) { width: 40%; }
  figure svg { max-height: 235mm; } pre { font-size: 5.6pt; white-space: pre-wrap; }
}
@page { margin: 16mm; @bottom-right { content: counter(page) " of " counter(pages); font-size: 8pt; } }
"""

WORD = 16  # characters that stay in one line


def document(title: str, body: str, scripts: Iterable[str] = ()) -> str:
    """A whole page around ``body``, which is HTML already; ``title`` is text."""
    code = "\n".join(f"<script>{script}</script>" for script in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n{code}\n</body>\n</html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """A heading and what follows it; nothing where nothing follows."""
    content = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escape(heading)}</h2>\n{content}\n</section>" if content else ""


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{f' class={kind!r}' if kind else ''}>{escape(text)}</p>" if text else ""


def items(texts: Iterable[str]) -> str:
    """A list of plain texts."""
    inside = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{inside}</ul>" if inside else ""


class Html(str):
    """Text that is HTML already."""


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", kind: str = "") -> str:
    """A table of plain texts and numbers; numbers are set to the right. Nothing where there are no rows."""
    body = [list(row) for row in rows]
    if not body:
        return ""
    numeric = [all_numbers([row[i] for row in body]) for i in range(len(headings))]
    kinds = ["number" if n else ("first" if i == 0 else "") for i, n in enumerate(numeric)]
    head = "".join(cell("th", text, kind, ' scope="col"') for text, kind in zip(headings, kinds, strict=True))
    lines = "\n".join(
        "<tr>" + "".join(cell("td", value, kind) for value, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in body
    )
    name = f"<caption>{escape(caption)}</caption>" if caption else ""
    named = f' class="{kind}"' if kind else ""
    inside = f"{name}<thead><tr>{head}</tr></thead>\n<tbody>{lines}</tbody>"
    return f'<div class="scroll"><table{named}>{inside}</table></div>'


def cell(tag: str, value: object, kind: str, more: str = "") -> str:
    """One cell."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<{tag}{attribute}{more}>{content(value)}</{tag}>"


def all_numbers(column: Sequence[object]) -> bool:
    """Whether a column holds numbers, and beside them nothing but words too short to need another line."""
    return any(map(is_number, column)) and all(is_number(v) or len(str(v)) < WORD for v in column)


def is_number(value: object) -> bool:
    """Whether a cell holds a number, or text that starts like one."""
    return isinstance(value, int | float) or (isinstance(value, str) and value[:1].isdigit() and len(value) < WORD)


def content(value: object) -> str:
    """A value as escaped text; a web address becomes a link."""
    if value is None:
        return ""
    if isinstance(value, Html):
        return value
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    if text.startswith(("https://", "http://")) and not any(c.isspace() for c in text):
        return f'<a href="{escape(text, quote=True)}" rel="noreferrer">{escape(text)}</a>'
    return escape(text)
