"""The console command: answers ``--version`` at once, imports the rest only when needed."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the ``lcot`` command."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from importlib.metadata import version

        print(f"lcot {version('lcot')}")
        return
    from lcot.cli import run

    run()


if __name__ == "__main__":
    main()
