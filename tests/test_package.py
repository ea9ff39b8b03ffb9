"""The package as a whole: start-up, what it exports, the size of its files, and what may not be in it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lcot
from tests.source import ROOT, files, module_name, relative

HEAVY = ("numpy", "scipy", "numba", "pydantic", "polars", "cyclopts", "rich", "ryaml", "vl_convert", "fastapi")
LINES = 350
FORBIDDEN = {
    "a machine's own path": re.compile(r"(?<![\w.])/(work|root|home|tmp)/\w"),
    "a package registry's host": re.compile(r"(?:pypi|pythonhosted|npmjs|registry\.npm)\.(?:org|com)", re.IGNORECASE),
    "a note to oneself": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    "the tools that wrote it": re.compile(r"\b(?:ChatGPT|Copilot|AI[- ]generated|sub-?agent)\b", re.IGNORECASE),
}


def imported_by(*command: str) -> set[str]:
    """Top-level modules in memory after a run of the command line."""
    code = f"import sys; sys.argv = ['lcot', *{list(command)!r}]; from lcot.__main__ import main; main(); "
    code += "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_version_is_answered_before_heavy_imports() -> None:
    assert imported_by("--version") & set(HEAVY) == set()


def test_version_on_the_command_line() -> None:
    program = Path(sys.executable).with_name("lcot")
    done = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == f"lcot {lcot.__version__}\n"


def test_version_is_the_one_of_the_project() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{lcot.__version__}"' in text
    assert f"version: {lcot.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_everything_exported_exists_and_is_documented() -> None:
    exported = list(getattr(lcot, "__all__", ()))
    assert exported == sorted(exported, key=str.lower) or exported == sorted(exported)
    for name in exported:
        thing = getattr(lcot, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert (thing.__doc__ or "").strip(), f"lcot.{name} has no docstring"
            assert not (thing.__doc__ or "").startswith(f"{name}("), f"lcot.{name} has only a generated docstring"


@pytest.mark.parametrize("file", files(), ids=relative)
def test_file_is_short_and_says_what_it_is(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES, "one subject a file; cut it in two"
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "say in the module docstring what the file is for"


@pytest.mark.parametrize("module", [module_name(f) for f in files() if f.name != "__main__.py"])
def test_module_imports_without_a_word(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module(module)
    assert capsys.readouterr() == ("", "")


def tracked() -> list[Path]:
    """Text files of the repository: what git tracks, or everything beside the caches where there is no git."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    names = done.stdout.split("\0") if done.returncode == 0 else [relative(f) for f in files()]
    return [ROOT / n for n in names if n and (ROOT / n).is_file() and (ROOT / n).stat().st_size < 2_000_000]


def test_nothing_that_does_not_belong_is_in_the_repository() -> None:
    found: list[str] = []
    for file in tracked():
        if file == Path(__file__) or file.suffix in {".png", ".parquet", ".zst", ".woff2"}:
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for what, pattern in FORBIDDEN.items():
                if pattern.search(line) and not allowed(file, line):
                    found.append(f"{relative(file)}:{number}: {what}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def allowed(file: Path, line: str) -> bool:
    """A source's address may hold any path; a lock file's hashes may hold any letters."""
    return file.name == "requirements.lock" or "https://" in line


def test_the_lock_names_no_host_and_hashes_everything() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text
    pinned = re.split(r"\n(?=\S)", text.split("\n", 1)[1])
    assert len(pinned) > 50
    assert [p.splitlines()[0] for p in pinned if "--hash=sha256:" not in p] == []


def test_the_lock_covers_what_the_project_declares() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    locked = {normal(m) for m in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)}
    tables = project[project.index("dependencies = [") : project.index("[project.scripts]")]
    wanted = {normal(m) for m in re.findall(r'"([A-Za-z][\w.-]*)(?:\[[\w,]+\])?>=', tables)}
    assert len(wanted) > 25
    assert wanted - locked == set(), "run scripts/lock"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
