"""From a YAML file to a checked description: safe YAML, no duplicate keys, every problem reported at its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lcot.errors import ParseError, UnknownName

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from lcot.facts.schema import Strict

    Entry = TypeVar("Entry", bound=Strict)

MAX_BYTES = 4_000_000


def read_text(path: Path) -> str:
    """Text of a file. Raises `ParseError` where it cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ParseError(path, f"the file has more than {MAX_BYTES // 1_000_000} MB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ParseError(path, "the file is not UTF-8 text") from None
    except OSError as error:
        raise ParseError(path, f"cannot be read: {error.strerror or error}") from None


def read_yaml(path: Path, text: str | None = None) -> dict[str, Any]:
    """The mapping in a YAML file. Raises `ParseError` with the line of a syntax error or the duplicate key."""
    import ryaml

    text = read_text(path) if text is None else text
    try:
        data = ryaml.loads(text)  # pyright: ignore[reportPrivateImportUsage]
    except ValueError as error:
        raise _syntax_error(path, text, str(error)) from None
    if not isinstance(data, dict):
        raise ParseError(path, f"holds {_kind(data)}", allowed="a mapping of keys to values")
    return {str(key): value for key, value in data.items()}


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else "a single value"


def _syntax_error(path: Path, text: str, message: str) -> ParseError:
    places = [int(n) for n in re.findall(r"at line (\d+)", message)]
    duplicate = re.search(r'duplicate entry with key "([^"]*)"', message)
    if duplicate:
        key = duplicate.group(1)
        lines = [n for n, line in enumerate(text.splitlines(), 1) if re.search(_key_pattern(key), line)]
        return ParseError(path, "stands twice", line=lines[1] if len(lines) > 1 else None, key=key)
    if not places and (position := re.search(r"at position (\d+)", message)):
        places = [text.encode()[: int(position.group(1))].count(b"\n") + 1]
    line = places[0] if places else None
    return ParseError(path, f"is not YAML: {message}", line=line, key=_key_near(text, line))


def _key_near(text: str, line: int | None) -> str:
    """The last key that stands on a line or above it, or else the first below."""
    lines = text.splitlines()
    for one in [*reversed(lines[:line]), *lines]:
        if match := re.match(r"""\s*(?:- )?["']?([\w.\-]+)["']?\s*:""", one):
            return match.group(1)
    return ""


def _key_pattern(key: str) -> str:
    return rf"""(^|[\s{{,\-])["']?{re.escape(key)}["']?\s*:"""


def line_of(text: str, place: Sequence[str]) -> int | None:
    """Line on which the last key of ``place`` (keys from the top down) stands, as far as it can be told."""
    lines, found = text.splitlines(), None
    start = 0
    for key in place:
        if key.isdigit():
            continue
        first = start == 0 and found is None
        pattern = re.compile(
            (r"^" if first else "") + (_key_pattern(key) if not first else rf"""["']?{re.escape(key)}["']?\s*:""")
        )
        match = next((n for n in range(start, len(lines)) if pattern.search(lines[n])), None)
        if match is None:
            return found
        start, found = match, match + 1
    return found


def validate(
    model: type[Entry], data: object, path: object, text: str = "", under: Sequence[str] = ()
) -> tuple[Entry | None, list[ParseError]]:
    """``data`` as ``model``, or every problem in it."""
    from pydantic import ValidationError

    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = [_problem(one, model, data, path, text, under) for one in error.errors(include_url=False)]
        return None, list({str(problem): problem for problem in found}.values())


def _problem(
    detail: ErrorDetails, model: type[Strict], data: object, path: object, text: str, under: Sequence[str]
) -> ParseError:
    place = _place(detail["loc"], data)
    key, message, allowed = ".".join([*under, *place]), detail["msg"], ""
    message = message.removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden" and place:
        names = _fields_at(model, place[:-1])
        message = str(UnknownName("key", place[-1], names)) if names else "unknown key"
    elif detail["type"] == "missing":
        message = "is missing"
    elif detail["type"] == "literal_error":
        allowed = str(detail.get("ctx", {}).get("expected", ""))
        message = str(UnknownName("value", str(detail["input"])[:40], re.findall(r"'([^']+)'", allowed)))
    elif detail["type"].endswith("_type"):
        message = f"is {str(detail['input'])[:40]!r}"
        allowed = detail["msg"].removeprefix("Input should be ")
    return ParseError(path, message, line=line_of(text, [*under, *place]) if text else None, key=key, allowed=allowed)


def _place(loc: Sequence[str | int], data: object) -> list[str]:
    """The location without what pydantic puts between the keys."""
    place: list[str] = []
    at = data
    loc = [part for part in loc if part not in ("(id)", "(itself)")]
    for n, part in enumerate(loc):
        if isinstance(at, Mapping) and (part in at or n == len(loc) - 1):
            at = at.get(part)
        elif isinstance(at, list) and isinstance(part, int) and part < len(at):
            at = at[part]
        else:
            continue
        place.append(str(part))
    return place


def _fields_at(model: type[Strict], place: Sequence[str]) -> list[str]:
    from lcot.facts import schema

    inner: dict[str, type[Strict]] = {
        "facts": schema.FactEntry,
        "chip_facts": schema.FactEntry,
        "sources": schema.SourceEntry,
    }
    fields = schema.ChipFile if place[:1] == ["chip"] else model
    rest = place[1:] if place[:1] == ["chip"] else place
    return sorted((inner[rest[0]] if rest and rest[0] in inner else fields).model_fields)


def raise_problems(path: object, problems: Sequence[ParseError]) -> None:
    """Raise one `ParseError` that tells all problems of a file, or do nothing if there is none."""
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    first = problems[0]
    rest = "".join(f"\n{problem}" for problem in problems[1:])
    raise ParseError(first.file, f"{first.problem}{rest}", line=first.line, key=first.key, allowed=first.allowed)
