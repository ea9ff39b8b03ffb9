"""What is written about the code is complete and true: units, formulas, sources, examples, pages."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString

from tests.source import FORMULA_FLOORS, ROOT, Function, files, functions, is_public, module_name, relative

DOCS = ROOT / "docs"
QUANTITY = re.compile(r"\b(?:Numeric|float|ndarray|NDArray|Floats|Array)\b")
UNIT = re.compile(r"\[[^\[\]]+\](?!\()")
CITATION = re.compile(r":cite(?::\w+)?:`([^`]+)`")
NO_FORMULA = "No formula:"

FLOOR_FUNCTIONS = list(functions(*FORMULA_FLOORS))
MODULES = [m for m in map(module_name, files()) if is_public(m)]


def named(function: Function) -> str:
    return function.name


def numeric_arguments(function: Function) -> set[str]:
    return {name for name, kind in function.arguments.items() if is_number(kind)}


def is_number(annotation: str) -> bool:
    """A bare quantity or array (also optional, or a tuple of them), not a container of other things or a function.

    An ``int`` is a count of something that its name says, and has no unit.
    """
    return bool(QUANTITY.search(annotation)) and not re.search(r"Callable|dict|Mapping|Sequence|Iterable", annotation)


def bibliography() -> list[str]:
    return re.findall(r"^@\w+\{\s*([^,\s]+)", (DOCS / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)


def test_there_are_functions_to_check() -> None:
    assert len(FLOOR_FUNCTIONS) > 20
    assert any(numeric_arguments(function) for function in FLOOR_FUNCTIONS)


@pytest.mark.parametrize("function", list(functions()), ids=named)
def test_public_function_says_what_it_does(function: Function) -> None:
    summary = function.doc.partition("\n\n")[0]
    assert summary.endswith((".", "?", ":", "]")), (
        f"{function.name}: open with a sentence, ended by a full stop or [unit]"
    )


@pytest.mark.parametrize("function", FLOOR_FUNCTIONS, ids=named)
def test_numeric_parameters_have_units(function: Function) -> None:
    wanted = numeric_arguments(function)
    parsed = NumpyDocString(function.doc)
    described = {
        part.strip(" *"): " ".join([p.type, *p.desc]) for p in parsed["Parameters"] for part in p.name.split(",")
    }
    missing = sorted(name for name in wanted if not UNIT.search(described.get(name, "")))
    assert not missing, f"{function.name}: no [unit] under Parameters for {', '.join(missing)}"
    unknown = sorted(described.keys() - function.arguments.keys())
    assert not unknown, f"{function.name}: documents {', '.join(unknown)}, which it does not take"


@pytest.mark.parametrize("function", FLOOR_FUNCTIONS, ids=named)
def test_numeric_result_has_a_unit(function: Function) -> None:
    if is_number(function.returns):
        returned = NumpyDocString(function.doc)["Returns"]
        text = " ".join(" ".join([r.type, *r.desc]) for r in returned) or function.doc.partition("\n\n")[0]
        assert UNIT.search(text), f"{function.name}: no [unit] of what it returns"


@pytest.mark.parametrize("function", FLOOR_FUNCTIONS, ids=named)
def test_formula_or_the_reason_why_there_is_none(function: Function) -> None:
    if numeric_arguments(function) and is_number(function.returns):
        assert ".. math::" in function.doc or ":math:" in function.doc or NO_FORMULA in function.doc, (
            f"{function.name}: give the formula (.. math::), or the reason after 'No formula:'"
        )


def test_citations_exist_and_are_defined_once() -> None:
    keys = bibliography()
    assert sorted(set(keys)) == sorted(keys), "a key is defined twice in docs/references.bib"
    missing = [
        f"{relative(file)}: {key}"
        for file in [*files(), *DOCS.glob("*.md")]
        for cited in CITATION.findall(file.read_text(encoding="utf-8"))
        for key in (part.strip() for part in cited.split(","))
        if key not in keys
    ]
    assert not missing, "cited but not in docs/references.bib:\n" + "\n".join(missing)


def test_every_reference_has_title_year_and_a_place() -> None:
    entries = re.split(r"(?m)^@", (DOCS / "references.bib").read_text(encoding="utf-8"))[1:]
    assert entries
    for entry in entries:
        key = entry.partition("{")[2].partition(",")[0]
        for field in ("title", "year"):
            assert re.search(rf"\b{field}\s*=", entry), f"{key}: no {field}"
        assert re.search(r"\b(?:url|doi|journal|booktitle|publisher|howpublished|eprint|institution)\s*=", entry), (
            f"{key}: no place"
        )


@pytest.mark.parametrize("module", MODULES)
def test_doctests(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS).failed == 0


def pages() -> object:
    """The script that writes the generated pages, loaded from the documentation folder."""
    spec = importlib.util.spec_from_file_location("pages", DOCS / "pages.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_pages_are_the_modules(tmp_path: Path) -> None:
    pages().write(tmp_path)  # type: ignore[attr-defined]
    text = "\n".join(file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.rst"))
    documented = re.findall(r"^\.\. automodule:: (\S+)", text, re.MULTILINE)
    assert sorted(documented) == sorted(m for m in MODULES if m != "lcot.__main__")


def test_nomenclature_lists_every_field_of_the_types(tmp_path: Path) -> None:
    pages().write(tmp_path)  # type: ignore[attr-defined]
    text = (tmp_path / "nomenclature.rst").read_text(encoding="utf-8")
    for name in ("time_per_output_token", "decode_context", "kv_capacity", "lines"):
        assert f"``{name}``" in text


def test_equations_hold_every_formula(tmp_path: Path) -> None:
    pages().write(tmp_path)  # type: ignore[attr-defined]
    text = (tmp_path / "equations.rst").read_text(encoding="utf-8")
    with_formula = [f for f in FLOOR_FUNCTIONS if ".. math::" in f.doc]
    assert with_formula
    assert [f.name for f in with_formula if f"`{f.name}`" not in text] == []


def test_every_page_is_in_a_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    written = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    assert {page for page in written if not re.search(rf"^{page}$", index, re.MULTILINE)} == set()


def test_links_between_written_pages_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            place = page.parent / target
            generated = place.parent == DOCS and place.stem in {"equations", "nomenclature", "reference"}
            assert place.exists() or generated, f"{relative(page)} links to {target}"
