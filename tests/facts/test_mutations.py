"""Ten thousand files with one slip each: an error that names the file and the key, or a valid system; nothing else."""

import random
import re
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lcot.errors import LcotError, ParseError
from lcot.facts import catalog
from lcot.facts.new import TIERS, new
from lcot.facts.types import System

SYSTEMS = ["hgx-h200", "cs-3", "galaxy-wh", "n300-card", "groqnode", "p100-card", "sambarack-sn50", "lpx-rack"]
TEXTS = [(catalog.SHIPPED / "systems" / f"{id}.yaml").read_text() for id in SYSTEMS] + [new(family) for family in TIERS]
WORDS = [
    "null", "true", "[]", "{}", "-1", "0", "1e308", "1e-300", ".inf", ".nan", "2026-02-30", "text", "TB/s", "W", "USD",
    "''", "~", "{value: 1}", "[1, 2]", "*a", "&a 1", "!!int x", "|", "'", '"', "\t", "#", ":", "-", "\0", "é",
    "\U0001f600",
]  # fmt: skip
KINDS = ("drop_line", "repeat_line", "drop_letter", "swap_letters", "word", "key", "number", "indent", "cut", "insert")


def mutate(text: str, kind: str, dice: random.Random) -> str:
    """The text with one slip of one kind."""
    lines = text.splitlines(keepends=True)
    n, at = dice.randrange(len(lines)), dice.randrange(len(text))
    match kind:
        case "drop_line":
            return "".join(lines[:n] + lines[n + 1 :])
        case "repeat_line":
            return "".join([*lines[:n], lines[n], *lines[n:]])
        case "drop_letter":
            return text[:at] + text[at + 1 :]
        case "swap_letters":
            return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        case "indent":
            lines[n] = dice.choice(["", " ", "   ", "      "]) + lines[n].lstrip(" ")
            return "".join(lines)
        case "cut":
            return text[:at]
        case "insert":
            return text[:at] + dice.choice(WORDS) + text[at:]
    pattern = {"word": r"(?<=: )[^,{}\n]+", "key": r"[\w.]+(?=:)", "number": r"(?<=[ \[])-?\d[\d.]*"}[kind]
    places = list(re.finditer(pattern, text))
    place = dice.choice(places)
    old = place.group()
    choices = {
        "key": [old + "x", old[1:], old.replace(".", "_"), "1"],
        "number": ["-" + old, old + "e9", old + "x", "0"],
    }
    return text[: place.start()] + dice.choice(choices.get(kind, WORDS)) + text[place.end() :]


def read(path: Path) -> tuple[System | None, LcotError | None]:
    """The system, or the error in words; any other exception goes through."""
    try:
        return catalog.system(path), None
    except LcotError as error:
        return None, error


def outcome(path: Path, text: str) -> str:
    """What came of reading the text: read, or refused; anything else is raised."""
    path.write_text(text, encoding="utf-8")
    system, refusal = read(path)
    if isinstance(refusal, ParseError):
        assert str(path) in str(refusal)
        assert refusal.key or refusal.line is not None or "holds" in str(refusal), str(refusal)
        return "refused"
    assert isinstance(system, System)
    assert system.count >= 1
    for fact in (*system.facts.values(), *system.chip.facts.values()):
        assert fact.value is None or fact.sources
        assert fact.low is None or fact.low <= fact.value <= fact.high
    return "read"


def test_ten_thousand_single_slips(tmp_path: Path) -> None:
    dice, seen = random.Random(2026), Counter[str]()
    for case in range(10_000):
        text = mutate(TEXTS[case % len(TEXTS)], KINDS[dice.randrange(len(KINDS))], dice)
        try:
            seen[outcome(tmp_path / "mine.yaml", text)] += 1
        except Exception as error:
            raise AssertionError(f"case {case}: {type(error).__name__}: {error}\n{text}") from error
    assert seen["refused"] > 3_000
    assert seen["read"] > 500


@settings(
    max_examples=300, deadline=None, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck)
)
@given(st.sampled_from(TEXTS), st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), st.integers(0, 2**32))
def test_several_slips(tmp_path_factory: object, text: str, kinds: list[str], seed: int) -> None:
    dice = random.Random(seed)
    for kind in kinds:
        if len(text) > 80 and re.search(r"(?<=[ \[])-?\d", text):
            text = mutate(text, kind, dice)
    folder = tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    assert outcome(folder / "slips.yaml", text) in ("read", "refused")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: object, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"  # type: ignore[attr-defined]
    path.write_bytes(content)
    system, refusal = read(path)
    assert system is None
    assert str(path) in str(refusal)
