"""Amounts in units that people read."""

import numpy as np
import pytest

from lcot.report.amounts import amount


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (4.8e12, "B/s", "4.8 TB/s"),
        (0.0184, "s", "18.4 ms"),
        (3.3626e-07, "USD/token", "0.3363 USD/Mtok"),
        (2.4167e-08, "USD/J", "0.087 USD/kWh"),
        (13050.0, "W", "13.05 kW"),
        (264000.0, "USD", "264 kUSD"),
        (7.0, "1", "7"),
        (1e-9, "USD/s", "3.6e-06 USD/h"),
        (np.array([1.0, 1024.0]), "1", "1 to 1024"),
        (np.array([2.0, 2.0]), "s", "2 s"),
        (1.5768e8, "s", "5 year"),
        (3.0, "furlong", "3 furlong"),
    ],
)
def test_four_digits_and_a_unit(value, unit, written):
    assert amount(value, unit) == written
