"""What deals imply, against figures worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import DomainError, MissingFact
from lcot.market.deals import deal, deal_ids, gross_margin, implied, life_for_margin, per_watt_year
from lcot.market.deals_tokens import Delivered, Load, delivered, usd_per_token

CEREBRAS = deal("openai-cerebras-750mw")


@pytest.mark.parametrize(
    ("value", "per_mw", "yearly", "hourly", "margins"),
    [
        (20e9, 26.7, 8.89, 23.34, (0.3, 18.7, 29.7, 37.0)),
        (24.6e9, 32.8, 10.93, 28.71, (19.0, 33.9, 42.8, 48.8)),
    ],
)
def test_openai_and_cerebras(value, per_mw, yearly, hourly, margins):
    i = implied(CEREBRAS, value)
    assert i.per_watt == pytest.approx(per_mw, abs=0.05)
    assert i.per_watt_year == pytest.approx(yearly, abs=0.005)
    assert i.per_system_hour == pytest.approx(hourly, abs=0.01)
    assert i.systems / 750 == pytest.approx(43.5, abs=0.05)
    assert [100 * m for m in i.margins.values()] == pytest.approx(margins, abs=0.06)
    assert not i.absent


def test_the_guided_margin_asks_for_a_life_of_about_five_years():
    lives = [implied(CEREBRAS, value).life_at_guidance for value in (20e9, 24.6e9)]
    assert 4 < lives[1] < 5 < lives[0] < 7


def test_spacex_is_told_by_the_chip_hour():
    i = implied(deal("anthropic-spacex"))
    assert i.per_watt_year == pytest.approx(50.0)
    assert i.per_chip_hour == pytest.approx(7.78, abs=0.005)
    assert i.absent == ("anthropic-spacex.cost.hardware",)


def test_a_deal_without_a_value_says_so():
    with pytest.raises(MissingFact, match=r"anthropic-google-broadcom\.value"):
        implied(deal("anthropic-google-broadcom"))


@pytest.mark.parametrize("name", deal_ids())
def test_every_deal_is_told_or_names_what_is_missing(name):
    item = deal(name)
    assert item.buyer
    assert item.seller
    if item.facts.has("value"):
        i = implied(item)
        assert i.value > 0
        assert i.per_watt is not None or i.absent or item.sells == "licence"  # nothing is counted in watts


@given(st.floats(3, 60), st.floats(1, 60), st.floats(0.5, 20), st.floats(0, 2))
def test_a_life_and_its_margin_turn_each_other_round(price, hardware, life, place):
    margin = gross_margin(price, hardware, life, place)
    assert life_for_margin(price, hardware, margin, place) == pytest.approx(life, rel=1e-6)


def test_bad_numbers_are_refused():
    with pytest.raises(DomainError, match="power"):
        per_watt_year(1e9, 0, 3)
    with pytest.raises(DomainError, match="life"):
        gross_margin(10, 10, 0, 1)
    assert life_for_margin(1.0, 10.0, 0.5, 1.0) == float("inf")


def test_a_token_costs_the_time_it_takes():
    two = (Delivered("a", 0.5, 1000.0), Delivered("b", 0.5, 500.0))
    # 3.6 USD an hour at half use: 1e-3 USD/s over 0.5, times 0.5/1000 + 0.5/500 seconds a token
    assert usd_per_token(3.6, two, 0.5) == pytest.approx(2e-3 * 1.5e-3)
    assert usd_per_token(3.6, (*two, Delivered("c", 0.1, None)), 0.5) is None


def test_tokens_come_from_the_search():
    load = Load(mix=(("gpt-oss-120b", 0.5), ("qwen3-32b", 0.5)))
    found = delivered("cs-3", load)
    assert all(one.rate > 1000 for one in found)
    fast = delivered("hgx-h200", Load(mix=(("qwen3-32b", 1.0),), speed=5000))
    assert fast[0].rate is None
    assert "tokens/s" in fast[0].reason
    with pytest.raises(DomainError, match="add up"):
        delivered("cs-3", Load(mix=(("qwen3-32b", 0.5),)))
