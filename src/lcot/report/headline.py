"""The answer in one short sentence; the verdict has the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def headline(answer: Mapping[str, Any]) -> str:
    """Who is cheapest, for what, and at what cost, of an answer in the form that ``--json`` prints.

    Parameters
    ----------
    answer : mapping
        The answer as plain data; the first sentence of its verdict where it compares no systems. [1]

    Returns
    -------
    str
        One sentence.

    Notes
    -----
    No formula: the first of the ranking, at the median of its draws where it was drawn.
    """
    if "systems" not in answer:
        return str(answer["verdict"]).partition(". ")[0]
    question = answer["question"]
    speed, rate = question.get("tokens_per_second_per_user"), question.get("requests_per_second")
    asked = question["model"] + (f" at {speed:g} tokens/s a user" if speed else "")
    load = f"{rate:,.10g} requests/s" if rate else "the site's load factor"
    first = next((one for one in answer["systems"] if one["status"] == "ranked"), None)
    if first is None:
        return f"No system on sale with a sourced price serves {asked} under {load}."
    cost = first["usd_per_mtok"]["p50"] or first["usd_per_mtok"]["blended"]
    return f"{first['name']} is the cheapest for {asked} under {load}: ${cost:.3g} per million tokens."
