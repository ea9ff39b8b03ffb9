"""`lcot report`: an answer as one file to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from lcot.cli.question import Asked
from lcot.errors import InputError

app = App(name="report", help="Write the answer as one HTML file to keep.", help_format="plaintext")
DEFAULT = Asked()
Words = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]


@app.default
def report(model: str, /, *, out: Path, asked: Asked = DEFAULT) -> None:
    """Write the answer of `lcot compare` as one HTML file: verdict, charts, tables, assumptions, sources, accuracy.

    Parameters
    ----------
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    out
        The file to write.
    """
    from lcot.cli.compare import answered
    from lcot.report.answer import whole_report
    from lcot.report.render import save

    page_name(out)
    if asked.basis == "api":
        raise InputError("--basis api has no report; allowed: own or rent")
    save(out, whole_report(answered(model, asked, None, 0)))


@app.command
def size(*words: Words, out: Path) -> None:
    """Write the answer of `lcot size`, which takes the same words, as one HTML file.

    Parameters
    ----------
    out
        The file to write.
    """
    again("size", words, out)


@app.command
def market(*words: Words, out: Path) -> None:
    """Write the answer of `lcot market`, which takes the same words, as one HTML file.

    Parameters
    ----------
    out
        The file to write.
    """
    again("market", words, out)


def again(verb: str, words: tuple[str, ...], out: Path) -> None:
    """Ask a verb, and keep its answer."""
    from lcot.cli import run

    page_name(out)
    run([verb, *words, "--html", str(out)])


def page_name(out: Path) -> None:
    """Raises `InputError` for a name that is no page's."""
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--out is {out}; allowed: a name that ends in .html")
