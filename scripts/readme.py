"""Fill the marked blocks of README.md with real output.

A block starts with ``<!-- output: COMMAND -->`` and ends with ``<!-- end -->``. The command is run in the
repository's environment and what lies between the marks is replaced by the command and what it printed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(<!-- output: (?P<command>.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def output(command: str) -> str:
    """What ``command`` prints. Raises `CalledProcessError` where it fails."""
    program, *arguments = shlex.split(command)
    environment = os.environ | {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}
    path = Path(sys.executable).parent / program
    done = subprocess.run(
        [path, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip()


def fill(text: str) -> str:
    """``text`` with every block filled afresh."""

    def block(match: re.Match[str]) -> str:
        command = match["command"]
        return f"{match[1]}```console\n$ {command}\n{output(command)}\n```\n{match[3]}"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(fill(readme.read_text(encoding="utf-8")), encoding="utf-8")
