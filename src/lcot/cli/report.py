"""`lcot report`: the answer as one file to keep."""

from __future__ import annotations

from pathlib import Path

from lcot.cli.question import Asked

DEFAULT = Asked()


def report(model: str, /, *, out: Path, asked: Asked = DEFAULT) -> None:
    """Write the answer as one HTML file: verdict, front, table, assumptions, sources.

    Parameters
    ----------
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    out
        The file to write.
    """
    from lcot.cli.compare import answered
    from lcot.errors import InputError
    from lcot.report.answer import whole_report
    from lcot.report.render import save

    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--out is {out}; allowed: a name that ends in .html")
    if asked.basis == "api":
        raise InputError("--basis api has no report; allowed: own or rent")
    save(out, whole_report(answered(model, asked, None, 0)))
