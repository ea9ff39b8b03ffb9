"""The console command: answers ``--version`` at once, imports the rest only when needed."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the ``lcot`` command."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from importlib.metadata import version

        print(f"lcot {version('lcot')}")
        return
    from lcot.cli import run

    run()


def command() -> None:
    """Run the ``lcot`` command as a process of its own, which ends as soon as it has said what it has to say."""
    main()
    leave()


def leave() -> None:
    """End the process: taking a whole catalogue apart first, object by object, would take a quarter of a second."""
    import atexit
    import threading

    if threading.active_count() > 1:
        return  # something still works
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # Python says what is wrong with the stream
    os._exit(0)


if __name__ == "__main__":
    command()
