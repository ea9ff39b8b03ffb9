"""Every floor imports only from floors below."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.source import ROOT, SOURCE

LINTER = Path(sys.executable).with_name("lint-imports")


def test_the_contract_is_kept() -> None:
    done = subprocess.run([LINTER, "--no-cache"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


def test_every_package_is_on_a_floor() -> None:
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[[tool.importlinter.contracts]]")[1]
    packages = {p.name for p in SOURCE.iterdir() if (p / "__init__.py").exists()}
    modules = {p.stem for p in SOURCE.glob("*.py")} - {"__init__"}
    assert {name for name in packages | modules if f"lcot.{name}" not in contract} == set()


def test_the_contract_can_fail(tmp_path: Path) -> None:
    """An upward import is caught, so a pass means something."""
    package = tmp_path / "house"
    for floor in ("", "low", "high"):
        (package / floor).mkdir(parents=True, exist_ok=True)
        (package / floor / "__init__.py").write_text("", encoding="utf-8")
    (package / "low" / "thing.py").write_text("import house.high\n", encoding="utf-8")
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = house\n[importlinter:contract:1]\nname = floors\ntype = layers\n"
        "layers =\n    house.high\n    house.low\n",
        encoding="utf-8",
    )
    done = subprocess.run([LINTER, "--no-cache"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "house.low.thing -> house.high" in done.stdout
