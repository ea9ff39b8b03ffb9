"""A simulated fleet: its bill follows from the facts, what was simulated is held with seed and hash."""

from dataclasses import replace

import numpy as np
import openpyxl
import pytest

from lcot.cell import evaluate, in_order
from lcot.choice.deploy import Layout
from lcot.choice.sizing import Margins, fleet
from lcot.choice.types import Question
from lcot.errors import InputError, MissingFact
from lcot.facts import catalog
from lcot.report.workbook.sized import write
from lcot.serving.synthetic import open_loop
from lcot.serving.types import Target, Traffic
from lcot.trace.leaves import Given, Held
from lcot.trace.numbers import numbers
from lcot.trace.runs import trace_fleet
from lcot.workload.models import model

QUESTION = Question(
    model("llama-3.3-70b"), (catalog.system("hgx-h200"),), Traffic(1000.0, 200.0), Target(30.0),
    catalog.site("us-colocation"),
)  # fmt: skip


@pytest.fixture(scope="module")
def sized():
    requests = open_loop(20.0, 400, [1000], [200], 1.0, seed=3)
    return fleet(QUESTION, Layout(tensor=8), requests, Target(30.0, 1.0), Margins())


def test_the_bill_is_that_of_the_fleet(sized):
    traced = trace_fleet(sized, QUESTION, 3)
    cost = traced.bill.cost["bottleneck_seconds"]
    wanted = sized.bill.cost["bottleneck_seconds"]
    for kind in ("input", "output", "blended"):
        cell = getattr(cost, kind)
        assert cell.value == pytest.approx(getattr(wanted, kind), rel=1e-12)
        assert evaluate([cell])[0] == cell.value
    assert np.isfinite(numbers(traced)["time per output token at the mean batch"].value)


def test_what_was_simulated_names_method_seed_and_hash(sized):
    cells = in_order([trace_fleet(sized, QUESTION, 3).bill.cost["bottleneck_seconds"].blended])
    held = {c.origin.name: c.origin.why for c in cells if isinstance(c.origin, Held)}
    for name in ("systems", "rate", "power", "input tokens"):
        assert "event kernel" in held[name]
        assert "seed 3; inputs " in held[name]
    facts = {c.name for c in cells if isinstance(c.origin, Given)}
    assert "hgx-h200.price" in facts
    assert not any(name.startswith("h200.") for name in facts)  # nothing of the chip moves a simulated result


def test_workbook_of_a_fleet(sized, tmp_path):
    write(tmp_path / "size.xlsx", sized, QUESTION, ["In words."], 3)
    values = openpyxl.load_workbook(tmp_path / "size.xlsx", data_only=True)
    found = {row[0].value: row[1].value for row in values["Answer"].iter_rows(min_row=4)}
    assert found["blended"] == pytest.approx(sized.bill.cost["bottleneck_seconds"].blended * 1e6, rel=1e-9)
    assert found["systems"] == sized.run.systems
    assert {"Step time", "Bill", "Scenarios", "Held fixed"} <= set(values.sheetnames)


def test_an_unpriced_fleet_has_no_workbook(sized, tmp_path):
    bare = replace(sized, bill=None, unpriced="no sourced value for hgx-h200.price")
    with pytest.raises(MissingFact):
        trace_fleet(bare, QUESTION, 3)
    with pytest.raises(InputError, match="priced"):
        write(tmp_path / "size.xlsx", bare, QUESTION, [], 3)
    assert list(tmp_path.iterdir()) == []
