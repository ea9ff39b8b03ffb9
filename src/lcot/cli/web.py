"""`lcot web`: the local page."""

from __future__ import annotations

import secrets
import threading
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from lcot.cli.question import Asked
from lcot.errors import DomainError, InputError

if TYPE_CHECKING:
    from lcot.choice.types import Question

LOOPBACK = ("127.0.0.1", "localhost")


def web(
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    no_browser: Annotated[bool, Parameter(name="--no-browser", negative=())] = False,
) -> None:
    """Open the local page.

    Parameters
    ----------
    host
        Address to listen on; any but this machine's own needs the token that is printed.
    port
        Port to listen on.
    no_browser
        Do not open a browser.
    """
    if not 1 <= port <= 65535:
        raise DomainError("--port", port, "1 to 65535")
    try:
        from uvicorn import run as serve

        from lcot.web.app import create
    except ImportError as error:
        raise InputError("the page needs more packages: pip install 'lcot[web]'") from error
    token = token_for(host)
    address = f"http://{host}:{port}/" + (f"#token={token}" if token else "")
    print(f"LCOT is at {address} (Ctrl-C ends it)", flush=True)
    if not no_browser:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    serve(create(asked, token, LOOPBACK if not token else ("*",)), host=host, port=port, log_level="warning")


def token_for(host: str) -> str:
    """A fresh token where others can reach the page; none on this machine's own address."""
    return "" if host in LOOPBACK else secrets.token_urlsafe(24)


def asked(model: str, options: Mapping[str, Any]) -> Question:
    """The question in the command line's words."""
    return Asked(**options).question(model)
