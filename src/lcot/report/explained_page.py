"""A number's derivation as one HTML file: a tree that folds, and the sources under it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from lcot.report.amounts import amount
from lcot.report.document import document, paragraph, section, table

STYLE = (
    "<style>details{margin-left:1rem;border-left:1px solid var(--line);padding-left:.7rem}summary{cursor:pointer}"
    "details>div{margin-left:1rem;padding-left:.7rem;color:var(--quiet);font-size:.88rem}"
    "code{font-size:.84rem;overflow-wrap:anywhere}b+span{margin:0 .6rem;font-weight:600}"
    ".leaf{margin-left:1rem;padding-left:1.5rem;border-left:1px solid var(--line)}"
    "@media print{details>*{display:block}}</style>"
)
FACTS = ("fact", "value", "unit", "low", "high", "source", "at", "date", "kind", "confidence", "url")


def page(answer: Mapping[str, Any]) -> str:
    """The derivation as ``--json`` has it, as a whole page."""
    nodes = {one["id"]: one for one in answer["nodes"]}
    cards = {card["fact"]: card for card in answer["facts"]}
    why = {one["name"]: one["why"] for one in answer["held"]}
    top = nodes[answer["id"]]
    title = f"{answer['of']}: {amount(top['value'], top['unit'])}"
    body = [
        f"<header><h1>{escape(title)}</h1>{paragraph(answer['told'], 'quiet')}</header>",
        STYLE,
        section("Derivation", tree(answer["id"], nodes, cards, why, set(), 0)),
        section("Held fixed", table(("name", "value", "why"), held_rows(answer))),
        section("Sources", table(FACTS, [fact_row(card) for card in answer["facts"]])),
        paragraph(f"Schema {answer['schema']}.", "quiet"),
    ]
    return document(f"LCOT: {title}", "\n".join(body))


def tree(
    id: str, nodes: Mapping[str, Any], cards: Mapping[str, Any], why: Mapping[str, str], seen: set[str], level: int
) -> str:
    """One node and what is under it; what was shown before is a link."""
    node = nodes[id]
    head = f"<b>{escape(node['name'])}</b><span>{escape(amount(node['value'], node['unit']))}</span>"
    if id in seen:
        return f'<p class="leaf">{head}<a href="#{id}">shown above</a></p>'
    seen.add(id)
    if node["kind"] != "formula":
        return f'<p class="leaf" id="{id}">{head}{escape(leaf_text(node, cards, why))}</p>'
    cited = f" [{'; '.join(node['references'])}]" if node["references"] else ""
    told = f"<div>{escape(node['title'] + cited)}</div>" if node["title"] else ""
    inside = "".join(tree(one, nodes, cards, why, seen, level + 1) for one in node["inputs"])
    formula = f"<code>= {escape(node['formula'])}</code>"
    return (
        f'<details id="{id}"{" open" if level < 2 else ""}><summary>{head}{formula}</summary>{told}{inside}</details>'
    )


def leaf_text(node: Mapping[str, Any], cards: Mapping[str, Any], why: Mapping[str, str]) -> str:
    """Where a leaf comes from."""
    card = cards.get(node["name"])
    if card is None:
        return f"{node['kind']}: {why.get(node['name'], '')}"
    titles = "; ".join(source.get("title", "") for source in card["sources"])
    return ", ".join(part for part in (titles, card["at"], card["date"], card["kind"], card["confidence"]) if part)


def held_rows(answer: Mapping[str, Any]) -> list[list[str]]:
    """What does not move with the facts."""
    return [[one["name"], amount(one["value"], one["unit"]), one["why"]] for one in answer["held"]]


def fact_row(card: Mapping[str, Any]) -> list[Any]:
    """One fact with its sources in a line."""
    titles = "; ".join(source.get("title", "") for source in card["sources"])
    urls = " ".join(source["url"] for source in card["sources"] if source.get("url"))
    return [{"source": titles, "url": urls}.get(name, card.get(name)) for name in FACTS]
