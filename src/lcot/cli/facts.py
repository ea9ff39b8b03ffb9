"""`lcot facts`: list, show, check and start the facts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from lcot.cli.dumped import dumped

app = App(name="facts", help="List, show, check and start the facts.", help_format="plaintext")
Json = Annotated[bool, Parameter(name="--json", negative=())]
SCHEMA = "lcot.facts/1"


@app.command(name="list")
def list_(*, json_: Json = False) -> None:
    """List every system: chip, family, status and how many facts were found.

    Parameters
    ----------
    json_
        Print as JSON.
    """
    from lcot.facts.listing import rows

    found = rows()
    if json_:
        print(dumped({"schema": SCHEMA, "systems": found}))
        return
    table([{key: str(value) for key, value in row.items()} for row in found])


@app.command
def show(name: str, /, *, json_: Json = False) -> None:
    """Show the facts of a system, chip, engine or site: value, range, unit, source, date.

    Parameters
    ----------
    name
        Its id, alias or file.
    json_
        Print as JSON.
    """
    from lcot.facts.listing import show as cards

    found = cards(name)
    if json_:
        print(dumped({"schema": SCHEMA, "facts": found}))
        return
    table([line(card) for card in found])


@app.command
def check(paths: Annotated[list[Path] | None, Parameter(negative=())] = None, /, *, json_: Json = False) -> None:
    """Check files, or the whole catalogue: every problem with file and key. Exit code 2 if there is one.

    Parameters
    ----------
    paths
        YAML files or folders; without any, everything on the search path.
    json_
        Print as JSON.
    """
    from lcot.facts.check import check as problems_of

    problems = [str(problem) for problem in problems_of(paths or [])]
    if json_:
        print(dumped({"schema": SCHEMA, "problems": problems}))
    else:
        print("\n".join(problems) or "no problems")
    sys.exit(2 if problems else 0)


@app.command
def new(*, family: str) -> None:
    """Print a commented template for a chip and its system.

    Parameters
    ----------
    family
        gpu, wafer, lpu, rdu or mesh.
    """
    from lcot.facts.new import new as template

    print(template(family), end="")


def line(card: dict[str, object]) -> dict[str, str]:
    """One fact in a line."""
    low, high = card.get("low"), card.get("high")
    sources = card.get("sources") or []
    titles = (
        "; ".join(str(s.get("title", "")) for s in sources if isinstance(s, dict)) if isinstance(sources, list) else ""
    )
    value = card.get("value")
    return {
        "fact": str(card["fact"]),
        "value": "not found" if value is None else str(value),
        "range": "" if low is None else f"{low} to {high}",
        "unit": str(card.get("unit") or ""),
        "confidence": str(card.get("confidence") or ""),
        "source": titles,
    }


def table(rows: list[dict[str, str]]) -> None:
    """Print rows under their keys."""
    from rich.console import Console
    from rich.table import Table

    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = 160
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for key in rows[0] if rows else ():
        drawn.add_column(key, overflow="fold")
    for row in rows:
        drawn.add_row(*row.values())
    out.print(drawn)
