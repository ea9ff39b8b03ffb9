"""The source tree as the quality tests see it: modules, their public functions, docstrings."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "lcot"
FORMULA_FLOORS = ("workload", "steptime", "serving", "cost", "choice", "market")


@dataclass(frozen=True)
class Function:
    """A public function at the top of a module."""

    module: str
    node: ast.FunctionDef

    @property
    def name(self) -> str:
        return f"{self.module}.{self.node.name}"

    @property
    def doc(self) -> str:
        return inspect.cleandoc(ast.get_docstring(self.node) or "")

    @property
    def arguments(self) -> dict[str, str]:
        """Annotation of each parameter, as written."""
        taken = self.node.args
        every = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, *filter(None, (taken.vararg, taken.kwarg))]
        return {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in every}

    @property
    def returns(self) -> str:
        return ast.unparse(self.node.returns) if self.node.returns else ""


def files() -> list[Path]:
    """Every Python file of the package."""
    return sorted(SOURCE.rglob("*.py"))


def module_name(file: Path) -> str:
    """Dotted name of a file of the package."""
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_public(module: str) -> bool:
    """Whether no part of the dotted name starts with an underscore."""
    return not any(part.startswith("_") for part in module.split("."))


def functions(*floors: str) -> Iterator[Function]:
    """Public functions at the top of public modules of some floors (of all without any)."""
    for file in files():
        module = module_name(file)
        if not is_public(module) or (floors and module.split(".")[1:2] not in [[floor] for floor in floors]):
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield Function(module, node)


def relative(file: Path) -> str:
    """Path from the root of the repository."""
    return file.relative_to(ROOT).as_posix()
