"""What docstrings say of formulas, and units that follow from them."""

from lcot.cell import Cell
from lcot.cost.types import Bill, CostPerToken
from lcot.serving.types import Served
from lcot.steptime.types import Breakdown
from lcot.trace.formulas import formula, known, units_of_fields
from lcot.trace.units import complete, powers, unit_of


def test_a_function_in_its_own_words():
    told = formula("lcot.cost.finance", "capital_recovery")
    assert told.title == "Level payment at the end of every period that repays one dollar spent now"
    assert told.math == (r"CRF(r, n) = \frac{r (1 + r)^n}{(1 + r)^n - 1}",)
    assert told.references == ("short1995 chapter 2",)
    assert told.parameters == {"rate": "1", "periods": "1"}
    assert told.result == "1"
    assert formula("lcot.cost.bill", "owned").result == ""  # three results with three units
    assert formula("lcot.cost.finance", "no_such").title == ""
    assert formula("lcot.steptime.types", "Breakdown.total").title == "Seconds of the step"


def test_units_of_fields():
    assert units_of_fields(Breakdown)["compute"] == "s"
    assert units_of_fields(CostPerToken)["blended"] == "USD/token"
    assert units_of_fields(Bill)["lines"] == "USD/s"
    assert units_of_fields(Served)["rate"] == "request/s"
    assert units_of_fields(Served)["power"] == "W"
    assert units_of_fields(int) == {}


def test_units_of_the_table_only():
    assert known("B/s") == "B/s"
    assert known("GB/s") == "B/s"
    assert known("1") == "1"
    assert known("any") == known("furlong") == ""


def cell(unit):
    made = Cell(2.0)
    made.unit = unit
    return made


def followed(result):
    from lcot.cell import in_order

    complete(in_order([result]))
    return unit_of(result)


def test_units_follow_through_formulas():
    watts, tariff, seconds = cell("W"), cell("USD/J"), cell("s")
    assert followed(watts * tariff) == "USD/s"
    assert followed(cell("B") / cell("B/s")) == "s"
    assert followed(cell("USD") / seconds) == "USD/s"
    assert followed(seconds + seconds * 3.0) == "s"
    assert followed(watts * cell("USD/(W*s)")) == "USD/s"
    assert followed(cell("USD") / cell("token")) == "USD/token"
    assert followed(seconds * seconds) == ""  # no unit of the table
    assert followed((seconds * seconds) ** 0.5) == ""
    assert followed(cell("s") + cell("W")) == ""
    assert powers("USD/J") == powers("USD/(W*s)")
