"""Every error says what is wrong, where, and what is allowed."""

from __future__ import annotations

import inspect

import pytest

from lcot import errors
from lcot.errors import DomainError, Infeasible, InputError, LcotError, MissingFact, ParseError, UnknownName

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


def test_the_tree_is_drawn_in_the_module_docstring() -> None:
    assert len(KINDS) == 7
    for kind in KINDS:
        assert kind.__name__ in (errors.__doc__ or "")
        assert issubclass(kind, LcotError)


def test_the_tree_has_the_shape_that_is_drawn() -> None:
    assert {k for k in KINDS if issubclass(k, InputError)} == {InputError, UnknownName, DomainError, ParseError}
    assert not issubclass(MissingFact, InputError)
    assert not issubclass(Infeasible, InputError)


def test_unknown_name_offers_the_nearest() -> None:
    error = UnknownName("system", "hgx-h20", ["hgx-h200", "cs-3"], where="--systems")
    assert str(error) == "--systems: unknown system 'hgx-h20'; did you mean 'hgx-h200'?"
    assert error.nearest == ["hgx-h200"]


def test_unknown_name_lists_what_is_allowed_where_nothing_is_near() -> None:
    assert str(UnknownName("basis", "zzz", ["rent", "own"])) == "unknown basis 'zzz'; allowed: own, rent"
    assert str(UnknownName("unit", "q", [])) == "unknown unit 'q'; none is known"
    many = str(UnknownName("model", "#", [f"m{i:02d}" for i in range(40)]))
    assert many.endswith("m11, ... (40 in all)")


def test_domain_error_shows_value_and_domain() -> None:
    assert str(DomainError("speed", -1, "more than 0 token/s")) == "speed is -1; allowed: more than 0 token/s"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "a.yaml: not a mapping"),
        ({"line": 3}, "a.yaml:3: not a mapping"),
        (
            {"line": 3, "key": "facts.price", "allowed": "a number"},
            "a.yaml:3: facts.price: not a mapping; allowed: a number",
        ),
    ],
)
def test_parse_error_carries_file_line_and_key(options: dict[str, object], message: str) -> None:
    assert str(ParseError("a.yaml", "not a mapping", **options)) == message  # type: ignore[arg-type]


def test_missing_fact_names_it_and_how_to_supply_it() -> None:
    message = str(MissingFact("cs-3", "price", "the bill"))
    assert "cs-3.price (needed for the bill)" in message
    assert "--set cs-3.price=" in message


def test_infeasible_carries_the_limit() -> None:
    assert Infeasible("no layout holds the weights", limit="memory").limit == "memory"
