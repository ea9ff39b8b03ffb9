"""JSON Schemas of the catalogue's files, so that an editor helps while one types."""

from __future__ import annotations

import ast
import inspect
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from lcot.facts import keys, schema
from lcot.facts.build import units_of
from lcot.facts.keys import Key
from lcot.facts.schema import ChipFile, EngineFile, SiteFile, SourcesFile, Strict, SystemFile
from lcot.units import UNITS

FILES: dict[str, type[Strict]] = {
    "chip": ChipFile,
    "system": SystemFile,
    "engine": EngineFile,
    "site": SiteFile,
    "sources": SourcesFile,
}
FOLDER = Path(__file__).parent.parent / "schema"


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file: chip, system, engine, site or sources."""
    made = FILES[kind].model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    explained = _explanations()
    for part in (made, *made.get("$defs", {}).values()):
        for name, about in part.get("properties", {}).items():
            if name in explained.get(part["title"], {}):
                about["description"] = explained[part["title"]][name]
    entries = made.get("$defs", {}).get("FactEntry")
    if entries is not None:
        entries["properties"]["unit"]["enum"] = ["", *UNITS]
    for name, table in (("ChipFile", keys.CHIP), ("SystemFile", keys.SYSTEM)):
        owner = made if made.get("title") == name else made.get("$defs", {}).get(name)
        if owner is not None:
            _name_keys(owner["properties"]["facts"], table)
            if "chip_facts" in owner["properties"]:
                _name_keys(owner["properties"]["chip_facts"], keys.CHIP)
    return made


def _explanations() -> dict[str, dict[str, str]]:
    """Class -> attribute -> the sentence below it in the source, with those of the classes it is made from."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(schema)).body:
        if isinstance(node, ast.ClassDef):
            bases = [found.get(base.id, {}) for base in node.bases if isinstance(base, ast.Name)]
            found[node.name] = {name: text for base in bases for name, text in base.items()}
            for above, below in pairwise(node.body):
                if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                    match above:
                        case ast.AnnAssign(target=ast.Name(id=name)):
                            found[node.name][name] = str(below.value.value)
                        case _:
                            pass
    return found


def _name_keys(facts: dict[str, Any], table: dict[str, Key]) -> None:
    """Offer the known keys, with what they are measured in, and refuse others."""
    entry = {"$ref": "#/$defs/FactEntry"}
    plain = {key: {**entry, "description": _describe(known)} for key, known in table.items() if "*" not in key}
    starred = {
        "^" + key.replace(".", r"\.").replace("*", "[a-z0-9_-]+") + "$": {**entry, "description": _describe(known)}
        for key, known in table.items()
        if "*" in key
    }
    facts["properties"] = plain
    facts["patternProperties"] = {**starred, r"^other\.": entry}
    facts["additionalProperties"] = False


def _describe(known: Key) -> str:
    if known.texts:
        return "one of " + ", ".join(known.texts)
    unit = "text" if known.dimension == "text" else "in " + ", ".join(units_of(known.dimension))
    return unit + (f"; scope: {', '.join(known.scopes)}" if known.scopes else "")


def write(folder: Path = FOLDER) -> list[Path]:
    """Write all schemas into a folder, as they ship."""
    paths: list[Path] = []
    for kind in FILES:
        path = folder / f"{kind}.json"
        path.write_text(json.dumps(json_schema(kind), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
