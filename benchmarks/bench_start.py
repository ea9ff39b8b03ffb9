"""How long the command takes to start, against a bare interpreter."""

from __future__ import annotations

import subprocess
import sys

from clock import ratio


def run(*arguments: str) -> None:
    """Run the interpreter with ``arguments`` and wait."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    ratio("lcot --version against python -c pass", lambda: run("-m", "lcot", "--version"), lambda: run("-c", "pass"))
    ratio("import lcot against import numpy", lambda: run("-c", "import lcot"), lambda: run("-c", "import numpy"))
