"""Named numbers with formulas that can be read and computed again."""

import numpy as np
import pytest

from lcot.cell import Cell
from lcot.trace.leaves import Held, leaf
from lcot.trace.nodes import LONGEST, nodes_of
from lcot.trace.notation import plain, written
from lcot.trace.numbers import numbers
from lcot.trace.plans import trace
from tests.trace.questions import ASKED, asked, best

WORDS = {"max": np.maximum, "min": np.minimum, "where": np.where, "interp": np.interp, "expm1": np.expm1,
         "log1p": np.log1p, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "ceil": np.ceil, "floor": np.floor,
         "total": lambda *parts: sum(parts), "logical_not": np.logical_not, "logical_and": np.logical_and,
         "logical_or": np.logical_or, "abs": abs, "log2": np.log2, "nan": np.nan, "inf": np.inf}  # fmt: skip


def value_of_expression(text, values):
    """An expression of the JSON, computed with nothing but NumPy."""
    return eval(text, {"__builtins__": {}}, {**WORDS, "array": np.array, **values})


def a_leaf(name, value):
    return leaf(value, Held(name, "1", "test"))


def test_formulas_by_hand():
    a, b, c = a_leaf("a", 2.0), a_leaf("b", 3.0), a_leaf("c", 4.0)
    made = {id(a): "a", id(b): "b", id(c): "c"}

    def text(cell):
        return written(cell, lambda one: made.get(id(one)))

    assert text((a + b) * c) == "(a + b) * c"
    assert text(a + b * c) == "a + b * c"
    assert text(a - (b - c)) == "a - (b - c)"
    assert text(a / (b * c)) == "a / (b * c)"
    assert text(a / b / c) == "a / b / c"
    assert text((-a) ** 2.0) == "(-a) ** 2"
    assert text((a ** (b + 1.0)) ** c) == "(a ** (b + 1)) ** c"
    assert text(np.maximum(a, 1e-9) * -2.5) == "max(a, 1e-09) * (-2.5)"
    assert text((a > b) & ~(b > c)) == "logical_and(a > b, logical_not(b > c))"
    assert plain(np.array([1.0, 2.5])) == "array([1, 2.5])"


@pytest.mark.parametrize("what", ASKED, ids=lambda what: what[0])
def test_every_expression_gives_its_value_with_numpy_alone(what):
    results = numbers(trace(best(*what), asked(*what)))
    nodes = nodes_of(results)
    values = {}
    for node in nodes.values():
        expression = node.expression()
        values[node.id] = value_of_expression(expression, values) if expression else node.value
        assert np.allclose(values[node.id], node.value, rtol=1e-12, atol=0.0, equal_nan=True), expression
    assert {id(cell) for cell in results.values()} <= set(nodes)


def test_names_come_from_the_functions_and_every_dollar_has_a_unit():
    results = numbers(trace(best(*ASKED[0]), asked(*ASKED[0])))
    nodes = list(nodes_of(results).values())
    blended = next(node for node in nodes if node.cell is results["blended"])
    assert blended.unit == "USD/token"
    assert blended.told.name == "lcot.cost.allocation.blended"
    assert blended.told.references[0].startswith("deepseek2025")
    formulas = {node.shown: node.formula() for node in nodes}
    assert formulas["lines.energy"] == "drawn * us-colocation.electricity.price"
    assert formulas["drawn"].endswith("us-colocation.pue")
    units = {node.shown: node.unit for node in nodes}
    assert units["lines.energy"] == "USD/s"
    assert units["drawn"] == "W"
    priced = [node for node in nodes if node.told and node.told.name.startswith("lcot.cost.")]
    assert sum(not node.unit for node in priced) <= 0.05 * len(priced)
    assert sum(not node.unit for node in nodes) <= 0.2 * len(nodes)


def test_long_formulas_are_cut():
    a = a_leaf("a", 1.0)
    long = a
    for i in range(200):
        long = long / (a + float(i + 2)) * 100.0
    nodes = nodes_of({"long": long})
    assert len(nodes) > 200 * 2 / LONGEST
    assert isinstance(long, Cell)
