"""The page, served on a free port of this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def page(seconds: float = 60.0) -> Iterator[str]:
    """The address of a running `lcot web`."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "lcot", "web", "--no-browser", "--port", str(port)])
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
