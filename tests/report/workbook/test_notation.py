"""Formulas of sheets, by hand."""

import numpy as np
import pytest

from lcot.cell import Cell, interp, total, where
from lcot.report.workbook.notation import formula, literal


def text(cell, places, element=0):
    def refer(one, place):
        name = places.get(id(one))
        return f"{name}{place + 1}" if name and np.ndim(one.value) else name

    return formula(cell, element, refer)


def test_operators_keep_their_order():
    a, b, c = Cell(2.0), Cell(3.0), Cell(4.0)
    places = {id(a): "A1", id(b): "B1", id(c): "C1"}
    assert text((a + b) * c, places) == "=(A1+B1)*C1"
    assert text(a - (b - c), places) == "=A1-(B1-C1)"
    assert text(a / (b * c), places) == "=A1/(B1*C1)"
    assert text(-(a**2.0), places) == "=(-(POWER(A1,2)))"
    assert text(where(a > b, np.maximum(a, b), np.minimum(b, 0.5)), places) == "=IF(A1>B1,MAX(A1,B1),MIN(B1,0.5))"
    assert text(np.ceil(a) + np.floor(b), places) == "=(-INT(-(A1)))+INT(B1)"
    assert text(total([a, b, 1.0]), places) == "=SUM(A1,B1,1)"
    assert text((a > b) & ~(b >= c), places) == "=AND(A1>B1,NOT(B1>=C1))"
    assert text(a * (b > c), places) == "=A1*(B1>C1)"


def test_arrays_are_written_by_element():
    a, b = Cell(np.array([[1.0, 2.0], [3.0, 4.0]])), Cell(5.0)
    places = {id(a): "A", id(b): "B9"}
    assert text(a * b + np.array([1.0, -2.0]), places, 3) == "=A4*B9+(-2)"
    assert text(a[1] / b, places, 1) == "=A4/B9"
    assert text(a[1][0] - b, places) == "=A3-B9"
    assert text(np.sum(a), places) == "=SUM(A1,A2,A3,A4)"


def test_interpolation_without_look_up():
    x = Cell(1.5)
    made = text(interp(x, np.array([1.0, 2.0]), np.array([10.0, 30.0])), {id(x): "X1"})
    assert made == "=10+IF(2>1,(30-10)*MAX(0,MIN(1,(X1-1)/(2-1))),0)"


@pytest.mark.parametrize(
    ("number", "written"),
    [(3.0, "3"), (0.1, "0.1"), (1e-300, "1E-300"), (-2.5e20, "-2.5E+20"), (np.nan, "NA()"), (np.inf, "9.99E+307")],
)
def test_plain_numbers(number, written):
    assert literal(number) == written
