"""What makes two costs differ, as plain data (schema ``lcot.difference/1``) and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from typing import Any

from lcot.facts.listing import card
from lcot.facts.types import Fact, Facts
from lcot.report.amounts import amount
from lcot.report.document import document, paragraph, section, table
from lcot.report.explained_page import FACTS, fact_row
from lcot.trace.differences import Difference
from lcot.units import UNITS

SCHEMA = "lcot.difference/1"
NOTHING = 1e-12  # USD/token


def as_dict(found: Difference) -> dict[str, Any]:
    """The difference as plain data; dollars are USD/token of the first less the second."""
    return {
        "schema": SCHEMA,
        "systems": [plan.deployment.system.id for plan in found.plans],
        "model": found.plans[0].deployment.model.id,
        "usd_per_token": list(found.costs),
        "difference": found.costs[0] - found.costs[1],
        "by_line": [asdict(part) for part in found.lines],
        "by_fact": [asdict(part) for part in found.facts],
        "why_no_facts": found.why_not,
        "method": found.method,
        "sources": [card(fact, facts.owner) for facts, fact in stated(found)],
        "units": {"dollars": "USD/token", "first": "SI of the unit", "second": "SI of the unit"},
    }


def stated(found: Difference) -> Iterator[tuple[Facts, Fact]]:
    """The facts named in the difference, of both systems, as the catalogue states them."""
    names = {part.name for part in found.facts}
    names |= {"power.all_in"} & {key for plan in found.plans for key in plan.deployment.system.facts}
    for plan in found.plans:
        system = plan.deployment.system
        for facts in (system.chip.facts, system.facts):
            yield from ((facts, facts[key]) for key in facts if key in names and facts[key].value is not None)


def as_text(answer: dict[str, Any]) -> str:
    """The difference for a reader."""
    one, other = answer["systems"]
    costs = [cost * 1e6 for cost in answer["usd_per_token"]]
    lines = [
        f"{answer['model']}: {one} costs ${costs[0]:.4g} and {other} ${costs[1]:.4g} per million tokens, blended, "
        f"at the stated facts: {costs[0] - costs[1]:+.4g}",
        "",
        *rows("by line of the bill and by cause", answer["by_line"], one, other),
    ]
    if answer["by_fact"]:
        lines += ["", *rows("by fact, chip for chip", answer["by_fact"], one, other), f"Facts: {answer['method']}."]
        lines += ["", "sources", *(source_line(card) for card in answer["sources"] if card["fact"] in moving(answer))]
    else:
        lines += ["", f"Not by fact: {answer['why_no_facts']}."]
    return "\n".join(lines)


def page(answer: dict[str, Any]) -> str:
    """The difference as one self-contained HTML file."""
    one, other = answer["systems"]
    costs = [cost * 1e6 for cost in answer["usd_per_token"]]
    title = f"{one} against {other}: {costs[0] - costs[1]:+.4g} USD/Mtok"
    said = f"{answer['model']}: ${costs[0]:.4g} and ${costs[1]:.4g} per million tokens, blended, at the stated facts."
    heads = ("cause", "$/Mtok", one, other)
    parts = [section("By line of the bill and by cause", table(heads, cells(answer["by_line"])))]
    if answer["by_fact"]:
        parts.append(section("By fact, chip for chip", table(heads, cells(answer["by_fact"]))))
    parts.append(paragraph(f"Facts: {answer['method']}." if answer["by_fact"] else answer["why_no_facts"], "quiet"))
    cards = [card for card in answer["sources"] if card["fact"] in moving(answer)]
    if cards:
        parts.append(section("Sources", table(FACTS, [fact_row(card) for card in cards])))
    head = f"<header><h1>{escape(title)}</h1>{paragraph(said, 'quiet')}</header>"
    return document(f"LCOT: {title}", "\n".join([head, *parts, paragraph(f"Schema {answer['schema']}.", "quiet")]))


def cells(parts: list[dict[str, Any]]) -> list[list[str]]:
    """Rows of a list of causes, the facts behind each under it, and the sum."""
    made: list[list[str]] = []
    for part in parts:
        made.append([part["name"], f"{part['dollars'] * 1e6:+.4f}", shown(part, "first"), shown(part, "second")])
        for fact in part["behind"]:
            ends = [shown({**part, **fact}, key) for key in ("first", "second")]
            made.append([f"\u2003{fact['name']}", "", *ends])
    return [*made, ["sum", f"{sum(part['dollars'] for part in parts) * 1e6:+.4f}", "", ""]]


def moving(answer: dict[str, Any]) -> set[str]:
    """Names of the facts that make a difference, with their owners."""
    keys = {part["name"] for part in answer["by_fact"] if abs(part["dollars"]) > NOTHING}
    return {card["fact"] for card in answer["sources"] if card["fact"].partition(".")[2] in keys}


def source_line(card: dict[str, Any]) -> str:
    """A fact with its first source and its confidence."""
    title = card["sources"][0]["title"] if card["sources"] else "no source"
    more = f" and {len(card['sources']) - 1} more" if len(card["sources"]) > 1 else ""
    value = f"{card['value']:g} {card['unit']}"
    return f"{card['fact']:44s}{value:>16}  {title[:60]}{more}; {card['kind']}, confidence {card['confidence']}"


def rows(title: str, parts: list[dict[str, Any]], one: str, other: str) -> list[str]:
    """A list of causes and its sum."""
    made = [f"{title:44s}{'$/Mtok':>10}  {one} against {other}"]
    moving = [part for part in parts if abs(part["dollars"]) > NOTHING]
    for part in moving:
        values = [shown(part, key) for key in ("first", "second")]
        between = f"  {values[0]} against {values[1]}" if any(values) else ""
        made.append(f"{part['name']:44s}{part['dollars'] * 1e6:>+10.4f}{between}")
        for fact in part["behind"]:
            ends = [shown({**part, **fact}, key) for key in ("first", "second")]
            made.append(f"  {fact['name']:52s}  {ends[0]} against {ends[1]}")
    still = [part["name"] for part in parts if part not in moving]
    made.append(f"{'sum':44s}{sum(part['dollars'] for part in parts) * 1e6:>+10.4f}")
    return [*made, f"no difference: {', '.join(still)}"] if still else made


def shown(part: dict[str, Any], key: str) -> str:
    """A value with its unit; "none" where only the other has one."""
    value = part[key]
    if value is None:
        return "none" if part["first"] is not None or part["second"] is not None else ""
    unit = part["unit"]
    return amount(value, UNITS[unit][0] if unit in UNITS else unit)
