"""Write the pages that follow from the code: reference (one entry a module), nomenclature, equations."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "lcot"
FLOORS = {
    "": "Ground",
    "facts": "Facts",
    "workload": "Workload",
    "steptime": "Step time",
    "serving": "Serving",
    "cost": "Cost",
    "choice": "Choice",
    "market": "Market",
    "trace": "Trace",
    "report": "Report",
    "validation": "Validation",
    "cli": "Command line",
    "web": "Page",
}


def modules() -> Iterator[tuple[str, str, Path]]:
    """Floor, dotted name and file of every public module, floor by floor."""
    found: list[tuple[int, str, str, Path]] = []
    for file in SOURCE.rglob("*.py"):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if any(part.startswith("_") for part in parts):
            continue
        floor = parts[0] if parts and parts[0] in FLOORS else ""
        found.append((list(FLOORS).index(floor), floor, ".".join(("lcot", *parts)), file))
    for _, floor, name, file in sorted(found):
        yield floor, name, file


def write(folder: Path) -> None:
    """Write all generated pages into ``folder``."""
    (folder / "reference").mkdir(parents=True, exist_ok=True)
    save(folder / "nomenclature.rst", nomenclature())
    save(folder / "equations.rst", equations())
    pages = reference()
    for stale in set((folder / "reference").glob("*.rst")) - {folder / "reference" / f"{name}.rst" for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        save(folder / "reference" / f"{name}.rst", text)


def save(file: Path, text: str) -> None:
    """Write where the text is new, so that an unchanged page is not built again."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def heading(text: str, line: str) -> str:
    """A section title."""
    return f"{text}\n{line * len(text)}\n\n"


def reference() -> dict[str, str]:
    """One page a floor, one entry a module, and the index of the floors."""
    pages: dict[str, str] = {}
    for floor, title in FLOORS.items():
        names = [name for at, name, _ in modules() if at == floor]
        if names:
            entries = "".join(
                heading(name, "-")
                + f".. automodule:: {name}\n   :members:\n   :ignore-module-all:\n   :member-order: bysource\n\n"
                for name in names
            )
            pages[floor or "ground"] = heading(title, "=") + entries
    index = heading("Reference", "=") + ".. toctree::\n   :maxdepth: 2\n\n" + "".join(f"   {p}\n" for p in pages)
    return pages | {"index": index}


def nomenclature() -> str:
    """Every field of every frozen dataclass, with the meaning and unit written beside it in the source."""
    text = heading("Nomenclature", "=") + (
        "Every quantity that crosses a floor, as the types name it. Numbers are SI, US dollars and tokens; a *number*\n"
        "is a float or an array. The table is made from the source.\n\n"
    )
    for floor, title in FLOORS.items():
        types = [(name, *made) for at, name, file in modules() if at == floor for made in dataclasses(file)]
        if types:
            text += heading(title, "-")
        for module, name, summary, fields in types:
            text += heading(name, "~") + f":py:class:`{module}.{name}`: {summary}\n\n"
            text += ".. list-table::\n   :widths: 26 20 54\n   :header-rows: 1\n\n"
            text += "   * - Name\n     - Type\n     - Meaning\n"
            for field, kind, meaning in fields:
                text += f"   * - ``{field}``\n     - ``{kind}``\n     - {escape(meaning)}\n"
            text += "\n"
    return text


def dataclasses(file: Path) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Name, summary and fields (name, type, meaning) of each public dataclass of a file."""
    source = file.read_text(encoding="utf-8")
    remarks = comments(source)
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
            continue
        if not any("dataclass" in ast.unparse(d) for d in node.decorator_list):
            continue
        fields = [
            (f.target.id, ast.unparse(f.annotation), remarks.get(f.end_lineno or f.lineno, ""))
            for f in node.body
            if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)
        ]
        if fields:
            yield node.name, (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " "), fields


def comments(source: str) -> dict[int, str]:
    """Comment at the end of each line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def escape(text: str) -> str:
    """Plain text as reStructuredText, keeping literals."""
    pieces = re.split(r"(``[^`]+``|`[^`]+`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*|_\\])", r"\\\1", p) for p in pieces)


def equations() -> str:
    """Every formula, floor by floor, with what it computes and where it comes from."""
    text = heading("Equations", "=") + (
        "Each formula exists once in the code. This page is made from the docstrings of the functions that compute\n"
        "them; follow a name to the parameters and their units.\n\n"
    )
    for floor, title in FLOORS.items():
        entries = [
            (name, node.name, inspect.cleandoc(ast.get_docstring(node) or ""))
            for at, name, file in modules()
            if at == floor
            for node in ast.parse(file.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]
        entries = [entry for entry in entries if ".. math::" in entry[2]]
        if entries:
            text += heading(title, "-")
        for module, name, doc in entries:
            text += f":py:func:`{module}.{name}`\n   {doc.partition(chr(10))[0]}\n\n"
            text += "".join(indent(block) for block in formulas(doc))
            text += "".join(indent(block) for block in sources(doc))
    return text


def formulas(doc: str) -> Iterator[str]:
    """Each ``.. math::`` block of a docstring."""
    lines = doc.splitlines()
    for start, line in enumerate(lines):
        if line.strip().startswith(".. math::"):
            margin = len(line) - len(line.lstrip())
            end = start + 1
            while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin):
                end += 1
            yield inspect.cleandoc("\n" + "\n".join(lines[start:end])) + "\n"


def sources(doc: str) -> Iterator[str]:
    """The References section of a docstring."""
    found = re.search(r"^References\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", doc, re.DOTALL | re.MULTILINE)
    if found:
        yield "Source: " + inspect.cleandoc("\n" + found[1]).strip() + "\n"


def indent(block: str) -> str:
    """A block inside a definition."""
    return "".join(f"   {line}\n" if line else "\n" for line in block.splitlines()) + "\n"
