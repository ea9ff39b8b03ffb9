"""Cells keep their formula or refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.cell import Cell, TraceLost, evaluate, in_order, interp, total, value_of, where, whole

NUMBER = st.floats(0.1, 1e6)


def test_a_formula_by_hand_and_again_with_another_input():
    a, b = Cell(3.0), Cell(4.0)
    made = (2.0 * a + b) / 5.0  # (6 + 4) / 5
    assert made.value == 2.0
    assert evaluate([made]) == [2.0]
    assert evaluate([made], {b: 9.0}) == [3.0]
    assert in_order([made])[-1] is made


@pytest.mark.parametrize(
    "lose",
    [
        bool, float, int, complex, round, len, list, iter, np.asarray, np.float64, np.max, np.mean, np.stack, np.any,
        lambda cell: range(10)[cell], lambda cell: "yes" if cell > 1 else "no", lambda cell: np.add.reduce(cell),
        lambda cell: np.zeros(3) + np.sin(cell), lambda cell: np.array([cell, 1.0]), lambda cell: f"{cell:.3f}",
        lambda cell: np.sum(cell, axis=0), lambda cell: cell in (1.0, 2.0), lambda cell: max(cell, 1.0),
        lambda cell: np.add(cell, 1.0, out=np.zeros(3)), lambda cell: np.full(3, cell), lambda cell: np.sqrt([cell]),
    ],
)  # fmt: skip
def test_what_would_lose_the_trace_raises(lose):
    with pytest.raises((TraceLost, TypeError)):
        lose(Cell(np.array([1.0, 2.0, 3.0])))


def test_an_array_that_would_take_a_cell_in_refuses():
    array = np.zeros(2)
    with pytest.raises((TraceLost, ValueError)):
        array[0] = Cell(1.0)


@given(NUMBER, NUMBER)
def test_primitives_agree_on_floats_arrays_and_cells(x, y):
    def both(function, *numbers):
        plain = function(*numbers)
        cells = function(*map(Cell, numbers))
        assert isinstance(cells, Cell)
        assert evaluate([cells])[0] == cells.value == plain

    both(lambda a, b: where(a > b, a, b), x, y)
    both(lambda a, b: np.where(a > b, a - b, b), x, y)
    both(lambda a, b: np.maximum(a, b) + np.minimum(a, b) * np.ceil(a) - np.floor(b), x, y)
    both(lambda a, b: np.exp(-a / b) + np.log(a) * np.sqrt(b) + np.expm1(-a) + np.log1p(b), x, y)
    both(lambda a, b: np.clip(a, 1.0, 10.0) + abs(b) ** 0.5, x, y)
    assert np.array_equal(where(np.array([True, False]), x, y), [x, y])
    assert total([Cell(x), y]).value == total([x, y]) == x + y


def test_interpolation_is_numpys():
    xs, ys = np.array([1.0, 2.0, 4.0]), np.array([10.0, 30.0, 20.0])
    for x in (0.0, 1.0, 1.5, 3.0, 4.0, 9.0):
        assert interp(Cell(x), Cell(xs), ys).value == np.interp(x, xs, ys)
    assert interp(3.0, xs, ys) == 25.0


def test_elements_and_sums_of_an_array():
    array = Cell(np.arange(6.0).reshape(2, 3))
    made = array[1] * 2.0
    assert np.array_equal(made.value, [6.0, 8.0, 10.0])
    assert np.array_equal(evaluate([made], {array: np.ones((2, 3))})[0], [2.0, 2.0, 2.0])
    assert np.sum(made).value == 24.0
    assert np.shape(made) == (3,)
    assert np.ndim(made) == 1


def test_nothing_added_or_multiplied_is_no_formula():
    cell = Cell(7.0)
    for same in (cell + 0.0, 0.0 + cell, cell - 0.0, cell * 1.0, 1.0 * cell, cell / 1.0, sum([cell])):
        assert same is cell
    assert not isinstance(0.0 * cell, Cell)
    assert isinstance(Cell(0.0) * 2.0, Cell)  # a zero that an input may change stays
    assert (cell + np.zeros(2)).shape == (2,)


def test_the_plain_value_is_asked_for_by_name():
    assert value_of(Cell(2.5)) == value_of(2.5) == 2.5
    assert whole(Cell(8.0)) == whole(np.array([3.0, 8.0])) == 8
