"""Companies that can be valued, and the common way in which this floor reads files of facts.

A company's file says what it sells: ``capacity`` (its own systems, by the hour), ``systems`` (hardware, once) or
``tokens``. Every number in it is a fact with a source or a declared estimate; a number that nobody published is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.facts.build import make_facts, own_sources
from lcot.facts.catalog import Folders, search_path
from lcot.facts.checking import check_open
from lcot.facts.reading import raise_problems, read_text, read_yaml, validate
from lcot.facts.schema import Identifier, Owner, Text
from lcot.facts.types import Facts

File = TypeVar("File", bound=Owner)


class CompanyFile(Owner):
    """A company."""

    sells: Literal["capacity", "systems", "tokens"]
    """What revenue is paid for."""
    base_year: Annotated[int, Field(ge=2020, le=2040)]
    """Year of the last known revenue, at whose end the value stands."""
    exit_year: Annotated[int, Field(ge=2021, le=2050)]
    """Year whose net income is multiplied."""
    vendor: str = ""
    """Id under which it stands among the vendors of the market."""
    market: Identifier = "deloitte_2028"
    """Definition of the market in which its share counts, unless another is asked for."""
    system: Identifier | None = None
    """The system by which capacity is counted and tokens are costed."""
    aliases: list[Text] = Field(default_factory=list[str])
    """Other names under which it is found."""


class ValuationFile(Owner):
    """Definitions of the market and the named cases of margin, multiple and discount."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company and its facts."""

    id: str
    name: str
    sells: str  # capacity | systems | tokens
    base_year: int
    exit_year: int
    vendor: str
    market: str  # id of a definition of the market
    system: str  # id of a system, "" without one
    facts: Facts
    note: str = ""


def read(form: type[File], path: Path) -> tuple[File, Facts]:
    """A checked file and its facts in SI. Raises `ParseError` that tells every problem of the file."""
    text = read_text(path)
    file, problems = validate(form, read_yaml(path, text), path, text)
    raise_problems(path, problems)
    assert file is not None
    shared = catalog.sources()
    raise_problems(path, check_open(file, shared, path, text))
    return file, make_facts(file.id, file.facts, {**shared, **own_sources(file)})


def ids(kind: str, folders: Folders = ()) -> list[str]:
    """Ids of all companies, deals or claims, sorted."""
    return sorted({path.stem for folder in search_path(folders) for path in (folder / kind).glob("*.yaml")})


def find(kind: str, name: str, folders: Folders = ()) -> Path:
    """The file of a company, deal or claim by id, alias or path. Raises `UnknownName`."""
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    wanted = " ".join(name.lower().split())
    aliases: dict[str, Path] = {}
    for folder in reversed(search_path(folders)):
        for path in sorted((folder / kind).glob("*.yaml")):
            listed = read_yaml(path).get("aliases", [])
            aliases |= {" ".join(str(one).lower().split()): path for one in listed if isinstance(listed, list)}
            aliases[path.stem] = path
    if wanted in aliases:
        return aliases[wanted]
    raise UnknownName({"companies": "company"}.get(kind, kind.removesuffix("s")), name, aliases)


def company(name: str, folders: Folders = ()) -> Company:
    """The company of this id, alias or path. Raises `UnknownName`, `ParseError`."""
    file, facts = read(CompanyFile, find("companies", name, folders))
    return Company(
        file.id, file.name, file.sells, file.base_year, file.exit_year, file.vendor, file.market, file.system or "",
        facts, file.note,
    )  # fmt: skip


def definitions(folders: Folders = ()) -> Facts:
    """Market definitions and named cases: ``market.<name>``, ``case.<name>.margin`` and so on."""
    for folder in search_path(folders):
        path = folder / "valuation.yaml"
        if path.is_file():
            return read(ValuationFile, path)[1]
    raise UnknownName("file", "valuation.yaml", [str(folder) for folder in search_path(folders)])
